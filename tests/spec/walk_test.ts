/** Random walks: the same from the same seed, whatever the shards; what they find is a run of the spec. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { random } from "../../spec/checker/random.ts";
import {
  always,
  each,
  eventually,
  refines,
  replay,
  sometimes,
  spec,
  SpecError,
  steps,
  walk,
  type WalkReport,
  weak,
} from "../../spec/mod.ts";
import { raft } from "../../spec/raft/mod.ts";
import { loadMutant } from "../../spec/raft/load_mutant.ts";
import { mutants } from "../../spec/raft/mutants.ts";
import { plainPaint } from "../../spec/report/text.ts";
import { walkPicture, walkText } from "../../spec/report/walks.ts";

/** What a report tells, but for the compiled spec. */
function told({ model: _, properties, ...rest }: WalkReport) {
  return {
    ...rest,
    properties: properties.map(({ property, run: _, ...result }) => ({ name: property.name, ...result })),
  };
}

Deno.test("the same seed gives the same walks, another seed others", async () => {
  const [first, again, other] = await Promise.all(
    [5, 5, 6].map((seed) => walk(catalog.raft!, { walks: 60, seed })),
  );
  assertEquals(told(first!), told(again!));
  assert(first!.generated !== other!.generated);
});

for (const [name, walks] of [["raft", 50], ["two_phase_commit", 40], ["paxos_register", 30]] as const) {
  Deno.test(`the shards of ${name} make the walks of the whole run, each once, although each meets others first`, async () => {
    const seed = 11;
    const whole = await walk(catalog[name]!, { walks, seed });
    const parts = await Promise.all(
      [1, 2, 3, 4].map((part) => walk(catalog[name]!, { walks, seed, shard: [part, 4] })),
    );
    const sum = (key: "done" | "generated" | "cut") => parts.reduce((total, part) => total + part[key], 0);
    assertEquals(
      [sum("done"), sum("generated"), sum("cut"), Math.max(...parts.map(({ deepest }) => deepest))],
      [whole.done, whole.generated, whole.cut, whole.deepest],
    );
    for (const property of told(whole).properties) {
      const [first] = parts.flatMap((part) => told(part).properties)
        .filter((other) => other.name === property.name)
        .sort((a, b) => (a.walk ?? Infinity) - (b.walk ?? Infinity));
      assertEquals(first, property);
    }
  });
}

Deno.test("more shards than walks: some have nothing to do, and say so", async () => {
  const report = await walk(catalog.die_hard!, { walks: 2, seed: 1, shard: [3, 3] });
  assertEquals([report.done, report.generated, report.verdict], [0, 0, "holds"]);
});

Deno.test("a violation is shown by a run of the spec, shortened, that violates the property at its end", async () => {
  const { verdict, properties } = await walk(catalog.missionaries_and_cannibals!, { walks: 500, seed: 1 });
  assertEquals(verdict, "violated");
  const found = properties.find(({ result }) => result === "violated")!;
  assert(found.run!.steps.length < found.walked!);
  const { violations } = replay(catalog.missionaries_and_cannibals!, found.trace!);
  assertEquals(
    violations.map(({ name, witness, step }) => [name, witness, step]),
    [[found.property.name, found.witness, found.run!.steps.length]],
  );
});

Deno.test("a mutant of the core dies in random walks, too", async () => {
  const mutant = mutants.find(({ name }) => name === "vote-twice")!;
  const report = await walk(raft(await loadMutant(mutant), { starts: [] }), { walks: 2000, seed: 1 });
  assertEquals(report.properties.filter(({ result }) => result === "violated").length > 0, true);
});

/** A walk of ten steps to the left or right, each as likely as the other. */
const line = spec<{ at: number; left: number }>("line", () => ({
  init: { at: 0, left: 0 },
  actions: {
    Right: (s) => void s.at++,
    Left: (s) => {
      s.at++;
      s.left++;
    },
    Nothing: () => true,
  },
  constraint: ({ at }) => at < 10,
  properties: [
    sometimes("all right", "ten times to the right", ({ at, left }) => at === 10 && left === 0),
    sometimes("all left", "ten times to the left", ({ at, left }) => at === 10 && left === 10),
  ],
}));

Deno.test("each step is as likely as any other, and what changes nothing is no step", async () => {
  // 2 ^ 10 walks are possible: of 8,192 about 8 go to the right only, and none of them stands still.
  const { properties, cut, generated } = await walk(line, { walks: 8192, seed: 2 });
  assertEquals([cut, generated], [8192, 8192 * 11]);
  assertEquals(properties.map(({ result }) => result), ["reached", "reached"]);
});

Deno.test("numbers below a count are evenly spread, and differ between neighbouring seeds and walks", () => {
  const counts = [0, 0, 0, 0, 0];
  const numbers = random(1, 0);
  for (let i = 0; i < 50_000; i++) counts[numbers.below(5)]!++;
  for (const count of counts) assert(Math.abs(count - 10_000) < 400, counts.join());
  const firsts = [[1, 0], [2, 0], [1, 1], [1 + 2 ** 32, 0], [1, 2 ** 32]].map(([seed, index]) =>
    random(seed!, index!).below(2 ** 32)
  );
  assertEquals(new Set(firsts).size, 5);
});

Deno.test("the numbers of a seed never change", () => {
  const numbers = random(42, 7);
  assertEquals([1, 2, 3, 4].map(() => numbers.below(1000)), [617, 417, 827, 346]);
});

Deno.test("a property of steps is judged on each step of a walk", async () => {
  const clock = spec<{ hour: number }>("clock", () => ({
    init: [{ hour: 0 }, { hour: 6 }],
    actions: { Tick: (s) => void (s.hour = (s.hour + 1) % 12) },
    properties: [steps("forward", "after > before", ({ hour }, after) => after.hour > hour || "back to 0")],
  }));
  const { properties: [forward] } = await walk(clock, { walks: 1, seed: 1 });
  const hours = forward?.run?.steps.map(({ label }) => label);
  assertEquals([forward?.result, forward?.witness], ["violated", "back to 0"]);
  assertEquals(hours?.length, forward?.run?.start.name === "1" ? 12 : 6);
});

Deno.test("a walk ends at its depth, where the constraint keeps it, and where nothing is possible", async () => {
  assertEquals((await walk(catalog.peterson!, { walks: 3, seed: 1, depth: 5 })).generated, 15);
  const end = spec<{ n: number }>("end", () => ({
    init: { n: 0 },
    actions: { Up: (s) => s.n < 4 && void s.n++ },
    properties: [],
  }));
  const { generated, deepest } = await walk(end, { walks: 1, seed: 1 });
  assertEquals([generated, deepest], [5, 5]);
});

Deno.test("a value that changes its shape late begins the walks again, with the same ones", async () => {
  const queue = spec<{ queue: readonly number[]; turns: number }>("queue", () => ({
    init: { queue: [], turns: 0 },
    actions: {
      Turn: (s) => void s.turns++,
      Add: each([1, 2], (s: { queue: number[]; turns: number }, n) => s.turns > 600 && void s.queue.push(n)),
    },
    properties: [always("short", "fewer than 3", ({ queue }) => queue.length < 3 || `${queue}`)],
  }));
  const reports = await Promise.all([1, 2].map(() => walk(queue, { walks: 3, seed: 4, depth: 700 })));
  assertEquals(told(reports[0]!), told(reports[1]!));
  assertEquals(reports[0]!.verdict, "violated");
});

Deno.test("a signal ends the walks: inconclusive, with what was covered", async () => {
  const { verdict, stopped, done, generated } = await walk(catalog.peterson!, {
    walks: 10_000_000,
    seed: 1,
    signal: AbortSignal.timeout(300),
  });
  assertEquals([verdict, stopped], ["inconclusive", "signal"]);
  assert(done > 0 && generated > done);
});

/** Counts up, and may get stuck in the middle; `jump` is no step of an abstract spec. */
function counting(jump: number, ends: boolean) {
  interface State {
    readonly n: number;
  }
  const abstract = spec<State>("abstract", () => ({
    init: { n: 0 },
    actions: { Next: (s) => void s.n++ },
    properties: [],
    fairness: [weak("Next")],
  }));
  return spec<State>("counting", () => ({
    init: { n: 0 },
    actions: { Up: (s) => s.n < 9 && void s.n++, Jump: (s) => s.n === 4 && void (s.n += jump) },
    properties: [
      refines<State>("one by one", "it is abstract", abstract, ({ n }) => ({ n })),
      eventually("nine", "n = 9", ({ n }) => n === 9),
    ],
    ...(ends ? { ends: ({ n }) => n === 9 } : {}),
  }));
}

Deno.test("a walk that ends where the spec may not end is a deadlock, and shown", async () => {
  const { verdict, properties } = await walk(counting(1, false), { walks: 2, seed: 1 });
  const found = properties.find(({ property }) => property.kind === "deadlock");
  assertEquals([verdict, found?.result, found?.walk, found?.run?.steps.length], [
    "violated",
    "violated",
    1,
    9,
  ]);
});

Deno.test("the steps of a refinement are judged, and what must happen some day is not: a walk that ends can't tell", async () => {
  const fine = await walk(counting(1, true), { walks: 20, seed: 1 });
  assertEquals([fine.verdict, fine.properties.map(({ result }) => result)], ["holds", [
    "unknown",
    "unknown",
  ]]);
  const text = walkText({ ...fine, missing: [] }, {
    paint: plainPaint,
    milliseconds: null,
    replay: null,
    picture: [],
  });
  assertStringIncludes(
    text,
    "  --  refines     one by one     180 steps   its fairness is not judged: walks end\n",
  );
  assertStringIncludes(text, "  --  eventually  nine          not judged: walks end\n");
  const wrong = await walk(counting(3, true), { walks: 20, seed: 1 });
  const [refinement] = wrong.properties;
  assertEquals([refinement?.result, refinement?.run?.steps.length], ["violated", 5]);
  assertEquals(replay(counting(3, true), refinement?.trace ?? "").violations[0]?.name, "one by one");
});

Deno.test("an initial state that is none of the refined spec is violated by a walk without steps", async () => {
  const two = spec<{ n: number }>(
    "two",
    () => ({ init: { n: 2 }, actions: { Up: (s) => void s.n++ }, properties: [] }),
  );
  const one = spec<{ n: number }>("one", () => ({
    init: { n: 1 },
    actions: { Up: (s) => void s.n++ },
    properties: [refines<{ n: number }>("as two", "it begins with 2", two, ({ n }) => ({ n }))],
  }));
  const { properties: [found] } = await walk(one, { walks: 3, seed: 1 });
  assertEquals([found?.result, found?.walk, found?.run?.steps.length], ["violated", 1, 0]);
});

const mistakes: readonly (readonly [options: unknown, message: string])[] = [
  [{}, "walk: walks is missing, expected 1, 2, 3, ..."],
  [{ walks: 0 }, "walk: walks is 0"],
  [{ walks: 1, seed: -1 }, "walk: seed is -1, expected 0, 1, 2, ..."],
  [{ walks: 1, shard: [3, 2] }, "walk: shard is an array, expected [i, n], where i is one of 1, ..., n"],
  [{ walks: 1, shard: [0, 2] }, "walk: shard is an array"],
  [{ walks: 1, depth: null }, "walk: depth is null, expected 1, 2, 3, ..."],
  [{ walks: 1, from: "nowhere" }, "walk: there is no start nowhere to walk from; there are 1"],
  [{ walk: 1 }, "walk: there is no walk; there are walks, seed, shard, depth"],
];

for (const [options, message] of mistakes) {
  Deno.test(`walk refuses options that it doesn't understand: ${message}`, async () => {
    await assertRejects(() => walk(catalog.die_hard!, options as never), SpecError, message);
  });
}

Deno.test("the report on walks never claims that all was looked at", async () => {
  const telling = { paint: plainPaint, milliseconds: 1234, replay: (trace: string) => `replay '${trace}'` };
  const fine = await walk(catalog.two_phase_commit!, { walks: 100, seed: 5 });
  const text = walkText({ ...fine, missing: [] }, { ...telling, picture: walkPicture(fine) });
  assertEquals(
    `\n${text}\n`,
    `
  ok  always     Consistent    672 states
  ok  sometimes  all commit    in walk 97   Prepare("r3") Prepare("r2") HearPrepared("r2") Prepare("r1") HearPrepared("r1") HearPrepared("r3") DecideToCommit HearCommit("r3") HearCommit("r2") HearCommit("r1")
  ok  sometimes  all abort      in walk 1   ChooseToAbort("r3") DecideToAbort HearAbort("r2") HearAbort("r1")
ok  no counterexample in 100 random walks through 672 states, to depth 11; there may be others   1.2 s
    more: --walks 1000    others: another --seed
`,
  );
  const report = await walk(catalog.die_hard!, { walks: 1000, seed: 3 });
  const violated = walkText({ ...report, missing: [] }, { ...telling, picture: walkPicture(report) });
  assertStringIncludes(violated, "<- the big jug holds 4 gallons\n");
  assertStringIncludes(
    violated,
    "\n          shown without the steps that it doesn't need, perhaps not shortest\n",
  );
  assertStringIncludes(violated, "\nreplay: replay '");
});
