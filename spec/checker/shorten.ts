/** Leaves out of a run what it doesn't need. */
import { type Run, statesOf } from "../trace/run.ts";
import type { Model, State, Step } from "./model.ts";

/** A run at whose end a property is violated or reached. */
export interface Shown {
  /** The run. */
  readonly run: Run;
  /** What the property says is at fault; null for a state that a `sometimes` sought. */
  readonly witness: string | null;
}

/**
 * What is to be told of a state that was reached by a step from `before`, which is null for the first state: what is
 * at fault, or null where nothing is but a state was sought; undefined if there is nothing to tell.
 */
export type Tells = (before: State | null, after: State) => string | null | undefined;

/** In so many states it is tried what is possible there, at most: a long run stays longer than it need be. */
const patience = 5000;

/**
 * A shorter run that shows the same: loops are left out, and then other steps, many at once and then fewer, as long as
 * the rest can still happen and leads to where the property is violated or reached. It is seldom a shortest one.
 */
export function shorten(model: Model, tells: Tells, shown: Shown): Shown {
  const attempt = { model, tells, patience };
  let shortest = shown;
  for (let before = Infinity; shortest.run.steps.length < before && attempt.patience > 0;) {
    before = shortest.run.steps.length;
    shortest = withoutLoops(attempt, shortest);
    for (let size = before >> 1; size > 0; size >>= 1) shortest = without(attempt, shortest, size);
  }
  return shortest;
}

/** Leaves out what leads back to a state. */
function withoutLoops(attempt: Attempt, shown: Shown): Shown {
  let shortest = shown;
  let names = namesOf(shown);
  for (let at = 0; at < names.length; at++) {
    const size = names.lastIndexOf(names[at]!) - at;
    const shorter = size > 0 ? cut(attempt, shortest, at, size) : null;
    if (shorter === null) continue;
    shortest = shorter;
    names = namesOf(shorter);
  }
  return shortest;
}

/** What tells the states of a run apart. */
function namesOf({ run }: Shown): readonly string[] {
  return statesOf(run).map((state) => JSON.stringify(state));
}

/** Leaves out `size` successive steps, wherever the rest still shows the same. */
function without(attempt: Attempt, shown: Shown, size: number): Shown {
  let shortest = shown;
  for (let at = 0; at < shortest.run.steps.length && attempt.patience > 0;) {
    const shorter = cut(attempt, shortest, at, size);
    if (shorter === null) at += size;
    else shortest = shorter;
  }
  return shortest;
}

interface Attempt {
  readonly model: Model;
  readonly tells: Tells;
  /** In how many states it may still be tried what is possible. */
  patience: number;
}

/** The run without `size` steps from `at` on, to where the property is violated or reached; null if it never is. */
function cut(attempt: Attempt, { run: { start, steps } }: Shown, at: number, size: number): Shown | null {
  const kept = steps.slice(0, at);
  let state = kept.at(-1)?.to ?? start.state;
  for (const step of [null, ...steps.slice(at + size)]) {
    const before = step === null ? null : state;
    if (step !== null) {
      const same = stepLike(attempt, state, step);
      if (same === null) return null;
      kept.push(same);
      state = same.to;
    }
    // Where steps are left out there is none to judge, and the state is known to tell nothing, unless it is the first.
    if (before === null && at > 0) continue;
    const witness = attempt.tells(before, state);
    if (witness !== undefined) return { run: { start, steps: kept }, witness };
  }
  return null;
}

/** The step of another state that is written in the same way, in any of its forms. */
function stepLike(attempt: Attempt, state: State, { label, aliases }: Step): Step | null {
  attempt.patience--;
  const forms = [label, ...aliases];
  return attempt.model.steps(state).find((step) =>
    [step.label, ...step.aliases].some((form) => forms.includes(form))
  ) ?? null;
}
