/** How often each action was taken, and led to something new. */
import { type Model, rowSize, type Successors } from "./model.ts";

/** What actions did, by action of a model. */
export interface Coverage {
  /** How often each was taken and changed the state. */
  readonly taken: Float64Array;
  /** How often that led to a state that was new. */
  readonly fresh: Float64Array;
}

/** What an action did, with all its arguments, or at all servers. */
export interface ActionReport {
  /** Its name; in a cluster the sign of the notation, such as `>`. */
  readonly action: string;
  /** How often it was taken and changed the state. */
  readonly taken: number;
  /** How often that led to a state that was new. */
  readonly fresh: number;
}

/** Nothing was done by so many actions. */
export function noCoverage(actions: number): Coverage {
  return { taken: new Float64Array(actions), fresh: new Float64Array(actions) };
}

/** Counts what led to these successors, of which some are new. */
export function cover(
  { taken, fresh }: Coverage,
  model: Model,
  out: Successors,
  news: Int32Array,
  count: number,
): void {
  for (let i = 0; i < out.count; i++) taken[model.actionOf(out, i * rowSize)]!++;
  for (let i = 0; i < count; i++) fresh[model.actionOf(out, news[i]! * rowSize)]!++;
}

/** What each action did, by its name, in several searches. */
export function coverageOf(
  { actions, servers }: Model,
  results: readonly { readonly coverage: Coverage }[],
): readonly ActionReport[] {
  const sums = new Map<string, ActionReport>();
  for (const { coverage: { taken, fresh } } of results) {
    for (const [index, { name }] of actions.entries()) {
      if (index >= taken.length) continue;
      const before = sums.get(name) ?? { action: name, taken: 0, fresh: 0 };
      sums.set(name, {
        action: name,
        taken: before.taken + taken[index]!,
        fresh: before.fresh + fresh[index]!,
      });
    }
  }
  // A cluster has a sign for everything that could happen in one.
  return [...sums.values()].filter(({ taken }) => servers.length === 0 || taken > 0);
}
