/** The front for message-passing systems: servers that react to events and send messages. */
import type { Model } from "../checker/model.ts";
import { compileCluster } from "./cluster_model.ts";
import type { Fairness } from "./fairness.ts";
import type { Property } from "./property.ts";

/** Something that may happen at a server by itself: not the arrival of a message. */
export interface Happening<Event> {
  /** How a trace writes it, after the server's name. */
  readonly notation: string;
  /** Longer forms of the notation that mean the same. */
  readonly aliases?: readonly string[];
  /** In a word or two, for people. */
  readonly title: string;
  /** The event. */
  readonly event: Event;
  /** The budget that pays for it; free if left out. */
  readonly spends?: string;
}

/** What an event leads to at a server. */
export interface Outcome<Local, Message, Note> {
  /** How a trace marks this outcome, after the event; "" for the usual one. */
  readonly notation: string;
  /** The budget that pays for this outcome rather than the usual one; free if left out. */
  readonly spends?: string;
  /** The server after it. */
  readonly local: Local;
  /** The messages that it sent. */
  readonly sends: readonly Message[];
  /** What the history must remember. */
  readonly notes: readonly Note[];
}

/** What becomes of messages in flight. */
export type Network = "unordered" | "duplicating" | "ordered";

/** What properties see of a cluster. */
export interface ClusterView<Seen, History> {
  /** Each server, in order. */
  readonly servers: readonly Seen[];
  /** What happened, as far as a property must know and no server need remember. */
  readonly history: History;
}

/** A message-passing system. All of it is pure; values are plain data, or have an `identity` that is. */
export interface ClusterDefinition<Local, Message, Event, Note, History, Seen> {
  /** The servers' names, in order. */
  readonly servers: readonly string[];
  /** How often what has a price may happen, from where the search begins. `drops` and `duplicates` are the network's. */
  readonly budgets: Readonly<Record<string, number>>;
  /**
   * What becomes of messages. `unordered`, also if left out: each arrives once, in any order. `duplicating`: each
   * may arrive again and again; two equal ones are one, and the state tells which one arrived last. `ordered`:
   * those from one server to another arrive in the order in which they were sent. The budgets `drops` and
   * `duplicates` are for an unordered network only.
   */
  readonly network?: Network;
  /** A server that has just started. */
  readonly initial: (server: string) => Local;
  /** Messages that are in flight at first; none if left out. */
  readonly inFlight?: readonly Message[];
  /** What may happen at a server; `proposed` counts what was spent of the budget `proposals` since the first state. */
  readonly happenings: (local: Local, proposed: number) => readonly Happening<Event>[];
  /** The event of such a notation, where it isn't among the happenings but possible; else null. */
  readonly otherHappening?: (local: Local, notation: string, proposed: number) => Happening<Event> | null;
  /** The arrival of a message, as an event. */
  readonly received: (message: Message) => Event;
  /** Who sent a message to whom, and of which type it is. */
  readonly envelope: (
    message: Message,
  ) => { readonly from: string; readonly to: string; readonly type: string };
  /** What an event may lead to; none means that it can't happen. */
  readonly outcomes: (local: Local, event: Event) => readonly Outcome<Local, Message, Note>[];
  /** The history before anything happened. */
  readonly history: History;
  /** The history after something worth a note happened. */
  readonly remember: (history: History, note: Note) => History;
  /** The plain data that makes a server what it is. */
  readonly identity: (local: Local) => unknown;
  /** What properties see of a server, as plain data. */
  readonly observe: (local: Local) => Seen;
  /** What a person wants to know of a server: names and short texts. */
  readonly describe: (local: Local) => Readonly<Record<string, string>>;
  /** What the system claims. */
  readonly properties: readonly Property<ClusterView<Seen, History>>[];
  /** The states from which the search goes on. A state outside is judged, but neither counted nor expanded. */
  readonly constraint?: (state: ClusterView<Seen, History>) => boolean;
  /** What must not be possible for ever and yet never happen; nothing if left out. */
  readonly fairness?: readonly Fairness[];
  /** Named runs from whose end a search begins, too: name to trace. */
  readonly starts: Readonly<Record<string, string>>;
}

/** Compiles a message-passing system for the checker. */
export function cluster<Local, Message, Event, Note, History, Seen>(
  definition: ClusterDefinition<Local, Message, Event, Note, History, Seen>,
): Model {
  return compileCluster(definition as unknown as AnyCluster);
}

/** A definition whose types the compiler of clusters need not know. */
export type AnyCluster = ClusterDefinition<unknown, unknown, unknown, unknown, unknown, unknown>;
