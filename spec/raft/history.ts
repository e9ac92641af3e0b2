/** Ghost variables: what an observer must remember to judge a cluster, and no server does. */
import type { Configuration, LogEntry, LogIndex, NodeId, Term } from "../../src/core/mod.ts";
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
  | { readonly type: "readStarted"; readonly read: string }
  | { readonly type: "readAnswered"; readonly read: string; readonly index: LogIndex }
  | { readonly type: "stood"; readonly term: Term }
  | { readonly type: "handedOver"; readonly term: Term; readonly server: NodeId }
  | { readonly type: "installed"; readonly index: LogIndex; readonly server: NodeId }
  | { readonly type: "early"; readonly index: LogIndex; readonly server: NodeId }
  | {
    readonly type: "judged";
    readonly index: LogIndex;
    readonly command: string;
    readonly executedAt: LogIndex | null;
  }
  | { readonly type: "leaderCrashed" };

/** What happened so far. Sorted, so that it doesn't depend on the order; a set where the order would be that of servers' names. */
export interface History {
  /** The voters with which the cluster began. */
  readonly firstVoters: ReadonlySet<NodeId>;
  /** The terms in which somebody stood for election, as far as servers with pre-vote are concerned. */
  readonly stood: readonly Term[];
  /** Who stood for election in which term because the leader asked for that. */
  readonly handedOver: ReadonlySet<{ readonly term: Term; readonly server: NodeId }>;
  /** Who was elected in which term, and what its log was then. */
  readonly elected: ReadonlySet<{
    readonly term: Term;
    readonly server: NodeId;
    readonly log: readonly string[];
  }>;
  /** Who gave whom a vote in which term. */
  readonly votes: ReadonlySet<{ readonly term: Term; readonly voter: NodeId; readonly candidate: NodeId }>;
  /** What was committed, and the first term in which a server knew. */
  readonly committed: readonly { readonly index: LogIndex; readonly entry: string; readonly term: Term }[];
  /** What some server has applied, so that its origin could answer a client. */
  readonly applied: readonly { readonly index: LogIndex; readonly entry: string }[];
  /** The reads that were asked for, and the index up to which entries had been acknowledged by then. */
  readonly reads: readonly { readonly read: string; readonly atLeast: LogIndex }[];
  /** The index up to which what each answered read has seen goes. */
  readonly answers: readonly { readonly read: string; readonly index: LogIndex }[];
  /** Who has installed a snapshot of which index that a leader sent. */
  readonly installed: readonly { readonly index: LogIndex; readonly server: NodeId }[];
  /** Who has acknowledged a snapshot of which index that its disk did not have. */
  readonly early: readonly { readonly index: LogIndex; readonly server: NodeId }[];
  /**
   * What some server made of a command of a session at which index: the index at which it was executed, now or before;
   * null if it was not, or nobody needs the answer any more.
   */
  readonly judged: readonly {
    readonly index: LogIndex;
    readonly command: string;
    readonly executedAt: LogIndex | null;
  }[];
  /** How much was committed when a leader first crashed; null if none did. */
  readonly committedAtCrash: number | null;
}

/** Nothing happened yet. */
export const noHistory: History = {
  firstVoters: new Set(),
  stood: [],
  handedOver: new Set(),
  elected: new Set(),
  votes: new Set(),
  committed: [],
  applied: [],
  installed: [],
  early: [],
  reads: [],
  answers: [],
  judged: [],
  committedAtCrash: null,
};

/** The history after one more note. */
export function remember(history: History, note: Note): History {
  switch (note.type) {
    case "elected": {
      const { term, server, log } = note;
      return { ...history, elected: withMember(history.elected, { term, server, log }) };
    }
    case "voted": {
      const { term, voter, candidate } = note;
      return { ...history, votes: withMember(history.votes, { term, voter, candidate }) };
    }
    case "committed": {
      const { index, entry, term } = note;
      const isKnown = history.committed.some((known) => known.index === index && known.entry === entry);
      return isKnown
        ? history
        : { ...history, committed: withItem(history.committed, { index, entry, term }) };
    }
    case "installed": {
      const { index, server } = note;
      return { ...history, installed: withItem(history.installed, { index, server }) };
    }
    case "early":
      return { ...history, early: withItem(history.early, { index: note.index, server: note.server }) };
    case "readStarted": {
      // Whoever applied an entry may have answered a client; so has whoever answered a read.
      const seen = [...history.applied, ...history.answers].map(({ index }) => index);
      return {
        ...history,
        reads: withItem(history.reads, { read: note.read, atLeast: Math.max(0, ...seen) }),
      };
    }
    case "readAnswered":
      return { ...history, answers: withItem(history.answers, { read: note.read, index: note.index }) };
    case "judged": {
      const { index, command, executedAt } = note;
      return { ...history, judged: withItem(history.judged, { index, command, executedAt }) };
    }
    case "stood":
      return { ...history, stood: withItem(history.stood, note.term) };
    case "handedOver": {
      const { term, server } = note;
      return { ...history, handedOver: withMember(history.handedOver, { term, server }) };
    }
    case "applied":
      return { ...history, applied: withItem(history.applied, { index: note.index, entry: note.entry }) };
    case "leaderCrashed":
      return { ...history, committedAtCrash: history.committedAtCrash ?? history.committed.length };
  }
}

/** An entry as people write it: its term, and its command, `-` for a no-op, `+` for the opening of a session, or `&` and the members. */
export function nameOf(entry: LogEntry): string {
  let name = names.get(entry);
  if (name === undefined) names.set(entry, name = spell(entry));
  return name;
}

/** Entries are asked for their names again and again, and never change. */
const names = new WeakMap<LogEntry, string>();

const decoder = new TextDecoder();

function spell(entry: LogEntry): string {
  switch (entry.type) {
    case "noop":
      return `${entry.term}-`;
    case "command":
      if (entry.session?.type === "open") return `${entry.term}+`;
      return entry.term + decoder.decode(entry.command);
    case "configuration":
      return `${entry.term}&${configurationText(entry.configuration)}`;
  }
}

/** The members as people write them: voters, learners in parentheses, old voters after another `&`, the wish after `>`. */
export function configurationText({ voters, oldVoters, learners, target }: Configuration): string {
  const names = [...voters, ...learners.map((learner) => `(${learner})`)].join();
  const old = oldVoters.length === 0 ? "" : `&${oldVoters}`;
  const wish = target === null ? "" : `>${target.voters}`;
  return names + old + wish;
}

/** Those of whom a majority each is needed, in the text of a configuration: the new voters, and in a joint one the old. */
export function electorates(configuration: string): readonly (readonly NodeId[])[] {
  const [both = ""] = configuration.split(">");
  return both.split("&").map((names) =>
    names.split(",").filter((name) => name !== "" && !name.startsWith("("))
  );
}

/** The voters in the name of a configuration; in a joint one, the new ones. Null for any other entry. */
export function votersNamed(entry: string): readonly NodeId[] | null {
  const text = entry.match(/^\d+&([^&>]*)/)?.[1];
  return text === undefined ? null : text.split(",").filter((name) => !name.startsWith("("));
}

function withItem<T>(items: readonly T[], item: T): readonly T[] {
  const text = encode(item);
  if (items.some((other) => encode(other) === text)) return items;
  return [...items, item].sort((a, b) => encode(a) < encode(b) ? -1 : 1);
}

function withMember<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  const items = [...set];
  const more = withItem(items, item);
  return more === items ? set : new Set(more);
}
