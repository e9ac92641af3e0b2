/** Where on a tour a visit is: whoever plays something else has left it, and can come back. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Step } from "../../checker/model.ts";
import { splitTrace } from "../../trace/run.ts";
import { homeOf } from "../hash.ts";
import type { Session } from "../session.ts";
import type { Tour } from "../tours/mod.ts";
import type { Store } from "./store.ts";
import type { Visits } from "./visits.ts";

/** What a page knows of tours. */
export interface Tourist {
  /** The tour that is under way; null if none is. */
  readonly tour: ReadonlySignal<Tour | null>;
  /** The stop that was shown last, from 0. */
  readonly stop: Signal<number>;
  /** Begins a tour. */
  begin(tour: Tour): void;
  /** Goes to a stop. */
  goTo(stop: number): void;
  /** Ends the tour, and leaves what is shown as it is. */
  leave(): void;
}

/** The run up to a stop, in the notation. */
export function traceTo({ stops }: Tour, stop: number): string {
  return stops.slice(0, stop + 1).map(({ steps }) => steps).filter((steps) => steps !== "").join(" ");
}

/** The stop at which a visit is, given the one that was shown last; null: it has left the tour. */
export function stopOf(tour: Tour, session: Session): number | null {
  const { moments, path, position, opened: { subject } } = session;
  if (subject.spec !== tour.spec || subject.mutant !== tour.mutant) return null;
  const taken = path.slice(1, position + 1).map((moment) => moments[moment]!.step!);
  const stops = tour.stops.map((_, stop) => splitTrace(traceTo(tour, stop)));
  const words = stops.at(-1)!;
  if (!taken.every((step, i) => words[i] !== undefined && isStep(step, words[i]!))) return null;
  // Between two stops, one is on the way to the later one.
  const at = stops.findLastIndex(({ length }) => length <= taken.length);
  return at;
}

function isStep({ label, aliases }: Step, word: string): boolean {
  return label === word || aliases.includes(word);
}

/** What a page does with tours. */
export function createTourist(store: Store, visits: Visits): Tourist {
  const tour = signal<Tour | null>(null);
  const stop = signal(0);

  function show(to: Tour, at: number): void {
    tour.value = to;
    stop.value = at;
    const { spec, parameters, mutant } = to;
    void visits.visit({ ...homeOf(spec), parameters, mutant, trace: traceTo(to, at) });
  }

  return {
    tour,
    stop,
    begin: (to) => show(to, 0),
    goTo(at) {
      if (tour.value !== null) show(tour.value, Math.max(0, Math.min(tour.value.stops.length - 1, at)));
    },
    leave() {
      tour.value = null;
      store.said.value = "The tour is over; play on as you like.";
    },
  };
}
