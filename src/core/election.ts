/** Leader election (§5.2), and the election restriction (§5.4.1). */
import { hasQuorum, latestConfiguration } from "./configuration.ts";
import type { Send } from "./effect.ts";
import { newLeaderExtensions } from "./extension.ts";
import { lastTerm, type NodeId, type Term } from "./log.ts";
import type { PreVote, RequestVote, RequestVoteResponse } from "./message.ts";
import { outranks } from "./priority.ts";
import { appendAsLeader } from "./replication.ts";
import { isVoteDurable, mayStand, others, otherVoters, type ServerState } from "./state.ts";
import type { Step } from "./step.ts";

/** §5.2: who hears of no leader for an election timeout starts an election. */
export function onElectionTimeout(state: ServerState): Step {
  return state.role.type === "leader" || !mayStand(state) ? { state, effects: [] } : startElection(state);
}

/** Begins an election: a new term, the own vote, and a request to everyone. `isTransfer`: the leader asked for it. */
export function startElection(state: ServerState, isTransfer = false): Step {
  const candidate: ServerState = {
    ...state,
    currentTerm: state.currentTerm + 1,
    votedFor: state.config.id,
    role: { type: "candidate", votesGranted: [] },
  };
  const requests = otherVoters(candidate).map((server): Send => ({
    type: "send",
    message: {
      type: "RequestVote",
      from: candidate.config.id,
      to: server,
      term: candidate.currentTerm,
      lastLogIndex: candidate.log.lastIndex,
      lastLogTerm: lastTerm(candidate.log),
      priority: candidate.config.priority ?? 0,
      isTransfer,
    },
  }));
  return { state: candidate, effects: requests };
}

/** §5.2: one vote a term, first come first served; §5.4.1: none for a candidate with a staler log. */
export function onRequestVote(state: ServerState, request: RequestVote): Step {
  const voteGranted = request.term === state.currentTerm &&
    (state.votedFor === null || state.votedFor === request.from) &&
    isUpToDate(request, state) &&
    (request.isTransfer || !outranks(state, request));
  const response: Send = {
    type: "send",
    message: {
      type: "RequestVoteResponse",
      from: state.config.id,
      to: request.from,
      term: state.currentTerm,
      voteGranted,
    },
  };
  if (!voteGranted) return { state, effects: [response] };
  return {
    state: { ...state, votedFor: request.from },
    effects: [{ type: "startTimer", timer: "election" }, response],
  };
}

/** §5.2: votes of a majority make a leader. An answer to an earlier election counts for nothing in this one. */
export function onRequestVoteResponse(state: ServerState, response: RequestVoteResponse): Step {
  if (response.term !== state.currentTerm) return { state, effects: [] };
  return response.voteGranted ? countVote(state, response.from) : { state, effects: [] };
}

/** A candidate's own vote counts only when it is durable: else it could crash, forget it, and vote again. */
export function onVoteDurable(state: ServerState): Step {
  return isVoteDurable(state) ? countVote(state, state.config.id) : { state, effects: [] };
}

/** "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower" (§5.1). */
export function observeTerm(state: ServerState, term: Term): ServerState {
  if (term <= state.currentTerm) return state;
  return {
    ...state,
    currentTerm: term,
    votedFor: null,
    role: { type: "follower", leaderId: null },
  };
}

function countVote(state: ServerState, voter: NodeId): Step {
  const { role } = state;
  if (role.type !== "candidate" || role.votesGranted.includes(voter)) return { state, effects: [] };
  const votesGranted = [...role.votesGranted, voter].sort();
  if (hasQuorum(latestConfiguration(state.log).configuration, votesGranted)) return becomeLeader(state);
  return { state: { ...state, role: { ...role, votesGranted } }, effects: [] };
}

/** §5.2: tells everyone that the election is over; §5.4.2, §8: begins the term with an entry of its own. */
function becomeLeader(state: ServerState): Step {
  const each = (index: number) => Object.fromEntries(others(state).map((server) => [server, index]));
  const leader: ServerState = {
    ...state,
    role: {
      type: "leader",
      nextIndex: each(state.log.lastIndex + 1),
      matchIndex: each(0),
      ...newLeaderExtensions,
    },
  };
  return appendAsLeader(leader, [{ type: "noop", term: leader.currentTerm }]);
}

/** §5.4.1: the log whose last entry has the later term is more up-to-date; with equal terms, the longer one. */
export function isUpToDate(request: RequestVote | PreVote, state: ServerState): boolean {
  const ownLastTerm = lastTerm(state.log);
  if (request.lastLogTerm !== ownLastTerm) return request.lastLogTerm > ownLastTerm;
  return request.lastLogIndex >= state.log.lastIndex;
}
