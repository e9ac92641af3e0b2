/** Claims about whole behaviours on small specs, each judged by hand; how they are told; and what nobody can know. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  always,
  ceases,
  check,
  cluster,
  type ClusterDefinition,
  each,
  eventually,
  eventuallyAlways,
  infinitelyOften,
  leadsTo,
  type Property,
  recurs,
  replay,
  sometimes,
  spec,
  SpecError,
  type Specification,
  strong,
  weak,
} from "../../spec/mod.ts";
import { propertyLine } from "../../spec/report/json.ts";
import { plainPaint, reportText } from "../../spec/report/text.ts";

interface State {
  readonly at: string;
}

/** A graph written as `a>b` by an action named after its target, with one property. */
function graph(edges: string, property: Property<State>): Specification {
  const arrows = edges.split(" ").map((edge) => edge.split(">"));
  const targets = [...new Set(arrows.map(([, to = ""]) => to))];
  return spec<State>("graph", () => ({
    init: { at: "a" },
    actions: Object.fromEntries(targets.map((target) => [
      `To_${target}`,
      (s: { at: string }) => {
        if (!arrows.some(([from, to]) => from === s.at && to === target)) return false;
        s.at = target;
        return true;
      },
    ])),
    ends: () => true,
    properties: [property],
  }));
}

const isIn = (...states: readonly string[]) => ({ at }: State) => states.includes(at);

const fairly = { fair: [weak("Next")] };

type Row = readonly [what: string, edges: string, property: Property<State>, expected: string];

/** Expected: holds, or the stem, a bar, and the loop. */
const table: readonly Row[] = [
  ["without fairness everything may stop at once", "a>b", eventually("p", "", isIn("b")), "violated: |"],
  [
    "what is always possible happens under weak fairness",
    "a>b",
    eventually("p", "", { holds: isIn("b"), ...fairly }),
    "holds",
  ],
  ["what is so at first is so some day", "a>b b>a", eventually("p", "", isIn("a")), "holds"],
  [
    "a loop beside the way out",
    "a>b b>a b>c",
    eventually("p", "", { holds: isIn("c"), ...fairly }),
    "violated: | To_b To_a",
  ],
  [
    "weak fairness doesn't help where the way out is possible only now and then",
    "a>b b>a b>c",
    eventually("p", "", { holds: isIn("c"), fair: [weak("Next"), weak("To_c")] }),
    "violated: | To_b To_a",
  ],
  [
    "strong fairness does",
    "a>b b>a b>c",
    eventually("p", "", { holds: isIn("c"), fair: [weak("Next"), strong("To_c")] }),
    "holds",
  ],
  [
    "strong fairness of what can be avoided for ever",
    "a>b b>a b>c a>d d>a",
    eventually("p", "", { holds: isIn("c"), fair: [weak("Next"), strong("To_c")] }),
    "violated: | To_d To_a",
  ],
  [
    "a loop must do what it must be fair to: by the shortest detour",
    "a>b b>a b>c c>b b>d d>e e>b",
    infinitelyOften("p", "", { holds: isIn("x"), fair: [weak("Next"), strong("To_a"), strong("To_c")] }),
    "violated: | To_b To_c To_b To_a",
  ],
  [
    "fewest steps in all: a short loop further away beats a long one nearby",
    "a>b b>c c>d d>e e>a a>f f>g g>f",
    infinitelyOften("p", "", { holds: isIn("x"), ...fairly }),
    "violated: To_f | To_g To_f",
  ],
  [
    "stopping where nothing is possible is fair",
    "a>b",
    infinitelyOften("p", "", { holds: isIn("a"), ...fairly }),
    "violated: To_b |",
  ],
  [
    "of a loop and of stopping with as many steps, stopping",
    "a>b b>a a>c c>d",
    infinitelyOften("p", "", { holds: isIn("x"), ...fairly }),
    "violated: To_c To_d |",
  ],
  [
    "again and again around a loop",
    "a>b b>a",
    infinitelyOften("p", "", { holds: isIn("b"), ...fairly }),
    "holds",
  ],
  [
    "eventually always: a loop that leaves it",
    "a>b b>a",
    eventuallyAlways("p", "", { holds: isIn("a"), ...fairly }),
    "violated: | To_b To_a",
  ],
  [
    "eventually always: where the end is",
    "a>b b>a b>c",
    eventuallyAlways("p", "", { holds: isIn("c"), fair: [weak("Next"), strong("To_c")] }),
    "holds",
  ],
  [
    "leads to: after it is due it never comes",
    "a>b b>c c>b",
    leadsTo("p", "", { when: isIn("b"), then: isIn("d"), ...fairly }),
    "violated: To_b | To_c To_b",
  ],
  [
    "leads to: it comes in the same state",
    "a>b b>a",
    leadsTo("p", "", { when: isIn("b"), then: isIn("b") }),
    "holds",
  ],
  [
    "leads to: a way without the consequence must begin where it is due",
    "a>b b>a a>c c>c",
    leadsTo("p", "", { when: isIn("b"), then: isIn("a"), ...fairly }),
    "holds",
  ],
  [
    "steps that change nothing are no steps",
    "a>a a>b",
    eventually("p", "", { holds: isIn("b"), fair: [strong("To_a")] }),
    "violated: |",
  ],
  [
    "assuming that a state recurs",
    "a>b b>a a>c c>a",
    infinitelyOften("p", "", { holds: isIn("c"), ...fairly, assuming: [recurs(isIn("c"))] }),
    "holds",
  ],
  [
    "assuming that an action ceases",
    "a>b b>a a>c",
    eventually("p", "", { holds: isIn("c"), ...fairly, assuming: [ceases("To_b")] }),
    "holds",
  ],
];

for (const [what, edges, property, expected] of table) {
  Deno.test(`liveness: ${what}`, async () => {
    const [found] = (await check(graph(edges, property))).properties;
    const loop = found?.loop?.map(({ label }) => label).join(" ");
    const text = found?.result === "violated" ? `violated: ${found.trace} | ${loop}` : found?.result;
    assertEquals(text?.replace(/ +/g, " ").trim(), expected);
  });
}

Deno.test("fairness for each: nobody may be left out; together: somebody must not", async () => {
  const taking = (fair: ReturnType<typeof weak>) =>
    spec<{ turns: readonly number[] }>("taking", () => ({
      init: { turns: [0, 0] },
      actions: { Take: each([0, 1], (s, who) => void (s.turns[who] = 1 - s.turns[who]!)) },
      fairness: [fair],
      properties: [infinitelyOften("second", "", ({ turns }) => turns[1] === 1)],
    }));
  assertEquals((await check(taking(weak("Take")))).properties[0]?.trace, "");
  assertEquals((await check(taking(weak.each("Take")))).verdict, "holds");
  assertEquals((await check(taking(weak("Take(1)")))).verdict, "holds");
  assertEquals((await check(taking(weak("Take(0)")))).properties[0]?.result, "violated");
});

Deno.test("fairness of an action with several arguments, by those that matter", async () => {
  const grid = (action: string) =>
    spec<{ sent: readonly number[]; mode: number }>("grid", () => ({
      init: { sent: [0, 0], mode: 0 },
      actions: {
        Send: each([0, 1], ["x", "y"], (s, to, what) => {
          if (what !== (s.mode === 0 ? "x" : "y")) return false;
          s.sent[to] = 1 - s.sent[to]!;
          s.mode = 1 - s.mode;
          return true;
        }),
      },
      fairness: [weak("Next"), strong.each(action)],
      properties: [infinitelyOften("both", "", ({ sent }) => sent[1] === 1)],
    }));
  assertEquals((await check(grid("Send(to,_)"))).verdict, "holds");
  assertEquals((await check(grid("Send(_,what)"))).verdict, "violated");
  assertEquals((await check(grid('Send(to,"x")'))).verdict, "holds");
});

const wrong: readonly (readonly [fairness: ReturnType<typeof weak>, message: string])[] = [
  [weak("Tkae"), "there is no action Tkae; there are Take, Nothing, Next"],
  [weak("Take(2)"), "there is no action Take(2)"],
  [weak("Take(0,1)"), "Take has 1 argument, not 2"],
  [weak("Take(x)"), "x is neither JSON nor _"],
  [weak.each("Take", "Nothing"), "Take and Nothing have other arguments"],
];

for (const [fairness, message] of wrong) {
  Deno.test(`fairness that makes no sense is refused: ${message}`, async () => {
    const taking = spec<{ n: number }>("taking", () => ({
      init: { n: 0 },
      actions: { Take: each([0, 1], (s, n) => void (s.n = n)), Nothing: () => false },
      fairness: [fairness],
      properties: [],
    }));
    await assertRejects(() => check(taking), SpecError, message);
  });
}

interface Ball {
  readonly from: string;
  readonly to: string;
  readonly type: "Ball";
}

/** Two players; b may keep the ball, and then both may shout. */
function game(fair: readonly ReturnType<typeof weak>[]): Specification {
  const ball = (from: string): Ball => ({ from, to: from === "a" ? "b" : "a", type: "Ball" });
  return cluster(
    "game",
    (): ClusterDefinition<{ name: string; hits: number; loud: boolean }, Ball, Ball | "shout"> => ({
      servers: ["a", "b"],
      initial: (name) => ({ name, hits: 0, loud: false }),
      inFlight: [ball("a")],
      happenings: () => [{ notation: "!", title: "shouts", event: "shout" }],
      outcomes: (local, event) =>
        event === "shout"
          ? [{ local: { ...local, loud: !local.loud } }]
          : [{ local: { ...local, hits: 1 - local.hits }, sends: [ball(local.name)] }],
      fairness: fair,
      properties: [infinitelyOften("a hits", "", ({ servers }) => servers[0]?.hits === 1)],
    }),
  );
}

Deno.test("a cluster: fairness by the signs of the notation", async () => {
  const verdictOf = async (...fair: readonly ReturnType<typeof weak>[]) => (await check(game(fair))).verdict;
  assertEquals(await verdictOf(), "violated");
  assertEquals(await verdictOf(weak("!")), "violated");
  assertEquals(await verdictOf(weak(">")), "holds");
  assertEquals(await verdictOf(weak.each(">")), "holds");
  assertEquals(await verdictOf(weak("a>b"), weak("b>_")), "holds");
  assertEquals(await verdictOf(weak.each("p>_")), "holds");
  assertEquals(await verdictOf(weak.each("a>p")), "violated");
  assertEquals(await verdictOf(weak("a>b"), weak("b!")), "violated");
  await assertRejects(() => check(game([weak("c>a")])), SpecError, "there is no action c>a");
  await assertRejects(() => check(game([weak("b!serve")])), SpecError, "there is no action b!serve");
});

Deno.test("a cluster: an arrival that changes nothing is not possible", async () => {
  const deaf = cluster("deaf", (): ClusterDefinition<{ heard: number }, Ball> => ({
    servers: ["a", "b"],
    network: "duplicating",
    initial: () => ({ heard: 0 }),
    inFlight: [{ from: "a", to: "b", type: "Ball" }],
    outcomes: () => [{ local: { heard: 1 } }],
    fairness: [weak(">")],
    properties: [
      eventually("heard", "", ({ servers }) => servers[1]?.heard === 1),
      eventually("heard twice", "", ({ servers }) => servers[1]?.heard === 2),
    ],
  }));
  const [once, twice] = (await check(deaf)).properties;
  assertEquals([once?.result, twice?.result, twice?.trace, twice?.loop], ["holds", "violated", "a>b", []]);
});

Deno.test("a loop that has too much to be fair to is found, and not called shortest", async () => {
  const count = 12;
  const ring = spec<{ n: number }>("ring", () => ({
    init: { n: 0 },
    actions: {
      Go: each([...Array(count).keys()], (s, from) => s.n === from && void (s.n = (from + 1) % count)),
    },
    fairness: [weak("Next"), strong.each("Go")],
    properties: [infinitelyOften("p", "", ({ n }) => n > count)],
  }));
  const report = await check(ring);
  const [found] = report.properties;
  assertEquals([found?.trace, found?.loop?.length, found?.isShortest], ["", count, false]);
  const text = reportText(report, { paint: plainPaint, milliseconds: 0, replay: String });
  assertStringIncludes(text, "0 steps, then 12 steps for ever, a short one");
});

Deno.test("a lasso is told with how it is fair, in words and in JSON, and the printed trace replays it", async () => {
  const around = graph(
    "a>a a>b b>c c>b",
    eventually("p", "it gets to d", { holds: isIn("d"), fair: [weak("Next"), strong("To_a")] }),
  );
  const report = await check(around);
  const [found] = report.properties;
  assert(found !== undefined);
  assertEquals([found.trace, found.loop?.map(({ label }) => label)], ["To_b", ["To_c", "To_b"]]);
  const { trace, loop, fairness, kind, result, reason, vacuous } = JSON.parse(propertyLine(found));
  assertEquals({ trace, loop, fairness, kind, result, reason, vacuous }, {
    trace: "To_b",
    loop: "To_c To_b",
    fairness: [
      { demand: "weak fairness of Next", how: "it happens at step 2" },
      { demand: "strong fairness of To_a", how: "it is not possible any more" },
    ],
    kind: "eventually",
    result: "violated",
    reason: null,
    vacuous: false,
  });
  const text = reportText(report, {
    paint: plainPaint,
    milliseconds: 0,
    replay: (trace) => `replay '${trace}'`,
  });
  assertEquals(
    text,
    `\
violated  eventually  p   it never comes to that   1 step, then 2 steps for ever, shortest
          it gets to d

  0          at a
  1   To_b   at a -> b
  2   To_c   at b -> c
  3   To_b   at c -> b
  ...   back to where it was after step 1, and so on for ever

it is fair:
  weak fairness of Next: it happens at step 2
  strong fairness of To_a: it is not possible any more

searched 3 states   0.0 s
replay: replay 'To_b To_c To_b'`,
  );
  const replayed = replay(around, "To_b To_c To_b");
  assertEquals([replayed.run.steps.length, replayed.violations], [3, []]);
  const endless = replay(around, "To_b To_c To_b", { loop: 2 });
  assertEquals(endless.violations, [{ name: "p", witness: "it never comes to that", step: 3 }]);
});

Deno.test("what is impossible somewhere in a loop is not said to be so from then on", async () => {
  const claim = infinitelyOften("p", "", { holds: isIn("c"), fair: [weak("Next"), weak("To_c")] });
  const report = await check(graph("a>b b>a b>c c>a", claim));
  assertEquals(report.properties[0]?.fairness, [
    { demand: "weak fairness of Next", how: "it happens at step 1" },
    { demand: "weak fairness of To_c", how: "again and again it is not possible, as in the first state" },
  ]);
});

Deno.test("nothing for ever is told as such", async () => {
  const report = await check(graph("a>b", eventually("p", "", isIn("b"))));
  const text = reportText(report, {
    paint: plainPaint,
    milliseconds: 0,
    replay: (trace) => `replay '${trace}'`,
  });
  assertStringIncludes(text, "0 steps, then nothing for ever, shortest");
  assertStringIncludes(text, "\n  ...   and then nothing happens for ever\n");
  assertEquals(JSON.parse(propertyLine(report.properties[0]!)).loop, "");
});

/** Counts for ever; within a constraint, if there is one. */
function counting(property: Property<{ n: number }>, most?: number): Specification {
  return spec<{ n: number }>("counting", () => ({
    init: { n: 0 },
    actions: { Up: (s) => void s.n++ },
    fairness: [weak("Up")],
    properties: [property],
    ...(most === undefined ? {} : { constraint: ({ n }: { n: number }) => n <= most }),
    starts: { two: "Up Up" },
  }));
}

const beyond = eventually<{ n: number }>("gets to ten", "", ({ n }) => n === 10);

Deno.test("of a search that a bound cut off nobody knows what happens some day, even if it was seen to", async () => {
  const zero = eventually<{ n: number }>("is zero", "", ({ n }) => n === 0);
  for (const property of [beyond, zero]) {
    const { verdict, properties: [found] } = await check(counting(property), { depth: 12 });
    assertEquals([verdict, found?.result, found?.reason], [
      "inconclusive",
      "unknown",
      "the search ended at depth 12",
    ]);
  }
});

Deno.test("a fair behaviour that gets stuck at the constraint is unknown; what comes before is judged", async () => {
  const { verdict, properties: [found] } = await check(counting(beyond, 5));
  assertEquals([verdict, found?.result], ["inconclusive", "unknown"]);
  assertStringIncludes(
    found?.reason ?? "",
    "the constraint cuts off all ways on: after Up Up Up Up Up nothing more can",
  );
  const early = await check(counting(eventually("gets to three", "", ({ n }) => n === 3), 5));
  assertEquals([early.verdict, early.properties[0]?.isConstrained], ["holds", true]);
  const text = reportText(early, { paint: plainPaint, milliseconds: 0, replay: String });
  assertStringIncludes(text, "6 states   within the constraint\n");
});

Deno.test("a behaviour that may stop anyway is a counterexample, also within a constraint", async () => {
  const lazy = spec<{ n: number }>("lazy", () => ({
    init: { n: 0 },
    actions: { Up: (s) => void s.n++ },
    properties: [beyond],
    constraint: ({ n }) => n <= 5,
  }));
  assertEquals((await check(lazy)).properties[0]?.loop, []);
});

Deno.test("whole behaviours begin in initial states: from a start alone nobody knows", async () => {
  const { properties: [found] } = await check(counting(beyond, 12), { from: "two" });
  assertEquals([found?.result, found?.reason], ["unknown", "the search did not begin in the initial states"]);
  assertEquals((await check(counting(beyond, 12))).verdict, "holds");
});

Deno.test("where something else is violated, or memory or time is up, nobody knows", async () => {
  const both = spec<{ n: number; m: number }>("both", () => ({
    init: { n: 0, m: 0 },
    actions: { Up: (s) => void (s.n = (s.n + 1) % 1000), Also: (s) => void (s.m = (s.m + 1) % 1000) },
    properties: [
      infinitelyOften("n is one", "", ({ n }) => n === 1),
      sometimes("never", "", ({ n }) => n < 0),
    ],
  }));
  const { properties: [starved] } = await check(both, { maxMegabytes: 10 });
  assertEquals([starved?.result, starved?.reason], ["unknown", "the search ran out of memory"]);
  const { properties: [stopped], verdict } = await check(both, { signal: AbortSignal.abort() });
  assertEquals([verdict, stopped?.result], ["inconclusive", "unknown"]);
  const broken = spec<{ n: number }>("broken", () => ({
    init: { n: 0 },
    actions: { Up: (s) => s.n < 3 && void s.n++ },
    properties: [eventually("gets to ten", "", ({ n }) => n === 10)],
  }));
  const report = await check(broken);
  assertEquals([report.verdict, report.properties[0]?.reason], [
    "violated",
    "the search ended when something else was violated",
  ]);
});

Deno.test("the graph may have no room though the search had", async () => {
  const wide = spec<{ bits: readonly number[] }>("wide", () => ({
    init: { bits: Array.from({ length: 14 }, () => 0) },
    actions: { Flip: each([...Array(14).keys()], (s, i) => void (s.bits[i] = 1 - s.bits[i]!)) },
    properties: [infinitelyOften("first", "", ({ bits }) => bits[0] === 1)],
  }));
  const { properties: [found], stopped, verdict } = await check(wide, { maxMegabytes: 3 });
  assertEquals([verdict, stopped, found?.result, found?.reason], [
    "inconclusive",
    "memory",
    "unknown",
    "there was no memory left for the graph of all states",
  ]);
});

Deno.test("a claim whose condition was never met is vacuous, and the report says so", async () => {
  const report = await check(graph("a>b b>a", leadsTo("p", "", { when: isIn("z"), then: isIn("b") })));
  assertEquals([report.verdict, report.properties[0]?.vacuous], ["holds", true]);
  const text = reportText(report, { paint: plainPaint, milliseconds: 0, replay: String });
  assertStringIncludes(text, "vacuous: its condition was never met");
  const met = await check(graph("a>b b>a", leadsTo("p", "", { when: isIn("b"), then: isIn("b") })));
  assertEquals(met.properties[0]?.vacuous, false);
});

Deno.test("exact checks judge the same", async () => {
  for (const [, edges, property] of table) {
    const told = async (exact: boolean) =>
      (await check(graph(edges, property), { exact })).properties.map(propertyLine);
    assertEquals(await told(true), await told(false));
  }
});

Deno.test("a claim about states is vacuous, too, where its condition is never met", async () => {
  const claims = (when: (state: State) => boolean) =>
    always<State>("p", "", { when, holds: ({ at }) => at === "b" || "not b" });
  const told = async (property: Property<State>) =>
    (await check(graph("a>b b>a", property))).properties.map(({ result, vacuous }) => [result, vacuous]);
  assertEquals(await told(claims(isIn("z"))), [["holds", true]]);
  assertEquals(await told(claims(isIn("b"))), [["holds", false]]);
  assertEquals(await told(claims(isIn("a"))), [["violated", false]]);
  assertEquals(await told(always<State>("p", "", ({ at }) => at !== "z" || "z")), [["holds", false]]);
});
