/** Where a property holds, and not just because nothing happens. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { explain } from "../../spec/checker/explain.ts";
import {
  always,
  each,
  eventually,
  leadsTo,
  replay,
  sometimes,
  spec,
  type Specification,
  steps,
} from "../../spec/mod.ts";
import { plainPaint } from "../../spec/report/text.ts";
import { explanationText } from "../../spec/report/explanation.ts";
import { quorate } from "./cli_support.ts";

async function explained(of: Specification, name: string, depth: number | null = null) {
  const options = { depth, isExact: false, maxBytes: 1e9, stopped: () => false };
  return (await explain(of, of.parameters, name, options))!;
}

const doors = spec<{ open: readonly boolean[]; lamp: number; bell: number }>("doors", () => ({
  init: { open: [false, false], lamp: 0, bell: 0 },
  actions: {
    Open: each([0, 1], (s: { open: boolean[] }, door) => !s.open[door] && void (s.open[door] = true)),
    Light: (s) => s.lamp < 3 && void s.lamp++,
    Ring: (s) => s.open[0] === true && s.bell < 1 && void s.bell++,
  },
  properties: [
    always("dim", "lamp < 5", ({ lamp }) => lamp < 5 || "too bright"),
    always(
      "in order",
      "no bell behind a closed door",
      ({ open, bell }) => bell === 0 || open[0] === true || "it rang",
    ),
    always("nothing", "true", () => true),
    sometimes("lit", "lamp > 1", ({ lamp }) => lamp > 1),
    sometimes("dark", "lamp < 0", ({ lamp }) => lamp < 0),
    steps("brighter", "lamp' >= lamp", (before, after) => after.lamp >= before.lamp || "it went out"),
    always("after the bell", "it is open when it rings", {
      when: ({ bell }) => bell === 1,
      holds: ({ open }) => open[0] === true || "it rang",
    }),
    leadsTo("heard", "whoever rings is let in", {
      when: ({ bell }) => bell === 1,
      then: ({ open }) => open[1] === true,
    }),
    eventually("bright", "lamp = 3", ({ lamp }) => lamp === 3),
    always("wrong", "lamp < 2", ({ lamp }) => lamp < 2 || "too bright"),
    steps("darker", "lamp' <= lamp", (before, after) => after.lamp <= before.lamp || "it went on"),
  ],
}));

const expected: readonly (readonly [name: string, looks: readonly string[], traces: readonly string[]])[] = [
  ["dim", ["lamp"], ["Light", "Light Light", "Light Light Light"]],
  ["in order", ["bell", "open"], ["Open(0) Ring"]],
  ["nothing", [], []],
  ["lit", ["lamp"], ["Light Light", "Light Light Light"]],
  ["dark", ["lamp"], []],
  ["brighter", ["lamp"], ["Light", "Light Light", "Light Light Light"]],
  ["after the bell", ["bell", "open"], ["Open(0) Ring"]],
  ["heard", ["bell"], ["Open(0) Ring"]],
  ["bright", ["lamp"], ["Light Light Light"]],
  ["wrong", ["lamp"], ["Light"]],
];

for (const [name, looks, traces] of expected) {
  Deno.test(`samples of ${name}: ${traces.length}, which differ in what it looks at, each reached soonest`, async () => {
    const found = await explained(doors, name);
    assertEquals(found.samples.map(({ trace }) => trace), traces);
    assertEquals([found.looks, found.exhausted], [
      traces.length > 0 || name === "nothing" ? looks : [],
      true,
    ]);
  });
}

Deno.test("samples of a cluster differ in the parts of servers and history that the property looks at", async () => {
  const { samples, looks } = await explained(catalog.raft!, "Leader Completeness", 7);
  assert(looks.includes("history.elected.log") && !looks.includes("history.elected"), looks.join());
  assertEquals(samples[0]?.run.steps.length, 3);
  const committed = samples.filter(({ trace }) =>
    replay(catalog.raft!, trace).run.steps.length > 3 && /AppendEntries|b>a/.test(trace)
  );
  assert(committed.length > 0);
});

Deno.test("to find out which server a step changes is not to look at it", async () => {
  const { samples, looks } = await explained(catalog.raft!, "Leader Append-Only", 5);
  assertEquals(looks, ["servers.currentTerm", "servers.log", "servers.restarts", "servers.role"]);
  assertEquals(samples[0]?.trace, "a!");
});

Deno.test("an item of a list is like any other: what is found at one is not found again at the next", async () => {
  const { samples } = await explained(catalog.transaction_commit!, "Consistent");
  assertEquals(samples.slice(0, 2).map(({ trace }) => trace), ["Prepare(0)", "Abort(0)"]);
  assert(samples.every(({ trace }) => replay(catalog.transaction_commit!, trace).violations.length === 0));
});

Deno.test("an explanation shows what is other than at first, of what the property looks at", async () => {
  assertEquals(
    `\n${explanationText(await explained(doors, "in order"), plainPaint)}\n`,
    `
always  in order
  no bell behind a closed door
  it looks at bell, open

  1  after 2 steps   Open(0) Ring
       open[0] false -> true
       bell 0 -> 1

ok  it holds in this state, where what it looks at is other than at first, and perhaps in others
`,
  );
});

for (
  const [name, witness, trace] of [
    ["wrong", "too bright", "Light Light"],
    ["in order", null, ""],
    ["darker", "it went on", "Light"],
    ["dim", null, ""],
  ] as const
) {
  Deno.test(`the explanation of ${name} ${witness === null ? "finds no failure" : `ends where ${witness}`}`, async () => {
    const explanation = await explained(doors, name);
    const { failure } = explanation;
    assertEquals([failure?.witness ?? null, failure?.trace ?? ""], [witness, trace]);
    const last = explanationText(explanation, plainPaint).split("\n").at(-1)!;
    const end = trace.split(" ").length === 1 ? "1 step" : "2 steps";
    if (witness === null) assertMatch(last, /^ok {2}it holds/);
    else assertEquals(last, `violated  ${witness}   after ${end}   ${trace}`);
  });
}

Deno.test("check --explain of what is violated: exit 1, with the run", async () => {
  const args = ["check", "missionaries_and_cannibals", "--explain", "Somebody Stays"];
  const { code, stdout } = await quorate(args);
  assertEquals(code, 1);
  assertMatch(stdout, /\nviolated {2}.* after 11 steps {3}/);
  const end = (await quorate([...args, "--json"])).json().at(-1);
  assertEquals([end?.verdict, end?.exit, typeof end?.witness], ["violated", 1, "string"]);
});

Deno.test("check --explain: exit 0 with samples, 1 if it fails on the way, 2 without samples, 64 for a name that there isn't", async () => {
  const fine = await quorate(["check", "die_hard", "--explain", "Jugs Hold What They Can"]);
  assertEquals(fine.code, 0);
  const failing = await quorate(["check", "die_hard", "--explain", "Never Four Gallons"]);
  assertEquals(failing.code, 1);
  assertMatch(failing.stdout, /\n {2}4 {2}after 6 steps {3}FillSmall .*\n {7}big 0 -> 1\n/);
  const json = (await quorate(["check", "die_hard", "--explain", "Never Four Gallons", "--json"])).json();
  assertEquals(json.map(({ type }) => type), ["sample", "sample", "sample", "sample", "end"]);
  assertEquals(json.at(-1)?.looks, ["big"]);
  const none = await quorate([
    "check",
    "raft",
    "--explain",
    "a leader is elected",
    "--depth",
    "2",
    "--servers",
    "5",
  ]);
  assertEquals(none.code, 2);
  assertStringIncludes(none.stdout, "inconclusive  it is reached in no state, as far as was looked\n");
  const wrong = await quorate(["check", "die_hard", "--explain", "Never Four Galons"]);
  assertEquals([wrong.code, wrong.stdout], [64, ""]);
  assertStringIncludes(wrong.stderr, "die_hard has no property Never Four Galons: there are ");
  assertStringIncludes(wrong.stderr, "; did you mean Never Four Gallons?");
});
