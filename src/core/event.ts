/** What may happen to a server: the input of `step`. */
import type { LogIndex, NodeId, ProposalId } from "./log.ts";
import type { Change } from "./membership.ts";
import type { InstallSnapshot, Message, Proposal } from "./message.ts";
import type { Timer } from "./timer.ts";

/** A timer that was started has run out (§5.2). */
export interface TimerFired {
  /** Tells events apart. */
  readonly type: "timerFired";
  /** Which one. */
  readonly timer: Timer;
}

/** A message has arrived. It may be late, repeated or out of order, but nobody forged it. */
export interface Received {
  /** Tells events apart. */
  readonly type: "received";
  /** The message; `to` is this server. */
  readonly message: Message;
}

/** A client of this server proposes commands (§5.3). Several at once enter the log together. */
export interface Proposed {
  /** Tells events apart. */
  readonly type: "proposed";
  /** The proposals, in order. */
  readonly proposals: readonly Proposal[];
}

/** The oldest `count` unfinished writes, barriers included, are on stable storage. Writes finish in order. */
export interface Persisted {
  /** Tells events apart. */
  readonly type: "persisted";
  /** How many; at least 1. */
  readonly count: number;
}

/** The state machine has applied the log up to `index`. */
export interface Applied {
  /** Tells events apart. */
  readonly type: "applied";
  /** The index of the last entry applied. */
  readonly index: LogIndex;
}

/** An administrator asks the leader to hand over (thesis 3.10). */
export interface TransferRequested {
  /** Tells events apart. */
  readonly type: "transferRequested";
  /** Who shall lead next; null for whoever has the most of the log, of those that are heard from. */
  readonly to: NodeId | null;
}

/** An administrator asks the leader for other members (§6). */
export interface ChangeRequested {
  /** Tells events apart. */
  readonly type: "changeRequested";
  /** The members to have. */
  readonly change: Change;
}

/** Clients of this server want to read its state machine (thesis 6.4). */
export interface ReadRequested {
  /** Tells events apart. */
  readonly type: "readRequested";
  /** The names of the reads. */
  readonly ids: readonly ProposalId[];
}

/** Clients of this server don't wait for these reads any more: what asked the leader, or its answer, may be lost. */
export interface ReadsAbandoned {
  /** Tells events apart. */
  readonly type: "readsAbandoned";
  /** The names of the reads. */
  readonly ids: readonly ProposalId[];
}

/** The host has a durable snapshot of its state machine (§7). */
export interface SnapshotTaken {
  /** Tells events apart. */
  readonly type: "snapshotTaken";
  /** The index of the last entry that it replaces; it has been applied. */
  readonly index: LogIndex;
}

/** The host could not read a chunk that it was to send. The snapshot may have gone, as there is a later one. */
export interface ChunkUnread {
  /** Tells events apart. */
  readonly type: "chunkUnread";
  /** For whom the chunk was. */
  readonly to: NodeId;
  /** The index of the last entry that the snapshot replaces. */
  readonly index: LogIndex;
}

/** The host has stored a chunk that was not the last, and can take more. */
export interface ChunkStored {
  /** Tells events apart. */
  readonly type: "chunkStored";
  /** What brought it. */
  readonly message: InstallSnapshot;
}

/** The host has stored all chunks of a snapshot, durably, and has restored its state machine from it. */
export interface SnapshotStored {
  /** Tells events apart. */
  readonly type: "snapshotStored";
  /** What brought the last one. */
  readonly message: InstallSnapshot;
}

/** What may happen to a server. */
export type Event =
  | TimerFired
  | Received
  | Proposed
  | Persisted
  | Applied
  | TransferRequested
  | ChangeRequested
  | ReadRequested
  | ReadsAbandoned
  | SnapshotTaken
  | ChunkUnread
  | ChunkStored
  | SnapshotStored;
