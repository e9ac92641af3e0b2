/**
 * The log (§5.3) as a persistent value: an operation returns a new log and leaves the old one as it was.
 *
 * Appending is amortised O(1): successive logs share one array. The newest view of it, the one that ends
 * where the array ends, may push in place; an older view copies first. Nobody else may touch the array.
 */
import { assert } from "./assert.ts";
import type { Configuration, PlacedConfiguration } from "./configuration.ts";
import type { SessionRequest } from "./session.ts";

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
  /** What it has to do with sessions; nothing if left out. Who opens one has no command: that is empty. */
  readonly session?: SessionRequest;
}

/** The members of the cluster, from this entry on (§6). */
export interface ConfigurationEntry {
  /** Tells entries apart. */
  readonly type: "configuration";
  /** The term in which the leader appended it. */
  readonly term: Term;
  /** The members. */
  readonly configuration: Configuration;
}

/** What the log holds at one index. */
export type LogEntry = NoOp | Command | ConfigurationEntry;

/** What a snapshot stands for: the state machine after the log up to an index (§7). */
export interface Snapshot {
  /** The index of the last entry that it replaces. */
  readonly index: LogIndex;
  /** The term of that entry. */
  readonly term: Term;
  /** The members as of that entry. */
  readonly configuration: Configuration;
}

/** What of a log is in a snapshot, and what is gone. */
export interface Compaction {
  /** The latest snapshot. */
  readonly snapshot: Snapshot;
  /** The last index of the prefix that is gone: at most the snapshot's, less if some of the log was kept. */
  readonly compactedIndex: LogIndex;
  /** The term of the entry at `compactedIndex`. */
  readonly compactedTerm: Term;
}

/** A log: a prefix that was compacted away (§7), and the entries after it. */
export interface Log {
  /** The last index of the compacted prefix; 0 if there is none. */
  readonly compactedIndex: LogIndex;
  /** The term of the entry at `compactedIndex`. */
  readonly compactedTerm: Term;
  /** The index of the last entry; `compactedIndex` if there is none. */
  readonly lastIndex: LogIndex;
  /** Entry `compactedIndex + 1` and so on. May go on past `lastIndex`: what follows belongs to other views. */
  readonly shared: LogEntry[];
  /** The configurations in the log, after the one that was there before them; at least one. */
  readonly configurations: readonly PlacedConfiguration[];
}

/** A log that holds `entries`, from index 1 on or from where the compaction ends. */
export function logOf(
  entries: readonly LogEntry[],
  first: Configuration,
  compaction: Compaction | null = null,
): Log {
  const { snapshot, compactedIndex, compactedTerm } = compaction ?? nothingCompacted(first);
  const empty: Log = {
    compactedIndex,
    compactedTerm,
    lastIndex: compactedIndex,
    shared: [],
    configurations: [{ index: snapshot.index, configuration: snapshot.configuration }],
  };
  return append(empty, entries);
}

function nothingCompacted(configuration: Configuration): Compaction {
  return { snapshot: { index: 0, term: 0, configuration }, compactedIndex: 0, compactedTerm: 0 };
}

/** The entry at `index`, or undefined where this log holds none. */
export function entryAt(log: Log, index: LogIndex): LogEntry | undefined {
  return index > log.lastIndex ? undefined : log.shared[index - log.compactedIndex - 1];
}

/** The term of the entry at `index`; 0 before the log, after it, and inside of the compacted prefix. */
export function termAt(log: Log, index: LogIndex): Term {
  if (index === log.compactedIndex) return log.compactedTerm;
  return entryAt(log, index)?.term ?? 0;
}

/** The term of the last entry (§5.4.1), or 0 if the log is empty. */
export function lastTerm(log: Log): Term {
  return termAt(log, log.lastIndex);
}

/** The entries from index `from` to index `to`, both included. */
export function entriesBetween(log: Log, from: LogIndex, to: LogIndex): readonly LogEntry[] {
  const end = Math.min(to, log.lastIndex);
  assert(from > log.compactedIndex, "only entries after the compacted prefix can be read");
  return log.shared.slice(from - log.compactedIndex - 1, Math.max(end, from - 1) - log.compactedIndex);
}

/** All entries that the log holds: its one canonical form, by which two logs compare. */
export function entriesOf(log: Log): readonly LogEntry[] {
  return entriesBetween(log, log.compactedIndex + 1, log.lastIndex);
}

/** The last index, at most `index`, of an entry of at most `term`. A binary search: terms never decrease along a log. */
export function lastIndexUpTo(log: Log, term: Term, index: LogIndex): LogIndex {
  let low = log.compactedIndex;
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
  const length = log.lastIndex - log.compactedIndex;
  const shared = log.shared.length === length ? log.shared : log.shared.slice(0, length);
  let { configurations } = log;
  for (const entry of entries) {
    shared.push(entry);
    const index = log.compactedIndex + shared.length;
    // What a snapshot holds already is known by it.
    if (entry.type !== "configuration" || index <= configurations[0]!.index) continue;
    configurations = [...configurations, { index, configuration: entry.configuration }];
  }
  return { ...log, lastIndex: log.lastIndex + entries.length, shared, configurations };
}

/** The log without the entries after `index`. */
export function truncate(log: Log, index: LogIndex): Log {
  if (index >= log.lastIndex) return log;
  assert(index >= log.compactedIndex, "the compacted prefix is never truncated");
  // A configuration that is gone never was (§6): the one before it counts again.
  const configurations = log.configurations.filter((placed) => placed.index <= index);
  return { ...log, lastIndex: index, configurations };
}

/** The log without the entries up to `index`, all of which are in this snapshot. */
export function compact(log: Log, index: LogIndex, snapshot: Snapshot): Log {
  assert(
    index <= snapshot.index && snapshot.index <= log.lastIndex,
    "only what a snapshot holds is compacted",
  );
  const later = log.configurations.filter((placed) => placed.index > snapshot.index);
  return {
    compactedIndex: index,
    compactedTerm: termAt(log, index),
    lastIndex: log.lastIndex,
    shared: log.shared.slice(index - log.compactedIndex, log.lastIndex - log.compactedIndex),
    configurations: [{ index: snapshot.index, configuration: snapshot.configuration }, ...later],
  };
}

/**
 * The first index at which `after` differs from `before`; one past the last index if it does not.
 * O(1) unless the log was truncated and then appended to, which has copied it already.
 */
export function firstDifference(before: Log, after: Log): LogIndex {
  const common = Math.min(before.lastIndex, after.lastIndex);
  if (before.shared === after.shared) return common + 1;
  let index = Math.max(before.compactedIndex, after.compactedIndex) + 1;
  while (index <= common && entryAt(before, index) === entryAt(after, index)) index++;
  return index;
}
