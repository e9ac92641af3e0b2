/**
 * Snapshots (§7, thesis 5): what replaces the beginning of the log, here and at followers that lag too far behind. The
 * content is the host's: it writes and restores snapshots, and carries them in chunks; the core says which, and when.
 */
import { configurationAt } from "./configuration.ts";
import type { Effect, Send } from "./effect.ts";
import type { ChunkUnread } from "./event.ts";
import { compact, type Log, type LogIndex, logOf, type NodeId, type Snapshot, termAt } from "./log.ts";
import type { InstallSnapshot, InstallSnapshotResponse } from "./message.ts";
import type { Leader, ServerState } from "./state.ts";
import type { Step } from "./step.ts";

/** A snapshot on its way to a follower. */
export interface SentSnapshot {
  /** Which one. It stays the same until the follower has to begin anew. */
  readonly snapshot: Snapshot;
  /** Where the chunk begins that the follower needs next, in bytes. */
  readonly offset: number;
  /** Whether a heartbeat has passed since the chunk was sent: with the next one it is sent again. */
  readonly isOverdue: boolean;
}

/** A snapshot on its way from a leader. */
export interface ReceivedSnapshot {
  /** Who sends it. */
  readonly from: NodeId;
  /** The index of the last entry that it replaces. */
  readonly index: LogIndex;
  /** How many bytes have come. */
  readonly offset: number;
  /** Whether the host is still storing the last chunk. More is not wanted until then: memory is bounded. */
  readonly isStoring: boolean;
}

/** The host has a durable snapshot of what it has applied up to `index`: the log up to there is not needed any more. */
export function onSnapshotTaken(state: ServerState, index: LogIndex): Step {
  const { log } = state;
  if (index <= (state.snapshot?.index ?? 0)) return { state, effects: [] };
  const snapshot = { index, term: termAt(log, index), configuration: configurationAt(log, index) };
  // A server that joins doesn't know with which members the cluster began, and nobody shall learn that from it.
  if (snapshot.configuration.voters.length === 0) return { state, effects: [] };
  // Some of it stays, for followers that lag only a little.
  const compactedIndex = Math.max(log.compactedIndex, index - (state.config.keptEntries ?? 0));
  return { state: { ...state, snapshot, log: compact(log, compactedIndex, snapshot) }, effects: [] };
}

/** Begins to send the latest snapshot to those of these servers that aren't being sent one. */
export function beginSnapshots(state: ServerState, servers: readonly NodeId[]): Step {
  return servers.reduce<Step>((step, to) => {
    const { role, snapshot } = step.state;
    if (role.type !== "leader" || snapshot === null || role.snapshots[to] !== undefined) return step;
    const begun = sendChunk(step.state, role, to, { snapshot, offset: 0 });
    return { state: begun.state, effects: [...step.effects, ...begun.effects] };
  }, { state, effects: [] });
}

/** With every heartbeat: a chunk that was not answered since the one before is sent again. */
export function resendChunks(state: ServerState): Step {
  if (state.role.type !== "leader") return { state, effects: [] };
  return Object.entries(state.role.snapshots).reduce<Step>((step, [to, sent]) => {
    const { role } = step.state;
    if (role.type !== "leader") return step;
    if (!sent.isOverdue) {
      const snapshots = { ...role.snapshots, [to]: { ...sent, isOverdue: true } };
      return { ...step, state: { ...step.state, role: { ...role, snapshots } } };
    }
    const again = sendChunk(step.state, role, to, sent);
    return { state: again.state, effects: [...step.effects, ...again.effects] };
  }, { state, effects: [] });
}

/** Asks the host for a chunk. */
function sendChunk(
  state: ServerState,
  role: Leader,
  to: NodeId,
  { snapshot, offset }: Pick<SentSnapshot, "snapshot" | "offset">,
): Step {
  const snapshots = { ...role.snapshots, [to]: { snapshot, offset, isOverdue: false } };
  return {
    state: { ...state, role: { ...role, snapshots } },
    effects: [{ type: "readChunk", to, term: state.currentTerm, snapshot, offset }],
  };
}

/** The next heartbeat begins anew, with the latest snapshot: this one would be asked for in vain for ever. */
export function onChunkUnread(state: ServerState, { to, index }: ChunkUnread): Step {
  const { role } = state;
  const isSent = role.type === "leader" && role.snapshots[to]?.snapshot.index === index;
  if (!isSent) return { state, effects: [] };
  return { state: { ...state, role: { ...role, snapshots: without(role.snapshots, to) } }, effects: [] };
}

/** The record without one server. */
export function without<T>(record: Readonly<Record<NodeId, T>>, server: NodeId): Readonly<Record<NodeId, T>> {
  if (record[server] === undefined) return record;
  const { [server]: _, ...others } = record;
  return others;
}

/** Figure 13, "InstallSnapshot RPC", receiver implementation 1 to 4: takes the chunks in order. */
export function onInstallSnapshot(state: ServerState, message: InstallSnapshot): Step {
  if (message.term < state.currentTerm) return answer(state, message, 0);
  const follower: ServerState = { ...state, role: { type: "follower", leaderId: message.from } };
  const timer = { type: "startTimer", timer: "election" } as const;
  const took = takeChunk(follower, message);
  return { state: took.state, effects: [timer, ...took.effects] };
}

function takeChunk(state: ServerState, message: InstallSnapshot): Step {
  const { from, snapshot, offset } = message;
  // It has all of that already, and the leader may go on from there.
  if (snapshot.index <= state.commitIndex) return answer(state, message, "done");
  const { receiving } = state;
  const isSame = receiving?.from === from && receiving.index === snapshot.index;
  if (isSame && receiving.isStoring) return { state, effects: [] };
  const expected = isSame ? receiving.offset : 0;
  if (offset !== expected) return answer(state, message, expected);
  const next = { from, index: snapshot.index, offset: offset + message.data.byteLength, isStoring: true };
  return { state: { ...state, receiving: next }, effects: [{ type: "storeChunk", message }] };
}

/** The host has stored a chunk, and there is more to come. */
export function onChunkStored(state: ServerState, message: InstallSnapshot): Step {
  const { receiving } = state;
  if (receiving?.index !== message.snapshot.index || receiving.from !== message.from) {
    return { state, effects: [] };
  }
  const stored: ServerState = { ...state, receiving: { ...receiving, isStoring: false } };
  return answer(stored, message, receiving.offset);
}

/**
 * Figure 13, receiver implementation 5 to 8: the host has stored all of the snapshot durably, and its state machine is
 * restored from it. What it replaces goes; what follows it in the log stays, if the log agrees with it.
 */
export function onSnapshotStored(state: ServerState, message: InstallSnapshot): Step {
  const { snapshot } = message;
  // What is older than what was applied is no news.
  if (snapshot.index <= state.lastApplied) return answer({ ...state, receiving: null }, message, "done");
  const installed: ServerState = {
    ...state,
    snapshot,
    log: logAfter(state.log, snapshot),
    commitIndex: Math.max(state.commitIndex, snapshot.index),
    lastApplied: snapshot.index,
    receiving: null,
  };
  return answer(installed, message, "done");
}

/** The follower has a chunk, or all of it. */
export function onInstallSnapshotResponse(
  state: ServerState,
  response: InstallSnapshotResponse,
): { readonly state: ServerState; readonly effects: readonly Effect[]; readonly isDone: boolean } {
  const { role } = state;
  const sent = role.type === "leader" ? role.snapshots[response.from] : undefined;
  const isMeant = response.term === state.currentTerm && sent?.snapshot.index === response.index;
  if (role.type !== "leader" || !isMeant) return { state, effects: [], isDone: false };
  const { from, nextOffset, isDone } = response;
  if (isDone) return { state: installedAt(state, role, response), effects: [], isDone };
  // Who begins anew gets the latest one: the other may be gone.
  if (nextOffset === 0) {
    const restarted = { ...state, role: { ...role, snapshots: without(role.snapshots, from) } };
    return { ...beginSnapshots(restarted, [from]), isDone };
  }
  if (nextOffset <= sent.offset) return { state, effects: [], isDone };
  return { ...sendChunk(state, role, from, { ...sent, offset: nextOffset }), isDone };
}

function installedAt(
  state: ServerState,
  role: Leader,
  { from, index }: InstallSnapshotResponse,
): ServerState {
  const matchIndex = Math.max(role.matchIndex[from] ?? 0, index);
  const nextIndex = Math.max(role.nextIndex[from] ?? 1, matchIndex + 1);
  return {
    ...state,
    role: {
      ...role,
      snapshots: without(role.snapshots, from),
      matchIndex: { ...role.matchIndex, [from]: matchIndex },
      nextIndex: { ...role.nextIndex, [from]: nextIndex },
    },
  };
}

/** The log without what the snapshot replaces; without anything, if it disagrees with the snapshot's last entry. */
function logAfter(log: Log, snapshot: Snapshot): Log {
  const { index, term, configuration } = snapshot;
  const agrees = index <= log.lastIndex && termAt(log, index) === term;
  if (agrees) return compact(log, index, snapshot);
  return logOf([], configuration, { snapshot, compactedIndex: index, compactedTerm: term });
}

function answer(state: ServerState, { from, snapshot }: InstallSnapshot, next: number | "done"): Step {
  const response: Send = {
    type: "send",
    message: {
      type: "InstallSnapshotResponse",
      from: state.config.id,
      to: from,
      term: state.currentTerm,
      index: snapshot.index,
      nextOffset: next === "done" ? 0 : next,
      isDone: next === "done",
    },
  };
  return { state, effects: [response] };
}
