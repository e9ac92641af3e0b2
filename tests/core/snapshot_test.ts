import { assertEquals } from "@std/assert";
import {
  configurationOfVoters,
  entriesOf,
  initialState,
  type InstallSnapshot,
  type LogEntry,
  restart,
  step,
} from "../../src/core/mod.ts";
import {
  appendEntries,
  command,
  config,
  follower,
  leader,
  noop,
  proposal,
  received,
  run,
  sent,
} from "./support.ts";

function installSnapshot(more: Partial<InstallSnapshot> = {}): InstallSnapshot {
  return {
    type: "InstallSnapshot",
    from: "b",
    to: "a",
    term: 3,
    snapshot: { index: 2, term: 2, configuration: configurationOfVoters(["a", "b", "c"]) },
    offset: 0,
    data: new Uint8Array(4),
    isLast: false,
    ...more,
  };
}

/** Server a after it has installed the snapshot of index 2. */
function installed(log: readonly LogEntry[]) {
  const message = installSnapshot({ isLast: true });
  return run(follower(3, log), received(message), { type: "snapshotStored", message });
}

Deno.test("what follows a snapshot in the log stays if the log agrees with it, else all goes (Figure 13)", () => {
  const { state, effects } = installed([noop(1), noop(2), command(2, "x")]);
  assertEquals([state.log.compactedIndex, entriesOf(state.log)], [2, [command(2, "x")]]);
  assertEquals([state.commitIndex, state.lastApplied], [2, 2]);
  assertEquals(sent(effects).at(-1), {
    type: "InstallSnapshotResponse",
    from: "a",
    to: "b",
    term: 3,
    index: 2,
    nextOffset: 0,
    isDone: true,
  });
  for (const log of [[noop(1), noop(1), command(1, "y")], [noop(1)], []]) {
    const other = installed(log).state;
    assertEquals([other.log.compactedIndex, other.log.lastIndex, entriesOf(other.log)], [2, 2, []]);
  }
});

Deno.test("chunks are taken in order, one at a time; whoever has another one is told which comes next", () => {
  const answers = (message: InstallSnapshot, state = initialState(config())) => run(state, received(message));
  const first = answers(installSnapshot());
  assertEquals(first.effects.filter(({ type }) => type === "storeChunk").length, 1);
  // While it is stored, nothing more is wanted.
  assertEquals(sent(answers(installSnapshot(), first.state).effects), []);
  const stored = run(first.state, { type: "chunkStored", message: installSnapshot() });
  const next = (effects: typeof stored.effects) =>
    sent(effects).map((message) => message.type === "InstallSnapshotResponse" && message.nextOffset);
  assertEquals(next(stored.effects), [4]);
  assertEquals(next(answers(installSnapshot({ offset: 8 }), stored.state).effects), [4]);
  assertEquals(next(answers(installSnapshot({ offset: 8 })).effects), [0]);
  assertEquals(next(answers(installSnapshot({ term: 2 }), follower(3, [])).effects), [0]);
});

Deno.test("an acknowledgement of a snapshot waits for the disk", () => {
  const message = installSnapshot({ isLast: true });
  const begun = run(follower(3, []), received(message)).state;
  const { effects } = step(begun, { type: "snapshotStored", message });
  assertEquals(effects.map(({ type }) => type), ["persist", "send"]);
  const [persist] = effects;
  assertEquals(persist?.type === "persist" && persist.write?.compaction, {
    snapshot: message.snapshot,
    compactedIndex: 2,
    compactedTerm: 2,
  });
});

Deno.test("a restart goes on from the snapshot, with its members and what follows it in the log", () => {
  const configuration = configurationOfVoters(["a", "b", "d"]);
  const compaction = { snapshot: { index: 5, term: 2, configuration }, compactedIndex: 3, compactedTerm: 1 };
  const log = [noop(2), noop(2), command(2, "x")];
  const state = restart(config(), { currentTerm: 2, votedFor: null, log, compaction });
  assertEquals([state.log.lastIndex, state.commitIndex, state.lastApplied], [6, 5, 5]);
  assertEquals(state.log.configurations, [{ index: 5, configuration }]);
});

Deno.test("entries before the snapshot are acknowledged: they are committed, and so the same everywhere", () => {
  const { state } = installed([]);
  const [answer] = sent(run(state, received(appendEntries({ term: 3, entries: [noop(1)] }))).effects);
  assertEquals(answer?.type === "AppendEntriesResponse" && answer.success && answer.matchIndex, 2);
});

Deno.test("a server that doesn't know its members takes no snapshot; nor does one with a newer one", () => {
  const joining = run(
    initialState(config({ servers: [] })),
    received(appendEntries({ entries: [noop(1)], leaderCommit: 1 })),
  ).state;
  assertEquals(step(joining, { type: "snapshotTaken", index: 1 }).state.snapshot, null);
  const { state } = installed([]);
  assertEquals(step(state, { type: "snapshotTaken", index: 1 }).state.snapshot?.index, 2);
});

Deno.test("a chunk without an answer is sent again with the second heartbeat after it", () => {
  const heartbeat = { type: "timerFired", timer: "heartbeat" } as const;
  const success = {
    type: "AppendEntriesResponse",
    from: "c",
    to: "a",
    term: 1,
    success: true,
    round: 0,
  } as const;
  const elected = run(leader(0, []), received({ ...success, matchIndex: 1 })).state;
  const compacted = run(elected, { type: "snapshotTaken", index: 1 }).state;
  const refusal = {
    ...success,
    from: "b",
    success: false,
    prevLogIndex: 1,
    conflictTerm: 0,
    conflictIndex: 1,
  } as const;
  const asked = run(compacted, received(refusal));
  const chunks = (result: typeof asked) => result.effects.filter(({ type }) => type === "readChunk").length;
  assertEquals(chunks(asked), 1);
  const once = run(asked.state, heartbeat);
  assertEquals(chunks(once), 0);
  assertEquals(chunks(run(once.state, heartbeat)), 1);
});

Deno.test("a leader that can't read a snapshot any more begins anew, with the latest", () => {
  const heartbeat = { type: "timerFired", timer: "heartbeat" } as const;
  const success = { type: "AppendEntriesResponse", from: "c", to: "a", term: 1, success: true } as const;
  const elected = run(leader(0, []), received({ ...success, matchIndex: 1, round: 0 })).state;
  const compacted = run(elected, { type: "snapshotTaken", index: 1 }).state;
  const { type: _, success: __, ...answer } = success;
  const refusal = { prevLogIndex: 1, conflictTerm: 0, conflictIndex: 1, round: 0 };
  const asked = run(
    compacted,
    received({ type: "AppendEntriesResponse", success: false, ...answer, ...refusal, from: "b" }),
    { type: "proposed", proposals: [proposal("x")] },
    received({ ...success, matchIndex: 2, round: 0 }),
    { type: "snapshotTaken", index: 2 },
  );
  const indexes = ({ effects }: typeof asked) =>
    effects.flatMap((effect) => effect.type === "readChunk" ? [effect.snapshot.index] : []);
  assertEquals(indexes(asked), [1]);
  assertEquals(indexes(run(asked.state, heartbeat, heartbeat)), [1]);
  assertEquals(indexes(run(asked.state, { type: "chunkUnread", to: "b", index: 1 }, heartbeat)), [2]);
  assertEquals(indexes(run(asked.state, { type: "chunkUnread", to: "b", index: 2 }, heartbeat)), []);
});
