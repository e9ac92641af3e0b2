/** What the search explores: a spec, compiled to integers by one of the fronts in `dsl/`. */
import type { Fairness } from "../dsl/fairness.ts";
import type { Property } from "../dsl/property.ts";
import type { Eye } from "./eye.ts";
import type { Fields, Layer, Segment } from "./layer.ts";
import type { Place } from "./place.ts";
import type { Run } from "../trace/run.ts";

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

/** The successors of one state, one row each, in a flat array. Those that are the state itself are only counted. */
export interface Successors {
  /** The rows, `rowSize` integers each. */
  rows: Int32Array;
  /** How many rows there are. */
  count: number;
  /** How many successors were the state itself. */
  same: number;
  /** Pairs [low, high], by row: the names by which the search is to know successors, if a model has `rename`. */
  keys: Int32Array;
}

/** What the integers of a row mean: the successor's name, and two that only the front that made it understands. */
export const row = { low: 0, high: 1, first: 2, second: 3 } as const;

/** How many integers of `Successors.rows` belong to one successor. */
export const rowSize = 4;

/** No successors. */
export function successors(): Successors {
  return { rows: new Int32Array(64 * rowSize), count: 0, same: 0, keys: new Int32Array(0) };
}

/** Makes room for one more row. */
export function reserveRow(out: Successors): Int32Array {
  const larger = new Int32Array(out.rows.length * 2);
  larger.set(out.rows);
  return out.rows = larger;
}

/** How states are written at present. */
export interface Written {
  /** Where the values of places stand in a record. */
  readonly fields: Fields;
  /** Whether the name of a state tells it from all others for sure: it is the state, written in 64 bits. */
  readonly isName: boolean;
  /** Whether `changeOf` tells what a row changes of a look through a lens; else all looks are sums of words. */
  readonly hasLenses: boolean;
}

/** What all states must be written anew by, as their values need more bits than they had. */
export interface Refit {
  /** Appends the record that begins at `at` to a layer, in its new form. Returns where the next one begins. */
  convert(segment: Segment, at: number, to: Layer): number;
  /** The new name of a state; null if names stay as they are. */
  rename: ((low: number, high: number) => readonly [low: number, high: number]) | null;
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
  /** What the server where it happens is given: an event of the cluster's. Left out where it is given nothing. */
  readonly input?: unknown;
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

/** Names by which a search knows states, where these aren't their own. */
export interface Naming {
  /**
   * Writes into `out.keys` by which names the search is to know the successors of the state whose record begins at
   * `at`: two that are the same to it have one.
   */
  rename(segment: Segment, at: number, out: Successors): void;
  /** The name by which the search is to know the state whose record begins at `at`. */
  keyOf(segment: Segment, at: number): readonly [low: number, high: number];
}

/** Names by which a search knows orbits: states that are the same but for what things are called. */
export interface Symmetry extends Naming {
  /** How many permutations of these names there are. */
  readonly permutations: number;
}

/** A coarser view of the same spec, in which a search comes deeper: each of its steps is a run of plain steps. */
export interface Rounds {
  /** The coarser model. Its states are the plain ones in which nothing is in flight; it claims nothing of steps. */
  readonly model: Model;
  /** How many rounds to search. */
  readonly most: number;
  /** The plain steps of a run of rounds. */
  unfold(run: Run): Run;
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
  /** How states are written at present: it may change at every `refit`. */
  readonly records: Written;
  /** From now on names are sums of words: they derive from what a state is, not from what was met before. */
  nameByContent(): void;
  /** Appends a state to a layer. */
  put(state: State, to: Layer): void;
  /** The state whose record begins at `at`. */
  take(segment: Segment, at: number): State;
  /** How many words the record takes that begins at `at`. */
  sizeOf(segment: Segment, at: number): number;
  /**
   * Fills `out` with the successors of the state whose record begins at `at`, in an order that depends on what
   * happened before alone. False if records must first be made larger, by `refit`.
   */
  expand(segment: Segment, at: number, out: Successors): boolean;
  /** Whether the search takes a step, given what properties see before and after it; any step if it is left out. */
  readonly actionConstraint?: (before: unknown, after: unknown) => boolean;
  /** What of a state tells it from others, as plain data, given what properties see of it; all of it if left out. */
  readonly shown?: (state: unknown) => unknown;
  /** By which names the search is to know states; their own, in their records and in rows, if it is left out. */
  readonly naming?: Naming;
  /**
   * The names of orbits, if the spec declares a symmetry.
   *
   * @throws {SpecError} if that has too many permutations.
   */
  readonly symmetry?: () => Symmetry;
  /** Makes records larger. */
  refit(): Refit;
  /**
   * Appends the successor of the row that begins at `at`, of the state whose record begins at `from`. Returns where
   * its record begins in the last segment of `to`.
   */
  build(segment: Segment, from: number, out: Successors, at: number, to: Layer): number;
  /** The messages in flight in the state whose record begins at `at`. */
  bagOf(segment: Segment, at: number): readonly number[];
  /** How `stepAt` knows the successor of the row that begins at `at`. */
  branchOf(out: Successors, at: number): number;
  /** Who looks at states: `changeOf` tells of these. */
  watch(eyes: readonly Eye[]): void;
  /**
   * What the row that begins at `at` changes of the looks of all eyes, in pairs; the state's record begins at `from`.
   */
  changeOf(segment: Segment, from: number, out: Successors, at: number, change: Int32Array): void;
  /** Whether each server is one place, so that what a step changes of a look tells how a server has changed. */
  readonly hasWholeServers?: true;
  /**
   * What properties see of a state. Calls `onRead` with each place that a property looks at, but for those that it is
   * known to look at.
   */
  view(
    vector: ArrayLike<number>,
    at: number,
    onRead: (place: number) => void,
    known?: ReadonlySet<number>,
  ): unknown;
  /** Every action with each of its arguments. */
  readonly actions: readonly ActionInstance[];
  /** Which of `actions` the row that begins at `at` stands for. */
  actionOf(out: Successors, at: number): number;
  /** The fairness of all behaviours of the spec. */
  readonly fairness: readonly Fairness[];
  /** The state in which the variables have these values, in a plain spec. */
  stateOf?(values: unknown): State;
  /** The successors of a state, told for people. */
  steps(state: State): readonly Step[];
  /** The step from a state by a branch, as `branchOf` told it. */
  stepAt(state: State, branch: number): Step;
  /** The step that `text` stands for, where it is not among `steps`, such as a proposal of another command. */
  otherStep?(state: State, text: string): Step | null;
  /** The same state, from which on the budgets count, in a cluster. */
  priced?(state: State): State;
  /** The same state, if from there on nothing had a price, in a cluster. */
  unpriced?(state: State): State;
  /** What was spent of each budget since the first state, in a cluster. */
  spent?(state: State): Readonly<Record<string, number>>;
  /** The budget that doesn't allow the step that `text` stands for, and how much of it that needs; null if none does. */
  spentBudget?(state: State, text: string): SpentBudget | null;
  /** Its rounds, if the spec asks for some. */
  readonly rounds?: Rounds;
  /** The names of the actions that could happen in no state that was expanded so far, in a plain spec. */
  neverEnabled?(): readonly string[];
  /** The value of each variable, in a plain spec. */
  values?(state: State): Readonly<Record<string, unknown>>;
  /** How the spec draws a state: SVG as text; if it is left out, it doesn't. */
  picture?(state: State): string;
  /** What a person wants to know of each place of a state: names and short texts, by server or variable. */
  describe(state: State): Readonly<Record<string, Readonly<Record<string, string>>>>;
}
