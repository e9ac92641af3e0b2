/** Refinement: what one spec does, seen through a mapping, another one must allow. */
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import {
  check,
  cluster,
  type Definition,
  each,
  type Parameters,
  refines,
  replay,
  spec,
  SpecError,
  type Specification,
  strong,
  weak,
} from "../../spec/mod.ts";
import { plainPaint, reportText } from "../../spec/report/text.ts";

interface Hours {
  readonly hour: number;
}

/** A clock that strikes the hours, from 0 or from noon. */
function hours(more: Partial<Definition<Hours>> = {}): Specification {
  return spec<Hours, { hours: number }>("hours", { hours: 12 }, ({ hours }) => ({
    init: [{ hour: 0 }, { hour: hours / 2 }],
    actions: {
      Strike: (s) => void (s.hour = (s.hour + 1) % hours),
      Skip: (s) => s.hour === 1 && void (s.hour = 3),
    },
    properties: [],
    ...more,
  }));
}

interface Minutes {
  readonly minute: number;
}

interface Clockwork extends Partial<Definition<Minutes>> {
  readonly abstract?: Specification;
  readonly mapping?: (state: Minutes) => object;
  readonly parameters?: Parameters;
}

/** A clock of four minutes an hour. */
function minutes({ abstract = hours(), mapping, parameters, ...more }: Clockwork = {}): Specification {
  return spec<Minutes>("minutes", () => ({
    init: { minute: 0 },
    actions: { Tick: (s) => void (s.minute = (s.minute + 1) % 48) },
    properties: [
      refines<Minutes>(
        "it strikes",
        "minutes make hours",
        abstract,
        mapping ?? (({ minute }) => ({ hour: Math.floor(minute / 4) })),
        parameters,
      ),
    ],
    ...more,
  }));
}

async function judged(clockwork: Clockwork) {
  const { properties: [found], verdict } = await check(minutes(clockwork));
  return { verdict, result: found?.result, trace: found?.trace, witness: found?.witness };
}

Deno.test("steps that change nothing there, and steps of that spec, are allowed", async () => {
  assertEquals((await judged({})).verdict, "holds");
});

Deno.test("a step that the other spec doesn't allow: the shortest run to it, and what is wrong", async () => {
  const actions: Clockwork["actions"] = {
    Tick: (s) => void (s.minute = (s.minute + 1) % 48),
    Jump: (s) => s.minute === 2 && void (s.minute = 9),
  };
  assertEquals(await judged({ actions }), {
    verdict: "violated",
    result: "violated",
    trace: "Tick Tick Jump",
    witness: "from (hour: 0) no step of hours leads to (hour: 2)",
  });
  const replayed = replay(minutes({ actions }), "Tick Tick Jump");
  assertEquals(replayed.violations.map(({ name, step }) => [name, step]), [["it strikes", 3]]);
});

Deno.test("an initial state that is none there", async () => {
  assertEquals(await judged({ init: [{ minute: 0 }, { minute: 5 }] }), {
    verdict: "violated",
    result: "violated",
    trace: "@2",
    witness: "(hour: 1) is no initial state of hours",
  });
  assertEquals(replay(minutes({ init: { minute: 5 } }), "Tick").violations.map(({ step }) => step), [0]);
  assertEquals((await judged({ init: { minute: 26 } })).verdict, "holds");
});

Deno.test("the other spec's fairness, which the mapped behaviours must obey", async () => {
  const fair = (...fairness: Definition<Hours>["fairness"] & object) => hours({ fairness });
  const lazy = await check(minutes({ abstract: fair(weak("Strike")) }));
  const [found] = lazy.properties;
  assertEquals([found?.result, found?.trace, found?.loop], ["violated", "", []]);
  assertStringIncludes(
    found?.witness ?? "",
    "weak fairness of Strike of hours is broken: from the first state on",
  );
  const abstract = fair(weak("Strike"));
  assertEquals((await judged({ abstract, fairness: [weak("Tick")] })).verdict, "holds");
  // The hour 1 comes again and again, and to skip the hour 2 is possible then.
  const skipping = await check(minutes({ abstract: fair(strong("Skip")), fairness: [weak("Tick")] }));
  assertEquals([skipping.properties[0]?.result, skipping.properties[0]?.loop?.length], ["violated", 48]);
  assertEquals((await judged({ abstract: fair(weak("Skip")), fairness: [weak("Tick")] })).verdict, "holds");
});

Deno.test("of a bounded search steps are judged, but its fairness is unknown", async () => {
  const fair = hours({ fairness: [weak("Strike")] });
  assertEquals((await check(minutes(), { depth: 9 })).verdict, "holds");
  const { verdict, properties: [found] } = await check(minutes({ abstract: fair }), { depth: 9 });
  assertEquals([verdict, found?.result, found?.reason], [
    "inconclusive",
    "unknown",
    "the search ended at depth 9",
  ]);
});

Deno.test("a mapping under which nothing ever changes is vacuous", async () => {
  const report = await check(minutes({ mapping: () => ({ hour: 0 }) }));
  assertEquals([report.verdict, report.properties[0]?.vacuous], ["holds", true]);
  const text = reportText(report, { paint: plainPaint, milliseconds: 0, replay: String });
  assertStringIncludes(text, "vacuous: nothing that it maps to ever changes");
  assertEquals((await check(minutes())).properties[0]?.vacuous, false);
});

Deno.test("the other spec's parameters are its own", async () => {
  assertEquals((await judged({ parameters: { hours: 24 } })).trace?.split(" ").length, 48);
  await assertRejects(
    () => check(minutes({ parameters: { days: 1 } })),
    SpecError,
    "hours has no parameter days",
  );
});

Deno.test("a mapping that throws says for which property, and in which state", async () => {
  const mapping = () => {
    throw new Error("boom");
  };
  const { message } = await assertRejects(() => check(minutes({ mapping })), SpecError);
  assertMatch(
    message,
    /^spec minutes, property "it strikes" threw Error: boom, at .* \(in the state minute 0\)$/,
  );
});

Deno.test("a mapping that is none, and a spec that can't be refined, are refused", async () => {
  await assertRejects(
    () => check(minutes({ mapping: () => ({ minute: 0 }) })),
    SpecError,
    ": (minute: 0) is no state of hours: it has the variables hour (in the state minute 0)",
  );
  await assertRejects(
    () => check(minutes({ mapping: () => ({ hour: () => 1 }) })),
    SpecError,
    'property "it strikes": a state.hour is a function',
  );
  const servers = cluster("servers", () => ({
    servers: ["a"],
    initial: () => 0,
    outcomes: () => [],
    properties: [],
  }));
  await assertRejects(() => check(minutes({ abstract: servers })), SpecError, "servers is a cluster");
});

Deno.test("values that change their shape, in either spec, are found out and kept whole", async () => {
  const queue = spec<{ items: readonly number[] }>("queue", () => ({
    init: { items: [] },
    actions: {
      Put: each([1, 2], (s, item) => s.items.length < 3 && void s.items.push(item)),
      Take: (s) => s.items.shift() !== undefined,
    },
    properties: [],
  }));
  const two = spec<{ front: readonly number[]; back: readonly number[] }>("two", () => ({
    init: { front: [], back: [] },
    actions: {
      Put: each([1, 2], (s, item) => s.front.length + s.back.length < 3 && void s.back.push(item)),
      Move: (s) => {
        if (s.front.length > 0 || s.back.length === 0) return false;
        s.front = s.back;
        s.back = [];
        return true;
      },
      Take: (s) => s.front.shift() !== undefined,
    },
    properties: [
      refines<{ front: readonly number[]; back: readonly number[] }>("it is a queue", "", queue, (s) => ({
        items: [...s.front, ...s.back],
      })),
    ],
  }));
  assertEquals((await check(two)).verdict, "holds");
});
