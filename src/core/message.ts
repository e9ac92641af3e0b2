/** What servers say to each other: the RPCs of Figure 2 as one-way messages, and proposals on their way to the leader. */
import type { LogEntry, LogIndex, NodeId, ProposalId, Snapshot, Term } from "./log.ts";
import type { SessionRequest } from "./session.ts";

/** Asks for a vote (§5.2). */
export interface RequestVote {
  /** Tells messages apart. */
  readonly type: "RequestVote";
  /** The candidate. */
  readonly from: NodeId;
  /** Whose vote is asked for. */
  readonly to: NodeId;
  /** The candidate's term. */
  readonly term: Term;
  /** The index of the candidate's last log entry (§5.4.1). */
  readonly lastLogIndex: LogIndex;
  /** The term of the candidate's last log entry (§5.4.1). */
  readonly lastLogTerm: Term;
  /** The candidate's priority; see `priority.ts`. */
  readonly priority: number;
  /** Whether the leader asked for this election (thesis 3.10); see `transfer.ts`. */
  readonly isTransfer: boolean;
}

/** Answers {@linkcode RequestVote}. */
export interface RequestVoteResponse {
  /** Tells messages apart. */
  readonly type: "RequestVoteResponse";
  /** The voter. */
  readonly from: NodeId;
  /** The candidate. */
  readonly to: NodeId;
  /** The voter's currentTerm, for the candidate to update itself. */
  readonly term: Term;
  /** True means that the candidate received the vote in `term`. */
  readonly voteGranted: boolean;
}

/** Replicates log entries (§5.3); without entries, a heartbeat (§5.2). */
export interface AppendEntries {
  /** Tells messages apart. */
  readonly type: "AppendEntries";
  /** The leader. */
  readonly from: NodeId;
  /** The follower. */
  readonly to: NodeId;
  /** The leader's term. */
  readonly term: Term;
  /** The index of the entry immediately before the new ones. */
  readonly prevLogIndex: LogIndex;
  /** The term of the entry at `prevLogIndex`. */
  readonly prevLogTerm: Term;
  /** Entries to store, from index `prevLogIndex + 1` on; none in a heartbeat. */
  readonly entries: readonly LogEntry[];
  /** The leader's commitIndex. */
  readonly leaderCommit: LogIndex;
  /** How many rounds for reads the leader has begun; see `read.ts`. */
  readonly round: number;
}

/** Answers {@linkcode AppendEntries}: the follower's log agrees with the leader's up to `matchIndex`, durably. */
export interface AppendEntriesSuccess {
  /** Tells messages apart. */
  readonly type: "AppendEntriesResponse";
  /** The follower. */
  readonly from: NodeId;
  /** The leader. */
  readonly to: NodeId;
  /** The follower's currentTerm. */
  readonly term: Term;
  /** True: the follower contained the entry at prevLogIndex with prevLogTerm. */
  readonly success: true;
  /** The index of the last entry that the request covered. */
  readonly matchIndex: LogIndex;
  /** The request's round. */
  readonly round: number;
}

/** Refuses {@linkcode AppendEntries}, and says where to try next (end of §5.3). */
export interface AppendEntriesFailure {
  /** Tells messages apart. */
  readonly type: "AppendEntriesResponse";
  /** The follower. */
  readonly from: NodeId;
  /** The sender of the refused request. */
  readonly to: NodeId;
  /** The follower's currentTerm. */
  readonly term: Term;
  /** False: the term was stale, or the consistency check failed. */
  readonly success: false;
  /** prevLogIndex of the refused request, by which the leader recognises a stale refusal. */
  readonly prevLogIndex: LogIndex;
  /** The term of the entry that conflicts; 0 if the log is too short to have one. */
  readonly conflictTerm: Term;
  /** The first index of `conflictTerm`; one past the last entry if the log is too short. */
  readonly conflictIndex: LogIndex;
  /** The request's round; 0 if its term was over. */
  readonly round: number;
}

/** Answers {@linkcode AppendEntries}. */
export type AppendEntriesResponse = AppendEntriesSuccess | AppendEntriesFailure;

/** A command on its way into the log. */
export interface Proposal {
  /** Names it in the log. */
  readonly id: ProposalId;
  /** What the state machine will apply. Nobody may change these bytes. */
  readonly command: Uint8Array;
  /** What it has to do with sessions; nothing if left out. */
  readonly session?: SessionRequest;
}

/** Hands proposals on to the leader. Carries no term: who is not the leader hands them on in turn, or holds them. */
export interface Propose {
  /** Tells messages apart. */
  readonly type: "Propose";
  /** Who hands them on. */
  readonly from: NodeId;
  /** The leader, as far as the sender knows. */
  readonly to: NodeId;
  /** The proposals, in order. */
  readonly proposals: readonly Proposal[];
}

/** Tells the origin of proposals that they found no room. Carries no term. */
export interface ProposeRefused {
  /** Tells messages apart. */
  readonly type: "ProposeRefused";
  /** Who had no room. */
  readonly from: NodeId;
  /** Where the proposals were made. */
  readonly to: NodeId;
  /** The proposals that were not taken. */
  readonly ids: readonly ProposalId[];
}

// What follows belongs to extensions, each in a file of its own.

/** Asks whether there would be a vote in `nextTerm` (thesis 9.6). Carries no term: nobody's changes by it. */
export interface PreVote {
  /** Tells messages apart. */
  readonly type: "PreVote";
  /** Who thinks of standing for election. */
  readonly from: NodeId;
  /** Whose vote is asked for. */
  readonly to: NodeId;
  /** The term of the election that may follow. */
  readonly nextTerm: Term;
  /** The index of the asker's last log entry. */
  readonly lastLogIndex: LogIndex;
  /** The term of the asker's last log entry. */
  readonly lastLogTerm: Term;
  /** The asker's priority. */
  readonly priority: number;
}

/** There would be a vote. Carries no term: nobody's changes by it. */
export interface PreVoteGranted {
  /** Tells messages apart. */
  readonly type: "PreVoteGranted";
  /** Who would vote. */
  readonly from: NodeId;
  /** Who asked. */
  readonly to: NodeId;
  /** The term of the election that may follow. */
  readonly nextTerm: Term;
}

/** There would be no vote. */
export interface PreVoteRefused {
  /** Tells messages apart. */
  readonly type: "PreVoteRefused";
  /** Who would not vote. */
  readonly from: NodeId;
  /** Who asked. */
  readonly to: NodeId;
  /** The currentTerm of who refuses, for the asker to update itself. */
  readonly term: Term;
}

/** The leader asks a server to stand for election at once (thesis 3.10). */
export interface TimeoutNow {
  /** Tells messages apart. */
  readonly type: "TimeoutNow";
  /** The leader. */
  readonly from: NodeId;
  /** Who shall lead next. */
  readonly to: NodeId;
  /** The leader's term. */
  readonly term: Term;
}

/** Asks the leader what must be applied before these reads may be answered (thesis 6.4). Carries no term. */
export interface ReadIndex {
  /** Tells messages apart. */
  readonly type: "ReadIndex";
  /** Where the reads were asked for. */
  readonly from: NodeId;
  /** The leader, as far as the sender knows. */
  readonly to: NodeId;
  /** The reads. */
  readonly ids: readonly ProposalId[];
}

/** Answers {@linkcode ReadIndex}, when the leader knows that it still leads. Carries no term: it stays true. */
export interface ReadIndexResponse {
  /** Tells messages apart. */
  readonly type: "ReadIndexResponse";
  /** Who led. */
  readonly from: NodeId;
  /** Who asked. */
  readonly to: NodeId;
  /** The reads. */
  readonly ids: readonly ProposalId[];
  /** The index of the last entry that was committed then. */
  readonly index: LogIndex;
}

/** A chunk of a snapshot, for a follower that needs entries which the leader has no more (§7). */
export interface InstallSnapshot {
  /** Tells messages apart. */
  readonly type: "InstallSnapshot";
  /** The leader. */
  readonly from: NodeId;
  /** The follower. */
  readonly to: NodeId;
  /** The leader's term. */
  readonly term: Term;
  /** Which snapshot. */
  readonly snapshot: Snapshot;
  /** Where in the snapshot the chunk begins, in bytes. */
  readonly offset: number;
  /** The chunk. */
  readonly data: Uint8Array;
  /** Whether the snapshot ends with this chunk. */
  readonly isLast: boolean;
}

/** Answers {@linkcode InstallSnapshot}. */
export interface InstallSnapshotResponse {
  /** Tells messages apart. */
  readonly type: "InstallSnapshotResponse";
  /** The follower. */
  readonly from: NodeId;
  /** The leader. */
  readonly to: NodeId;
  /** The follower's currentTerm. */
  readonly term: Term;
  /** The index of the last entry that the snapshot replaces. */
  readonly index: LogIndex;
  /** Where the chunk begins that the follower needs next, in bytes. */
  readonly nextOffset: number;
  /** Whether the follower has all of it, durably. */
  readonly isDone: boolean;
}

/** What servers say to each other. */
export type Message =
  | RequestVote
  | RequestVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | Propose
  | ProposeRefused
  | PreVote
  | PreVoteGranted
  | PreVoteRefused
  | TimeoutNow
  | ReadIndex
  | ReadIndexResponse
  | InstallSnapshot
  | InstallSnapshotResponse;
