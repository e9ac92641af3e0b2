/** Looks at states, or at steps, only once at all that look the same. */
import type { Model } from "./model.ts";

/** What somebody wants to know: an integer, given the values of the places of one state, or of two. */
export type Memory = (...vectors: readonly ArrayLike<number>[]) => number;

/** Beyond so many states that all look different it is no use to remember them. */
const mostKnown = 1 << 16;

/** Remembers what somebody said, by the places that he has read: given a view of each state. */
export function memory(model: Model, look: (...views: readonly unknown[]) => number): Memory {
  const known = new Map<string, number>();
  /** Pairs: of which state, and which place of it. */
  let reads: readonly (readonly [state: number, place: number])[] = [];
  let places = model.places.length;
  return (...vectors) => {
    // With another place all is forgotten: what was seen may depend on its absence.
    if (places !== model.places.length) known.clear();
    places = model.places.length;
    let key = "";
    for (const [state, place] of reads) key += `${vectors[state]![place] ?? 0},`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const read = vectors.map((_, state) =>
      new Set(reads.flatMap(([of, place]) => of === state ? place : []))
    );
    const seen = look(
      ...vectors.map((vector, state) => model.view(vector, 0, (place) => read[state]!.add(place))),
    );
    const all = read.flatMap((places, state) => [...places].map((place) => [state, place] as const));
    if (all.length !== reads.length || known.size === mostKnown) known.clear();
    if (all.length === reads.length) known.set(key, seen);
    else reads = all;
    return seen;
  };
}
