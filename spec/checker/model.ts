/** What the search explores: a spec, compiled to integers by one of the fronts in `dsl/`. */
import type { Fairness } from "../dsl/fairness.ts";
import type { Property } from "../dsl/property.ts";
import { type Growable, growable } from "./growable.ts";
import type { Place } from "./place.ts";

/** A global state: an integer for each place, and a bag of messages in flight, sorted. */
export interface State {
  /** The value of each place. */
  readonly vector: readonly number[];
  /** The messages, ascending; one that is in flight twice stands twice. */
  readonly bag: readonly number[];
}

/** Where a search begins. */
export interface Start {
  /** How a trace names it: "1" for the first initial state, or a name. */
  readonly name: string;
  /** The steps that led there from the first initial state; empty for an initial state. */
  readonly trace: string;
  /** The state. */
  readonly state: State;
}

/** The states of one depth, in flat arrays. */
export interface Layer {
  /** How many. */
  count: number;
  /** How many integers a state takes in `vectors`; at least the number of places. What is beyond them is 0. */
  width: number;
  /** The places of each state, one after another. */
  readonly vectors: Growable;
  /** For each state: its fingerprint, low and high, and where its bag ends. */
  readonly heads: Growable;
  /** The bags of messages in flight, one after another, each ascending. */
  readonly bags: Growable;
}

/** How many integers of `Layer.heads` belong to one state. */
export const headSize = 3;

/** No states, of so many places. */
export function layer(width: number): Layer {
  return { count: 0, width, vectors: growable(), heads: growable(), bags: growable() };
}

/** Where the bag of a state begins. It ends where its head says. */
export function bagStart({ heads }: Layer, index: number): number {
  return index === 0 ? 0 : heads.items[index * headSize - 1]!;
}

/** The successors of one state, one row each, in a flat array. Those that are the state itself are only counted. */
export interface Successors {
  /** The rows, `rowSize` integers each. */
  readonly rows: Growable;
  /** How many successors were the state itself. */
  same: number;
  /** By place: 1 if `seenLow` and `seenHigh` are to tell of its changes. */
  watched: Uint8Array;
}

/** What the integers of a row mean; from `detail` on it is up to the front that made it. */
export const row = { low: 0, high: 1, branch: 2, seenLow: 3, seenHigh: 4, detail: 5 } as const;

/** How many integers of `Successors.rows` belong to one successor. */
export const rowSize = 10;

/** No successors. */
export function successors(): Successors {
  return { rows: growable(), same: 0, watched: new Uint8Array(0) };
}

/** One step, told for people. */
export interface Step {
  /** The notation, in its shortest form. */
  readonly label: string;
  /** Other forms of the notation that mean the same step. */
  readonly aliases: readonly string[];
  /** The state that it leads to. */
  readonly to: State;
  /** The servers that take part: where it happens last; two for a message. None in a plain spec. */
  readonly servers: readonly string[];
  /** What happens, in a word or two, such as the type of a message. */
  readonly event: string;
}

/** An action with its arguments: what fairness speaks of. */
export interface ActionInstance {
  /** The name of the action; in a cluster the sign of the notation, such as `>`. */
  readonly name: string;
  /** Its arguments in JSON; in a cluster the servers that take part. */
  readonly arguments: readonly string[];
  /** How people write it. */
  readonly label: string;
}

/** A budget that doesn't allow a step. */
export interface SpentBudget {
  /** Its name. */
  readonly name: string;
  /** How much it allows. */
  readonly allows: number;
  /** How much the run would take, with the step. */
  readonly needs: number;
}

/** A compiled spec. */
export interface Model {
  /** The columns of a picture: the servers, in order; none in a plain spec. */
  readonly servers: readonly string[];
  /** The places of a state. */
  readonly places: readonly Place<unknown>[];
  /** The messages that may be in flight. */
  readonly messages: Place<unknown>;
  /** What the spec claims. */
  readonly properties: readonly Property<unknown>[];
  /**
   * Whether the search goes on from a state, given what properties see of it. A state outside is generated and
   * judged, but neither counted as distinct nor expanded.
   */
  readonly constraint?: (state: unknown) => boolean;
  /**
   * Whether a state from which no step leads is one where the spec may end; any other one is a deadlock. If it is
   * left out the spec may end anywhere.
   */
  readonly ends?: (state: State) => boolean;
  /** Where the search begins: first the initial states, then the named starts. */
  readonly starts: readonly Start[];
  /**
   * Appends the successors of a state to `out`, always in the same order. A row holds the successor's fingerprint,
   * its position among `steps`, and what its fingerprint to the eyes of properties differs by.
   */
  expand(layer: Layer, index: number, out: Successors): void;
  /** Appends the successor of the row that begins at `at` to `next`. */
  build(layer: Layer, index: number, rows: Int32Array, at: number, next: Layer): void;
  /** What properties see of a state. Calls `onRead` with each place that a property looks at. */
  view(vector: ArrayLike<number>, at: number, onRead: (place: number) => void): unknown;
  /** Every action with each of its arguments. */
  readonly actions: readonly ActionInstance[];
  /** Which of `actions` the row that begins at `at` stands for. */
  actionOf(rows: Int32Array, at: number): number;
  /** The fairness of all behaviours of the spec. */
  readonly fairness: readonly Fairness[];
  /** The state in which the variables have these values, in a plain spec. */
  stateOf?(values: unknown): State;
  /** The successors of a state, in the order of `branch`, told for people. */
  steps(state: State): readonly Step[];
  /** The step that `text` stands for, where it is not among `steps`, such as a proposal of another command. */
  otherStep?(state: State, text: string): Step | null;
  /** The budget that doesn't allow the step that `text` stands for, and how much of it that needs; null if none does. */
  spentBudget?(state: State, text: string): SpentBudget | null;
  /** The names of the actions that could happen in no state that was expanded so far, in a plain spec. */
  neverEnabled?(): readonly string[];
  /** The value of each variable, in a plain spec. */
  values?(state: State): Readonly<Record<string, unknown>>;
  /** What a person wants to know of each place of a state: names and short texts, by server or variable. */
  describe(state: State): Readonly<Record<string, Readonly<Record<string, string>>>>;
}
