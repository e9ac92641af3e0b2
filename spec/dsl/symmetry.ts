/**
 * Things that may take each other's place, such as servers: strings, which a permutation renames wherever they stand
 * alone, as a value, the key of an object, or an element. States that are the same but for such names are an orbit.
 */
import { type Growable, growable, push } from "../checker/growable.ts";
import { fingerprint } from "../checker/value.ts";
import type { Field } from "./fields.ts";
import { SpecError } from "./specification.ts";

/** What each string becomes; the others stay. */
export type Renaming = ReadonlyMap<string, string>;

/** The most permutations: 7 things have as many. */
const most = 5040;

/** Lists of interchangeable strings. */
export const setsOfStrings: Field = {
  expected: "lists of interchangeable strings, each string once",
  isRight: (value) =>
    Array.isArray(value) &&
    value.every((set) => Array.isArray(set) && set.every((name) => typeof name === "string")) &&
    new Set(value.flat()).size === value.flat().length,
};

/**
 * All that permutations of these sets do, the one that changes nothing first.
 *
 * @throws {SpecError} if there are too many.
 */
export function renamingsOf(sets: readonly (readonly string[])[]): readonly Renaming[] {
  const count = sets.reduce((product, set) => set.reduce((all, _, index) => all * (index + 1), product), 1);
  if (count > most) {
    throw new SpecError(
      `the declared symmetry has ${count} permutations, and ${most} are the most: ` +
        `declare fewer things as interchangeable, or leave symmetry out`,
    );
  }
  return sets.reduce<readonly Renaming[]>(
    (renamings, set) =>
      renamings.flatMap((renaming) =>
        permutations(set).map((order) =>
          new Map([...renaming, ...set.map((name, index) => [name, order[index]!] as const)])
        )
      ),
    [new Map()],
  );
}

function permutations(names: readonly string[]): readonly (readonly string[])[] {
  if (names.length === 0) return [[]];
  return names.flatMap((name) =>
    permutations(names.filter((other) => other !== name)).map((rest) => [name, ...rest])
  );
}

/** A value in which everything is renamed. */
export function renamed(value: unknown, renaming: Renaming): unknown {
  if (typeof value === "string") return renaming.get(value) ?? value;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => renamed(item, renaming));
  if (value instanceof Set) return new Set([...value].map((item) => renamed(item, renaming)));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [renaming.get(key) ?? key, renamed(item, renaming)]),
  );
}

/** Everything that permutations make of some things: by swaps of two neighbours, which lead to all of them. */
export function closedUnder<T>(
  sets: readonly (readonly string[])[],
  things: readonly T[],
  rename: (thing: T, renaming: Renaming) => T,
  textOf: (thing: T) => string,
): readonly T[] {
  const swaps = sets.flatMap((set) =>
    set.slice(1).map((name, index) => new Map([[name, set[index]!], [set[index]!, name]]))
  );
  const found = new Map(things.map((thing) => [textOf(thing), thing]));
  // What is added while it is gone through is gone through, too.
  for (const thing of found.values()) {
    for (const swap of swaps) {
      const other = rename(thing, swap);
      const text = textOf(other);
      if (!found.has(text)) found.set(text, other);
    }
  }
  return [...found.values()];
}

/** The words that the values of a place have under each permutation, computed when they are first asked for. */
export interface RenamedWords {
  /** By value and then by permutation: pairs [low, high]. */
  readonly words: Growable;
  /** What the word of a value derives from; null if it adds nothing to a name. */
  readonly textOf: (value: number, renaming: Renaming) => string | null;
}

/** The words of a place. */
export function renamedWords(textOf: RenamedWords["textOf"]): RenamedWords {
  return { words: growable(16), textOf };
}

/** Computes the words of all values up to this one. */
function extend({ words, textOf }: RenamedWords, renamings: readonly Renaming[], value: number): void {
  const size = renamings.length * 2;
  while (words.length <= value * size) {
    const next = words.length / size;
    for (const renaming of renamings) {
      const text = textOf(next, renaming);
      const [low, high] = text === null ? [0, 0] : fingerprint(text);
      push(words, low);
      push(words, high);
    }
  }
}

/** Adds the words of a value to sums, one for each permutation, or takes them away. */
export function addWords(
  sums: Int32Array,
  at: number,
  table: RenamedWords,
  renamings: readonly Renaming[],
  value: number,
  factor: 1 | -1,
): void {
  const size = renamings.length * 2;
  const from = value * size;
  if (from >= table.words.length) extend(table, renamings, value);
  const { items } = table.words;
  // What adds nothing under one permutation adds nothing under any.
  if ((items[from]! | items[from + 1]!) === 0) return;
  if (factor === 1) { for (let i = 0; i < size; i++) sums[at + i]! += items[from + i]!; }
  else for (let i = 0; i < size; i++) sums[at + i]! -= items[from + i]!;
}

/**
 * Writes the name of an orbit: the least of the names that a state has under all permutations, compared as a whole.
 * A name is the sum of `base` and what stands in `differences` from `from` on.
 */
export function writeLeast(
  base: Int32Array,
  differences: Int32Array,
  from: number,
  keys: Int32Array,
  at: number,
): void {
  let low = (base[0]! + differences[from]!) | 0;
  let high = (base[1]! + differences[from + 1]!) | 0;
  for (let i = 2; i < base.length; i += 2) {
    const other = (base[i]! + differences[from + i]!) | 0;
    if (other > low) continue;
    const otherHigh = (base[i + 1]! + differences[from + i + 1]!) | 0;
    if (other === low && otherHigh >= high) continue;
    low = other;
    high = otherHigh;
  }
  keys[at] = low;
  keys[at + 1] = high;
}
