/**
 * Check-quorum (thesis 6.2) and the stickiness of leaders (thesis 4.2.3), without a clock: flags that messages set and
 * timers clear. Also pre-vote asks whether a leader is heard from.
 */
import { hasQuorum, latestConfiguration } from "./configuration.ts";
import type { Event } from "./event.ts";
import type { Message } from "./message.ts";
import type { ServerState } from "./state.ts";
import type { Step } from "./step.ts";

/** Whether this server leads, or has heard from a leader since its own election timer fired last. */
export function hearsFromLeader(state: ServerState): boolean {
  return state.role.type === "leader" || state.heardFromLeader;
}

/**
 * A server that hears from a leader ignores vote requests, their term included: a server that was removed, or was
 * away, deposes nobody. Unless the leader itself asked for the election (thesis 3.10).
 */
export function isIgnored(state: ServerState, message: Message): boolean {
  return message.type === "RequestVote" && !message.isTransfer && state.config.checkQuorum === true &&
    hearsFromLeader(state);
}

/** Notes who was heard from. Part of every step, so that no handler can forget it. */
export function noteContact(state: ServerState, event: Event): ServerState {
  const { preVote, checkQuorum } = state.config;
  if (!preVote && !checkQuorum) return state;
  if (event.type === "timerFired" && event.timer === "election") return { ...state, heardFromLeader: false };
  if (event.type !== "received" || !("term" in event.message)) return state;
  const { type, from, term } = event.message;
  if (term !== state.currentTerm) return state;
  switch (type) {
    case "AppendEntries":
    case "InstallSnapshot":
      return { ...state, heardFromLeader: true };
    case "AppendEntriesResponse":
    case "InstallSnapshotResponse":
      return checkQuorum ? noteActive(state, from) : state;
    default:
      return state;
  }
}

/**
 * A leader that has heard from no majority since this timer last fired steps down, in the same term: clients should
 * not wait for it, and others may lead without it.
 */
export function onQuorumTimeout(state: ServerState): Step {
  if (state.role.type !== "leader") return { state, effects: [] };
  const active = [...state.role.activePeers, state.config.id];
  if (hasQuorum(latestConfiguration(state.log).configuration, active)) {
    return { state: { ...state, role: { ...state.role, activePeers: [] } }, effects: [] };
  }
  return { state: { ...state, role: { type: "follower", leaderId: null } }, effects: [] };
}

function noteActive(state: ServerState, peer: string): ServerState {
  const { role } = state;
  if (role.type !== "leader" || role.activePeers.includes(peer)) return state;
  return { ...state, role: { ...role, activePeers: [...role.activePeers, peer].sort() } };
}
