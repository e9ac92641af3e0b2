/**
 * Sums of the words of a state's places, one for each permutation. Fields that stand together in a record are looked up
 * together, in tables of the sums of all that they hold: a state has many places, and most have few values.
 */
import type { Fields } from "../checker/layer.ts";
import { bitsOf } from "../checker/lens.ts";
import { addWords, type RenamedWords, type Renaming } from "./symmetry.ts";

/** Some places. */
interface Group {
  /** Their word of a record, by how much to shift it to the right, and the bits that are then theirs. */
  readonly word: number;
  readonly shift: number;
  readonly mask: number;
  readonly places: readonly number[];
  /** By these bits and then by permutation: their sums. */
  readonly sums: Int32Array;
  /** By these bits: 1 if their sums are known. */
  readonly known: Uint8Array;
}

/** All groups. */
export interface Sums {
  readonly groups: readonly Group[];
  /** Places that are in none: they have more values than a table is large, or came later. */
  readonly single: number[];
}

/** So many places may come later before groups are formed anew. */
export const mostSingle = 24;

/** The most integers of a table. */
const largest = 1 << 14;

/** Groups of the first `count` places. */
export function sumsOf(fields: Fields, count: number, renamings: readonly Renaming[]): Sums {
  const { words, shifts } = fields;
  const size = renamings.length * 2;
  const most = Math.floor(Math.log2(largest / size));
  const sorted = Array.from({ length: count }, (_, place) => place)
    .sort((a, b) => words[a]! - words[b]! || shifts[a]! - shifts[b]!);
  const gathered: number[][] = [];
  const single: number[] = [];
  for (const place of sorted) {
    if (bitsOf(fields, place) > most) {
      single.push(place);
      continue;
    }
    const last = gathered.at(-1);
    const [first = place] = last ?? [];
    const isNear = words[first] === words[place] &&
      shifts[place]! + bitsOf(fields, place) - shifts[first]! <= most;
    if (last !== undefined && isNear) last.push(place);
    else gathered.push([place]);
  }
  const groups = gathered.map((places): Group => {
    const [first, last] = [places[0]!, places.at(-1)!];
    const bits = shifts[last]! + bitsOf(fields, last) - shifts[first]!;
    return {
      word: words[first]!,
      shift: shifts[first]!,
      mask: (1 << bits) - 1,
      places,
      sums: new Int32Array(size << bits),
      known: new Uint8Array(1 << bits),
    };
  });
  return { groups, single };
}

/** Adds the words of all places of the record that begins at `at`. */
export function addSums(
  { groups, single }: Sums,
  tables: readonly RenamedWords[],
  renamings: readonly Renaming[],
  fields: Fields,
  words: Int32Array,
  at: number,
  base: Int32Array,
): void {
  const { length } = base;
  for (let g = 0; g < groups.length; g++) {
    const group = groups[g]!;
    const bits = (words[at + group.word]! >>> group.shift) & group.mask;
    const { sums, known } = group;
    if (known[bits] !== 1) fill(group, tables, renamings, fields, bits);
    const from = bits * length;
    for (let i = 0; i < length; i++) base[i]! += sums[from + i]!;
  }
  for (const place of single) {
    const value = (words[at + fields.words[place]!]! >>> fields.shifts[place]!) & fields.masks[place]!;
    addWords(base, 0, tables[place]!, renamings, value, 1);
  }
}

function fill(
  { shift, places, sums, known }: Group,
  tables: readonly RenamedWords[],
  renamings: readonly Renaming[],
  fields: Fields,
  bits: number,
): void {
  for (const place of places) {
    const value = (bits >>> (fields.shifts[place]! - shift)) & fields.masks[place]!;
    addWords(sums, bits * renamings.length * 2, tables[place]!, renamings, value, 1);
  }
  known[bits] = 1;
}
