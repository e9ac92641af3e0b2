/** A look at some places of a record: the bits of their values, put together to one integer. */
import type { Fields } from "./layer.ts";

/** Which bits to put together. */
export interface Lens {
  /** Quadruples [word, shift, mask, shift in the result]; fields that stand together are one. */
  readonly runs: Int32Array;
  /** How many bits there are. A lens of more than 31 can't be looked through. */
  readonly bits: number;
  /** By place: by how much its value is shifted in the result; only of those that it shows. */
  readonly shifts: ReadonlyMap<number, number>;
}

/** How many bits a place takes in a record. */
export function bitsOf({ masks }: Fields, place: number): number {
  return 32 - Math.clz32(masks[place]!);
}

/** A lens for these places. */
export function lens(fields: Fields, places: Iterable<number>): Lens {
  const { words, shifts } = fields;
  const shown = new Map<number, number>();
  const sorted = [...places].sort((a, b) => words[a]! - words[b]! || shifts[a]! - shifts[b]!);
  const runs: number[] = [];
  let bits = 0;
  let [word, end] = [-1, 0];
  for (const place of sorted) {
    const own = bitsOf(fields, place);
    shown.set(place, bits);
    if (words[place] === word && shifts[place] === end) {
      runs[runs.length - 2]! |= maskOf(own) << (bits - runs.at(-1)!);
    } else runs.push(words[place]!, shifts[place]!, maskOf(own), bits);
    [word, end] = [words[place]!, shifts[place]! + own];
    bits += own;
  }
  return { runs: Int32Array.from(runs), bits, shifts: shown };
}

/** So many low bits. */
export function maskOf(bits: number): number {
  return bits >= 32 ? -1 : (1 << bits) - 1;
}

/** The bits of the record that begins at `at`. */
export function look({ runs }: Lens, words: Int32Array, at: number): number {
  let result = 0;
  for (let i = 0; i < runs.length; i += 4) {
    result |= ((words[at + runs[i]!]! >>> runs[i + 1]!) & runs[i + 2]!) << runs[i + 3]!;
  }
  return result;
}
