/** Networks that aren't a bag: a trace tells what happens, and a step counts also where no server changes. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { cluster, type ClusterDefinition, type Network, SpecError } from "../../spec/mod.ts";
import { formatTrace, runTrace } from "../../spec/trace/run.ts";

interface Letter {
  readonly from: string;
  readonly to: string;
  readonly type: string;
}

type Definition = ClusterDefinition<{ readonly read: string }, Letter, Letter, never, null, string>;

/** Two letters are on their way from a to b, who remembers what it reads until it holds two. */
function post(network: Network, budgets: Readonly<Record<string, number>> = {}) {
  return cluster("post", (): Definition => ({
    servers: ["a", "b"],
    budgets,
    network,
    initial: () => ({ read: "" }),
    inFlight: ["Second", "First"].map((type) => ({ from: "a", to: "b", type })),
    outcomes: ({ read }, { type }) => [{ local: { read: read.length < 2 ? read + type.charAt(0) : read } }],
    observe: ({ read }) => read,
    properties: [],
  })).build({});
}

/** What b has read after the steps of a trace, and what can happen then. */
function after(network: Network, trace: string) {
  const model = post(network);
  const run = runTrace(model, trace);
  const state = run.steps.at(-1)?.to ?? run.start.state;
  assertEquals(formatTrace(run), trace);
  return { read: model.describe(state).b?.read, next: model.steps(state).map(({ label }) => label), state };
}

Deno.test("an unordered network delivers each message once, in any order", () => {
  assertEquals(after("unordered", "").next.toSorted(), ["a>b:First", "a>b:Second"]);
  const { read, next } = after("unordered", "a>b:First a>b");
  assertEquals([read, next], ["FS", []]);
});

Deno.test("an ordered network delivers in the order of sending", () => {
  assertEquals(after("ordered", "").next, ["a>b"]);
  const { read, next } = after("ordered", "a>b a>b");
  assertEquals([read, next], ["SF", []]);
});

Deno.test("a duplicating network delivers again and again, and tells what arrived last", () => {
  const first = after("duplicating", "a>b:First a>b:First a>b:First");
  assertEquals([first.read, first.next.toSorted()], ["FF", ["a>b:First", "a>b:Second"]]);
  const second = after("duplicating", "a>b:First a>b:First a>b:Second");
  assertEquals(second.read, "FF");
  assert(first.state.vector.join() !== second.state.vector.join());
});

Deno.test("drops and duplicates are for an unordered network", () => {
  assertThrows(() => post("ordered", { drops: 1 }), SpecError, "not for ordered");
});
