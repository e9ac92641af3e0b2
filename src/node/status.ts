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
    /** It was closed. */
    readonly type: "closed";
  }
  | {
    /** It stopped by itself. Start a new node on the same storage, unless that is what failed. */
    readonly type: "failed";
    /** Why: `cause` is what the storage, the core or the state machine threw. */
    readonly error: RaftError;
  };

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
  /** The index up to which the log is on stable storage. */
  readonly durableIndex: LogIndex;
  /** How this node reads. */
  readonly reads: {
    /** How many reads of this node wait for their answer. */
    readonly pending: number;
    /** How many rounds of messages for reads this leader has begun in its term; 0 if it doesn't lead. */
    readonly rounds: number;
  };
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
    durableIndex: state.durableIndex,
    reads: { pending: pendingReads, rounds: state.role.type === "leader" ? state.role.reads.round : 0 },
    heldProposals: state.heldProposals.length,
  };
}
