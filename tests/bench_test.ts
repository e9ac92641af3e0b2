/** The benchmark of the checker: what it reads, what it works out, and how it tells that something is missing. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  atLeast,
  atMost,
  bytesPerState,
  compared,
  cpuRatio,
  figure,
  isReached,
  speedup,
} from "../bench/checker/entry.ts";
import {
  type Contender,
  measure,
  type Measured,
  median,
  medianUsage,
  NoResult,
  runOnce,
  type Skipped,
} from "../bench/checker/measure.ts";
import { parse, rows } from "../bench/checker/mod.ts";
import { program, quorate, readCheck, readCounts } from "../bench/checker/quorate.ts";
import { find } from "../bench/checker/rivals.ts";
import { disagreements } from "../bench/checker/rows/catalog.ts";
import { promela, readSpin } from "../bench/checker/spin.ts";
import { readStateright } from "../bench/checker/stateright.ts";
import { section } from "../bench/checker/table.ts";

const usage = { user: 3, system: 1, wall: 5, peakBytes: 1_000 };
const ours: Measured = { type: "measured", name: "ours", usage, counts: { generated: 80, distinct: 20 } };
const skipped: Skipped = { type: "skipped", name: "theirs", why: "not installed: get theirs" };

Deno.test("the median is the value in the middle, or the mean of the two", () => {
  assertEquals(median([9, 1, 2]), 2);
  assertEquals(median([4, 1, 2, 9]), 3);
  assertEquals(median([7]), 7);
});

Deno.test("each figure of what a command takes has a median of its own", () => {
  const usages = [usage, { ...usage, user: 9, wall: 4 }, { ...usage, user: 8, peakBytes: 2_000 }];
  assertEquals(medianUsage(usages), { user: 8, system: 1, wall: 5, peakBytes: 1_000 });
});

Deno.test("speed is in states for a second of processors, in the program and on its behalf", () => {
  const theirs = {
    ...ours,
    usage: { ...usage, user: 1, system: 0 },
    counts: { generated: 10, distinct: 10 },
  };
  assertEquals(speedup(ours, theirs), 2);
  assertEquals(cpuRatio(ours, theirs), 4);
});

Deno.test("memory for a state is what lies above an empty run", () => {
  assertEquals(bytesPerState(ours, { ...ours, usage: { ...usage, peakBytes: 200 } }), 40);
});

Deno.test("a figure that lacks a result is none, and has no verdict", () => {
  const asked = { name: "ratio", unit: "x", goal: atLeast(2) } as const;
  assertEquals(figure(asked, [ours, skipped], speedup), { ...asked, type: "figure", value: null });
  assertEquals(figure(asked, [ours, ours], speedup).value, 1);
  const text = section("work", [skipped, figure(asked, [ours, skipped], speedup)]);
  assertStringIncludes(text, "theirs: skipped: not installed: get theirs");
  assert(!/reached|missed/.test(text), text);
});

Deno.test("a goal is reached from its own side", () => {
  assertEquals([1.9, 2, 2.1].map((value) => isReached(value, atLeast(2))), [false, true, true]);
  assertEquals([1.9, 2, 2.1].map((value) => isReached(value, atMost(2))), [true, true, false]);
});

Deno.test("the table tells reached from missed, and gives a long name a line of its own", () => {
  const asked = { name: "ratio", unit: "x" } as const;
  const long = { ...ours, name: "x".repeat(80) };
  const lines = section("work", [
    figure({ ...asked, goal: atLeast(1) }, [ours, ours], speedup),
    figure({ ...asked, goal: atLeast(1.5) }, [ours, ours], speedup),
    long,
  ]).split("\n");
  assertEquals(lines.map((line) => line.trim().split(/ +/)), [
    ["work"],
    ["ratio", "1.00", "x", "goal:", "at", "least", "1", "x", "reached"],
    ["ratio", "1.00", "x", "goal:", "at", "least", "1.5", "x", "missed"],
    [long.name],
    ["4.00", "5.00", "0", "80", "20", "0.00"],
  ]);
});

Deno.test("a count that is not what it must be is told", () => {
  assertEquals(compared(ours, { generated: 80, distinct: 20 }), []);
  assertEquals(compared(ours, { distinct: 20 }), []);
  assertEquals(compared(skipped, { distinct: 20 }), []);
  assertEquals(compared(ours, { generated: 81, distinct: 20 }).map(({ message }) => message), [
    "must be 81 generated; is 80 generated",
  ]);
});

Deno.test("what Stateright prints is understood, and no end is no result", async () => {
  const stdout = "Checking. states=1, unique=1, depth=0\nDone. states=83385, unique=23173, depth=8, sec=1\n";
  assertEquals(readStateright({ stdout, stderr: "" }), { generated: 83_385, distinct: 23_173 });
  const stopped = { stdout: "Checking. states=1, unique=1, depth=0\n", stderr: "out of memory" };
  await assertRejects(() => Promise.resolve().then(() => readStateright(stopped)), NoResult, "out of memory");
});

Deno.test("what SPIN prints is understood, and a search that gave up is no result", async () => {
  const stdout = `    50816 states, stored
   351490 states, matched
   402306 transitions (= stored+matched)
`;
  assertEquals(readSpin({ stdout, stderr: "" }), { generated: 402_306, distinct: 50_816 });
  const gaveUp = { stdout: `Warning: Search not completed\n${stdout}`, stderr: "" };
  await assertRejects(() => Promise.resolve().then(() => readSpin(gaveUp)), NoResult, "not completed");
});

Deno.test("the model for SPIN has five steps for each manager, and two decisions", () => {
  for (const managers of [1, 8]) {
    assertEquals(promela(managers).match(/:: d_step/g)?.length, 2 + 5 * managers);
  }
});

Deno.test("what our own check prints is understood", async () => {
  const { command, read } = quorate("ours", "die_hard");
  const finished = await runOnce(command, 60);
  assertEquals(read(finished), readCheck(finished));
  const { generated, distinct, depth, properties } = readCheck(finished);
  assertEquals({ generated, distinct, depth }, { generated: 73, distinct: 14, depth: 7 });
  assertEquals(properties.map(({ name, result, steps }) => [name, result, steps]), [
    ["Jugs Hold What They Can", "holds", null],
    ["Never Four Gallons", "violated", 6],
  ]);
  assert(finished.usage.user > 0 && finished.usage.peakBytes > 1e6, JSON.stringify(finished.usage));
});

Deno.test("a flag that the check doesn't have yet is not available, and the rest is measured", async () => {
  const results = await measure([
    quorate("with", "die_hard", "--no-such-flag"),
    skipped,
    quorate("without", "die_hard"),
  ], { runs: 2, seconds: 60, tell: () => {} });
  assertEquals(results.map(({ type, name }) => [type, name]), [
    ["skipped", "with"],
    ["skipped", "theirs"],
    ["measured", "without"],
  ]);
  assertEquals(
    results[0]?.type === "skipped" ? results[0].why : null,
    "not available: check has no flag --no-such-flag",
  );
});

Deno.test("a command that can't be started, or takes too long, has no result", async () => {
  await assertRejects(() => runOnce(["no-such-program-anywhere"], 60), NoResult, "no-such-program-anywhere");
  const endless: Contender = {
    name: "endless",
    command: [Deno.execPath(), "eval", "for (;;);"],
    read: () => ({ generated: 0, distinct: 0 }),
  };
  const [result] = await measure([endless], { runs: 3, seconds: 0.5, tell: () => {} });
  assertEquals(result, { type: "skipped", name: "endless", why: "ended by SIGTERM; more time: --timeout" });
});

Deno.test("the program that is packed by hand counts what others count", async () => {
  for (const [managers, generated, distinct] of [[3, 1_146, 288], [5, 58_146, 8_832]]) {
    const finished = await runOnce([...program("packed_two_phase.ts"), String(managers), "16"], 60);
    assertEquals(readCounts(finished), { generated, distinct });
    assertStringIncludes(finished.stdout, '"violations":0');
  }
});

Deno.test("a search for memory's sake stores its last layer whole", async () => {
  const { generated, distinct } = readCounts(await runOnce([...program("last_layer.ts"), "6"], 60));
  assert(generated >= 10_819 && distinct >= 3_733, `${generated} generated, ${distinct} distinct`);
});

Deno.test("what others found and a check did not is told: the depth, and the shortest runs", () => {
  const found = { generated: 9, distinct: 9, depth: 9, exhausted: true, properties: [] };
  const row = { spec: "some", parameters: {}, depth: 9, length: { Safe: 4 } };
  const safe = { name: "Safe", result: "violated", steps: 3 };
  assertEquals(disagreements(row, { ...found, properties: [safe] }), []);
  assertEquals(disagreements({ ...row, depth: 8 }, found).map(({ message }) => message), [
    "must be 8 deep; is 9",
    "Safe: must take 3 steps; takes none",
  ]);
});

Deno.test("a rival that is nowhere is not found", async () => {
  assertEquals(await find({ program: "no-such-program-anywhere" }, "/no/such/folder"), null);
});

Deno.test("the command line chooses work by name, in order, and says what is wrong", () => {
  const all = parse([], "home");
  assert(all !== null && typeof all !== "string");
  assertEquals(all.rows, rows);
  assertEquals([all.runs, all.rivals, all.seconds, all.json], [3, "home", 600, false]);
  const some = parse(
    ["raft", "raft_lite", "--runs", "5", "--rivals=there", "--timeout", "9", "--json"],
    "home",
  );
  assert(some !== null && typeof some !== "string");
  assertEquals(some.rows.map(({ name }) => name), ["raft_lite", "raft"]);
  assertEquals([some.runs, some.rivals, some.seconds, some.json], [5, "there", 9, true]);
  assertEquals(parse(["--help"], "home"), null);
  for (const args of [["nothing"], ["--runs", "0"], ["--timeout", "soon"], ["--fast"]]) {
    assertEquals(typeof parse(args, "home"), "string", args.join(" "));
  }
});
