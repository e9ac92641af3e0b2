import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import {
  always,
  check,
  type Parameters,
  replay,
  spec,
  SpecError,
  type Specification,
} from "../../spec/mod.ts";
import { loadMutant } from "../../spec/raft/load_mutant.ts";
import { raft } from "../../spec/raft/mod.ts";
import { mutants } from "../../spec/raft/mutants.ts";
import { diagram } from "../../spec/report/diagram.ts";
import { endLine } from "../../spec/report/json.ts";
import { colourPaint, grouped, headline, plainPaint, reportText } from "../../spec/report/text.ts";

function picture(spec: Specification, trace: string, parameters: Parameters = {}): string {
  const { model, run, violations } = replay(spec, trace, { parameters });
  return `\n${diagram(model, run, violations).join("\n")}\n`;
}

const telling = {
  paint: plainPaint,
  milliseconds: 1234,
  replay: (trace: string) => `deno task replay '${trace}'`,
};

Deno.test("a plain spec: a row for each step, with what it changed", () => {
  assertEquals(
    picture(catalog.die_hard!, "FillBig BigToSmall EmptySmall BigToSmall FillBig BigToSmall"),
    `
  0                big 0, small 0
  1   FillBig      big 0 -> 5
  2   BigToSmall   big 5 -> 2, small 0 -> 3
  3   EmptySmall   small 3 -> 0
  4   BigToSmall   big 2 -> 0, small 0 -> 2
  5   FillBig      big 0 -> 5
  6   BigToSmall   big 5 -> 4, small 2 -> 3   <- the big jug holds 4 gallons
`,
  );
});

Deno.test("a plain spec: what changed inside of an object, and in a set", () => {
  assertStringIncludes(
    picture(catalog.two_phase_commit!, 'Prepare("r2") HearPrepared("r2") HearPrepared("r2")'),
    `
  1   Prepare("r2")        managers.r2 working -> prepared, messages + (prepared: r2)
  2   HearPrepared("r2")   prepared.r2 false -> true
  3   HearPrepared("r2")   (nothing changes)
`,
  );
});

Deno.test("a cluster: a column for each server, arrows from the sender, what changed, and a crash", () => {
  assertEquals(
    picture(raft(), "a! b! a>b b>a:RequestVote b>c a^"),
    `
      a                  b                  c
  0   F0                 F0                 F0
  1   C1 !               |                  |    election timeout; a: votedFor - -> a, votesGranted a
  2   |                  C1 !               |    election timeout; b: votedFor - -> b, votesGranted b
  3   |---RequestVote--->C1                 |    (nothing changes)
  4   C1<--RequestVote---|                  |    (nothing changes)
  5   |                  |---RequestVote--->F1   c: votedFor - -> b
  6   F1 ^               |                  |    crash and restart
`,
  );
});

Deno.test("a cluster: held writes, and the disk that takes them", () => {
  assertEquals(
    picture(raft(), "a!_ a*"),
    `
      a      b   c
  0   F0     F0  F0
  1   C1 !_  |   |    election timeout; its write is held back; a: votedFor - -> a, votesGranted -, unfinishedWrites 1,
      |      |   |      disk term 0 votedFor - []
  2   C1 *   |   |    the disk takes the oldest write; a: votesGranted - -> a
`,
  );
});

Deno.test("a cluster: what is lost or duplicated does not reach the server", () => {
  assertEquals(
    picture(raft(), "a! a~b a+c", { drops: 1, duplicates: 1 }),
    `
      a                  b   c
  0   F0                 F0  F0
  1   C1 !               |   |    election timeout; a: votedFor - -> a, votesGranted a
  2   |---RequestVote---x|   |    RequestVote is lost
  3   |-----RequestVote-----+|    RequestVote is duplicated
`,
  );
});

Deno.test("a counterexample marks the step where it went wrong with the witness", async () => {
  const mutant = mutants.find(({ name }) => name === "vote-twice")!;
  const spec = raft(await loadMutant(mutant), { starts: [] });
  assertEquals(
    picture(spec, "a! b! a>b", mutant.bounds),
    `
      a                  b     c
  0   F0                 F0    F0
  1   C1 !               |     |    election timeout; a: votedFor - -> a, votesGranted a
  2   |                  C1 !  |    election timeout; b: votedFor - -> b, votesGranted b
  3   |---RequestVote--->C1    |    b: votedFor b -> a   <- a and b both got the vote of b in term 1
`,
  );
});

Deno.test("columns stay aligned for 2 to 9 servers", () => {
  for (let servers = 2; servers <= 9; servers++) {
    const last = "abcdefghi"[servers - 1]!;
    const text = picture(raft(), `a! a>${last} ${last}>a b!`, { servers });
    const [header = "", first = "", ...rest] = text.split("\n").slice(1, -1);
    const columns = [..."abcdefghi".slice(0, servers)].map((name) => header.indexOf(name));
    assertEquals(new Set(columns).size, servers);
    for (const column of columns) assertEquals(first.slice(column, column + 2), "F0");
    for (const row of rest) {
      for (const column of columns) assertMatch(row[column] ?? " ", /[|FCL<>-]|[A-Za-z]/, row);
    }
  }
});

Deno.test("the report of a check that was exhausted", async () => {
  const report = await check(catalog.two_phase_commit!);
  assertEquals(headline(catalog.two_phase_commit!, report.parameters), "two_phase_commit · 3 managers");
  assertEquals(
    `\n${reportText(report, telling)}\n`,
    `
  ok  always     Consistent        288 states
  ok  sometimes  all commit    after 10 steps   Prepare("r1") HearPrepared("r1") Prepare("r2") HearPrepared("r2") Prepare("r3") HearPrepared("r3") DecideToCommit HearCommit("r1") HearCommit("r2") HearCommit("r3")
  ok  sometimes  all abort      after 3 steps   ChooseToAbort("r1") ChooseToAbort("r2") ChooseToAbort("r3")
ok  checked, to these bounds: no counterexample in all 288 reachable states, to depth 11   1.2 s
    exact: no state was missed
    wider: --set managers=4
`,
  );
});

/** With one space where there are several: the table's columns depend on all rows. */
function squeezed(text: string): string {
  return text.replace(/ +/g, " ");
}

Deno.test("the report of a bounded check says what was not explored, and where to go from there", async () => {
  const report = await check(raft(), { depth: 5, parameters: { rounds: 0 } });
  const text = squeezed(reportText(report, telling));
  assertMatch(text, /^ ok always Election Safety 5\.2 [\d,]+ states\n/);
  assertMatch(
    text,
    /\n ok sometimes an entry is committed 5\.3 after 0 steps @leader\n/,
  );
  assertMatch(text, /\n -- sometimes a commit after a leader crashed 5\.4 not reached\n/);
  assertMatch(
    text,
    /\nok no counterexample to depth 5; [\d,]+ states at its edge were not explored further 1\.2 s\n/,
  );
  assertMatch(text, /\n odds that a state was missed: \de-\d+\n deeper: --depth 7$/);
});

Deno.test("the report of a violation ends with the command that repeats it", async () => {
  const text = squeezed(reportText(await check(catalog.die_hard!), telling));
  assertMatch(
    text,
    /^violated always Never Four Gallons the big jug holds 4 gallons 6 steps, shortest\n/,
  );
  assertMatch(
    text,
    /\nreplay: deno task replay 'FillBig BigToSmall EmptySmall BigToSmall FillBig BigToSmall'$/,
  );
});

Deno.test("one of something is told as one, and it is said that each search counts for itself", async () => {
  const still = spec("still", () => ({
    init: { n: 0 },
    actions: { Stay: () => {} },
    properties: [always("p", "", () => true)],
    starts: { here: "Stay" },
  }));
  assertEquals(
    squeezed(reportText(await check(still), telling)),
    `\
 ok always p 2 states
ok checked, to these bounds: no counterexample in all 2 reachable states, to depth 1 1.2 s
 1 state from the initial state · @here 1 to depth 1; what several of them met counts for each
 exact: no state was missed`,
  );
  assertStringIncludes(reportText(await check(still, { from: "steps" }), telling), " 1 state\nok");
  assertStringIncludes(
    reportText(await check(still, { from: "steps" }), telling),
    "in the only reachable state,",
  );
});

Deno.test("what was never reached in the whole space is inconclusive, and said", async () => {
  const report = await check(spec<{ n: number }>("still", () => ({
    init: { n: 0 },
    actions: {},
    ends: () => true,
    properties: [{ kind: "sometimes", name: "it moves", sentence: "n > 0", reached: ({ n }) => n > 0 }],
  })));
  assertEquals(report.verdict, "inconclusive");
  assertStringIncludes(
    reportText(report, telling),
    "inconclusive  no counterexample, but in the only reachable",
  );
});

Deno.test("what a constraint kept out is counted and said", async () => {
  const report = await check(spec<{ n: number }>("up", () => ({
    init: { n: 0 },
    actions: { Up: (s) => void s.n++, Leap: (s) => void (s.n += 10) },
    properties: [],
    constraint: ({ n }) => n < 3,
  })));
  assertEquals([report.verdict, report.distinct, report.cut], ["holds", 3, 4]);
  assertEquals(JSON.parse(endLine(report, 0)).cut, 4);
  assertStringIncludes(
    reportText(report, telling),
    "\n    4 states were outside of the constraint: nothing was looked for beyond\n",
  );
});

Deno.test("a constraint that leaves nothing to look for is no spec, and one that leaves no step is told of", async () => {
  const up = (within: (n: number) => boolean, allows = (_: number) => true) =>
    spec<{ n: number }>("up", () => ({
      init: { n: 0 },
      actions: { Up: (s) => void s.n++ },
      properties: [],
      constraint: ({ n }) => within(n),
      actionConstraint: (_, { n }) => allows(n),
    }));
  await assertRejects(
    () => check(up((n) => n > 0)),
    SpecError,
    "up: its constraint keeps out every initial state, so nothing ever happens; is it the wrong way round?",
  );
  const said = "so no step was left: is it the wrong way round?";
  for (const idle of [up((n) => n === 0), up(() => true, (n) => n > 1)]) {
    assertStringIncludes(reportText(await check(idle), telling), said);
  }
  assert(!reportText(await check(up((n) => n < 2)), telling).includes(said));
});

Deno.test("colour only adds to what is said without it", async () => {
  const report = await check(catalog.die_hard!);
  const coloured = reportText(report, { ...telling, paint: colourPaint });
  assert(coloured.includes("\x1b["));
  // deno-lint-ignore no-control-regex
  assertEquals(coloured.replace(/\x1b\[\d+m/g, ""), reportText(report, telling));
});

Deno.test("counts are grouped", () => {
  assertEquals([0, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
});
