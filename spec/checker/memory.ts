/** Looks at states, or at steps, only once at all that look the same. */
import type { Model } from "./model.ts";

/** What somebody wants to know: an integer, given the values of the places of one state, or of two. */
export type Memory = (...vectors: readonly ArrayLike<number>[]) => number;

/** Beyond so many states that all look different it is no use to remember them. */
const mostKnown = 1 << 16;

/** Remembers what somebody said, by the places that he has read: given a view of each state. */
export function memory(model: Model, look: (...views: readonly unknown[]) => number): Memory {
  const known = new Map<string, number>();
  /** For each state: the places of it that were read so far. */
  const read: Set<number>[] = [];
  let places = model.places.length;
  const countRead = () => read.reduce((sum, { size }) => sum + size, 0);
  return (...vectors) => {
    // With another place all is forgotten: what was seen may depend on its absence.
    if (places !== model.places.length) known.clear();
    places = model.places.length;
    while (read.length < vectors.length) read.push(new Set());
    let key = "";
    for (let state = 0; state < vectors.length; state++) {
      for (const place of read[state]!) key += `${vectors[state]![place] ?? 0},`;
    }
    const before = known.get(key);
    if (before !== undefined) return before;
    const count = countRead();
    const seen = look(
      ...vectors.map((vector, state) =>
        model.view(vector, 0, (place) => void read[state]!.add(place), read[state])
      ),
    );
    const hasReadMore = countRead() > count;
    if (hasReadMore || known.size === mostKnown) known.clear();
    if (!hasReadMore) known.set(key, seen);
    return seen;
  };
}
