/**
 * Reads without a log entry (thesis 6.4): at any server, many at a time. The leader confirms by a round of messages that it
 * still leads, or, if asked to, by a lease; whoever asked then waits until it has applied what was committed by then.
 */
import { latestConfiguration, quorumIndexOf } from "./configuration.ts";
import type { Effect, Send } from "./effect.ts";
import type { Event } from "./event.ts";
import { type LogIndex, type NodeId, type ProposalId, type Term, termAt } from "./log.ts";
import type { ReadIndex, ReadIndexResponse } from "./message.ts";
import { replicateToAll } from "./replication.ts";
import { knownLeader, type Leader, type ServerState } from "./state.ts";
import type { Step } from "./step.ts";

/** A read that was asked for at this server. */
export interface OwnRead {
  /** Its name. */
  readonly id: ProposalId;
  /** The term in which a leader was asked; null if none was. */
  readonly askedIn: Term | null;
  /** What must be applied before it may be answered; null as long as no leader has said. */
  readonly index: LogIndex | null;
}

/** Reads that wait at the leader until it is confirmed. */
export interface PendingReads {
  /** Who asked. */
  readonly from: NodeId;
  /** The reads. */
  readonly ids: readonly ProposalId[];
  /** The first round that began after they were asked for. Older ones confirm what was before. */
  readonly round: number;
}

/** What a leader knows of its reads. */
export interface LeaderReads {
  /** How many rounds were begun in this term. Every AppendEntries carries the latest. */
  readonly round: number;
  /** The latest round that each other server has answered. */
  readonly acknowledged: Readonly<Record<NodeId, number>>;
  /** The reads that wait, in order. */
  readonly pending: readonly PendingReads[];
  /** The round with which the lease began that runs; 0 if none does. */
  readonly leaseRound: number;
}

/** A leader that nobody has asked yet. */
export const noReads: LeaderReads = { round: 0, acknowledged: {}, pending: [], leaseRound: 0 };

/** Takes reads of this server's clients. */
export function onReadRequested(state: ServerState, ids: readonly ProposalId[]): Step {
  const room = state.config.maxHeldProposals - state.ownReads.length;
  const own = ids.slice(0, room).map((id): OwnRead => ({ id, askedIn: null, index: null }));
  const refused = ids.slice(room);
  return {
    state: own.length === 0 ? state : { ...state, ownReads: [...state.ownReads, ...own] },
    effects: refused.length === 0 ? [] : [{ type: "refuseReads", ids: refused }],
  };
}

/** Makes room: a read whose message was lost would wait for as long as the leader stays. */
export function onReadsAbandoned(state: ServerState, ids: readonly ProposalId[]): Step {
  const names = namesOf(ids);
  const isLeft = (id: ProposalId) => !names.has(nameOf(id));
  const ownReads = state.ownReads.filter(({ id }) => isLeft(id));
  if (ownReads.length === state.ownReads.length) return { state, effects: [] };
  const after: ServerState = { ...state, ownReads };
  if (after.role.type !== "leader") return { state: after, effects: [] };
  const pending = after.role.reads.pending
    .map((reads) => ({ ...reads, ids: reads.ids.filter(isLeft) }))
    .filter((reads) => reads.ids.length > 0);
  return { state: withReads(after, after.role, { pending }), effects: [] };
}

/**
 * Another server asks for its clients. Who doesn't lead is silent: the other will learn who does, and ask again. What it
 * has asked before, and waits here, has a place in an earlier round already.
 */
export function onReadIndex(state: ServerState, { from, ids }: ReadIndex): Step {
  const { role } = state;
  if (role.type !== "leader") return { state, effects: [] };
  const known = namesOf(role.reads.pending.filter((reads) => reads.from === from).flatMap(({ ids }) => ids));
  const asked = ids.filter((id) => !known.has(nameOf(id)));
  return { state: asked.length === 0 ? state : withPending(state, role, from, asked), effects: [] };
}

/** The leader has answered: it led when it was asked, or later. */
export function onReadIndexResponse(state: ServerState, { ids, index }: ReadIndexResponse): Step {
  return { state: withIndex(state, ids, index), effects: [] };
}

/** Part of every step: asks the leader, confirms, and answers what is applied. */
export function continueReads(before: ServerState, event: Event, state: ServerState): Step {
  const { role } = state;
  if (role.type !== "leader" && state.ownReads.length === 0) return { state, effects: [] };
  if (role.type === "leader" && role.reads === noReads && state.ownReads.length === 0) {
    return { state, effects: [] };
  }
  const asked = askLeader(state);
  const rounds = beginRound(noteRound(asked.state, event));
  const confirmed = confirm(rounds.state);
  const answered = answer(before, confirmed.state);
  const effects = [...asked.effects, ...rounds.effects, ...confirmed.effects, ...answered.effects];
  return { state: answered.state, effects };
}

/** With every heartbeat of a server that reads by lease a round and the lease begin anew (thesis 6.4.1). */
export function onHeartbeatRound(state: ServerState): Step {
  const { role, config } = state;
  if (role.type !== "leader") return { state, effects: [] };
  const { reads } = role;
  const isNeeded = reads.pending.some(({ round }) => round > reads.round);
  if (!config.leaseReads) {
    return { state: isNeeded ? withReads(state, role, { round: reads.round + 1 }) : state, effects: [] };
  }
  const round = reads.round + 1;
  // Before the messages leave: the lease counts from then, not from their answers.
  return {
    state: withReads(state, role, { round, leaseRound: round }),
    effects: [{ type: "startTimer", timer: "lease" }],
  };
}

/** The lease is over. */
export function onLeaseTimeout(state: ServerState): Step {
  const { role } = state;
  return { state: role.type === "leader" ? withReads(state, role, { leaseRound: 0 }) : state, effects: [] };
}

/** A leader that no longer leads has confirmed nothing: its own reads are asked for again. */
function askLeader(state: ServerState): Step {
  const leader = knownLeader(state);
  const isUnasked = ({ askedIn, index }: OwnRead) => index === null && askedIn !== state.currentTerm;
  if (leader === null || !state.ownReads.some(isUnasked)) return { state, effects: [] };
  const ids = state.ownReads.filter(isUnasked).map(({ id }) => id);
  const ownReads = state.ownReads.map((read) =>
    isUnasked(read) ? { ...read, askedIn: state.currentTerm } : read
  );
  const asking: ServerState = { ...state, ownReads };
  const own = state.config.id;
  if (asking.role.type === "leader") {
    return { state: withPending(asking, asking.role, own, ids), effects: [] };
  }
  const message: ReadIndex = { type: "ReadIndex", from: own, to: leader, ids };
  return { state: asking, effects: [{ type: "send", message }] };
}

/** Notes which round a follower has answered. */
function noteRound(state: ServerState, event: Event): ServerState {
  const { role } = state;
  if (role.type !== "leader" || event.type !== "received") return state;
  const { message } = event;
  if (message.type !== "AppendEntriesResponse" || message.term !== state.currentTerm) return state;
  const { acknowledged } = role.reads;
  const known = acknowledged[message.from] ?? 0;
  if (message.round <= known) return state;
  return withReads(state, role, { acknowledged: { ...acknowledged, [message.from]: message.round } });
}

/** Begins a round for the reads that came since the last one, as soon as that is confirmed: all of them share it. */
function beginRound(state: ServerState): Step {
  const { role } = state;
  if (role.type !== "leader") return { state, effects: [] };
  const { round, pending } = role.reads;
  const confirmed = confirmedRound(state, role);
  const isNeeded = pending.some((reads) => reads.round > round) && confirmed >= round &&
    !hasLease(role, confirmed);
  return isNeeded ? replicateToAll(withReads(state, role, { round: round + 1 })) : { state, effects: [] };
}

/** Answers those who asked with the commitIndex, once it is known to be up to date (thesis 6.4, steps 1 to 3). */
function confirm(state: ServerState): Step {
  const { role } = state;
  // Only what is committed in the own term shows what earlier leaders have committed.
  if (role.type !== "leader" || termAt(state.log, state.commitIndex) !== state.currentTerm) {
    return { state, effects: [] };
  }
  const confirmed = confirmedRound(state, role);
  const isConfirmed = ({ round }: PendingReads) => round <= confirmed || hasLease(role, confirmed);
  const ready = role.reads.pending.filter(isConfirmed);
  if (ready.length === 0) return { state, effects: [] };
  const pending = role.reads.pending.filter((reads) => !isConfirmed(reads));
  const from = state.config.id;
  const own = ready.filter((reads) => reads.from === from).flatMap(({ ids }) => ids);
  const others = ready.filter((reads) => reads.from !== from);
  const index = state.commitIndex;
  const effects = others.map(({ from: to, ids }): Send => ({
    type: "send",
    message: { type: "ReadIndexResponse", from, to, ids, index },
  }));
  return { state: withIndex(withReads(state, role, { pending }), own, index), effects };
}

/** What is applied may be answered. */
function answer(before: ServerState, state: ServerState): Step {
  const isReady = ({ index }: OwnRead) => index !== null && index <= state.lastApplied;
  if (state.ownReads === before.ownReads && state.lastApplied === before.lastApplied) {
    return { state, effects: [] };
  }
  const ready = state.ownReads.filter(isReady);
  if (ready.length === 0) return { state, effects: [] };
  const effect: Effect = { type: "readReady", ids: ready.map(({ id }) => id) };
  return {
    state: { ...state, ownReads: state.ownReads.filter((read) => !isReady(read)) },
    effects: [effect],
  };
}

/** The latest round that a majority has answered; the leader itself answers at once. */
function confirmedRound(state: ServerState, { reads }: Leader): number {
  const { configuration } = latestConfiguration(state.log);
  const roundOf = (server: NodeId) =>
    server === state.config.id ? reads.round : reads.acknowledged[server] ?? 0;
  return quorumIndexOf(configuration, roundOf);
}

/**
 * Whether nobody else can lead yet: a majority has heard from this leader in the round with which the lease began, and
 * ignores all others until then (thesis 6.4.1). Void once the leader itself has asked another server to stand.
 */
function hasLease({ reads, transfer, hasHandedOver }: Leader, confirmed: number): boolean {
  return reads.leaseRound > 0 && reads.leaseRound <= confirmed && transfer === null && !hasHandedOver;
}

function withPending(
  state: ServerState,
  role: Leader,
  from: NodeId,
  ids: readonly ProposalId[],
): ServerState {
  const { pending, round } = role.reads;
  return withReads(state, role, { pending: [...pending, { from, ids, round: round + 1 }] });
}

function withReads(state: ServerState, role: Leader, change: Partial<LeaderReads>): ServerState {
  return { ...state, role: { ...role, reads: { ...role.reads, ...change } } };
}

function withIndex(state: ServerState, ids: readonly ProposalId[], index: LogIndex): ServerState {
  const names = namesOf(ids);
  const isMeant = ({ id }: OwnRead) => names.has(nameOf(id));
  if (!state.ownReads.some(isMeant)) return state;
  return { ...state, ownReads: state.ownReads.map((read) => isMeant(read) ? { ...read, index } : read) };
}

function namesOf(ids: readonly ProposalId[]): ReadonlySet<string> {
  return new Set(ids.map(nameOf));
}

function nameOf({ node, incarnation, sequence }: ProposalId): string {
  return `${sequence} ${incarnation} ${node}`;
}
