/** Views, and action constraints: what a search takes for one, and where it doesn't go. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  always,
  check,
  type CheckOptions,
  cluster,
  type ClusterDefinition,
  type Definition,
  eventually,
  infinitelyOften,
  serverSteps,
  spec,
  SpecError,
  type Specification,
  steps,
  walk,
  weak,
} from "../../spec/mod.ts";
import { quorate } from "./cli_support.ts";

interface Clock {
  readonly hour: number;
  readonly ticks: number;
}

/** A clock that also counts its ticks, up to 30. */
function clock(changes: Partial<Definition<Clock>> = {}): Specification {
  return spec<Clock>("clock", () => ({
    init: { hour: 0, ticks: 0 },
    actions: {
      Tick: (s) => {
        if (s.ticks === 30) return false;
        s.hour = (s.hour + 1) % 12;
        s.ticks++;
        return true;
      },
    },
    ends: () => true,
    properties: [],
    ...changes,
  }));
}

Deno.test("states with the same view are one: the first that is met counts", async () => {
  const report = await check(clock({ view: ({ hour }) => hour }));
  assertEquals([report.distinct, report.generated, report.isViewed, report.exhausted], [12, 13, true, true]);
  const pairs = await check(clock({ view: ({ hour, ticks }) => ({ of: [hour, new Set([ticks > 11])] }) }));
  assertEquals(pairs.distinct, 24);
  assertEquals((await check(clock())).distinct, 31);
});

Deno.test("initial states with the same view are one, too", async () => {
  const init = [{ hour: 0, ticks: 0 }, { hour: 0, ticks: 20 }, { hour: 1, ticks: 20 }];
  assertEquals((await check(clock({ init, view: ({ hour }) => hour }))).distinct, 12);
});

Deno.test("a violation under a view is a run of real states, and no longer than others", async () => {
  const late = always<Clock>("early", "", ({ hour }) => hour < 7 || "late");
  const { properties } = await check(clock({ properties: [late], view: ({ hour }) => hour }));
  assertEquals([properties[0]?.result, properties[0]?.run?.steps.length], ["violated", 7]);
});

type Counters = ClusterDefinition<
  { readonly n: number; readonly log: readonly string[] },
  { readonly from: string; readonly to: string; readonly type: "Up" }
>;

/** Messages make servers count, and note who sent them. */
function counters(changes: Partial<Counters> = {}): Specification {
  return cluster("counters", (): Counters => ({
    servers: ["a", "b"],
    initial: () => ({ n: 0, log: [] }),
    inFlight: ["a", "b", "b"].map((from) => ({ from, to: "a", type: "Up" })),
    outcomes: ({ n, log }, { from }) => [{ local: { n: n + 1, log: [...log, from] } }],
    properties: [],
    ...changes,
  }));
}

Deno.test("the view of a cluster is one of what properties see", async () => {
  // Who has sent: 2 x 3 bags, in which order: 3 more logs.
  assertEquals((await check(counters())).distinct, 9);
  assertEquals((await check(counters({ view: ({ servers }) => servers.map(({ n }) => n) }))).distinct, 4);
});

const refusals:
  readonly (readonly [changes: Partial<Definition<Clock>>, options: CheckOptions, message: string])[] = [
    [{ symmetry: [] }, { symmetry: true }, "clock has a view: symmetry doesn't go with that"],
    [{}, { exact: true }, "clock has a view: exact"],
    [{}, { workers: { count: 2, module: import.meta.url } }, "clock has a view: of states with the same one"],
    [{ properties: [eventually("noon", "", ({ hour }) => hour === 6)] }, {}, '"noon"'],
    [
      { view: () => NaN },
      {},
      "spec clock, its view: the view is NaN: a state holds finite numbers (in the state hour 0",
    ],
    [{ view: () => undefined }, {}, "the view is undefined"],
  ];

for (const [changes, options, message] of refusals) {
  Deno.test(`a view is refused where it would mislead, or is no plain data: ${message}`, async () => {
    const error = await assertRejects(
      () => check(clock({ view: ({ hour }) => hour, ...changes }), options),
      SpecError,
    );
    assertStringIncludes(error.message, message);
  });
}

const cuts: readonly CheckOptions[] = [{}, { exact: true }];

for (const option of cuts) {
  Deno.test(`a step that the action constraint cuts off leads nowhere, and isn't judged ${JSON.stringify(option)}`, async () => {
    const report = await check(
      clock({
        actionConstraint: (before, after) => after.hour > before.hour,
        properties: [
          always("before midnight", "", ({ ticks }) => ticks < 12 || "midnight"),
          steps("forward", "", (before, after) => before.hour < after.hour || "backward"),
        ],
      }),
      option,
    );
    // No deadlock either: the step is there, and only not taken.
    assertEquals(
      [report.verdict, report.distinct, report.generated, report.cutSteps, report.cut],
      ["holds", 12, 13, 1, 0],
    );
    const still = clock({ ends: () => false, actionConstraint: () => false });
    assertEquals([(await check(still, option)).verdict, (await check(still, option)).distinct], ["holds", 1]);
  });
}

Deno.test("the end of a step that is cut off is reached by another one", async () => {
  const two = spec<{ n: number }>("two", () => ({
    init: { n: 0 },
    actions: { Two: (s) => s.n < 4 && void (s.n += 2), One: (s) => s.n < 4 && void s.n++ },
    ends: () => true,
    actionConstraint: (before, after) => after.n - before.n === 1 || before.n === 3,
    properties: [],
  }));
  const { distinct, cutSteps, searches } = await check(two);
  assertEquals([distinct, cutSteps, searches[0]?.depth], [6, 3, 5]);
});

Deno.test("the action constraint of a cluster", async () => {
  const report = await check(
    counters({ actionConstraint: (_, after) => after.servers[0]?.log[0] === "a" }),
  );
  assertEquals([report.distinct, report.cutSteps], [4, 1]);
});

Deno.test("claims about whole behaviours are judged on what the action constraint leaves", async () => {
  const around = (changes: Partial<Definition<{ n: number }>>) =>
    spec<{ n: number }>("around", () => ({
      init: { n: 0 },
      actions: {
        Up: (s) => {
          s.n = (s.n + 1) % 3;
        },
        Skip: (s) => {
          s.n = (s.n + 2) % 3;
        },
      },
      fairness: [weak("Next")],
      properties: [infinitelyOften("one", "", ({ n }) => n === 1)],
      ...changes,
    }));
  const free = (await check(around({}))).properties[0]!;
  assertEquals(free.result, "violated");
  const onlyUp = (before: { n: number }, after: { n: number }) => (before.n + 1) % 3 === after.n;
  const bound = (await check(around({ actionConstraint: onlyUp }))).properties[0]!;
  assertEquals([bound.result, bound.isConstrained], ["holds", true]);
  const stuck = (await check(around({ actionConstraint: (before) => before.n === 0 }))).properties[0]!;
  assertEquals(stuck.result, "unknown");
  assertStringIncludes(stuck.reason ?? "", "the constraint cuts off all ways on");
});

Deno.test("walks don't take steps that the action constraint cuts off", async () => {
  const never = always<Clock>("before midnight", "", ({ ticks }) => ticks < 12 || "midnight");
  const bound = clock({ properties: [never], actionConstraint: (before, after) => after.hour > before.hour });
  assertEquals((await walk(bound, { walks: 5, seed: 1 })).verdict, "holds");
  assertEquals((await walk(clock({ properties: [never] }), { walks: 5, seed: 1 })).verdict, "violated");
});

Deno.test("an action constraint that doesn't decide is refused, with the step", async () => {
  const odd = clock({ actionConstraint: (() => 1) as never });
  const error = await assertRejects(() => check(odd), SpecError);
  assertEquals(
    error.message,
    "spec clock, its actionConstraint returned 1, expected true or false (in the step from hour 0, ticks 0 to hour 1, ticks 1)",
  );
});

Deno.test("the report says how many views there are, and how many steps were cut off", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const module = new URL("../../spec/mod.ts", import.meta.url);
    await Deno.writeTextFile(
      `${folder}/two.ts`,
      `import { spec } from "${module}";
      export default spec<{ n: number; m: number }>("two", () => ({
        init: { n: 0, m: 0 },
        actions: { Up: (s) => { s.n = (s.n + 1) % 3; s.m++; } },
        ends: () => true,
        view: ({ n }) => n,
        actionConstraint: (_, { n }) => n < 2,
        properties: [],
      }));`,
    );
    const { stdout, code } = await quorate(["check", "two.ts"], folder);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "1 step was cut off by the action constraint, and not taken\n");
    assertStringIncludes(
      stdout,
      "states are known by their views: there are 2, each looked at in one state\n",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** A server of a spec. */
interface Ruler {
  readonly term: number;
  readonly role: string;
}

Deno.test("a property of each server's steps depends on all of the server, also in a spec, where that is many places", async () => {
  const follower: Ruler = { term: 0, role: "follower" };
  const rulers = spec<{ servers: readonly [Ruler, Ruler] }>("rulers", () => ({
    init: { servers: [follower, follower] },
    actions: {
      Lead: ({ servers: [a] }) => void (a.role = "leader"),
      Age: ({ servers: [a] }) => void (a.term = (a.term + 1) % 3),
    },
    properties: [
      serverSteps<Ruler>(
        "Leaders Stay",
        "a leader's term stays",
        (before, after) =>
          after.term === before.term || before.role !== "leader" || "a leader changed its term",
      ),
    ],
  }));
  for (const options of [{}, { exact: true }]) {
    const { properties: [claim] } = await check(rulers, options);
    assertEquals([claim?.result, claim?.trace], ["violated", "Lead Age"]);
  }
});

Deno.test("of a server's steps only those are judged that change what is seen of it", async () => {
  const moody = (claim: (before: number, after: number) => boolean) =>
    cluster(
      "moody",
      (): ClusterDefinition<
        Mood,
        { from: string; to: string; type: string },
        string,
        never,
        null,
        number
      > => ({
        servers: ["a", "b"],
        initial: () => ({ seen: 0, hidden: 0 }),
        observe: ({ seen }) => seen,
        happenings: ({ seen, hidden }) => [
          ...(hidden < 2 ? [{ notation: "!", title: "hides something", event: "hide" }] : []),
          ...(seen < 2 ? [{ notation: "=x", title: "shows something", event: "show" }] : []),
        ],
        outcomes: ({ seen, hidden }, event) => [
          { local: event === "hide" ? { seen, hidden: hidden + 1 } : { seen: seen + 1, hidden } },
        ],
        properties: [
          serverSteps<number>("claim", "", (before, after) => claim(before, after) || "it is not so"),
        ],
      }),
    );
  for (const options of [{}, { exact: true }]) {
    assertEquals((await check(moody((before, after) => before !== after), options)).verdict, "holds");
    const { properties: [claim] } = await check(moody((before) => before !== 1), options);
    assertEquals([claim?.result, claim?.run?.steps.length], ["violated", 2]);
  }
});

interface Mood {
  readonly seen: number;
  readonly hidden: number;
}
