import { assertEquals } from "@std/assert";
import { type Effect, type Event, step } from "../../src/core/mod.ts";
import { appendEntries, follower, leader, noop, received, run, sent } from "./support.ts";

const id = { node: "a", incarnation: 0, sequence: 1 };
const read: Event = { type: "readRequested", ids: [id] };

function answered(effects: readonly Effect[]): number {
  return effects.filter(({ type }) => type === "readReady").length;
}

function acknowledgement(from: string, term: number, round: number, matchIndex: number): Event {
  return received({ type: "AppendEntriesResponse", from, to: "a", term, success: true, matchIndex, round });
}

Deno.test("a read is answered by a round that began after it, and only once (thesis 6.4)", () => {
  const elected = run(leader(0, []), acknowledgement("b", 1, 0, 1)).state;
  const asked = run(elected, read);
  assertEquals(sent(asked.effects).map((message) => "round" in message && message.round), [1, 1]);
  assertEquals(answered(run(asked.state, acknowledgement("b", 1, 0, 1)).effects), 0);
  const confirmed = run(asked.state, acknowledgement("c", 1, 1, 1));
  assertEquals(answered(confirmed.effects), 1);
  assertEquals(answered(run(confirmed.state, acknowledgement("b", 1, 1, 1)).effects), 0);
});

Deno.test("reads that come while a round is under way share the next one (thesis 6.4)", () => {
  const elected = run(leader(0, []), acknowledgement("b", 1, 0, 1)).state;
  const first = run(elected, read).state;
  const more = [2, 3].map((sequence): Event => ({ type: "readRequested", ids: [{ ...id, sequence }] }));
  const waiting = run(first, ...more);
  assertEquals(sent(waiting.effects), []);
  const next = run(waiting.state, acknowledgement("b", 1, 1, 1));
  assertEquals(sent(next.effects).map((message) => "round" in message && message.round), [2, 2]);
  const done = run(next.state, acknowledgement("b", 1, 2, 1));
  assertEquals(done.effects.find(({ type }) => type === "readReady"), {
    type: "readReady",
    ids: [2, 3].map((sequence) => ({ ...id, sequence })),
  });
});

Deno.test("a refusal of an older term's message confirms no round of this term", () => {
  const [refusal] = sent(run(follower(3, [noop(1)]), received(appendEntries({ term: 1, round: 9 }))).effects);
  assertEquals(refusal?.type === "AppendEntriesResponse" && [refusal.term, refusal.round], [3, 0]);
  const [answer] = sent(
    run(follower(1, [noop(1)]), received(appendEntries({ prevLogIndex: 7, round: 9 }))).effects,
  );
  assertEquals(answer?.type === "AppendEntriesResponse" && [answer.success, answer.round], [false, 9]);
});

Deno.test("a cluster of one reads at once, but not before its first commit", () => {
  const elected = leader(0, [], { servers: ["a"] });
  assertEquals(answered(run(elected, read).effects), 1);
  const fresh = step(follower(0, [], { servers: ["a"] }), { type: "timerFired", timer: "election" });
  const early = step(step(fresh.state, { type: "persisted", count: 1 }).state, read);
  assertEquals([early.state.role.type, answered(early.effects)], ["leader", 0]);
});

Deno.test("a read that finds no room is refused", () => {
  const ids = [1, 2, 3, 4, 5].map((sequence) => ({ ...id, sequence }));
  const { effects } = step(follower(0, []), { type: "readRequested", ids });
  assertEquals(effects.find(({ type }) => type === "refuseReads"), {
    type: "refuseReads",
    ids: ids.slice(3),
  });
});

Deno.test("a read that nobody waits for any more leaves room for others, also at the leader", () => {
  const ids = [1, 2, 3].map((sequence) => ({ ...id, sequence }));
  const more: Event = { type: "readRequested", ids: [{ ...id, sequence: 4 }] };
  const abandoned: Event = { type: "readsAbandoned", ids: ids.slice(1) };
  const heard =
    run(follower(1, [noop(1)]), received(appendEntries({ prevLogIndex: 1, prevLogTerm: 1 }))).state;
  for (const server of [heard, leader(0, [])]) {
    const full = run(server, { type: "readRequested", ids }).state;
    assertEquals(run(full, more).effects.some(({ type }) => type === "refuseReads"), true);
    const { state, effects } = run(full, abandoned, more);
    assertEquals(effects.some(({ type }) => type === "refuseReads"), false);
    assertEquals(state.ownReads.map((read) => read.id.sequence), [1, 4]);
    if (state.role.type !== "leader") continue;
    const pending = state.role.reads.pending.flatMap((reads) => reads.ids);
    assertEquals(pending.map(({ sequence }) => sequence), [1, 4]);
  }
});

Deno.test("a server that asks again is noted once, in the place that it has; another incarnation of it is another", () => {
  const ofB = (sequence: number, incarnation = 0) => ({ node: "b", incarnation, sequence });
  const asks = (...ids: ReturnType<typeof ofB>[]) => received({ type: "ReadIndex", from: "b", to: "a", ids });
  const { state, effects } = run(
    leader(0, []),
    acknowledgement("b", 1, 0, 1),
    asks(ofB(1)),
    asks(ofB(1), ofB(2)),
    asks(ofB(2)),
    asks(ofB(2, 7)),
  );
  assertEquals(
    state.role.type === "leader" && state.role.reads.pending.map(({ ids, round }) => [round, ids]),
    [
      [1, [ofB(1)]],
      [2, [ofB(2)]],
      [2, [ofB(2, 7)]],
    ],
  );
  const { effects: answers } = run(state, acknowledgement("c", 1, 1, 1), acknowledgement("c", 1, 2, 1));
  const ready = sent([...effects, ...answers]).flatMap((message) =>
    message.type === "ReadIndexResponse" ? message.ids : []
  );
  assertEquals(ready, [ofB(1), ofB(2), ofB(2, 7)]);
});
