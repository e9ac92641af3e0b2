import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  AssertionError,
  entriesOf,
  type Event,
  type LogEntry,
  type Message,
  step,
} from "../../src/core/mod.ts";
import { appendEntries, command, follower, leader, noop, proposal, received, run, sent } from "./support.ts";

const heartbeat: Event = { type: "timerFired", timer: "heartbeat" };

function success(from: string, term: number, matchIndex: number): Event {
  return received({
    type: "AppendEntriesResponse",
    from,
    to: "a",
    term,
    success: true,
    matchIndex,
    round: 0,
  });
}

function failure(from: string, prevLogIndex: number, conflictTerm: number, conflictIndex: number): Event {
  const common = { type: "AppendEntriesResponse", from, to: "a", term: 5, success: false } as const;
  return received({ ...common, prevLogIndex, conflictTerm, conflictIndex, round: 0 });
}

function prevOf(messages: readonly Message[]): readonly number[] {
  return messages.map((message) => message.type === "AppendEntries" ? message.prevLogIndex : -1);
}

Deno.test("a follower stores what follows on what it has, and answers when it is durable (§5.3)", () => {
  const request = appendEntries({ term: 2, prevLogIndex: 1, prevLogTerm: 1, entries: [command(2, "x")] });
  const { state, effects } = step(follower(2, [noop(1)]), received(request));
  assertEquals(entriesOf(state.log), [noop(1), command(2, "x")]);
  assertEquals(effects.map(({ type }) => type), ["startTimer", "persist", "send"]);
  assertEquals(sent(effects), [{
    type: "AppendEntriesResponse",
    from: "a",
    to: "b",
    term: 2,
    success: true,
    matchIndex: 2,
    round: 0,
  }]);
});

Deno.test("what a follower's log becomes, by Figure 7 of the paper", () => {
  const figure = (terms: readonly number[]) => terms.map((term) => noop(term));
  const leaderLog = figure([1, 1, 1, 4, 4, 5, 5, 6, 6, 6]);
  const followers: Record<string, readonly number[]> = {
    a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
    b: [1, 1, 1, 4],
    c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    e: [1, 1, 1, 4, 4, 4, 4],
    f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  for (const terms of Object.values(followers)) {
    let state = leader(7, leaderLog);
    let other = follower(8, figure(terms));
    let messages = sent(run(state, heartbeat).effects).filter(({ to }) => to === "b");
    let rounds = 0;
    for (; messages.length > 0; rounds++) {
      const answers = messages.flatMap((message) => {
        const result = run(other, received({ ...message, from: "b", to: "a" }));
        other = result.state;
        return sent(result.effects).map((answer) => received({ ...answer, from: "b", to: "a" }));
      });
      const result = run(state, ...answers);
      state = result.state;
      messages = rounds > 9 ? [] : sent(result.effects).filter(({ to }) => to === "b");
    }
    assertEquals(entriesOf(other.log), [...leaderLog, noop(8)]);
    assert(rounds <= 5, `${rounds} rounds for ${terms}`);
  }
});

Deno.test("entries that agree stay, also those beyond an old message (§5.3)", () => {
  const log = [noop(1), command(1, "x"), command(1, "y")];
  const old = appendEntries({ prevLogIndex: 0, entries: [noop(1), command(1, "x")] });
  const { state, effects } = step(follower(1, log), received(old));
  assertEquals(entriesOf(state.log), log);
  assertEquals(effects.find(({ type }) => type === "persist"), { type: "persist", write: null });
});

Deno.test("a refusal names the first entry of the conflicting term, or the end of a short log (§5.3)", () => {
  const log = [1, 1, 4, 4, 4].map(noop);
  const cases = [[5, 6, 4, 3], [2, 2, 1, 1], [9, 6, 0, 6]];
  for (const [prevLogIndex = 0, prevLogTerm = 0, conflictTerm, conflictIndex] of cases) {
    const request = appendEntries({ term: 6, prevLogIndex, prevLogTerm });
    const [answer] = sent(run(follower(6, log), received(request)).effects);
    assertEquals(answer, {
      type: "AppendEntriesResponse",
      from: "a",
      to: "b",
      term: 6,
      success: false,
      prevLogIndex,
      conflictTerm: conflictTerm ?? 0,
      conflictIndex: conflictIndex ?? 0,
      round: 0,
    });
  }
});

Deno.test("a leader of an old term is told the new one, and not obeyed (§5.1)", () => {
  const { state, effects } = run(follower(5, []), received(appendEntries({ term: 4, entries: [noop(4)] })));
  assertEquals(entriesOf(state.log), []);
  assertEquals(state.role, { type: "follower", leaderId: null });
  assertEquals(sent(effects).map((message) => "term" in message && message.term), [5]);
});

Deno.test("commitIndex follows the leader's only over what the message covers (§5.3)", () => {
  const log = [noop(1), command(1, "x"), command(1, "y")];
  const request = appendEntries({
    prevLogIndex: 1,
    prevLogTerm: 1,
    entries: [command(1, "x")],
    leaderCommit: 3,
    round: 0,
  });
  assertEquals(run(follower(1, log), received(request)).state.commitIndex, 2);
});

Deno.test("an entry is committed when a majority has it on disk, the leader's own included (§5.3)", () => {
  const elected = leader(0, []);
  assertEquals(run(elected, success("b", 1, 1)).state.commitIndex, 1);
  const { state } = step(elected, { type: "proposed", proposals: [proposal("x")] });
  const acknowledged = step(state, success("b", 1, 2)).state;
  assertEquals(acknowledged.commitIndex, 1);
  assertEquals(step(acknowledged, { type: "persisted", count: 1 }).state.commitIndex, 2);
});

Deno.test("an entry of an earlier term is committed only with one of the leader's own (§5.4.2)", () => {
  const elected = leader(4, [noop(1), command(2, "x")]);
  assertEquals(run(elected, success("b", 5, 2)).state.commitIndex, 0);
  assertEquals(run(elected, success("b", 5, 3)).state.commitIndex, 3);
});

Deno.test("an answer of another term, or from a stranger, counts for nothing", () => {
  const elected = leader(4, []);
  for (const event of [success("b", 4, 1), success("x", 5, 1)]) {
    assertEquals(step(elected, event), { state: elected, effects: [] });
  }
});

Deno.test("a leader backs up past its last entry of the conflicting term, or to where that term begins (§5.3)", () => {
  const log = [1, 1, 3, 3, 4].map(noop);
  const elected = leader(4, log);
  const cases = [[5, 3, 2, 4], [5, 2, 2, 1], [5, 0, 2, 1], [5, 1, 1, 2]];
  for (const [prev = 0, conflictTerm = 0, conflictIndex = 0, expected = 0] of cases) {
    const { effects } = run(elected, failure("b", prev, conflictTerm, conflictIndex));
    assertEquals(prevOf(sent(effects)), [expected]);
  }
});

Deno.test("a stale refusal changes nothing", () => {
  const elected = run(leader(4, [noop(1)]), success("b", 5, 2)).state;
  for (const prev of [1, 2, 9]) assertEquals(step(elected, failure("b", prev, 0, 1)).effects, []);
});

Deno.test("a message carries as many entries as fit, but at least one (§5.3)", () => {
  const log: LogEntry[] = [
    command(1, "x", 600),
    command(1, "y", 600),
    command(1, "z", 5000),
    noop(1),
    noop(1),
  ];
  const behind = (prev: number) => {
    const elected = leader(4, log, { maxEntriesPerAppend: 2 });
    const { effects } = run(elected, failure("b", 5, 0, prev + 1));
    const [message] = sent(effects);
    return message?.type === "AppendEntries" ? message.entries.length : -1;
  };
  assertEquals([0, 1, 2, 3, 4].map(behind), [1, 1, 1, 2, 2]);
});

Deno.test("a follower that lags gets the next chunk as soon as it has acknowledged the last one", () => {
  let state = leader(4, [1, 1, 1, 1].map(noop), { maxEntriesPerAppend: 2 });
  const chunksAfter = (event: Event) => {
    const result = run(state, event);
    state = result.state;
    return sent(result.effects).map((message) =>
      message.type === "AppendEntries" ? [message.to, message.prevLogIndex, message.entries.length] : []
    );
  };
  assertEquals(chunksAfter(failure("b", 4, 0, 1)), [["b", 0, 2]]);
  assertEquals(chunksAfter(success("b", 5, 2)), [["b", 2, 2]]);
  assertEquals(chunksAfter(success("b", 5, 4)), [["b", 4, 1]]);
  // All of it is on its way now: the same acknowledgement again brings nothing more.
  assertEquals(chunksAfter(success("b", 5, 4)), []);
});

Deno.test("followers learn at once that an entry is committed, not with the next heartbeat", () => {
  const { state, effects } = run(leader(0, []), success("b", 1, 1));
  assertEquals(state.commitIndex, 1);
  const commits = sent(effects).map((message) =>
    message.type === "AppendEntries" ? [message.to, message.leaderCommit, message.entries.length] : []
  );
  assertEquals(commits, [["b", 1, 0], ["c", 1, 0]]);
});

Deno.test("a leader sends at once what it writes to its own disk (thesis 10.2.1)", () => {
  const { effects } = step(leader(0, []), { type: "proposed", proposals: [proposal("x"), proposal("y")] });
  assertEquals(effects.map(({ type }) => type), ["send", "send", "persist"]);
  assertEquals(prevOf(sent(effects)), [1, 1]);
});

Deno.test("another leader of one's own term is impossible, and stops the server (§5.2)", () => {
  assertThrows(
    () => step(leader(0, []), received(appendEntries({ term: 1 }))),
    AssertionError,
    "no other leader",
  );
});
