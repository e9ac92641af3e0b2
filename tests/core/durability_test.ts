import { assertEquals, assertThrows } from "@std/assert";
import { applicableIndex, AssertionError, initialState, step } from "../../src/core/mod.ts";
import {
  appendEntries,
  command,
  config,
  electionTimeout,
  follower,
  noop,
  received,
  run,
  sent,
} from "./support.ts";

Deno.test("a repeated AppendEntries waits for the first one's write: a barrier (Figure 2)", () => {
  const request = appendEntries({ entries: [noop(1)] });
  const first = step(initialState(config()), received(request));
  const second = step(first.state, received(request));
  assertEquals(second.effects.map(({ type }) => type), ["startTimer", "persist", "send"]);
  assertEquals(second.effects[1], { type: "persist", write: null });
  assertEquals(second.state.unfinishedWrites, [1, 1]);
});

Deno.test("nothing is applied before it is durable here, however committed it is", () => {
  const request = appendEntries({ entries: [noop(1), command(1, "x")], leaderCommit: 2, round: 0 });
  const written = step(initialState(config()), received(request));
  assertEquals([written.state.commitIndex, applicableIndex(written.state)], [2, 0]);
  const durable = step(written.state, { type: "persisted", count: 1 });
  assertEquals(durable.effects, [{ type: "apply", index: 2 }]);
  assertEquals(step(durable.state, { type: "applied", index: 2 }).state.lastApplied, 2);
});

Deno.test("a truncation takes back what older writes were to make durable", () => {
  const first = step(
    initialState(config()),
    received(appendEntries({ entries: [noop(1), command(1, "x")] })),
  );
  const conflict = appendEntries({ from: "c", term: 2, prevLogIndex: 1, prevLogTerm: 1, entries: [noop(2)] });
  const second = step(first.state, received(conflict));
  assertEquals(second.state.unfinishedWrites, [1, 2]);
  assertEquals(step(second.state, { type: "persisted", count: 1 }).state.durableIndex, 1);
  assertEquals(step(second.state, { type: "persisted", count: 2 }).state.durableIndex, 2);
});

Deno.test("what is written replaces the stored log from the first index that changed", () => {
  const log = [noop(1), command(1, "x"), command(1, "y")];
  const conflict = appendEntries({ term: 2, prevLogIndex: 1, prevLogTerm: 1, entries: [noop(2)] });
  const { effects } = step(follower(1, log), received(conflict));
  const write = { currentTerm: 2, votedFor: null, from: 2, entries: [noop(2)] };
  assertEquals(effects.find(({ type }) => type === "persist"), { type: "persist", write });
});

Deno.test("a candidate's own vote counts only when its write is done, not an earlier one", () => {
  const request = appendEntries({ entries: [noop(1)] });
  const busy = step(initialState(config({ servers: ["a"] })), received(request)).state;
  const candidate = step(busy, electionTimeout).state;
  const earlier = step(candidate, { type: "persisted", count: 1 }).state;
  assertEquals(earlier.role, { type: "candidate", votesGranted: [] });
  assertEquals(step(earlier, { type: "persisted", count: 1 }).state.role.type, "leader");
});

Deno.test("a write that nobody asked for can't be done", () => {
  assertThrows(
    () => step(initialState(config()), { type: "persisted", count: 1 }),
    AssertionError,
    "asked for",
  );
  assertThrows(
    () => step(follower(1, [noop(1)]), { type: "applied", index: 1 }),
    AssertionError,
    "lastApplied",
  );
});

Deno.test("a step is pure: the same input gives the same output, and the input stays as it was", () => {
  const before = follower(1, [noop(1)]);
  const copy = structuredClone(before);
  const request = received(appendEntries({ prevLogIndex: 1, prevLogTerm: 1, entries: [command(1, "x")] }));
  const first = step(before, request);
  const second = step(before, request);
  assertEquals(sent(first.effects), sent(second.effects));
  assertEquals(run(first.state).state.log.lastIndex, second.state.log.lastIndex);
  assertEquals({ ...before, log: null }, { ...copy, log: null });
  assertEquals(before.log.lastIndex, 1);
});
