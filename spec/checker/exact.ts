/**
 * A set of lists of integers that never mistakes one for another, for who would rather wait than trust a fingerprint.
 * A list is stored as a tree: its items in pairs, the pairs in pairs, and so on, each distinct pair once and known by
 * an integer. States share most of their parts, so few pairs are new but at the root.
 */
import { get, type PairMap, pairMap, put } from "./pair_map.ts";

/** The set. */
export interface ExactSet {
  /** By level and position in it, the pairs met there. The last level has one position: the roots. */
  levels: PairMap[][];
  /** The tails of lists: from the integer of what comes before, plus 1, and the next item, to the integer of both. */
  readonly tails: PairMap;
  /** How many lists the set holds. */
  count: number;
  /** Where the integers of one level are combined to those of the next. */
  work: Int32Array;
}

/** An empty set. */
export function exactSet(): ExactSet {
  return { levels: [], tails: pairMap(), count: 0, work: new Int32Array(16) };
}

/**
 * Adds a list: `length` items from `at` on, of which there may be more than in the lists before, as if these ended in
 * zeros, and a tail of any length. False if the set holds it already.
 */
export function addExactly(
  set: ExactSet,
  items: Int32Array,
  at: number,
  length: number,
  tail: ArrayLike<number>,
  from: number,
  to: number,
): boolean {
  fit(set, length + 1);
  const { work, levels } = set;
  work.fill(0);
  work[0] = tailOf(set, tail, from, to);
  for (let i = 0; i < length; i++) work[i + 1] = items[at + i]!;
  let width = work.length;
  for (const [level, positions] of levels.entries()) {
    const isRoot = level === levels.length - 1;
    width /= 2;
    for (let position = 0; position < width; position++) {
      const map = positions[position]!;
      const a = work[position * 2]!;
      const b = work[position * 2 + 1]!;
      const known = get(map, a, b);
      if (known >= 0 && isRoot) return false;
      if (known < 0) put(map, a, b, map.count);
      work[position] = known < 0 ? map.count - 1 : known;
    }
  }
  set.count++;
  return true;
}

/** How many bytes the set takes. */
export function bytesOf({ levels, tails }: ExactSet): number {
  return levels.flat().reduce((bytes, { slots }) => bytes + slots.byteLength, tails.slots.byteLength);
}

/** Makes the trees high enough. A list that was added before is the left half of one that ends in zeros. */
function fit(set: ExactSet, length: number): void {
  while (set.levels.length === 0 || set.work.length < length) {
    const isFirst = set.levels.length === 0;
    const width = isFirst ? Math.max(16, 2 ** Math.ceil(Math.log2(length))) : set.work.length * 2;
    const old = set.levels;
    set.work = new Int32Array(width);
    set.levels = [];
    for (let positions = width / 2; positions >= 1; positions /= 2) {
      const level = set.levels.length;
      const before = old[level] ?? [];
      set.levels.push(Array.from({ length: positions }, (_, position) => before[position] ?? pairMap(16)));
    }
    if (!isFirst) raise(set, old.at(-1)?.[0]?.count ?? 0);
  }
}

/** Gives the roots of before, all of them left halves, a root above them. */
function raise({ levels }: ExactSet, roots: number): void {
  // The right half is all zeros: the integer of that is 0 at every level, as it is the first pair there.
  for (const positions of levels.slice(0, -1)) {
    for (const map of positions.slice(positions.length / 2)) {
      if (get(map, 0, 0) < 0) put(map, 0, 0, map.count);
    }
  }
  const top = levels.at(-1)?.[0];
  if (top === undefined) return;
  for (let root = 0; root < roots; root++) put(top, root, 0, top.count);
}

function tailOf({ tails }: ExactSet, tail: ArrayLike<number>, from: number, to: number): number {
  let integer = 0;
  for (let i = from; i < to; i++) {
    const known = get(tails, integer, tail[i]!);
    if (known < 0) put(tails, integer, tail[i]!, tails.count + 1);
    integer = known < 0 ? tails.count : known;
  }
  return integer;
}
