/** What the page wants of the checker, which runs in a worker of its own. */
import type { Signal } from "@preact/signals";

/** What the search found out about a step that can happen next. */
export interface Mark {
  /** Whether it leads to a state that was met on the way here. */
  readonly isKnown: boolean;
  /** The nearest violation after it: which property, in how many steps from here; null if none was found. */
  readonly violation: { readonly property: string; readonly within: number } | null;
}

/** A search that somebody asked for. */
export interface Search {
  /** The property. */
  readonly property: string;
  /** How far it is; null once it is done. */
  readonly progress: { readonly depth: number; readonly distinct: number } | null;
  /** How it ended; null as long as it runs. */
  readonly outcome: SearchOutcome | null;
}

/** How a search ended. */
export type SearchOutcome =
  | { readonly type: "found"; readonly trace: string; readonly loop: number | null; readonly steps: number }
  | { readonly type: "none"; readonly isWhole: boolean; readonly depth: number; readonly distinct: number }
  | { readonly type: "failed"; readonly message: string };

/** What is searched in the background. */
export interface Engine {
  /** What is known of the steps that can happen next, by their notation. */
  readonly marks: Signal<ReadonlyMap<string, Mark>>;
  /** How far ahead of the selected moment the marks look by now. */
  readonly marksDepth: Signal<number>;
  /** The search that runs, or ran last; null if none did here. */
  readonly search: Signal<Search | null>;
  /** Looks for an example or a counterexample of a property from the selected moment on. */
  find(property: string): void;
  /** Ends the search that runs. */
  cancel(): void;
}
