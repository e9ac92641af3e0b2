/** Pre-vote (thesis 9.6): who could not win an election doesn't start one, and so deposes nobody. */
import { hasQuorum, latestConfiguration } from "./configuration.ts";
import type { Effect, Send } from "./effect.ts";
import { isUpToDate, startElection } from "./election.ts";
import { lastTerm, type NodeId } from "./log.ts";
import type { PreVote, PreVoteGranted } from "./message.ts";
import { outranks } from "./priority.ts";
import { mayStand, otherVoters, type ServerState } from "./state.ts";
import type { Step } from "./step.ts";
import { hearsFromLeader } from "./stickiness.ts";

/** Instead of an election: asks whether there would be votes. The term stays, and nothing is promised. */
export function onPreVoteTimeout(state: ServerState): Step {
  if (state.role.type === "leader" || !mayStand(state)) return { state, effects: [] };
  const asking: ServerState = { ...state, role: { type: "preCandidate", votesGranted: [] } };
  const requests = otherVoters(state).map((to): Send => ({
    type: "send",
    message: {
      type: "PreVote",
      from: state.config.id,
      to,
      nextTerm: state.currentTerm + 1,
      lastLogIndex: state.log.lastIndex,
      lastLogTerm: lastTerm(state.log),
      priority: state.config.priority ?? 0,
    },
  }));
  const counted = countPreVote(asking, state.config.id);
  return counted.state.role.type === "candidate" ? counted : { state: counted.state, effects: requests };
}

/**
 * Grants a pre-vote to whoever could have the vote, unless a leader is heard from. A refusal tells the own term: a
 * server of a lower one must learn of it, or two halves could refuse each other for ever.
 */
export function onPreVote(state: ServerState, request: PreVote): Step {
  const isGranted = request.nextTerm > state.currentTerm && !hearsFromLeader(state) &&
    isUpToDate(request, state) && !outranks(state, request);
  const [from, to] = [state.config.id, request.from];
  const response: Effect = isGranted
    ? { type: "send", message: { type: "PreVoteGranted", from, to, nextTerm: request.nextTerm } }
    : { type: "send", message: { type: "PreVoteRefused", from, to, term: state.currentTerm } };
  return { state, effects: [response] };
}

/** Pre-votes of a majority begin a real election. */
export function onPreVoteGranted(state: ServerState, response: PreVoteGranted): Step {
  if (response.nextTerm !== state.currentTerm + 1) return { state, effects: [] };
  return countPreVote(state, response.from);
}

function countPreVote(state: ServerState, voter: NodeId): Step {
  const { role } = state;
  if (role.type !== "preCandidate" || role.votesGranted.includes(voter)) return { state, effects: [] };
  const votesGranted = [...role.votesGranted, voter].sort();
  if (hasQuorum(latestConfiguration(state.log).configuration, votesGranted)) return startElection(state);
  return { state: { ...state, role: { ...role, votesGranted } }, effects: [] };
}
