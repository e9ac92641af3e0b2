/** The front for message-passing systems: servers that react to events and send messages. */
import { propertiesOf } from "./claims.ts";
import { checked } from "./cluster_checks.ts";
import { compileCluster } from "./cluster_model.ts";
import {
  aFunction,
  anArray,
  anything,
  checkFields,
  demands,
  type Field,
  isRecord,
  optional,
  recordOf,
  startsByName,
} from "./fields.ts";
import { guarded } from "./definition.ts";
import type { Fairness } from "./fairness.ts";
import { show } from "./plain.ts";
import type { Property } from "./property.ts";
import { type Given, type Parameters, type Specification, specification } from "./specification.ts";
import type { Widened } from "./spec.ts";
import { setsOfStrings } from "./symmetry.ts";

/** What every message tells of itself. */
export interface Envelope {
  /** Who sent it. */
  readonly from: string;
  /** The server that it is for. */
  readonly to: string;
  /** What kind of message it is, in one word, for people and for traces. */
  readonly type: string;
}

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
  /** How a trace marks this outcome, after the event: `_`, `#1`, `#2`, ...; not at all if left out: the usual one. */
  readonly notation?: string;
  /** The budget that pays for this outcome rather than the usual one; free if left out. */
  readonly spends?: string;
  /** The server after it. */
  readonly local: Local;
  /** The messages that it sent; none if left out. */
  readonly sends?: readonly Message[];
  /** What the history must remember; nothing if left out. */
  readonly notes?: readonly Note[];
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
export interface ClusterDefinition<
  Local,
  Message extends Envelope,
  Event = Message,
  Note = never,
  History = null,
  Seen = Local,
> {
  /** The servers' names, in order. */
  readonly servers: readonly string[];
  /**
   * How often what has a price may happen, from where the search begins; none has one if left out. Every budget
   * that is spent is among them; `drops` and `duplicates` are the network's, and 0 if left out.
   */
  readonly budgets?: Readonly<Record<string, number>>;
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
  /**
   * What may happen at a server; nothing if left out. `proposed` counts what was spent of the budget `proposals`
   * since the first state.
   */
  readonly happenings?: (local: Local, proposed: number) => readonly Happening<Event>[];
  /** The event of such a notation, where it isn't among the happenings but possible; else null. */
  readonly otherHappening?: (local: Local, notation: string, proposed: number) => Happening<Event> | null;
  /** The arrival of a message, as an event; the message itself if left out. */
  readonly received?: (message: Message) => Event;
  /** What an event may lead to; none means that it can't happen. */
  readonly outcomes: (local: Local, event: Event) => readonly Outcome<Local, Message, Note>[];
  /** The history before anything happened; null if left out. */
  readonly history?: History;
  /** The history after something worth a note happened; the same as before if left out. */
  readonly remember?: (history: History, note: Note) => History;
  /** The plain data that makes a server what it is; the server itself if left out. */
  readonly identity?: (local: Local) => unknown;
  /** What properties see of a server, as plain data; the server itself if left out. */
  readonly observe?: (local: Local) => Seen;
  /** What a person wants to know of a server: names and short texts. Each of its fields, if left out. */
  readonly describe?: (local: Local) => Readonly<Record<string, string>>;
  /** What the system claims. */
  readonly properties: readonly Property<ClusterView<Seen, History>>[];
  /** The states from which the search goes on. A state outside is judged, but neither counted nor expanded. */
  readonly constraint?: (state: ClusterView<Seen, History>) => boolean;
  /**
   * The steps that the search takes. Any other one is generated and counted, but leads nowhere: its end is neither
   * stored nor judged because of it. All if left out.
   */
  readonly actionConstraint?: (
    before: ClusterView<Seen, History>,
    after: ClusterView<Seen, History>,
  ) => boolean;
  /**
   * What of a state tells it from others, as plain data: of states for which it is equal only the one that is met first
   * is looked at, so a property that depends on more may be judged wrongly. All of it if left out.
   */
  readonly view?: (state: ClusterView<Seen, History>) => unknown;
  /**
   * How the explorer draws a state: SVG as text, shown as an image, so that it loads nothing and runs nothing. It has a
   * `viewBox`, and `xmlns="http://www.w3.org/2000/svg"`. If left out, the state is shown as it is written.
   */
  readonly picture?: (state: ClusterView<Seen, History>) => string;
  /**
   * The states in which nothing more need be possible: any other one from which no step leads, though every budget were
   * without limit, is a deadlock. All if left out: a cluster is done when no message is on its way.
   */
  readonly ends?: (state: ClusterView<Seen, History>) => boolean;
  /** What must not be possible for ever and yet never happen; nothing if left out. */
  readonly fairness?: readonly Fairness[];
  /** Named runs from whose end a search begins, too: name to trace; none if left out. */
  readonly starts?: Readonly<Record<string, string>>;
  /**
   * Rounds to search, too, from all initial states and starts, beyond where single steps end: in a round something happens at
   * one server by itself, for which only the budgets `spending` pay, then some of the messages arrive, in the order in which
   * they were sent, among some of the servers, and the others are lost. So many rounds follow each other. For an unordered
   * network only. None if left out.
   */
  readonly rounds?: { readonly most: number; readonly spending: readonly string[] };
  /**
   * Sets of strings that may take each other's place, such as servers: whatever can happen can happen as well with
   * other names, wherever such a string stands alone in what a server is (its `identity`), a message or the history, as
   * a value, the key of an object, or an element. With `--symmetry` states that are the same but for these names are
   * looked at only once. A list that is only a set in some order would tell them apart: use a set. None if left out.
   */
  readonly symmetry?: readonly (readonly string[])[];
}

const aCount: Field = {
  expected: "a count",
  isRight: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};

const aDefinition = {
  servers: anArray,
  budgets: optional(recordOf(aCount)),
  network: optional({
    expected: "unordered, duplicating or ordered",
    isRight: (value) => ["unordered", "duplicating", "ordered"].includes(String(value)),
  }),
  initial: aFunction,
  inFlight: optional(anArray),
  happenings: optional(aFunction),
  otherHappening: optional(aFunction),
  received: optional(aFunction),
  outcomes: aFunction,
  history: optional(anything),
  remember: optional(aFunction),
  identity: optional(aFunction),
  observe: optional(aFunction),
  describe: optional(aFunction),
  properties: anArray,
  constraint: optional(aFunction),
  actionConstraint: optional(aFunction),
  view: optional(aFunction),
  picture: optional(aFunction),
  ends: optional(aFunction),
  fairness: optional(demands),
  starts: optional(startsByName),
  rounds: optional({
    expected: "an object with most, a count, and spending, a list of budgets",
    isRight: (value) => isRecord(value) && aCount.isRight(value.most) && Array.isArray(value.spending),
  }),
  symmetry: optional(setsOfStrings),
} satisfies Readonly<Record<keyof AnyDefinition, Field>>;

/**
 * A spec of a message-passing system.
 *
 * @throws {SpecError} if a name is wrong.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { check, cluster, type ClusterDefinition, sometimes } from "@quorate/raft/spec";
 *
 * interface Greeting {
 *   readonly from: string;
 *   readonly to: string;
 *   readonly type: "Hello";
 * }
 * type Greeter = ClusterDefinition<{ readonly greeted: boolean }, Greeting>;
 *
 * const greetings = cluster("greetings", (): Greeter => ({
 *   servers: ["a", "b"],
 *   initial: () => ({ greeted: false }),
 *   inFlight: [{ from: "a", to: "b", type: "Hello" }],
 *   outcomes: () => [{ local: { greeted: true } }],
 *   properties: [
 *     sometimes("b is greeted", "the greeting arrives", ({ servers }) => servers[1]?.greeted === true),
 *   ],
 * }));
 * const report = await check(greetings);
 * assertEquals(report.properties[0]?.trace, "a>b");
 * ```
 */
export function cluster<Local, Message extends Envelope, Event, Note, History, Seen>(
  name: string,
  build: () => ClusterDefinition<Local, Message, Event, Note, History, Seen>,
): Specification;
/** A spec with parameters, which are typed by their defaults and set with `--set name=value`. */
export function cluster<Local, Message extends Envelope, Event, Note, History, Seen, P extends Parameters>(
  name: string,
  parameters: P,
  build: (parameters: Widened<P>) => ClusterDefinition<Local, Message, Event, Note, History, Seen>,
): Specification;
export function cluster(name: string, ...given: Given<AnyDefinition>): Specification {
  return specification(
    name,
    given,
    (define) => compileCluster(complete(name, guarded(`cluster ${name}`, define))),
  );
}

type AnyDefinition = ClusterDefinition<unknown, Envelope, unknown, unknown, unknown, unknown>;

/** A definition whose types the compiler of clusters need not know, in which nothing is left out. */
export type WholeDefinition =
  & Required<Omit<AnyDefinition, MayBeMissing>>
  & Pick<AnyDefinition, MayBeMissing>;

/** The same, checked. */
export type AnyCluster = WholeDefinition & {
  /** What is kept of a server, to be given to the functions of the cluster: frozen, if it is plain data. */
  readonly keep: (local: unknown, path: string) => unknown;
};

type MayBeMissing =
  | "rounds"
  | "constraint"
  | "actionConstraint"
  | "view"
  | "picture"
  | "ends"
  | "otherHappening"
  | "symmetry";

function complete(name: string, definition: AnyDefinition): AnyCluster {
  checkFields(`cluster ${name}`, definition, aDefinition);
  const whole: WholeDefinition = {
    budgets: {},
    network: "unordered",
    inFlight: [],
    happenings: () => [],
    received: (message) => message,
    history: null,
    remember: (history) => history,
    identity: (local) => local,
    observe: (local) => local,
    describe: (local) =>
      isRecord(local)
        ? Object.fromEntries(Object.entries(local).map(([key, value]) => [key, show(value)]))
        : { state: show(local) },
    fairness: [],
    starts: {},
    ...definition,
    properties: propertiesOf(`cluster ${name}`, definition.properties as readonly Property<unknown>[]),
  };
  return checked(name, whole, definition);
}
