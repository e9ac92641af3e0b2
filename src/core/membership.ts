/** Changes of members (§6, thesis 4): one server at a time, or any by joint consensus; learners catch up first. */
import {
  type Configuration,
  isJoint,
  latestConfiguration,
  membersOf,
  sorted,
  type Target,
  votersOf,
} from "./configuration.ts";
import type { RefuseRequest } from "./effect.ts";
import { type NodeId, termAt } from "./log.ts";
import { refusalsOfUncommitted } from "./proposal.ts";
import { appendAsLeader } from "./replication.ts";
import type { Leader, ServerState } from "./state.ts";
import type { Step } from "./step.ts";

/** The members that an administrator wants. */
export interface Change extends Target {
  /** Where new members are found; opaque to Raft. Addresses of others stay as they are. */
  readonly addresses: Readonly<Record<NodeId, string>>;
}

/**
 * Begins a change of members. Voters that the leader doesn't know to have almost all of the log become learners first
 * (thesis 4.2.1), with the wish to promote them.
 */
export function onChangeRequested(state: ServerState, change: Change): Step {
  const reason = refusal(state, change);
  if (reason !== null) return { state, effects: [{ type: "refuseRequest", reason }] };
  const { configuration } = latestConfiguration(state.log);
  const members = [...membersOf(configuration), ...change.voters, ...change.learners];
  const addresses = { ...configuration.addresses, ...change.addresses };
  const current = { ...configuration, addresses: onlyOf(addresses, sorted(members)) };
  const target: Target = { voters: sorted(change.voters), learners: sorted(change.learners) };
  const behind = target.voters.filter((server) => !hasCaughtUp(state, server));
  if (behind.length === 0) return appendConfiguration(state, towards(current, target));
  const voting = new Set(current.voters);
  const learners = [...current.learners, ...target.learners, ...target.voters];
  return appendConfiguration(state, {
    ...current,
    learners: sorted(learners.filter((server) => !voting.has(server))),
    target,
  });
}

/** What a committed configuration calls for. Part of every step. */
export function continueChange(state: ServerState): Step {
  const { index, configuration } = latestConfiguration(state.log);
  // Most steps end here.
  if (state.role.type !== "leader" || index > state.commitIndex) return { state, effects: [] };
  if (isJoint(configuration)) {
    // §6: whoever leads when the joint configuration is committed; the new majority alone decides from here on.
    return appendConfiguration(state, { ...configuration, oldVoters: [] });
  }
  const { target } = configuration;
  if (target !== null && isReady(state) && target.voters.every((server) => hasCaughtUp(state, server))) {
    return appendConfiguration(state, towards(configuration, target));
  }
  if (configuration.voters.includes(state.config.id)) return { state, effects: [] };
  // §6: it managed a cluster that it is no part of; now the others can do without it.
  return {
    state: { ...state, role: { type: "follower", leaderId: null } },
    effects: refusalsOfUncommitted(state),
  };
}

/** Why there can be no such change; null if there can. */
function refusal(state: ServerState, change: Change): RefuseRequest["reason"] | null {
  if (state.role.type !== "leader") return "notLeader";
  if (change.voters.length === 0) return "noVoters";
  if (change.learners.some((server) => change.voters.includes(server))) return "votingLearner";
  const { index, configuration } = latestConfiguration(state.log);
  if (index > state.commitIndex || isJoint(configuration) || state.role.transfer !== null) return "pending";
  return isReady(state) ? null : "notReady";
}

/**
 * Whether an entry of the leader's own term is committed. Before that there may be a change of an earlier leader that
 * it doesn't know of, and the majorities of both need not share a server (Ongaro, 2015).
 */
function isReady(state: ServerState): boolean {
  return termAt(state.log, state.commitIndex) === state.currentTerm;
}

/** The next configuration on the way to the target: itself, if any two majorities share a server; else the joint one. */
function towards(current: Configuration, target: Target): Configuration {
  const added = target.voters.filter((server) => !current.voters.includes(server));
  const removed = current.voters.filter((server) => !target.voters.includes(server));
  const isSingle = added.length + removed.length <= 1;
  const { voters, learners } = target;
  const members = sorted([...voters, ...learners, ...(isSingle ? [] : current.voters)]);
  const addresses = onlyOf(current.addresses, members);
  return { voters, oldVoters: isSingle ? [] : current.voters, learners, target: null, addresses };
}

/** Whether a server lags by no more than one message can hold: then it may vote without keeping the others waiting. */
function hasCaughtUp({ config, role, log }: ServerState, server: NodeId): boolean {
  if (server === config.id || votersOf(latestConfiguration(log).configuration).includes(server)) return true;
  const matchIndex = role.type === "leader" ? role.matchIndex[server] ?? 0 : 0;
  return log.lastIndex - matchIndex <= config.maxEntriesPerAppend;
}

/** From here on it counts: also for this entry itself (§6). */
function appendConfiguration(state: ServerState, configuration: Configuration): Step {
  const { role } = state;
  if (role.type !== "leader") return { state, effects: [] };
  const peers = membersOf(configuration).filter((server) => server !== state.config.id);
  const tracked: Leader = {
    ...role,
    nextIndex: Object.fromEntries(peers.map((peer) => [peer, role.nextIndex[peer] ?? 1])),
    matchIndex: Object.fromEntries(peers.map((peer) => [peer, role.matchIndex[peer] ?? 0])),
    flow: Object.fromEntries(Object.entries(role.flow).filter(([peer]) => peers.includes(peer))),
    snapshots: Object.fromEntries(Object.entries(role.snapshots).filter(([peer]) => peers.includes(peer))),
    activePeers: role.activePeers.filter((peer) => peers.includes(peer)),
  };
  const entry = { type: "configuration", term: state.currentTerm, configuration } as const;
  return appendAsLeader({ ...state, role: tracked }, [entry]);
}

function onlyOf(addresses: Readonly<Record<NodeId, string>>, servers: readonly NodeId[]) {
  const known = servers.filter((server) => addresses[server] !== undefined);
  return Object.fromEntries(known.map((server) => [server, addresses[server]!]));
}
