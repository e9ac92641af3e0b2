/**
 * One step of one server. This function is the consensus algorithm: the server that runs in production calls
 * it, and the model checker explores it.
 */
import { unreachable } from "./assert.ts";
import { applyEffects, onPersisted, persistBetween } from "./durability.ts";
import type { Effect } from "./effect.ts";
import {
  observeTerm,
  onElectionTimeout,
  onRequestVote,
  onRequestVoteResponse,
  onVoteDurable,
} from "./election.ts";
import type { Event } from "./event.ts";
import { noteUncommitted } from "./flow.ts";
import { assertInvariants } from "./invariants.ts";
import { continueChange, onChangeRequested } from "./membership.ts";
import type { Message } from "./message.ts";
import { onProposals, onProposeRefused, releaseProposals } from "./proposal.ts";
import {
  advanceCommitIndex,
  onAppendEntries,
  onAppendEntriesResponse,
  onSnapshotProgress,
  replicateToAll,
} from "./replication.ts";
import { onPreVote, onPreVoteGranted, onPreVoteTimeout } from "./pre_vote.ts";
import {
  continueReads,
  onHeartbeatRound,
  onLeaseTimeout,
  onReadIndex,
  onReadIndexResponse,
  onReadRequested,
  onReadsAbandoned,
} from "./read.ts";
import {
  onChunkStored,
  onChunkUnread,
  onInstallSnapshot,
  onSnapshotStored,
  onSnapshotTaken,
  resendChunks,
} from "./snapshot.ts";
import type { ServerState } from "./state.ts";
import { isIgnored, noteContact, onQuorumTimeout } from "./stickiness.ts";
import { type Timer, timerEffects } from "./timer.ts";
import { continueTransfer, onTimeoutNow, onTransferRequested, onTransferTimeout } from "./transfer.ts";

/** The result of one step. */
export interface Step {
  /** The state after it. */
  readonly state: ServerState;
  /** What the host must do, in this order. */
  readonly effects: readonly Effect[];
}

/**
 * Moves a server by one event. Pure: no clock, no randomness, no I/O; the same input gives the same output on
 * every runtime.
 *
 * @param before The state of the server when the event arrives.
 * @param event What happened.
 * @returns The next state, and the effects to perform in order.
 * @throws {AssertionError} if the server finds itself in an impossible state; it must stop.
 *
 * @example An election in a cluster of one
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { initialState, step } from "@quorate/raft";
 *
 * const limits = { maxEntriesPerAppend: 64, maxBytesPerAppend: 65536, maxHeldProposals: 100 };
 * const alone = initialState({ id: "a", servers: ["a"], ...limits });
 * const candidate = step(alone, { type: "timerFired", timer: "election" });
 * // A vote counts when it is durable, also one's own.
 * const leader = step(candidate.state, { type: "persisted", count: 1 });
 * assertEquals(leader.state.role.type, "leader");
 * ```
 */
export function step(before: ServerState, event: Event): Step {
  const handled = extend(before, event, dispatch(before, event));
  const released = releaseProposals(handled.state);
  const { state, effects } = persistBetween(before, {
    state: noteUncommitted(before, released.state),
    effects: [...timerEffects(before, event, released.state), ...handled.effects, ...released.effects],
  });
  assertInvariants(before, state);
  return { state, effects: [...effects, ...applyEffects(before, state)] };
}

function dispatch(state: ServerState, event: Event): Step {
  switch (event.type) {
    case "timerFired":
      return onTimer(state, event.timer);
    case "received":
      return onMessage(state, event.message);
    case "proposed":
      return onProposals(state, event.proposals);
    case "persisted":
      return onDurable(onPersisted(state, event.count));
    case "applied":
      return { state: { ...state, lastApplied: event.index }, effects: [] };
    case "transferRequested":
      return onTransferRequested(state, event.to);
    case "changeRequested":
      return onChangeRequested(state, event.change);
    case "readRequested":
      return onReadRequested(state, event.ids);
    case "readsAbandoned":
      return onReadsAbandoned(state, event.ids);
    case "snapshotTaken":
      return onSnapshotTaken(state, event.index);
    case "chunkUnread":
      return onChunkUnread(state, event);
    case "chunkStored":
      return onChunkStored(state, event.message);
    case "snapshotStored":
      return onSnapshotStored(state, event.message);
    default:
      return unreachable(event);
  }
}

function onTimer(state: ServerState, timer: Timer): Step {
  switch (timer) {
    case "election":
      return state.config.preVote ? onPreVoteTimeout(state) : onElectionTimeout(state);
    case "heartbeat":
      return onHeartbeatTimeout(state);
    case "quorum":
      return onQuorumTimeout(state);
    case "transfer":
      return onTransferTimeout(state);
    case "lease":
      return onLeaseTimeout(state);
    default:
      return unreachable(timer);
  }
}

function onHeartbeatTimeout(state: ServerState): Step {
  if (state.role.type !== "leader") return { state, effects: [] };
  const round = onHeartbeatRound(state);
  const heartbeats = replicateToAll(round.state);
  const chunks = resendChunks(heartbeats.state);
  return { state: chunks.state, effects: [...round.effects, ...heartbeats.effects, ...chunks.effects] };
}

function onMessage(before: ServerState, message: Message): Step {
  if (isIgnored(before, message)) return { state: before, effects: [] };
  const state = "term" in message ? observeTerm(before, message.term) : before;
  switch (message.type) {
    case "RequestVote":
      return onRequestVote(state, message);
    case "RequestVoteResponse":
      return onRequestVoteResponse(state, message);
    case "AppendEntries":
      return onAppendEntries(state, message);
    case "AppendEntriesResponse":
      return onAppendEntriesResponse(state, message);
    case "Propose":
      return onProposals(state, message.proposals);
    case "ProposeRefused":
      return onProposeRefused(state, message);
    case "PreVote":
      return onPreVote(state, message);
    case "PreVoteGranted":
      return onPreVoteGranted(state, message);
    case "PreVoteRefused":
      return { state, effects: [] };
    case "TimeoutNow":
      return onTimeoutNow(state, message);
    case "ReadIndex":
      return onReadIndex(state, message);
    case "ReadIndexResponse":
      return onReadIndexResponse(state, message);
    case "InstallSnapshot":
      return onInstallSnapshot(state, message);
    case "InstallSnapshotResponse":
      return onSnapshotProgress(state, message);
    default:
      return unreachable(message);
  }
}

/** What extensions add to every step, so that no handler can forget it. */
function extend(before: ServerState, event: Event, { state, effects }: Step): Step {
  const change = continueChange(noteContact(state, event));
  const transfer = continueTransfer(change.state);
  const reads = continueReads(before, event, transfer.state);
  const more = [...change.effects, ...transfer.effects, ...reads.effects];
  return { state: reads.state, effects: more.length === 0 ? effects : [...effects, ...more] };
}

/** What this server waited for its own disk with: its own vote (§5.2), its own copy of an entry (§5.3). */
function onDurable(state: ServerState): Step {
  return state.role.type === "candidate" ? onVoteDurable(state) : advanceCommitIndex(state);
}
