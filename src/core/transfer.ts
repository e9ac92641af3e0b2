/** Leadership transfer (thesis 3.10): a leader hands over to a server of its choice. */
import type { RefuseRequest, Send } from "./effect.ts";
import { startElection } from "./election.ts";
import type { NodeId } from "./log.ts";
import type { TimeoutNow } from "./message.ts";
import { type Leader, mayStand, otherVoters, type ServerState } from "./state.ts";
import type { Step } from "./step.ts";

/** A transfer that was begun. */
export interface Transfer {
  /** Who is to lead next. */
  readonly to: NodeId;
  /** Whether it was told so. */
  readonly isSent: boolean;
}

/** Begins to hand over to this server, or to the one that is most likely to take over soon. Until then proposals are held. */
export function onTransferRequested(state: ServerState, to: NodeId | null): Step {
  const { role } = state;
  if (role.type !== "leader") return refused(state, "notLeader");
  if (role.transfer !== null) return refused(state, "pending");
  const candidates = otherVoters(state);
  const target = to ?? readiest(role, candidates);
  if (target === undefined || !candidates.includes(target)) return refused(state, "unknownServer");
  return { state: { ...state, role: { ...role, transfer: { to: target, isSent: false } } }, effects: [] };
}

/** Once the target has all of the log, it is told to stand for election at once. Part of every step. */
export function continueTransfer(state: ServerState): Step {
  const { role } = state;
  if (role.type !== "leader" || role.transfer === null || role.transfer.isSent) return { state, effects: [] };
  const { to } = role.transfer;
  if (role.matchIndex[to] !== state.log.lastIndex) return { state, effects: [] };
  const message = { type: "TimeoutNow", from: state.config.id, to, term: state.currentTerm } as const;
  const send: Send = { type: "send", message };
  const handedOver = { ...role, transfer: { to, isSent: true }, hasHandedOver: true };
  return { state: { ...state, role: handedOver }, effects: [send] };
}

/** It takes too long: the leader goes on. That its target may stand for election yet is no harm. */
export function onTransferTimeout(state: ServerState): Step {
  if (state.role.type !== "leader") return { state, effects: [] };
  return { state: { ...state, role: { ...state.role, transfer: null } }, effects: [] };
}

/** Stands for election without waiting for the timer, and without asking for pre-votes. */
export function onTimeoutNow(state: ServerState, message: TimeoutNow): Step {
  const isStale = message.term !== state.currentTerm || state.role.type === "leader" || !mayStand(state);
  return isStale ? { state, effects: [] } : startElection(state, true);
}

/** Whose log has come furthest, of those that the leader hears from: one that is down may have all of the log, too. */
function readiest({ activePeers, matchIndex }: Leader, candidates: readonly NodeId[]): NodeId | undefined {
  const active = candidates.filter((server) => activePeers.includes(server));
  const indexOf = (server: NodeId) => matchIndex[server] ?? 0;
  return [...(active.length > 0 ? active : candidates)].sort((a, b) => indexOf(b) - indexOf(a))[0];
}

function refused(state: ServerState, reason: RefuseRequest["reason"]): Step {
  return { state, effects: [{ type: "refuseRequest", reason }] };
}
