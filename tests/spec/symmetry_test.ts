/** States that are the same but for names are looked at once, if the spec says so, and if it is so. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import type { Transaction } from "../../spec/catalog/two_phase_commit.ts";
import {
  always,
  check,
  cluster,
  type ClusterDefinition,
  type Definition,
  each,
  eventually,
  type Parameters,
  replay,
  type Report,
  sometimes,
  spec,
  SpecError,
  type Specification,
  steps,
} from "../../spec/mod.ts";
import { core } from "../../spec/raft/core.ts";
import { mutantSpec } from "../../spec/raft/load_mutant.ts";
import { raft } from "../../spec/raft/mod.ts";
import { mutants } from "../../spec/raft/mutants.ts";
import { quorate } from "./cli_support.ts";

const orbits:
  readonly (readonly [name: string, parameters: Parameters, depth: number | null, count: number])[] = [
    // TLC counts as many with its symmetry sets.
    ["paxos", { ballots: 2 }, null, 443],
    ["two_phase_commit", { managers: 3 }, null, 80],
    // A throwaway search by six fingerprints counted 80,483 to depth 10.
    ["raft_lite", {}, 10, 80_483],
  ];

function compared(name: string, parameters: Parameters, depth: number | null) {
  const specification = catalog[name]!;
  return Promise.all(
    [{ symmetry: true }, {}].map((option) => check(specification, { parameters, depth, ...option })),
  );
}

for (const [name, parameters, depth, count] of orbits) {
  Deno.test(`${name} ${JSON.stringify(parameters)} has ${count} orbits; what is found is as far away as without symmetry`, async () => {
    const [quotient, whole] = await compared(name, parameters, depth);
    assertEquals(quotient!.distinct, count);
    assertEquals(quotient!.verdict, whole!.verdict);
    assertEquals(quotient!.searches[0]?.depth, whole!.searches[0]?.depth);
    assertEquals(
      quotient!.properties.map(({ run, result }) => [result, run?.steps.length]),
      whole!.properties.map(({ run, result }) => [result, run?.steps.length]),
    );
    for (const { trace } of quotient!.properties) {
      if (trace !== null) replay(catalog[name]!, trace, { parameters });
    }
  });
}

Deno.test("two_phase_commit: the orbits of 5 managers are the multisets of what managers are", async () => {
  // By brute force: what tells managers apart is only how each is, whether it was heard, and whether it has told.
  const { model } = await check(catalog.two_phase_commit!, { parameters: { managers: 5 } });
  const found = new Set<string>();
  const queue = [model.starts[0]!.state];
  const met = new Set(queue.map(({ vector }) => vector.join()));
  for (const state of queue) {
    const { managers, prepared, decision, messages } = model.values!(state) as unknown as Transaction;
    const told = [...messages];
    const each = Object.keys(managers).map((name) =>
      `${managers[name]} ${prepared[name]} ${
        told.some((message) => typeof message === "object" && message.prepared === name)
      }`
    );
    found.add(`${decision} ${each.sort()}`);
    for (const { to } of model.steps(state)) {
      if (met.has(to.vector.join())) continue;
      met.add(to.vector.join());
      queue.push(to);
    }
  }
  assertEquals(met.size, 8_832);
  const report = await check(catalog.two_phase_commit!, { parameters: { managers: 5 }, symmetry: true });
  assertEquals([report.distinct, report.permutations], [found.size, 120]);
});

Deno.test("symmetry and workers go together", async () => {
  const workers = {
    count: 2,
    module: new URL("../../spec/catalog/mod.ts", import.meta.url).href,
    name: "raft_lite",
  };
  const [alone, together] = await Promise.all(
    [{}, { workers }].map((option) => check(catalog.raft_lite!, { depth: 9, symmetry: true, ...option })),
  );
  for (const key of ["generated", "distinct", "exhausted"] as const) {
    assertEquals(together![key], alone![key]);
  }
  assertEquals(together!.properties.map(({ trace }) => trace), alone!.properties.map(({ trace }) => trace));
});

Deno.test("raft: what is found of interchangeable servers is as far away as without symmetry, and most orbits have six states", async () => {
  const parameters = { preVote: true, checkQuorum: true };
  for (const given of [{}, parameters]) {
    const [quotient, whole] = await Promise.all(
      [{ symmetry: true }, {}].map((option) =>
        check(raft(core, { starts: [] }), { depth: 7, parameters: given, ...option })
      ),
    );
    assertEquals(quotient!.permutations, 6);
    const states = ({ searches }: Report) => searches[0]!.distinct;
    // No orbit of three servers has more than six states.
    assert(states(quotient!) * 6 >= states(whole!) && states(quotient!) * 5 < states(whole!));
    const runs = ({ properties }: Report) => properties.map(({ result, run }) => [result, run?.steps.length]);
    assertEquals(runs(quotient!), runs(whole!));
    const rounds = ({ searches }: Report) => searches.at(-1)?.distinct;
    assertEquals(rounds(quotient!), rounds(whole!));
  }
});

Deno.test("raft: with symmetry a mutant dies by as short a run, and where servers differ there is none", async () => {
  const mutant = mutants.find(({ name }) => name === "vote-twice")!;
  const [quotient, whole] = await Promise.all([true, false].map(async (symmetry) => {
    const report = await check(await mutantSpec(mutant, [mutant.property]), {
      depth: mutant.depth,
      parameters: mutant.bounds,
      symmetry,
    });
    return report.properties.find(({ property }) => property.name === mutant.property)!;
  }));
  assertEquals(quotient!.result, "violated");
  assertEquals(quotient!.run?.steps.length, whole!.run?.steps.length);
  for (const bounds of ["membership", "reads", "snapshots", "transfer"]) {
    await assertRejects(
      () => check(raft(), { bounds, symmetry: true, depth: 2 }),
      SpecError,
      "declares no symmetry",
    );
  }
});

interface Race {
  readonly at: Readonly<Record<string, number>>;
  readonly first: string | null;
  readonly history: readonly string[];
}

const runners = ["a", "b", "c"];

/** Runners run to 2; the first to come there wins. */
function race(changes: Partial<Definition<Race>> = {}): Specification {
  return spec<Race>("race", () => ({
    init: { at: { a: 0, b: 0, c: 0 }, first: null, history: [] },
    actions: {
      Run: each(runners, (s, who) => {
        if (s.at[who] === 2) return false;
        s.at[who]!++;
        if (s.at[who] === 2) s.first ??= who;
        return true;
      }),
    },
    ends: () => true,
    properties: [],
    symmetry: [runners],
    ...changes,
  }));
}

Deno.test("states that are the same but for names are one: keys of objects, values, elements of sets and lists", async () => {
  const [quotient, whole] = [await check(race(), { symmetry: true }), await check(race())];
  // Not yet won: how many are at 0 and at 1. Won: the winner, and where the other two are.
  assertEquals([quotient.distinct, whole.distinct], [4 + 6, 8 + 3 * 9]);
  const inSet = race({
    actions: {
      Join: each(runners, (s, who) => s.history.length < 3 && void s.history.push(who)),
    },
  });
  assertEquals((await check(inSet, { symmetry: true })).distinct, 1 + 1 + 2 + 5);
});

Deno.test("a state takes its names from all of its variables together, also where variables have these names", async () => {
  const variables = spec<{ a: number; b: number }>("variables", () => ({
    init: { a: 0, b: 0 },
    actions: { A: (s) => s.a < 3 && void s.a++, B: (s) => s.b < 3 && void s.b++ },
    ends: () => true,
    properties: [],
    symmetry: [["a", "b"]],
  }));
  assertEquals((await check(variables, { symmetry: true })).distinct, 10);
});

Deno.test("initial states that differ in shape are taken apart alike", async () => {
  const shapes = spec<{ at: Record<string, readonly number[] | null> }>("shapes", () => ({
    init: [{ at: { a: [1, 2], b: null } }, { at: { a: null, b: [1, 2] } }],
    actions: {
      Swap: (s) => {
        s.at = { a: s.at.b!, b: s.at.a! };
      },
    },
    properties: [],
    symmetry: [["a", "b"]],
  }));
  assertEquals((await check(shapes, { symmetry: true })).distinct, 1);
});

const lies: readonly (readonly [what: string, lie: Specification, message: string])[] = [
  [
    "an action favours one of them",
    race({
      actions: {
        Run: each(runners, (s, who) => {
          if (s.at[who] === 1 && who === "c") return false;
          s.at[who] = 1;
          return true;
        }),
      },
    }),
    "race hasn't the symmetry that it declares: of two states that are the same but for names, the step Run(",
  ],
  [
    "a property speaks of one of them",
    race({ properties: [sometimes("b runs", "", ({ at }) => at.b === 1)] }),
    "b runs is false in the first, and true in the second; the first: at (a: 1, b: 0, c: 0), first null, history []; " +
    "the second: at (a: 0, b: 1, c: 0)",
  ],
  [
    "a property of steps speaks of one of them",
    race({
      properties: [steps("c stays", "", (before, after) => before.at.c === after.at.c || "c has run")],
    }),
    "the step Run(",
  ],
  [
    "the constraint speaks of one of them",
    race({ constraint: ({ at }) => at.c === 0 }),
    "the constraint is true in the first, and false in the second",
  ],
  [
    "it may end with one of them",
    race({ ends: ({ first }) => first === "a" }),
    "ends is true in the first, and false in the second",
  ],
];

for (const [what, lie, message] of lies) {
  Deno.test(`a symmetry that isn't there is refused: ${what}`, async () => {
    const error = await assertRejects(() => check(lie, { symmetry: true }), SpecError);
    assertStringIncludes(error.message, message);
    await check(lie);
  });
}

type Greeter = ClusterDefinition<
  { readonly greeted: readonly string[] },
  { readonly from: string; readonly to: string; readonly type: "Hello" }
>;

function greetings(changes: Partial<Greeter> = {}): Specification {
  return cluster("greetings", (): Greeter => ({
    servers: runners,
    initial: () => ({ greeted: [] }),
    inFlight: runners.flatMap((from) =>
      runners.filter((to) => to !== from).map((to) => ({ from, to, type: "Hello" as const }))
    ),
    outcomes: ({ greeted }, { from }) => [{ local: { greeted: [...greeted, from].sort() } }],
    properties: [],
    symmetry: [runners],
    ...changes,
  }));
}

Deno.test("a cluster has orbits of servers, messages and what servers are, by their identity", async () => {
  // Whom each has heard is known by what is in flight: graphs with 3 nodes, up to their names.
  const sets = greetings({
    outcomes: ({ greeted }, { from }) => [{ local: { greeted: [...greeted, from] } }],
    identity: ({ greeted }) => new Set(greeted),
  });
  assertEquals((await check(sets, { symmetry: true })).distinct, 16);
  const favours = greetings({
    outcomes: ({ greeted }, message) => message.to === "c" ? [] : [{ local: { greeted } }],
  });
  await assertRejects(() => check(favours, { symmetry: true }), SpecError, "greetings hasn't the symmetry");
});

Deno.test("symmetry is refused where it can't be used, and says why", async () => {
  const some = race({ properties: [eventually("somebody wins", "", ({ first }) => first !== null)] });
  await assertRejects(() => check(some, { symmetry: true }), SpecError, '"somebody wins"');
  await assertRejects(
    () => check(catalog.die_hard!, { symmetry: true }),
    SpecError,
    "die_hard declares no symmetry",
  );
  await assertRejects(
    () => check(race(), { symmetry: true, exact: true }),
    SpecError,
    "doesn't go with exact",
  );
  const many = { parameters: { managers: 8 }, symmetry: true, depth: 3 };
  await assertRejects(
    () => check(catalog.two_phase_commit!, many),
    SpecError,
    "40320 permutations, and 5040 are the most",
  );
  const twice = race({ symmetry: [["a", "b"], ["b", "c"]] });
  await assertRejects(() => check(twice), SpecError, "each string once");
});

Deno.test("a violation with symmetry is a run of real states, which replays", async () => {
  const unfair = race({
    properties: [always("nobody wins", "", ({ first }) => first === null || `${first} has won`)],
  });
  const { verdict, properties, permutations } = await check(unfair, { symmetry: true });
  assertEquals([verdict, permutations], ["violated", 6]);
  assertEquals(properties[0]?.run?.steps.length, 2);
  assertEquals(replay(unfair, properties[0]?.trace ?? "").violations.length, 1);
});

Deno.test("the command line: --symmetry", async () => {
  const { code, stdout } = await quorate(["check", "two_phase_commit", "--symmetry"]);
  assertEquals(code, 0);
  assertStringIncludes(
    stdout,
    "symmetry: 6 permutations; each of the 80 stands for all states that are the same but for names",
  );
  const wrong = await quorate(["check", "die_hard", "--symmetry"]);
  assertEquals(wrong.code, 64);
  assertStringIncludes(wrong.stderr, "die_hard declares no symmetry");
  assertEquals((await quorate(["check", "raft", "--symmetry", "--exact"])).code, 64);
  assertEquals((await quorate(["check", "dining_philosophers", "--symmetry"])).code, 64);
});
