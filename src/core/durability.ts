/** What must be on stable storage before what: derived here, for all handlers, from the state before and after. */
import { assert, unreachable } from "./assert.ts";
import type { Effect, Write } from "./effect.ts";
import { entriesBetween, firstDifference, type LogIndex } from "./log.ts";
import type { Message } from "./message.ts";
import type { ServerState } from "./state.ts";
import type { Step } from "./step.ts";

/** The write that brings a disk up to date whose log agrees with this one before index `firstChange`. */
export function writeFrom(state: ServerState, firstChange: LogIndex): Write {
  const { currentTerm, votedFor, log, snapshot } = state;
  const from = Math.max(firstChange, log.compactedIndex + 1);
  const { compactedIndex, compactedTerm } = log;
  const compaction = snapshot === null ? {} : { compaction: { snapshot, compactedIndex, compactedTerm } };
  return { currentTerm, votedFor, from, entries: entriesBetween(log, from, log.lastIndex), ...compaction };
}

/**
 * Figure 2: persistent state is "updated on stable storage before responding to RPCs". Puts the one `persist`
 * of this step between what may overtake it (early) and what must wait for it (late).
 *
 * Late effects ask for a barrier also where this step changed nothing: else a repeated AppendEntries would be
 * acknowledged while its entry is still being written.
 */
export function persistBetween(before: ServerState, { state, effects }: Step): Step {
  const from = firstDifference(before.log, state.log);
  const voteChanged = state.currentTerm !== before.currentTerm || state.votedFor !== before.votedFor;
  const logChanged = from <= Math.max(before.log.lastIndex, state.log.lastIndex);
  const waiting = voteChanged ? { ...state, unfinishedVote: state.unfinishedWrites.length + 1 } : state;
  const early = effects.filter((effect) => !isLate(effect));
  const late = effects.filter(isLate);
  const snapshotChanged = state.snapshot !== before.snapshot;
  const changed = voteChanged || logChanged || snapshotChanged;
  if (!changed && late.length === 0) return { state, effects };
  return {
    state: { ...waiting, ...enqueue(waiting, from) },
    effects: [...early, { type: "persist", write: changed ? writeFrom(state, from) : null }, ...late],
  };
}

/** The oldest `count` writes are done. */
export function onPersisted(state: ServerState, count: number): ServerState {
  const durableIndex = state.unfinishedWrites[count - 1];
  assert(durableIndex !== undefined, "only a write that was asked for can be done");
  return {
    ...state,
    durableIndex,
    unfinishedWrites: state.unfinishedWrites.slice(count),
    unfinishedVote: Math.max(0, state.unfinishedVote - count),
  };
}

/** Asks to apply what is committed and durable here, as soon as it is both. */
export function applyEffects(before: ServerState, after: ServerState): readonly Effect[] {
  const index = applicableIndex(after);
  const isNews = index > applicableIndex(before) && index > after.lastApplied;
  return isNews ? [{ type: "apply", index }] : [];
}

/** The index up to which the host may apply the log, and answer clients. What is in a snapshot is applied already. */
export function applicableIndex(state: ServerState): LogIndex {
  return Math.min(state.commitIndex, Math.max(state.durableIndex, state.snapshot?.index ?? 0));
}

/** A truncation takes back what was durable, and what unfinished writes were to make durable. */
function enqueue(state: ServerState, from: LogIndex): Partial<ServerState> {
  const kept = (index: LogIndex) => Math.min(index, from - 1);
  return {
    durableIndex: kept(state.durableIndex),
    unfinishedWrites: [...state.unfinishedWrites.map(kept), state.log.lastIndex],
  };
}

/** Nothing in them promises what a crash could take back. */
const earlyMessages: readonly Message["type"][] = [
  "AppendEntries",
  "TimeoutNow",
  "Propose",
  "PreVote",
  "ReadIndex",
];

/**
 * Thesis 10.2.1: a leader may write its disk and its followers at once. Its own vote is durable by then, as it
 * asked for no other before.
 */
function isLate(effect: Effect): boolean {
  switch (effect.type) {
    case "send":
      return !earlyMessages.includes(effect.message.type);
    case "refuse":
    case "refuseRequest":
    case "readReady":
    case "refuseReads":
      return true;
    case "startTimer":
    case "stopTimer":
    case "apply":
    case "persist":
    case "readChunk":
    case "storeChunk":
      return false;
    default:
      return unreachable(effect);
  }
}
