/**
 * The log (§5.3) as a persistent value: an operation returns a new log and leaves the old one as it was.
 *
 * Appending is amortised O(1): successive logs share one array. The newest view of it, the one that ends
 * where the array ends, may push in place; an older view copies first. Nobody else may touch the array.
 */
import { assert } from "./assert.ts";

/** A server's name, unique in the cluster and never used again for another server. */
export type NodeId = string;

/** A logical clock of elections (§5.1). Starts at 0, grows by one with every election. */
export type Term = number;

/** A position in the log. The first entry has index 1; 0 means "before the log". */
export type LogIndex = number;

/** Names a proposal, so that its origin recognises it in the log. No two proposals share one. */
export interface ProposalId {
  /** The server where the proposal was made. */
  readonly node: NodeId;
  /** Which start of that server's process made it: an integer that differs at every start. */
  readonly incarnation: number;
  /** Counts the proposals of one incarnation. */
  readonly sequence: number;
}

/** Marks the start of a term: a leader may commit no earlier entry before it (§5.4.2, §8). */
export interface NoOp {
  /** Tells entries apart. */
  readonly type: "noop";
  /** The term in which the leader appended it. */
  readonly term: Term;
}

/** A command of a client, opaque to Raft. */
export interface Command {
  /** Tells entries apart. */
  readonly type: "command";
  /** The term in which the leader received it (§5.3). */
  readonly term: Term;
  /** Who proposed it. */
  readonly id: ProposalId;
  /** What the state machine will apply. Nobody may change these bytes. */
  readonly command: Uint8Array;
}

/** What the log holds at one index. */
export type LogEntry = NoOp | Command;

/** A log: a prefix that was compacted away (§7), and the entries after it. */
export interface Log {
  /** The last index of the compacted prefix; 0 if there is none. */
  readonly snapshotIndex: LogIndex;
  /** The term of the entry at `snapshotIndex`. */
  readonly snapshotTerm: Term;
  /** The index of the last entry; `snapshotIndex` if there is none. */
  readonly lastIndex: LogIndex;
  /** Entry `snapshotIndex + 1` and so on. May go on past `lastIndex`: what follows belongs to other views. */
  readonly shared: LogEntry[];
}

/** A log that holds `entries` from index 1 on. */
export function logOf(entries: readonly LogEntry[]): Log {
  return { snapshotIndex: 0, snapshotTerm: 0, lastIndex: entries.length, shared: [...entries] };
}

/** The entry at `index`, or undefined where this log holds none. */
export function entryAt(log: Log, index: LogIndex): LogEntry | undefined {
  return index > log.lastIndex ? undefined : log.shared[index - log.snapshotIndex - 1];
}

/** The term of the entry at `index`; 0 before the log, after it, and inside of the compacted prefix. */
export function termAt(log: Log, index: LogIndex): Term {
  if (index === log.snapshotIndex) return log.snapshotTerm;
  return entryAt(log, index)?.term ?? 0;
}

/** The term of the last entry (§5.4.1), or 0 if the log is empty. */
export function lastTerm(log: Log): Term {
  return termAt(log, log.lastIndex);
}

/** The entries from index `from` to index `to`, both included. */
export function entriesBetween(log: Log, from: LogIndex, to: LogIndex): readonly LogEntry[] {
  const end = Math.min(to, log.lastIndex);
  assert(from > log.snapshotIndex, "only entries after the compacted prefix can be read");
  return log.shared.slice(from - log.snapshotIndex - 1, Math.max(end, from - 1) - log.snapshotIndex);
}

/** All entries that the log holds: its one canonical form, by which two logs compare. */
export function entriesOf(log: Log): readonly LogEntry[] {
  return entriesBetween(log, log.snapshotIndex + 1, log.lastIndex);
}

/** The last index, at most `index`, of an entry of at most `term`. A binary search: terms never decrease along a log. */
export function lastIndexUpTo(log: Log, term: Term, index: LogIndex): LogIndex {
  let low = log.snapshotIndex;
  let high = Math.min(index, log.lastIndex);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (termAt(log, middle) <= term) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The log with `entries` after its last one. */
export function append(log: Log, entries: readonly LogEntry[]): Log {
  if (entries.length === 0) return log;
  const length = log.lastIndex - log.snapshotIndex;
  const shared = log.shared.length === length ? log.shared : log.shared.slice(0, length);
  for (const entry of entries) shared.push(entry);
  return { ...log, lastIndex: log.lastIndex + entries.length, shared };
}

/** The log without the entries after `index`. */
export function truncate(log: Log, index: LogIndex): Log {
  if (index >= log.lastIndex) return log;
  assert(index >= log.snapshotIndex, "the compacted prefix is never truncated");
  return { ...log, lastIndex: index };
}

/**
 * The first index at which `after` differs from `before`; one past the last index if it does not.
 * O(1) unless the log was truncated and then appended to, which has copied it already.
 */
export function firstDifference(before: Log, after: Log): LogIndex {
  const common = Math.min(before.lastIndex, after.lastIndex);
  if (before.shared === after.shared) return common + 1;
  let index = Math.max(before.snapshotIndex, after.snapshotIndex) + 1;
  while (index <= common && entryAt(before, index) === entryAt(after, index)) index++;
  return index;
}
