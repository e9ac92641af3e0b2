/** Ghost variables: what an observer must remember to judge a cluster, and no server does. */
import type { LogEntry, LogIndex, NodeId, Term } from "../../src/core/mod.ts";
import { encode } from "../checker/value.ts";

/** Something worth remembering. */
export type Note =
  | {
    readonly type: "elected";
    readonly term: Term;
    readonly server: NodeId;
    readonly log: readonly string[];
  }
  | { readonly type: "voted"; readonly term: Term; readonly voter: NodeId; readonly candidate: NodeId }
  | { readonly type: "committed"; readonly term: Term; readonly index: LogIndex; readonly entry: string }
  | { readonly type: "applied"; readonly index: LogIndex; readonly entry: string }
  | { readonly type: "leaderCrashed" };

/** What happened so far. Sets, so that it depends neither on the order nor on the names of servers. */
export interface History {
  /** Who was elected in which term, and what its log was then. */
  readonly elected: ReadonlySet<{
    readonly term: Term;
    readonly server: NodeId;
    readonly log: readonly string[];
  }>;
  /** Who gave whom a vote in which term. */
  readonly votes: ReadonlySet<{ readonly term: Term; readonly voter: NodeId; readonly candidate: NodeId }>;
  /** What was committed, and the first term in which a server knew. */
  readonly committed: ReadonlySet<{ readonly index: LogIndex; readonly entry: string; readonly term: Term }>;
  /** What some server has applied, so that its origin could answer a client. */
  readonly applied: ReadonlySet<{ readonly index: LogIndex; readonly entry: string }>;
  /** How much was committed when a leader first crashed; null if none did. */
  readonly committedAtCrash: number | null;
}

/** Nothing happened yet. */
export const noHistory: History = {
  elected: new Set(),
  votes: new Set(),
  committed: new Set(),
  applied: new Set(),
  committedAtCrash: null,
};

/** The history after one more note. */
export function remember(history: History, note: Note): History {
  switch (note.type) {
    case "elected": {
      const { term, server, log } = note;
      return { ...history, elected: withItem(history.elected, { term, server, log }) };
    }
    case "voted": {
      const { term, voter, candidate } = note;
      return { ...history, votes: withItem(history.votes, { term, voter, candidate }) };
    }
    case "committed": {
      const { index, entry, term } = note;
      const isKnown = [...history.committed].some((known) => known.index === index && known.entry === entry);
      return isKnown
        ? history
        : { ...history, committed: withItem(history.committed, { index, entry, term }) };
    }
    case "applied":
      return { ...history, applied: withItem(history.applied, { index: note.index, entry: note.entry }) };
    case "leaderCrashed":
      return { ...history, committedAtCrash: history.committedAtCrash ?? history.committed.size };
  }
}

/** An entry as people write it: its term, and its command or `-` for a no-op. */
export function nameOf(entry: LogEntry): string {
  return entry.term + (entry.type === "noop" ? "-" : new TextDecoder().decode(entry.command));
}

function withItem<T>(items: ReadonlySet<T>, item: T): ReadonlySet<T> {
  const text = encode(item);
  if ([...items].some((other) => encode(other) === text)) return items;
  // In one order, so that witnesses are the same for all who look.
  return new Set([...items, item].sort((a, b) => encode(a) < encode(b) ? -1 : 1));
}
