/** The state of one server: Figure 2 of the Raft paper, in its words and order. Plain data. */
import { assert } from "./assert.ts";
import type { Extensions, LeaderExtensions } from "./extension.ts";
import {
  configurationOfVoters,
  latestConfiguration,
  membersOf,
  type PlacedConfiguration,
  votersOf,
} from "./configuration.ts";
import {
  type Compaction,
  type Log,
  type LogEntry,
  type LogIndex,
  logOf,
  type NodeId,
  type Snapshot,
  type Term,
} from "./log.ts";
import type { Proposal } from "./message.ts";
import type { OwnRead } from "./read.ts";
import type { ReceivedSnapshot } from "./snapshot.ts";

/** What a server is told once and keeps. */
export interface Config extends Extensions {
  /** The server's own name. */
  readonly id: NodeId;
  /**
   * The names of the servers with which the cluster begins, sorted. They count until the log says otherwise (§6). None
   * for a server that joins a cluster: it does nothing by itself until the log makes it a member.
   */
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

/** A server that asks whether it would win an election, before it starts one (thesis 9.6). */
export interface PreCandidate {
  /** Tells roles apart. */
  readonly type: "preCandidate";
  /** Who granted a pre-vote, sorted. */
  readonly votesGranted: readonly NodeId[];
}

/** A server that asked for votes in currentTerm (§5.2). */
export interface Candidate {
  /** Tells roles apart. */
  readonly type: "candidate";
  /** Who granted a vote, sorted. The own vote is among them once it is durable. */
  readonly votesGranted: readonly NodeId[];
}

/** The one server that may append to the log in currentTerm (§5.2). What it knows of each other server: */
export interface Leader extends LeaderExtensions {
  /** Tells roles apart. */
  readonly type: "leader";
  /** The index of the next entry to send. */
  readonly nextIndex: Readonly<Record<NodeId, LogIndex>>;
  /** The index of the last entry known to be replicated there, durably. */
  readonly matchIndex: Readonly<Record<NodeId, LogIndex>>;
}

/** What a server is in currentTerm (Figure 4), with the state that only this role has. */
export type Role = Follower | PreCandidate | Candidate | Leader;

/** What must survive a crash (Figure 2, "persistent state on all servers"). */
export interface PersistentState {
  /** The latest term the server has seen. */
  readonly currentTerm: Term;
  /** The candidate that received the vote in currentTerm, or null. */
  readonly votedFor: NodeId | null;
  /** The log, from index 1 on, or from where the compaction ends. */
  readonly log: readonly LogEntry[];
  /** What of the log a snapshot has replaced (§7); nothing if left out. */
  readonly compaction?: Compaction;
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
  /** The latest snapshot (§7), or null. The snapshot itself is the host's. */
  readonly snapshot: Snapshot | null;

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

  // For extensions.
  /** Whether a leader was heard from since the own election timer fired last; see `stickiness.ts`. */
  readonly heardFromLeader: boolean;
  /** The snapshot that a leader is sending; null if none is; see `snapshot.ts`. */
  readonly receiving: ReceivedSnapshot | null;
  /** Reads of this server's clients that aren't answered yet; see `read.ts`. */
  readonly ownReads: readonly OwnRead[];
}

/** A server that starts with an empty disk: a follower in term 0. */
export function initialState(config: Config): ServerState {
  return restart(config, { currentTerm: 0, votedFor: null, log: [] });
}

/** A server that starts again from what its disk holds; what was only in memory is gone. */
export function restart(config: Config, persisted: PersistentState): ServerState {
  assert(
    config.servers.length === 0 || config.servers.includes(config.id),
    "a server is a member of the cluster that it begins",
  );
  assert(config.maxEntriesPerAppend >= 1, "an AppendEntries can carry an entry");
  const { compaction = null } = persisted;
  const log = logOf(persisted.log, configurationOfVoters(config.servers), compaction);
  const applied = compaction?.snapshot.index ?? 0;
  return {
    config,
    currentTerm: persisted.currentTerm,
    votedFor: persisted.votedFor,
    log,
    snapshot: compaction?.snapshot ?? null,
    commitIndex: applied,
    lastApplied: applied,
    role: { type: "follower", leaderId: null },
    durableIndex: log.lastIndex,
    unfinishedWrites: [],
    unfinishedVote: 0,
    heldProposals: [],
    // Before the restart it may have promised a leader not to hear others, for one election timeout (thesis 6.4.1).
    heardFromLeader: config.leaseReads === true && persisted.currentTerm > 0,
    receiving: null,
    ownReads: [],
  };
}

/** All members of the cluster but this server. */
export function others({ config, log }: ServerState): readonly NodeId[] {
  return membersOf(latestConfiguration(log).configuration).filter((server) => server !== config.id);
}

/** All voters but this server (§6). */
export function otherVoters({ config, log }: ServerState): readonly NodeId[] {
  return votersOf(latestConfiguration(log).configuration).filter((server) => server !== config.id);
}

/**
 * Whether this server may stand for election: a voter. One that an entry removes that isn't committed yet may, too: it
 * may be the only one whose log the others accept (thesis 4.2.2).
 */
export function mayStand(state: ServerState): boolean {
  return configurationsInUse(state).some(({ configuration }) =>
    votersOf(configuration).includes(state.config.id)
  );
}

/** The latest configuration that is committed, as far as this server knows, and all after it: any of them may decide. */
export function configurationsInUse({ log, commitIndex }: ServerState): readonly PlacedConfiguration[] {
  const { configurations } = log;
  const committed = configurations.findLastIndex(({ index }) => index <= commitIndex);
  return committed <= 0 ? configurations : configurations.slice(committed);
}

/** The leader of currentTerm, as far as this server knows; itself, if it leads. */
export function knownLeader(state: ServerState): NodeId | null {
  if (state.role.type === "leader") return state.config.id;
  if (state.role.type !== "follower" || state.role.leaderId === null) return null;
  return hasSteppedDown(state, state.role.leaderId) ? null : state.role.leaderId;
}

/** Whether a committed change of members has made a leader give up (§6): it leads nothing any more, and says nothing. */
function hasSteppedDown({ log, commitIndex }: ServerState, leader: NodeId): boolean {
  const { index, configuration } = latestConfiguration(log);
  const { voters } = configuration;
  return index <= commitIndex && voters.length > 0 && !votersOf(configuration).includes(leader);
}

/** Whether currentTerm and votedFor are on stable storage. */
export function isVoteDurable(state: ServerState): boolean {
  return state.unfinishedVote === 0;
}
