/**
 * What a server asks of its host: the output of `step`, an ordered list, and the order is the contract.
 *
 * The host performs the list in order. `persist` marks where durability begins: what stands after it (late)
 * waits until this write and every earlier one is on stable storage; what stands before it (early) waits for
 * nothing and may overtake. Timers and `apply` are neither.
 */
import type { Compaction, LogEntry, LogIndex, NodeId, ProposalId, Snapshot, Term } from "./log.ts";
import type { InstallSnapshot, Message } from "./message.ts";
import type { Timer } from "./timer.ts";

/** Hand this message to the network, which may lose, delay, repeat and reorder it. */
export interface Send {
  /** Tells effects apart. */
  readonly type: "send";
  /** The message. */
  readonly message: Message;
}

/** What goes to stable storage at once, all or nothing. */
export interface Write {
  /** Figure 2's currentTerm. */
  readonly currentTerm: Term;
  /** Figure 2's votedFor. */
  readonly votedFor: NodeId | null;
  /** `entries` replace whatever the stored log holds from this index on. */
  readonly from: LogIndex;
  /** The entries from index `from` to the end of the log; may be none. */
  readonly entries: readonly LogEntry[];
  /** What of the log a snapshot has replaced (§7); nothing if left out. The stored log up to `compactedIndex` goes. */
  readonly compaction?: Compaction;
}

/** Make this write durable; then report `persisted`. At most one in a step. */
export interface Persist {
  /** Tells effects apart. */
  readonly type: "persist";
  /** The write, or null for a barrier: nothing changed, but what follows must wait for the earlier writes. */
  readonly write: Write | null;
}

/** Start this timer, or start it again if it runs. */
export interface StartTimer {
  /** Tells effects apart. */
  readonly type: "startTimer";
  /** Which one. */
  readonly timer: Timer;
}

/** Stop this timer. */
export interface StopTimer {
  /** Tells effects apart. */
  readonly type: "stopTimer";
  /** Which one. */
  readonly timer: Timer;
}

/** Apply the log up to `index`: committed, and durable here. Then report `applied`. */
export interface Apply {
  /** Tells effects apart. */
  readonly type: "apply";
  /** The index of the last entry to apply. */
  readonly index: LogIndex;
}

/** Tell whoever proposed these that they were not taken: for want of room, or by a server that is no member any more. */
export interface Refuse {
  /** Tells effects apart. */
  readonly type: "refuse";
  /** The proposals, all made at this server. */
  readonly ids: readonly ProposalId[];
  /** "no": they are in no log and never will be. "unknown": they had left this server, and may be. */
  readonly outcome: "no" | "unknown";
}

/** Tell the administrator, whose request came last, that nothing comes of it. */
export interface RefuseRequest {
  /** Tells effects apart. */
  readonly type: "refuseRequest";
  /**
   * Why: this server does not lead; it has not committed anything in its term yet; another request is under way; a server
   * that was named is no voter; nobody would vote; somebody would both vote and learn.
   */
  readonly reason: "notLeader" | "notReady" | "pending" | "unknownServer" | "noVoters" | "votingLearner";
}

/** Read the state machine for these clients: what it has applied is new enough. */
export interface ReadReady {
  /** Tells effects apart. */
  readonly type: "readReady";
  /** The reads, all asked for at this server. */
  readonly ids: readonly ProposalId[];
}

/** Tell these clients that their reads found no room. */
export interface RefuseReads {
  /** Tells effects apart. */
  readonly type: "refuseReads";
  /** The reads, all asked for at this server. */
  readonly ids: readonly ProposalId[];
}

/** Read a chunk of a snapshot, and send it as an InstallSnapshot. */
export interface ReadChunk {
  /** Tells effects apart. */
  readonly type: "readChunk";
  /** For whom. */
  readonly to: NodeId;
  /** The term of the leader that sends it. */
  readonly term: Term;
  /** Which snapshot. */
  readonly snapshot: Snapshot;
  /** Where the chunk begins, in bytes. */
  readonly offset: number;
}

/**
 * Store a chunk of a snapshot; one that begins at 0 replaces all that came before. Then report `chunkStored`, or, if it
 * is the last, make the snapshot durable, restore the state machine from it, and report `snapshotStored`. In between
 * nothing may be applied.
 */
export interface StoreChunk {
  /** Tells effects apart. */
  readonly type: "storeChunk";
  /** What brought it. */
  readonly message: InstallSnapshot;
}

/** What a server asks of its host. */
export type Effect =
  | Send
  | Persist
  | StartTimer
  | StopTimer
  | Apply
  | Refuse
  | RefuseRequest
  | ReadReady
  | RefuseReads
  | ReadChunk
  | StoreChunk;
