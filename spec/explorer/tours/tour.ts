/** What a tour is: a run, told in steps. It is data: to add one, write a file like those beside this, and list it. */
import type { Parameters } from "../../dsl/specification.ts";

/** A stop of a tour. */
export interface Stop {
  /** The steps that lead here from the stop before, in the notation; none at a stop that only tells something. */
  readonly steps: string;
  /** What there is to see now, in a sentence or two. */
  readonly says: string;
}

/** A run, told in steps. */
export interface Tour {
  /** How an address names it: small letters, digits and `-`. */
  readonly name: string;
  /** How a list names it. */
  readonly title: string;
  /** What it is about, in a sentence, with its source. */
  readonly summary: string;
  /** The name of the spec. */
  readonly spec: string;
  /** The parameters that differ from the spec's own. */
  readonly parameters: Parameters;
  /** The name of the mutant of the core whose run this is; null: the core that production runs. */
  readonly mutant: string | null;
  /** The stops; the first one is where the run begins, and has no steps. */
  readonly stops: readonly Stop[];
  /** The properties that are broken at the end, or reached on the way if they are of the kind `sometimes`. */
  readonly shows: readonly string[];
}
