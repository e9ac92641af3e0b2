/** Deadlocks: on by default, but for what a spec says is an end. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  always,
  check,
  cluster,
  type ClusterDefinition,
  type Definition,
  replay,
  spec,
} from "../../spec/mod.ts";
import { propertyLine } from "../../spec/report/json.ts";
import { plainPaint, reportText } from "../../spec/report/text.ts";

interface State {
  readonly n: number;
}

function counter(more: Partial<Definition<State>>) {
  return spec<State>("counter", () => ({
    init: { n: 0 },
    actions: { Up: (s) => s.n < 3 && void s.n++, Leap: (s) => s.n === 1 && void (s.n = 5) },
    properties: [always("small", "", ({ n }) => n < 9 || "large")],
    ...more,
  }));
}

Deno.test("a state from which no step leads is a deadlock, with a shortest run to it", async () => {
  const report = await check(counter({}));
  const [small, found] = report.properties;
  assertEquals([report.verdict, small?.result, found?.result], ["violated", "holds", "violated"]);
  assertEquals([found?.property.kind, found?.trace, found?.loop], ["deadlock", "Up Leap", null]);
  const text = reportText(report, {
    paint: plainPaint,
    milliseconds: 0,
    replay: (trace) => `replay '${trace}'`,
  });
  assertStringIncludes(text, "violated  deadlock  No Deadlock   nothing can happen any more");
  assertStringIncludes(text, "replay 'Up Leap'");
  assertEquals(JSON.parse(propertyLine(found!)).kind, "deadlock");
});

Deno.test("the replay of a run to a deadlock finds it, too", () => {
  assertEquals(replay(counter({}), "Up Leap").violations.map(({ name, step }) => [name, step]), [[
    "No Deadlock",
    2,
  ]]);
  assertEquals(replay(counter({}), "Up").violations, []);
  assertEquals(replay(counter({ ends: ({ n }) => n === 5 }), "Up Leap").violations, []);
});

Deno.test("a spec says which ends are fine", async () => {
  const trace = async (ends: (state: State) => boolean) =>
    (await check(counter({ ends }))).properties[1]?.trace ?? null;
  assertEquals(await trace(({ n }) => n === 5), "Up Up Up");
  assertEquals(await trace(({ n }) => n >= 3), null);
});

Deno.test("a step that changes nothing is a step, and so is one that the constraint cuts off", async () => {
  const idle = counter({ actions: { Up: (s) => s.n < 3 && void s.n++, Stay: (s) => s.n === 3 } });
  assertEquals((await check(idle)).verdict, "holds");
  const cut = counter({ actions: { Up: (s) => void s.n++ }, constraint: ({ n }) => n < 3 });
  assertEquals((await check(cut)).verdict, "holds");
});

Deno.test("the edge of a bounded search is no deadlock", async () => {
  assertEquals((await check(counter({}), { depth: 3 })).verdict, "holds");
  assertEquals((await check(counter({}), { depth: 4 })).verdict, "violated");
});

interface Note {
  readonly from: string;
  readonly to: string;
  readonly type: "Note";
}

type Passing = ClusterDefinition<{ readonly id: string; readonly got: number }, Note, "shout" | Note>;

/** a sends b a note when it shouts, which has a price; b keeps it. */
function passing(more: Partial<Passing>) {
  return cluster("passing", (): Passing => ({
    servers: ["a", "b"],
    budgets: { shouts: 1 },
    initial: (id) => ({ id, got: 0 }),
    happenings: ({ id, got }) =>
      id === "a" && got === 0 ? [{ notation: "!", title: "shouts", event: "shout", spends: "shouts" }] : [],
    outcomes: (local, event) =>
      event === "shout"
        ? [{ local: { ...local, got: 1 }, sends: [{ from: "a", to: "b", type: "Note" }] }]
        : [{ local: { ...local, got: 1 } }],
    properties: [],
    ...more,
  }));
}

Deno.test("a cluster may end anywhere, unless it says where", async () => {
  assertEquals((await check(passing({}))).verdict, "holds");
  assertEquals((await check(passing({ ends: ({ servers }) => servers[1]?.got === 1 }))).verdict, "holds");
  const report = await check(passing({ ends: () => false }));
  assertEquals([report.verdict, report.properties[0]?.trace], ["violated", "a! a>b"]);
});

Deno.test("where only a budget keeps something from happening there is no deadlock", async () => {
  assertEquals((await check(passing({ budgets: { shouts: 0 }, ends: () => false }))).verdict, "holds");
});
