/** Properties: what a spec claims, each with a sentence for people, as plain functions. */

/** True, or who and what is at fault, in words. */
export type Judgement = true | string;

/** Holds in every state. */
export interface Always<View> {
  /** Tells properties apart. */
  readonly kind: "always";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
  /** Judges one state. */
  readonly holds: (state: View) => Judgement;
}

/** Holds for every two successive states that differ, be it in what the property doesn't look at. */
export interface Steps<View> {
  /** Tells properties apart. */
  readonly kind: "steps";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
  /** Judges one step. */
  readonly holds: (before: View, after: View) => Judgement;
}

/** Holds in some state: what the spec must be able to do, lest all else holds because nothing happens. */
export interface Sometimes<View> {
  /** Tells properties apart. */
  readonly kind: "sometimes";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
  /** Whether this is such a state. */
  readonly reached: (state: View) => boolean;
}

/** A claim about a spec. */
export type Property<View> = Always<View> | Steps<View> | Sometimes<View>;

/**
 * Claims something of every state.
 *
 * @example
 * ```ts
 * import { always } from "@quorate/raft/spec";
 *
 * always<{ big: number }>(
 *   "the jug never holds 4 litres",
 *   "big # 4",
 *   ({ big }) => big !== 4 || `it holds ${big}`,
 * );
 * ```
 */
export function always<View>(name: string, sentence: string, holds: Always<View>["holds"]): Always<View> {
  return { kind: "always", name, sentence, holds };
}

/** Claims something of every step: of every two successive states that differ. */
export function steps<View>(name: string, sentence: string, holds: Steps<View>["holds"]): Steps<View> {
  return { kind: "steps", name, sentence, holds };
}

/** Claims that some state is reached. */
export function sometimes<View>(
  name: string,
  sentence: string,
  reached: Sometimes<View>["reached"],
): Sometimes<View> {
  return { kind: "sometimes", name, sentence, reached };
}
