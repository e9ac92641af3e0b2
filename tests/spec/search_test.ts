/** How a search ends. For what it finds, see random_specs_test.ts. */
import { assert, assertEquals } from "@std/assert";
import { always, check, each, eventually, spec, type Specification, walk } from "../../spec/mod.ts";

Deno.test("a bounded search stops at its depth, and says how many states are left", async () => {
  const up = spec("up", () => ({ init: { n: 0 }, actions: { Up: (s) => void s.n++ }, properties: [] }));
  const { searches, exhausted, verdict } = await check(up, { depth: 5 });
  assertEquals(searches[0], {
    search: "steps",
    generated: 5,
    distinct: 5,
    depth: 5,
    edge: 1,
    cut: 0,
    cutSteps: 0,
    exhausted: false,
  });
  assertEquals([exhausted, verdict], [false, "holds"]);
});

Deno.test("a signal ends the check: inconclusive, with what was covered", async () => {
  const up = spec("up", () => ({
    init: { n: 0, m: 0 },
    actions: { Up: (s) => void (s.n = (s.n + 1) % 5000), Also: (s) => void (s.m = (s.m + 1) % 5000) },
    properties: [],
  }));
  const report = await check(up, { signal: AbortSignal.timeout(300) });
  assertEquals([report.verdict, report.stopped, report.exhausted], ["inconclusive", "signal", false]);
  assert(report.distinct > 0 && (report.searches[0]?.edge ?? 0) > 0);
});

Deno.test("a search that needs more memory than it may have ends: inconclusive, with what was covered", async () => {
  const counter = spec<{ a: number; b: number }>("counter", () => ({
    init: { a: 0, b: 0 },
    actions: { A: (s) => void s.a++, B: (s) => void s.b++ },
    properties: [],
  }));
  const report = await check(counter, { maxMegabytes: 20 });
  assertEquals([report.verdict, report.stopped, report.exhausted], ["inconclusive", "memory", false]);
  assertEquals(report.distinct > 10_000, true);
});

const digits = Array.from({ length: 16 }, (_, digit) => digit + 1);

/** Takes a while. */
function slowly(): true {
  const end = performance.now() + 20;
  while (performance.now() < end);
  return true;
}

for (
  const [what, run] of [
    ["a search", (spec: Specification, signal: AbortSignal) => check(spec, { signal })],
    ["random walks", (spec: Specification, signal: AbortSignal) => walk(spec, { walks: 1000, signal })],
  ] as const
) {
  for (const kind of ["always", "eventually"] as const) {
    if (what === "random walks" && kind === "eventually") continue;
    Deno.test(`${what} with slow code of the user's (${kind}) looks up from it now and then: a signal ends it soon`, async () => {
      let asked = 0;
      const controller = new AbortController();
      const holds = () => {
        if (asked++ === 0) setTimeout(() => controller.abort());
        return slowly();
      };
      const two = spec<{ a: number; b: number }>("two", () => ({
        init: { a: 0, b: 0 },
        actions: {
          A: each(digits, (s, digit) => s.a === 0 && void (s.a = digit)),
          B: each(digits, (s, digit) => s.a > 0 && s.b === 0 && void (s.b = digit)),
        },
        ends: ({ b }) => b > 0,
        properties: [
          kind === "always"
            ? always<{ a: number; b: number }>("p", "", ({ a, b }) => a === 0 || b === 0 || holds())
            : eventually<{ a: number; b: number }>("p", "", ({ a, b }) => a > 0 && b > 0 && !holds()),
        ],
      }));
      const { stopped } = await run(two, controller.signal);
      assertEquals(stopped, "signal");
      assert(asked < 60, `it was asked ${asked} times`);
    });
  }
}
