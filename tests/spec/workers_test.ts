/** Several workers find what one finds: the same counts, depths and runs. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { check, type CheckOptions, type Report, SpecError, type Specification } from "../../spec/mod.ts";
import { specifications } from "./drawn.ts";
import grid from "./grid.ts";

const module = new URL("./grid.ts", import.meta.url).href;
const catalogModule = new URL("../../spec/catalog/mod.ts", import.meta.url).href;

function told({ properties, searches, generated, distinct, cut, verdict, exhausted, stopped }: Report) {
  return {
    generated,
    distinct,
    cut,
    verdict,
    exhausted,
    stopped,
    searches,
    properties: properties.map((
      { property: { name }, result, trace, witness },
    ) => [name, result, trace, witness]),
  };
}

async function compare(
  spec: Specification,
  options: CheckOptions,
  source: { module: string; name?: string },
) {
  const alone = await check(spec, options);
  for (const count of [2, 3]) {
    const together = await check(spec, { ...options, workers: { count, ...source } });
    assertEquals(told(together), told(alone));
  }
  return alone;
}

Deno.test("workers find all states, and the run that one would tell", async () => {
  const report = await compare(grid, {}, { module });
  assertEquals([report.distinct, report.verdict], [24 ** 4, "holds"]);
  assert(report.properties.some(({ property, trace }) => property.name === "half way" && trace !== null));
});

for (const wrong of ["state", "step"]) {
  Deno.test(`workers find the same shortest counterexample: a wrong ${wrong}`, async () => {
    const report = await compare(grid, { parameters: { wrong } }, { module });
    assertEquals(report.verdict, "violated");
  });
}

Deno.test("workers stop at the same depth", async () => {
  await compare(grid, { depth: 30 }, { module });
});

Deno.test("workers search a cluster, a constraint, and what is too small to share", async () => {
  const source = (name: string) => ({ module: catalogModule, name });
  await compare(catalog.raft_lite!, { depth: 9 }, source("raft_lite"));
  await compare(catalog.raft!, { depth: 8 }, source("raft"));
  await compare(catalog.ongaro_raft!, { parameters: { flight: 2 } }, source("ongaro_raft"));
  await compare(catalog.die_hard!, {}, source("die_hard"));
  await compare(catalog.two_phase_commit!, { parameters: { managers: 6 } }, source("two_phase_commit"));
});

Deno.test("a table that is too small is replaced while workers wait", async () => {
  const report = await compare(grid, { parameters: { size: 30 } }, { module });
  assertEquals(report.distinct, 30 ** 4);
});

Deno.test("what goes wrong in a worker is told like what goes wrong at home", async () => {
  const options: CheckOptions = { parameters: { wrong: "error" } };
  const [alone, together] = await Promise.all(
    [{}, { workers: { count: 2, module } }].map((more) =>
      assertRejects(() => check(grid, { ...options, ...more }), SpecError, "too far")
    ),
  );
  assertEquals(together!.message.split(" (in the state")[0], alone!.message.split(" (in the state")[0]);
});

Deno.test("workers end at a signal, and when there is no memory left", async () => {
  const big = { size: 100 };
  const controller = new AbortController();
  const stopped = await check(grid, {
    parameters: big,
    signal: controller.signal,
    workers: { count: 2, module },
    onProgress: ({ distinct }) => distinct > 500_000 && controller.abort(),
  });
  assertEquals([stopped.verdict, stopped.stopped], ["inconclusive", "signal"]);
  const full = await check(grid, { parameters: big, maxMegabytes: 60, workers: { count: 2, module } });
  assertEquals([full.verdict, full.stopped], ["inconclusive", "memory"]);
});

Deno.test("a module that doesn't export the spec is refused", async () => {
  const workers = { count: 2, module: catalogModule };
  await assertRejects(() => check(grid, { workers }), SpecError, "does not export the spec");
});

Deno.test("workers find the same also where it is known already which values don't keep their shape", async () => {
  const { spec } = specifications();
  const drawn = { module: new URL("./drawn.ts", import.meta.url).href, name: "spec" };
  const options = { parameters: { seed: 42 } };
  const alone = await check(spec, options);
  // What is whole in the spec of another seed is so in this one, too: a worker doesn't know it.
  for (const seed of [78, 125, 170, 180]) await check(spec, { parameters: { seed }, depth: 3 });
  assertEquals(told(await check(spec, { ...options, workers: { count: 2, ...drawn } })), told(alone));
});
