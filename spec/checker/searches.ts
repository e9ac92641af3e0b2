/** Runs a search: by one, or by several workers. */
import type { Parameters, Specification } from "../dsl/specification.ts";
import type { Workers } from "./check.ts";
import type { Model, Start } from "./model.ts";
import { searchedBy } from "./naming.ts";
import { searchTogether } from "./parallel.ts";
import { type Found, NoLongerExact, search, type SearchOptions } from "./search.ts";

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
  const told = await searchAll(model, starts, {
    ...options,
    depth: Math.max(1, toldBy),
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
export async function searchAll(
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
