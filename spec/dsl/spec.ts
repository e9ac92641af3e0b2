/** The front for plain state machines: variables, and actions that change them. */
import type { Choose } from "./choice.ts";
import { complete } from "./definition.ts";
import { compileSpec } from "./spec_model.ts";
import type { Fairness } from "./fairness.ts";
import type { Property } from "./property.ts";
import {
  type Given,
  type Parameters,
  SpecError,
  type Specification,
  specification,
} from "./specification.ts";

/** A state as an action sees it: a copy that it may change. */
export type Draft<T> = T extends Uint8Array ? Uint8Array
  : T extends ReadonlySet<infer Item> ? Set<Draft<Item>>
  : T extends object ? { -readonly [Key in keyof T]: Draft<T[Key]> }
  : T;

/** What an action does to a draft of the state. It returns false where it can't happen. */
export type Perform<State> = (state: Draft<State>, choose: Choose) => void | boolean;

/** An action with arguments: one for each combination of their values. */
export interface Each<Drafted> {
  /** Tells it from a function. */
  readonly kind: "each";
  /** The values of each argument. */
  readonly lists: readonly (readonly unknown[])[];
  /** What the action does to a draft of the state. */
  readonly run: (state: Drafted, ...values: never[]) => void | boolean;
}

/** Something that may happen. */
export type Action<State> = Perform<State> | Each<Draft<State>>;

/** A state machine. */
export interface Definition<State> {
  /** The state in which it begins, or all those in which it may begin. */
  readonly init: State | readonly State[];
  /** What may happen, by name. */
  readonly actions: Readonly<Record<string, Action<State>>>;
  /** What it claims. */
  readonly properties: readonly Property<State>[];
  /**
   * The states from which the search goes on. A state outside is generated, and the properties must hold in it, but
   * it is neither counted as distinct nor is anything looked for beyond it.
   */
  readonly constraint?: (state: State) => boolean;
  /**
   * The steps that the search takes. Any other one is generated and counted, but leads nowhere: its end is neither
   * stored nor judged because of it. All if left out.
   */
  readonly actionConstraint?: (before: State, after: State) => boolean;
  /**
   * What of a state tells it from others, as plain data: of states for which it is equal only the one that is met first
   * is looked at, so a property that depends on more may be judged wrongly. All of it if left out.
   */
  readonly view?: (state: State) => unknown;
  /**
   * How the explorer draws a state: SVG as text, shown as an image, so that it loads nothing and runs nothing. It has a
   * `viewBox`, and `xmlns="http://www.w3.org/2000/svg"`. If left out, the state is shown as it is written.
   */
  readonly picture?: (state: State) => string;
  /**
   * The states in which it may end: any other state from which no step leads is a deadlock, which breaks every spec.
   * None if left out. A step that changes nothing is a step.
   */
  readonly ends?: (state: State) => boolean;
  /**
   * What must not be possible for ever and yet never happen; nothing if left out: then everything may stop at any
   * time, which is how TLA+ sees it, too.
   */
  readonly fairness?: readonly Fairness[];
  /** Named runs from whose end the search begins, too: name to trace. */
  readonly starts?: Readonly<Record<string, string>>;
  /**
   * Sets of strings that may take each other's place, such as the names of servers: whatever can happen can happen as
   * well with other names, wherever such a string stands alone, as a value, the key of an object, or an element. With
   * `--symmetry` states that are the same but for these names are looked at only once. A list that is only a set in
   * some order would tell them apart: use a set. None if left out.
   */
  readonly symmetry?: readonly (readonly string[])[];
}

/** Defaults widened to their types: a 3 may become any number. */
export type Widened<P> = {
  readonly [Key in keyof P]: P[Key] extends number ? number : P[Key] extends boolean ? boolean : string;
};

/**
 * An action with one argument: `run` is an action of its own for each of the values. A trace writes it as
 * `Name(value)`, where the value is in JSON.
 *
 * @example
 * ```ts
 * import { each, spec } from "@quorate/raft/spec";
 *
 * spec("lights", () => ({
 *   init: { on: [false, false] },
 *   actions: { Toggle: each([0, 1], (s: { on: boolean[] }, i) => { s.on[i] = !s.on[i]; }) },
 *   properties: [],
 * }));
 * ```
 */
export function each<Drafted, A>(
  values: readonly A[],
  run: (state: Drafted, value: A, choose: Choose) => void | boolean,
): Each<Drafted>;
/** An action with two arguments: one action for each pair of values. */
export function each<Drafted, A, B>(
  first: readonly A[],
  second: readonly B[],
  run: (state: Drafted, a: A, b: B, choose: Choose) => void | boolean,
): Each<Drafted>;
/** An action with three arguments: one action for each combination of values. */
export function each<Drafted, A, B, C>(
  first: readonly A[],
  second: readonly B[],
  third: readonly C[],
  run: (state: Drafted, a: A, b: B, c: C, choose: Choose) => void | boolean,
): Each<Drafted>;
export function each(...given: readonly unknown[]): Each<unknown> {
  const run = given.at(-1);
  const lists = given.slice(0, -1);
  if (typeof run !== "function" || lists.length === 0 || !lists.every(Array.isArray)) {
    throw new SpecError("each takes one or more arrays of values, and then the action");
  }
  return { kind: "each", lists, run: run as Each<unknown>["run"] };
}

/**
 * A spec of a plain state machine. Name the type of the state, and everything inside is typed by it; without
 * parameters it can be left out, if no `each` and no property needs it.
 *
 * An action runs on a draft, and only once for each distinct reading, which is what it finds in the parts of the state
 * that it reads (and a second time on a sample): so it must depend on nothing but the draft, its arguments and what it
 * chooses.
 *
 * @throws {SpecError} if a name is wrong.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { always, check, spec } from "@quorate/raft/spec";
 *
 * interface State {
 *   readonly hour: number;
 * }
 *
 * const clock = spec<State>("clock", () => ({
 *   init: { hour: 12 },
 *   actions: { Tick: (s) => { s.hour = s.hour % 12 + 1; } },
 *   properties: [
 *     always("a clock has twelve hours", "hour in 1..12", ({ hour }) => hour <= 12 || `it shows ${hour}`),
 *   ],
 * }));
 * const report = await check(clock);
 * assertEquals([report.verdict, report.distinct], ["holds", 12]);
 * ```
 */
export function spec<State>(name: string, build: () => Definition<State>): Specification;
/** A spec with parameters, which are typed by their defaults and set with `--set name=value`. */
export function spec<State, P extends Parameters = Parameters>(
  name: string,
  parameters: P,
  build: (parameters: Widened<P>) => Definition<State>,
): Specification;
export function spec(name: string, ...given: Given<Definition<unknown>>): Specification {
  const whole = new Set<string>();
  return specification(name, given, (define) => compileSpec(name, () => complete(name, define()), whole));
}
