/** What a node tells of itself. */
import {
  type Configuration,
  knownLeader,
  latestConfiguration,
  type LogIndex,
  membersOf,
  type NodeId,
  type ServerState,
  type Term,
} from "../core/mod.ts";
import type { RaftError } from "../error.ts";

/** Whether a node works, and why not. */
export type Health =
  | {
    /** It works. */
    readonly type: "running";
  }
  | {
    /** It is being closed: it takes nothing new, and waits for what waits. */
    readonly type: "closing";
  }
  | {
    /** It was closed. */
    readonly type: "closed";
  }
  | {
    /** It stopped by itself. Start a new node on the same storage, unless that is what failed. */
    readonly type: "failed";
    /** Why: `cause` is what the storage, the core or the state machine threw. */
    readonly error: RaftError;
  };

/**
 * Whether a process is worth keeping, as a liveness probe asks: only a new one helps a node that has stopped. One that is cut
 * off from the others, or has no leader, is live: a restart would not help it.
 */
export function isLive({ health }: Pick<Status, "health">): boolean {
  return health.type === "running" || health.type === "closing";
}

/**
 * Whether requests should be sent here, as a load balancer or a readiness probe asks: it runs, takes new ones, has heard
 * from a leader, and has applied nearly all that it knows to be committed.
 */
export function isReady(
  { health, leaderId, commitIndex, lastApplied }: Pick<
    Status,
    "health" | "leaderId" | "commitIndex" | "lastApplied"
  >,
  { maxApplyLag = 1024 }: {
    /** By how many entries what is applied may be behind what is committed. Default: 1,024. */
    readonly maxApplyLag?: number;
  } = {},
): boolean {
  return health.type === "running" && leaderId !== null && commitIndex - lastApplied <= maxApplyLag;
}

/** How far another server has come, as its leader knows. */
export interface PeerProgress {
  /** The index up to which it is known to have the log, durably. */
  readonly matchIndex: LogIndex;
  /** The index of the entry that it is sent next. */
  readonly nextIndex: LogIndex;
  /** How many messages with entries are on their way to it. */
  readonly inFlight: number;
  /** How many bytes of a snapshot it has, if it is being sent one; else null. */
  readonly snapshotOffset: number | null;
}

/** What a node knows of itself, for people and monitoring. */
export interface Status {
  /** The node's own name. */
  readonly id: NodeId;
  /** The cluster's name. */
  readonly clusterId: string;
  /** The names of all members of the cluster, sorted. */
  readonly servers: readonly NodeId[];
  /** The members of the cluster, by the latest configuration in this node's log, whether committed or not. */
  readonly members: Configuration;
  /** The index of that configuration; 0 for the one with which the cluster began. */
  readonly membersIndex: LogIndex;
  /** Whether the node works. */
  readonly health: Health;
  /** What the server is in currentTerm. */
  readonly role: "follower" | "preCandidate" | "candidate" | "leader";
  /** The latest term the server has seen. */
  readonly currentTerm: Term;
  /** The leader of currentTerm, as far as this server knows; null if it knows none. */
  readonly leaderId: NodeId | null;
  /** The index of the highest entry known to be committed. */
  readonly commitIndex: LogIndex;
  /** The index of the highest entry applied here. */
  readonly lastApplied: LogIndex;
  /** The index of the last entry of the log. */
  readonly lastLogIndex: LogIndex;
  /** The index of the last entry that was compacted away, and is in a snapshot; 0 if none was. */
  readonly compactedIndex: LogIndex;
  /** The index up to which the log is on stable storage. */
  readonly durableIndex: LogIndex;
  /** How this node reads. */
  readonly reads: {
    /** How many reads of this node wait for their answer. */
    readonly pending: number;
    /** How many rounds of messages for reads this leader has begun in its term; 0 if it doesn't lead. */
    readonly rounds: number;
  };
  /** How far each other member has come, if this node leads; else nothing. */
  readonly progress: Readonly<Record<NodeId, PeerProgress>>;
  /** How many writes the storage was asked for, and has not finished. */
  readonly unfinishedWrites: number;
  /** How many proposals of this node wait for their outcome. */
  readonly pendingProposals: number;
  /** How many proposals, of all nodes, this node holds until it knows a leader. */
  readonly heldProposals: number;
}

/** What of the status the state of the server doesn't tell. */
export interface Surroundings extends Pick<Status, "clusterId" | "health" | "pendingProposals"> {
  /** How many reads of this node wait for their answer. */
  readonly pendingReads: number;
}

/** The status. */
export function statusOf(state: ServerState, { pendingReads, ...rest }: Surroundings): Status {
  const { index, configuration } = latestConfiguration(state.log);
  return {
    ...rest,
    id: state.config.id,
    servers: membersOf(configuration),
    members: configuration,
    membersIndex: index,
    role: state.role.type,
    currentTerm: state.currentTerm,
    leaderId: knownLeader(state),
    commitIndex: state.commitIndex,
    lastApplied: state.lastApplied,
    lastLogIndex: state.log.lastIndex,
    compactedIndex: state.log.compactedIndex,
    durableIndex: state.durableIndex,
    reads: { pending: pendingReads, rounds: state.role.type === "leader" ? state.role.reads.round : 0 },
    progress: progressOf(state),
    unfinishedWrites: state.unfinishedWrites.length,
    heldProposals: state.heldProposals.length,
  };
}

function progressOf({ role, config }: ServerState): Status["progress"] {
  if (role.type !== "leader") return {};
  const { matchIndex, nextIndex, flow, snapshots } = role;
  const peers = Object.keys(nextIndex).filter((peer) => peer !== config.id);
  return Object.fromEntries(peers.map((peer): [NodeId, PeerProgress] => [peer, {
    matchIndex: matchIndex[peer] ?? 0,
    nextIndex: nextIndex[peer] ?? 1,
    inFlight: flow[peer]?.inFlight.length ?? 0,
    snapshotOffset: snapshots[peer]?.offset ?? null,
  }]));
}
