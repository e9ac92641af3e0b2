import { assert, assertEquals, assertThrows } from "@std/assert";
import { cluster, type ClusterDefinition, each, replay, spec, SpecError } from "../../spec/mod.ts";
import { raft } from "../../spec/raft/mod.ts";
import { formatTrace, splitTrace } from "../../spec/trace/run.ts";

const elected = "a! a>b b>a";

function labels(trace: string, parameters = {}): string {
  return formatTrace(replay(raft(), trace, { parameters }).run);
}

Deno.test("a trace is printed in its shortest form, whatever form was typed", () => {
  assertEquals(labels("@1 a!election  a>b:RequestVote\n b>a:RequestVoteResponse.1"), elected);
});

Deno.test("a selector names the type of a message where several are in flight, and the number where several differ", () => {
  assertEquals(
    labels(`${elected} a>c:RequestVote a>c`),
    `${elected} a>c:RequestVote a>c`,
  );
  assertEquals(
    labels(`${elected} a>b b>a a=x a>b:AppendEntries.2`),
    `${elected} a>b b>a a=x a>b:AppendEntries.2`,
  );
});

Deno.test("a step that may be several lists them", () => {
  assertThrows(
    () => labels(`${elected} a>c`),
    SpecError,
    "step 4, a>c, is not clear: it may be a>c:RequestVote or a>c:RequestVote_ or ",
  );
});

const runs: readonly (readonly [what: string, trace: string, parameters?: object])[] = [
  ["drops", "a! a~b a~c", { drops: 2 }],
  ["duplicates", "a! a+b a>b a>b", { duplicates: 1 }],
  ["a held write, which reaches the disk", "a!_ a*"],
  ["a held write, which is lost in a crash", "a!_ a^"],
  ["a held write, which survives a crash", "a!_ a^1"],
  ["a proposal of a command that the search doesn't use", "a=hello42"],
  ["a start", "@leader a=x"],
];

for (const [what, trace, parameters] of runs) {
  Deno.test(`the notation: ${what}`, () => assertEquals(labels(trace, parameters), trace));
}

const mistakes: readonly (readonly [trace: string, message: string])[] = [
  ["a! a>d", "step 2, a>d, can't happen here; possible: a! "],
  ["b>a", "step 1, b>a, can't happen here; possible: a! "],
  ["a! !a", "step 2, !a, is no step here; possible: "],
  ["a!! ", "step 1, a!!, is no step here; possible: "],
  ["a! a~b", "step 2, a~b, can't happen here: its budget, drops 0, is spent: --set drops=1"],
  ["a! a!_ c!", "step 3, c!, can't happen here: its budget, timeouts 2, is spent: --set timeouts=3"],
  ["@leader b! b! b!election", "step 3, b!election, can't happen here: its budget, timeouts 2, is spent"],
  ["a! a>b b>a a=x a=hello", "step 5, a=hello, can't happen here: its budget, proposals 1, is spent"],
  ["a! b! b>a b~c c~b", "step 4, b~c, can't happen here: its budget, drops 0, is spent"],
  ["a! a! b>d", "step 3, b>d, can't happen here; possible: "],
  ["@nowhere a!", "there is no start @nowhere: there are @1, @leader"],
];

for (const [trace, message] of mistakes) {
  Deno.test(`it says what is wrong, and what was possible: ${trace}`, () => {
    assertThrows(() => labels(trace), SpecError, message);
  });
}

Deno.test("what isn't enumerated doesn't take the place of what a budget forbids", () => {
  const shop = cluster(
    "shop",
    (): ClusterDefinition<number, { from: string; to: string; type: string }, string> => ({
      servers: ["a"],
      budgets: { proposals: 1 },
      initial: () => 0,
      happenings: () => [{ notation: "=x", title: "sells one", event: "one", spends: "proposals" }],
      otherHappening: (_, notation) => ({ notation, title: "sells many", event: "many" }),
      outcomes: (sold, event) => [{ local: sold + (event === "one" ? 1 : 10) }],
      properties: [],
    }),
  );
  assertEquals(replay(shop, "a=x a=y").run.steps.map(({ event }) => event), ["sells one", "sells many"]);
  assertThrows(() => replay(shop, "a=x a=x"), SpecError, "its budget, proposals 1, is spent");
});

Deno.test("arguments are JSON: spaces and quotes inside of them don't end a step", () => {
  const talk = spec<{ said: string }>("talk", () => ({
    init: { said: "" },
    actions: {
      Say: each(['two "words"', "(", "x"], (s, word) => {
        s.said = word;
      }),
    },
    properties: [],
  }));
  const trace = 'Say("two \\"words\\"") Say("(") Say("x")';
  assertEquals(splitTrace(trace).length, 3);
  const { run, model } = replay(talk, trace);
  assertEquals(formatTrace(run), trace);
  assertEquals(model.describe(run.steps[0]!.to), { said: { value: '"two \\"words\\""' } });
  assertThrows(() => replay(talk, 'Say("y")'), SpecError, "can't happen here; possible: Say(\"two");
});

Deno.test("every step that is possible can be written, and each in one way only", () => {
  for (const trace of ["", elected, `${elected} a>b b>a a=x`, "a! b! a>c a>b"]) {
    const { run, model } = replay(raft(), trace);
    const steps = model.steps(run.steps.at(-1)?.to ?? run.start.state);
    assert(steps.length > 0);
    assertEquals(new Set(steps.map(({ label }) => label)).size, steps.length);
    for (const { label, to } of steps) {
      assertEquals(replay(raft(), `${trace} ${label}`).run.steps.at(-1)?.label, label);
      assert(to.vector.length > 0);
    }
  }
});
