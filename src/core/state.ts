/** The state of one server: Figure 2 of the Raft paper, in its words and order. Plain data. */
import { assert } from "./assert.ts";
import { type Log, type LogEntry, type LogIndex, logOf, type NodeId, type Term } from "./log.ts";
import type { Proposal } from "./message.ts";

/** What a server is told once and keeps. */
export interface Config {
  /** The server's own name. */
  readonly id: NodeId;
  /** The names of all servers of the cluster, this one included, sorted. */
  readonly servers: readonly NodeId[];
  /** The most entries that one AppendEntries carries; at least 1. */
  readonly maxEntriesPerAppend: number;
  /** The most bytes of commands that one AppendEntries carries; a longer command travels alone. */
  readonly maxBytesPerAppend: number;
  /** The most proposals that are held while no leader is known. */
  readonly maxHeldProposals: number;
}

/** A passive server (§5.1). */
export interface Follower {
  /** Tells roles apart. */
  readonly type: "follower";
  /** The leader of currentTerm, once it has been heard of. */
  readonly leaderId: NodeId | null;
}

/** A server that asked for votes in currentTerm (§5.2). */
export interface Candidate {
  /** Tells roles apart. */
  readonly type: "candidate";
  /** Who granted a vote, sorted. The own vote is among them once it is durable. */
  readonly votesGranted: readonly NodeId[];
}

/** The one server that may append to the log in currentTerm (§5.2). What it knows of each other server: */
export interface Leader {
  /** Tells roles apart. */
  readonly type: "leader";
  /** The index of the next entry to send. */
  readonly nextIndex: Readonly<Record<NodeId, LogIndex>>;
  /** The index of the last entry known to be replicated there, durably. */
  readonly matchIndex: Readonly<Record<NodeId, LogIndex>>;
}

/** What a server is in currentTerm (Figure 4), with the state that only this role has. */
export type Role = Follower | Candidate | Leader;

/** What must survive a crash (Figure 2, "persistent state on all servers"). */
export interface PersistentState {
  /** The latest term the server has seen. */
  readonly currentTerm: Term;
  /** The candidate that received the vote in currentTerm, or null. */
  readonly votedFor: NodeId | null;
  /** The log, from index 1 on. */
  readonly log: readonly LogEntry[];
}

/** The state of one server. */
export interface ServerState {
  /** Never changes. */
  readonly config: Config;

  // Persistent state on all servers.
  /** The latest term the server has seen (§5.1). */
  readonly currentTerm: Term;
  /** The candidate that received the vote in currentTerm, or null (§5.2). */
  readonly votedFor: NodeId | null;
  /** The log (§5.3). */
  readonly log: Log;

  // Volatile state on all servers.
  /** The index of the highest entry known to be committed. */
  readonly commitIndex: LogIndex;
  /** The index of the highest entry that the host has applied. */
  readonly lastApplied: LogIndex;

  // Volatile state of one role.
  /** What the server is in currentTerm. */
  readonly role: Role;

  // What of the persistent state is on stable storage, as far as the host has reported.
  /** The index up to which the log is durable. */
  readonly durableIndex: LogIndex;
  /** For each unfinished write, the oldest first: the index up to which the log is durable when it is done. */
  readonly unfinishedWrites: readonly LogIndex[];
  /** How many of the oldest unfinished writes must finish until currentTerm and votedFor are durable. */
  readonly unfinishedVote: number;

  /** Proposals that wait until a leader is known. */
  readonly heldProposals: readonly Proposal[];
}

/** A server that starts with an empty disk: a follower in term 0. */
export function initialState(config: Config): ServerState {
  return restart(config, { currentTerm: 0, votedFor: null, log: [] });
}

/** A server that starts again from what its disk holds; what was only in memory is gone. */
export function restart(config: Config, persisted: PersistentState): ServerState {
  assert(config.servers.includes(config.id), "a server is a member of its cluster");
  assert(config.maxEntriesPerAppend >= 1, "an AppendEntries can carry an entry");
  const log = logOf(persisted.log);
  return {
    config,
    currentTerm: persisted.currentTerm,
    votedFor: persisted.votedFor,
    log,
    commitIndex: 0,
    lastApplied: 0,
    role: { type: "follower", leaderId: null },
    durableIndex: log.lastIndex,
    unfinishedWrites: [],
    unfinishedVote: 0,
    heldProposals: [],
  };
}

/** All servers but this one. */
export function others(state: ServerState): readonly NodeId[] {
  return state.config.servers.filter((server) => server !== state.config.id);
}

/** The leader of currentTerm, as far as this server knows; itself, if it leads. */
export function knownLeader(state: ServerState): NodeId | null {
  if (state.role.type === "leader") return state.config.id;
  return state.role.type === "follower" ? state.role.leaderId : null;
}

/** Whether currentTerm and votedFor are on stable storage. */
export function isVoteDurable(state: ServerState): boolean {
  return state.unfinishedVote === 0;
}
