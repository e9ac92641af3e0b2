/**
 * What goes beyond the paper's own sections: each extension is off unless asked for, in a file of its own, and behind
 * one call in `step`. A first reading of the core needs none of them.
 */
import type { Flow } from "./flow.ts";
import type { NodeId } from "./log.ts";
import { type LeaderReads, noReads } from "./read.ts";
import type { SentSnapshot } from "./snapshot.ts";
import type { Transfer } from "./transfer.ts";

/** Which extensions a server uses. What is left out is off. */
export interface Extensions {
  /** Whether a server asks for pre-votes before it stands for election (thesis 9.6). */
  readonly preVote?: boolean;
  /**
   * Whether a leader that hears from no majority steps down (thesis 6.2), and whether servers that hear from a leader
   * ignore those who want its place (thesis 4.2.3).
   */
  readonly checkQuorum?: boolean;
  /**
   * Whether a leader answers reads by a lease, which needs clocks that agree on how long things take, and checkQuorum: else
   * those who hear from it may vote for another one (thesis 6.4.1).
   */
  readonly leaseReads?: boolean;
  /** The most messages with entries on their way to one follower. Without limit if left out. */
  readonly maxInFlightMessages?: number;
  /** The most bytes of commands on their way to one follower, but for the last message. Without limit if left out. */
  readonly maxInFlightBytes?: number;
  /** The most bytes of commands that a leader lets wait to be committed. Without limit if left out. */
  readonly maxUncommittedBytes?: number;
  /** How many entries of the log before a snapshot stay, for followers that lag a little. 0 if left out. */
  readonly keptEntries?: number;
  /** How much this server should rather lead than others: it refuses a lower one its vote, if both know the same. 0 if left out. */
  readonly priority?: number;
}

/** What extensions know while a server leads. */
export interface LeaderExtensions {
  /** Who has answered since the quorum timer last fired, sorted (check-quorum). */
  readonly activePeers: readonly NodeId[];
  /** To whom leadership is being handed over; null if to nobody. */
  readonly transfer: Transfer | null;
  /** Whether it has ever asked another server to stand for election: that may come to pass at any time. */
  readonly hasHandedOver: boolean;
  /** What is on its way to each follower, where that is limited. */
  readonly flow: Readonly<Record<NodeId, Flow>>;
  /** The bytes of the commands that this leader has appended, and that are not committed; 0 where they aren't limited. */
  readonly uncommittedBytes: number;
  /** Who is being sent a snapshot. */
  readonly snapshots: Readonly<Record<NodeId, SentSnapshot>>;
  /** Reads, and what confirms that it leads. */
  readonly reads: LeaderReads;
}

/** What extensions know when a server begins to lead. */
export const newLeaderExtensions: LeaderExtensions = {
  activePeers: [],
  transfer: null,
  hasHandedOver: false,
  flow: {},
  uncommittedBytes: 0,
  snapshots: {},
  reads: noReads,
};
