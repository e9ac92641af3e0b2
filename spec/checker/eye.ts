/**
 * What somebody looks at in a state, and which looks are known already. Two states that look the same need be judged
 * only once: of millions of states a property sees a few hundred.
 */
import { addExactly, type ExactSet, exactSet } from "./exact.ts";
import { type Fields, valueAt } from "./layer.ts";
import { type Lens, lens, look } from "./lens.ts";
import type { Written } from "./model.ts";
import type { Place } from "./place.ts";
import { add, has, type Table, table } from "./table.ts";

/** Some places, and the looks that are known. */
export interface Eye {
  /** The places. */
  readonly places: Int32Array;
  /** By place: 1 if it is one of them. */
  readonly isWatched: Uint8Array;
  /** Through it the look is a small integer; null if it would be too large: then a look is a sum of words. */
  readonly lens: Lens | null;
  /** By the small integer, a bit: whether it is known. */
  readonly bits: Int32Array;
  /** The sums that are known. */
  readonly sums: Table;
  /** The values themselves, for who is exact. */
  readonly values: ExactSet | null;
  /** How often it was asked whether a look is known. */
  asked: number;
}

/** The most bits of a lens: more than these are kept as sums. */
const mostBits = 24;

/** Looks at these places. */
export function eye(
  { fields, hasLenses }: Written,
  places: readonly number[],
  isExact: boolean,
): Eye {
  const isWatched = new Uint8Array(Math.max(0, ...places) + 1);
  for (const place of places) isWatched[place] = 1;
  const through = lens(fields, places);
  const isSmall = hasLenses && through.bits <= mostBits;
  return {
    places: Int32Array.from(places),
    isWatched,
    lens: isSmall ? through : null,
    bits: new Int32Array(isSmall ? Math.ceil(2 ** through.bits / 32) : 0),
    sums: table(1 << 8),
    values: isExact && !isSmall ? exactSet() : null,
    asked: 0,
  };
}

/** Writes the look of the record that begins at `from` into two integers. */
export function lookThrough(
  eye: Eye,
  places: readonly Place<unknown>[],
  fields: Fields,
  words: Int32Array,
  from: number,
  out: Int32Array,
  at: number,
): void {
  if (eye.lens !== null) {
    out[at] = look(eye.lens, words, from);
    out[at + 1] = 0;
    return;
  }
  let low = 0;
  let high = 0;
  for (let i = 0; i < eye.places.length; i++) {
    const place = eye.places[i]!;
    const value = valueAt(fields, words, from, place) * 2;
    const { items } = places[place]!.observedWords;
    low += items[value]!;
    high += items[value + 1]!;
  }
  out[at] = low;
  out[at + 1] = high;
}

/** Beyond so many looks that are nearly all different, to look them up costs more than it saves. */
const patience = 1 << 16;

/** Whether a look is new. Then it is known from now on. */
export function isNewLook(eye: Eye, low: number, high: number): boolean {
  if (eye.lens !== null) {
    const bit = 1 << (low & 31);
    if ((eye.bits[low >>> 5]! & bit) !== 0) return false;
    eye.bits[low >>> 5]! |= bit;
    return true;
  }
  const { sums } = eye;
  eye.asked++;
  if (sums.count > patience && sums.count * 4 > eye.asked * 3) return true;
  return add(sums, low, high);
}

/** Whether a look is known. */
export function isKnownLook({ lens, bits, sums }: Eye, low: number, high: number): boolean {
  return lens === null ? has(sums, low, high) : (bits[low >>> 5]! & (1 << (low & 31))) !== 0;
}

/** `isNewLook` for who compares values themselves. */
export function isNewList(known: ExactSet, list: readonly number[]): boolean {
  return addExactly(known, Int32Array.from(list), 0, list.length, [], 0, 0);
}
