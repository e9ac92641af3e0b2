/** Searches from the selected moment, by the engine that checks. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { type Answer, markSteps, seek } from "../../spec/explorer/seek.ts";
import { openSession, play, type Session } from "../../spec/explorer/session.ts";
import { openSubject, type Subject } from "../../spec/explorer/subject.ts";
import { eventually, replay, spec, SpecError, type Specification, weak } from "../../spec/mod.ts";
import { loadMutant } from "../../spec/raft/load_mutant.ts";

const watcher = { onProgress: () => {}, stopped: () => false };

async function visit(
  trace = "",
  subject: Partial<Subject> = {},
  specs: Readonly<Record<string, Specification>> = catalog,
): Promise<Session> {
  const asked = { spec: "raft", bounds: null, parameters: {}, mutant: null, ...subject };
  return openSession(await openSubject(asked, { specs, loadCore: loadMutant }), trace);
}

function found(answer: Answer): Answer & { readonly type: "found" } {
  assert(answer.type === "found", JSON.stringify(answer));
  return answer;
}

Deno.test("a counterexample is found from where the visit is, as short as can be", async () => {
  const session = await visit("a! c!", { mutant: "vote-twice" });
  const { trace, loop, witness } = found(
    await seek(session, { property: "Election Safety", steps: null }, watcher),
  );
  assert(trace.startsWith("a! c! "));
  assertEquals([trace.split(" ").length, loop, witness], [6, null, "a and c were both elected in term 1"]);
});

Deno.test("an example of what happens sometimes has nobody at fault", async () => {
  const answer = await seek(await visit("b!"), { property: "a leader is elected", steps: null }, watcher);
  assertEquals([found(answer).trace.split(" ").length, found(answer).witness], [3, null]);
});

Deno.test("the budgets count from where the visit is", async () => {
  // Two more timeouts than the bounds allow have been spent.
  const session = await visit("a! b! c! a!");
  const answer = await seek(session, { property: "a leader is elected", steps: 4 }, watcher);
  assertEquals(found(answer).trace.startsWith("a! b! c! a! "), true);
});

Deno.test("nothing found: how far it looked, and whether that is all", async () => {
  const all = await seek(await visit("", { spec: "two_phase_commit" }), {
    property: "Consistent",
    steps: null,
  }, watcher);
  assertEquals(all, {
    type: "none",
    steps: 10,
    distinct: 288,
    exhausted: true,
    stopped: null,
    reason: null,
  });
  const some = await seek(await visit(), { property: "Election Safety", steps: 3 }, watcher);
  assert(some.type === "none" && !some.exhausted && some.steps === 3);
});

Deno.test("a search ends when it is told to", async () => {
  const answer = await seek(await visit(), { property: "Election Safety", steps: 4 }, {
    ...watcher,
    stopped: () => true,
  });
  assert(answer.type === "none" && answer.stopped === "signal");
});

Deno.test("a deadlock is searched for, but not among the counterexamples of a property", async () => {
  const specs = {
    stuck: spec<{ n: number }>("stuck", () => ({
      init: { n: 0 },
      actions: { Up: (s) => s.n < 2 && void s.n++ },
      properties: [{ kind: "always", name: "small", sentence: "n < 9", holds: ({ n }) => n < 9 || "large" }],
    })),
  };
  const session = await visit("Up", { spec: "stuck" }, specs);
  const answer = await seek(session, { property: "No Deadlock", steps: null }, watcher);
  assertEquals(found(answer).trace, "Up Up");
  const none = await seek(session, { property: "small", steps: null }, watcher);
  assertEquals(none.type === "none" && none.exhausted, true);
});

Deno.test("what must happen some day may be avoided for ever: a run with a loop", async () => {
  const specs = {
    kettle: spec<{ degrees: number; on: boolean }>("kettle", () => ({
      init: { degrees: 98, on: false },
      actions: {
        Switch: (s) => void (s.on = !s.on),
        Heat: (s) => s.on && s.degrees < 100 && void s.degrees++,
      },
      fairness: [weak("Switch")],
      properties: [eventually("it boils", "some day it boils", ({ degrees }) => degrees === 100)],
    })),
  };
  const session = await visit("", { spec: "kettle" }, specs);
  const { trace, loop } = found(await seek(session, { property: "it boils", steps: null }, watcher));
  assertEquals([trace, loop], ["Switch Switch", 2]);
});

Deno.test("there is no search for what the spec doesn't claim", async () => {
  const session = await visit();
  await assertRejects(
    () => seek(session, { property: "World Peace", steps: 1 }, watcher),
    SpecError,
    "raft claims no World Peace",
  );
});

Deno.test("the steps are marked by which something may soon break, and each mark is kept by a run", async () => {
  const session = await visit("a! b! a>b", { mutant: "vote-twice" });
  const { marks, within } = await markSteps(session, 3, { onMarks: () => {}, stopped: () => false });
  assertEquals(within, 3);
  const mark = marks.find(({ label }) => label === "b>a:RequestVote");
  assertEquals(mark, { label: "b>a:RequestVote", property: "Election Safety", steps: 3 });
  // The mark says: this step, and two more.
  const after = play(session, "b>a:RequestVote");
  const { trace } = found(await seek(after, { property: "Election Safety", steps: 2 }, watcher));
  assertEquals(trace, "a! b! a>b b>a:RequestVote b>a a>b:RequestVoteResponse");
  assertEquals(marks.some(({ label }) => label === "c!"), false);
});

Deno.test("what is broken already is not warned of again", async () => {
  const session = await visit("a! b! a>b b>a:RequestVote b>a a>b:RequestVoteResponse", {
    mutant: "vote-twice",
  });
  const { marks } = await markSteps(session, 1, { onMarks: () => {}, stopped: () => false });
  assertEquals(marks.some(({ property }) => property === "Election Safety"), false);
});

Deno.test("the core that production runs has nothing to mark", async () => {
  const rounds: number[] = [];
  const { marks } = await markSteps(await visit("a! b!"), 3, {
    onMarks: ({ within }) => rounds.push(within),
    stopped: () => false,
  });
  assertEquals([marks, rounds], [[], [1, 2, 3]]);
});

Deno.test("a found run is one that the terminal replays", async () => {
  const session = await visit("FillBig", { spec: "die_hard" });
  const { trace } = found(await seek(session, { property: "Never Four Gallons", steps: null }, watcher));
  const { violations } = replay(catalog.die_hard!, trace);
  assertEquals(violations.map(({ name }) => name), ["Never Four Gallons"]);
});
