/** Searches by one worker, or by several. */
import type { Parameters, Specification } from "../dsl/specification.ts";
import type { Model, Start } from "./model.ts";
import { searchTogether } from "./parallel.ts";
import { type Found, NoLongerExact, search, type SearchOptions } from "./search.ts";
import { searchedBy } from "./naming.ts";

/** How many workers, and where they find the spec. */
export interface Workers {
  /** How many, this thread included. */
  readonly count: number;
  /** The URL of the module that exports the spec. */
  readonly module: string;
  /** The spec's name in the `catalog` that the module exports, of specs or what loads them; the default export if left out. */
  readonly name?: string;
}

/** Searches with workers. Then one searches alone, as far as is needed to tell of what was found: runs in one order. */
export async function searchWith(
  { count, module, name }: Workers,
  spec: Specification,
  parameters: Parameters,
  model: Model,
  starts: readonly Start[],
  options: SearchOptions,
): Promise<Found> {
  const isSymmetric = model.naming !== undefined;
  const own = searchedBy(spec.build(parameters), isSymmetric);
  const names = starts.map(({ name }) => name);
  const ownStarts = own.starts.filter(({ name }) => names.includes(name));
  const source = { module, name: name ?? null, isSymmetric };
  const { toldBy, ...found } = await searchTogether(own, ownStarts, options, count, source, parameters);
  const told = await searchAlone(model, starts, {
    ...options,
    depth: Math.max(1, toldBy),
    // Time may be up by now: what was found is told all the same.
    stopped: toldBy === 0 ? options.stopped : () => false,
    onProgress: () => {},
  });
  return {
    ...found,
    stopped: found.stopped ?? told.stopped,
    isExact: false,
    verdicts: told.verdicts,
    path: (end) => told.path(end),
  };
}

/** Searches, again if names stop telling states apart for sure: the model knows by then that it needs more room. */
export async function searchAlone(
  model: Model,
  starts: readonly Start[],
  options: SearchOptions,
): Promise<Found> {
  try {
    return await search(model, starts, options);
  } catch (error) {
    if (!(error instanceof NoLongerExact)) throw error;
    return await search(model, starts, options);
  }
}
