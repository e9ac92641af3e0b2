/** What the search explores: a spec, compiled to integers by one of the fronts in `dsl/`. */
import type { Property } from "../dsl/property.ts";
import { type Growable, growable } from "./growable.ts";
import type { Lists, Place } from "./place.ts";

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

/** The successors of one state, one after another, in flat arrays. */
export interface Successors {
  /** How many. */
  count: number;
  /** The places of each. */
  readonly vectors: Growable;
  /** For each, the position in the bag of the message that leaves it, or -1. */
  readonly removed: Growable;
  /** For each, the list of messages that enter the bag. */
  readonly added: Growable;
}

/** No successors. */
export function successors(): Successors {
  return { count: 0, vectors: growable(), removed: growable(), added: growable() };
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

/** A compiled spec. */
export interface Model {
  /** The columns of a picture: the servers, in order; none in a plain spec. */
  readonly servers: readonly string[];
  /** The places of a state. */
  readonly places: readonly Place<unknown>[];
  /** The messages that may be in flight. */
  readonly messages: Place<unknown>;
  /** Lists of messages that enter the bag together. */
  readonly lists: Lists;
  /** What the spec claims. */
  readonly properties: readonly Property<unknown>[];
  /** Where the search begins: first the initial states, then the named starts. */
  readonly starts: readonly Start[];
  /** Appends the successors of a state to `out`, always in the same order. */
  expand(vector: Int32Array, bag: Growable, out: Successors): void;
  /** What properties see, from what they see of each place. */
  view(observed: readonly unknown[]): unknown;
  /** The same successors as `expand`, in the same order, told for people. */
  steps(state: State): readonly Step[];
  /** The step that `text` stands for, where it is not among `steps`, such as a proposal of another command. */
  otherStep?(state: State, text: string): Step | null;
  /** What a person wants to know of each place of a state: names and short texts, by server or variable. */
  describe(state: State): Readonly<Record<string, Readonly<Record<string, string>>>>;
}
