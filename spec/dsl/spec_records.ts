/**
 * How a state of a plain spec is written as a record: the value of each place in as few bits as there are values. If
 * all fit into 63 bits together, the state is its own name, and nothing is left to chance. Places that come later, for
 * elements of sets, take bits that are still free, where all records have a 0 already.
 */
import { maskOf } from "../checker/lens.ts";
import {
  type Fields,
  type Layer,
  nameSize,
  room,
  type Segment,
  setValue,
  valueAt,
} from "../checker/layer.ts";
import type { Refit } from "../checker/model.ts";
import type { Place } from "../checker/place.ts";

/** How states are written at present. */
export interface Records {
  readonly places: readonly Place<unknown>[];
  /** Whether a state may be its own name, if it fits. */
  mayBeName: boolean;
  /** Whether it is. */
  isName: boolean;
  readonly hasLenses: true;
  fields: Fields;
  /** How many places have a field. */
  known: number;
  /** By word of a record: how many of its bits are in use. */
  used: number[];
  /** How often records were written anew. */
  refits: number;
}

/** The high word of a state that is its own name has this bit, so that it is never 0. */
export const mark = 1 << 31;

/** Records for the places that there are. */
export function recordsOf(places: readonly Place<unknown>[]): Records {
  const fields = { words: empty(), shifts: empty(), masks: empty(), size: 0 };
  const records: Records = {
    places,
    mayBeName: true,
    isName: true,
    hasLenses: true,
    fields,
    known: 0,
    used: [],
    refits: 0,
  };
  arrange(records);
  return records;
}

function empty(): Int32Array {
  return new Int32Array(0);
}

/** Gives every place a field that is large enough for the values met so far. */
function arrange(records: Records): void {
  const needs = records.places.map(bitsFor);
  // Room to grow: in each field, unless it is for true and false, and for places that come later.
  const roomy = records.places.map(({ values }, place) =>
    values.every((value) => typeof value === "boolean") ? 1 : needs[place]! + 1
  );
  records.isName = records.mayBeName &&
    [roomy, needs].some((bits) => sum(bits) < 64 && place(records, bits, [0, 1], [32, 31]));
  if (records.isName) return;
  const words = Math.ceil(sum(roomy) / 32) + 2 + Math.ceil(needs.length / 64);
  place(records, roomy, Array.from({ length: words * 2 }, (_, word) => nameSize + word), [], words);
}

/** The bits that tell the values apart that a place has had so far. */
function bitsFor({ values }: Place<unknown>): number {
  return Math.max(1, 32 - Math.clz32(values.length - 1));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Puts fields into the first words that have room; false if there is none. */
function place(
  records: Records,
  needs: readonly number[],
  words: readonly number[],
  rooms: readonly number[],
  least = words.length,
): boolean {
  const used = words.map(() => 0);
  const positions = needs.map((bits) => {
    const word = used.findIndex((taken, index) => taken + bits <= (rooms[index] ?? 32));
    const shift = used[word] ?? 0;
    if (word >= 0) used[word]! += bits;
    return { word, shift, bits };
  });
  if (positions.some(({ word }) => word < 0)) return false;
  const count = Math.max(least, used.findLastIndex((taken) => taken > 0) + 1);
  records.fields = {
    words: Int32Array.from(positions, ({ word }) => words[word]!),
    shifts: Int32Array.from(positions, ({ shift }) => shift),
    masks: Int32Array.from(positions, ({ bits }) => maskOf(bits)),
    size: words[0]! + count,
  };
  records.used = used.slice(0, count);
  records.known = needs.length;
  return true;
}

/** Gives places that are new bits that are still free. False if records must be made larger first. */
export function isRoomy(records: Records): boolean {
  const { places } = records;
  for (let p = 0; p < records.known; p++) {
    if (places[p]!.values.length - 1 > (records.fields.masks[p]! >>> 0)) return false;
  }
  while (records.known < places.length) if (!addField(records)) return false;
  return true;
}

function addField(records: Records): boolean {
  const { fields, used, isName, known } = records;
  const bits = bitsFor(records.places[known]!);
  const word = used.findIndex((taken, index) => taken + bits <= (isName && index === 1 ? 31 : 32));
  if (word < 0) return false;
  const longer = (array: Int32Array, item: number) => Int32Array.from([...array, item]);
  records.fields = {
    words: longer(fields.words, (isName ? 0 : nameSize) + word),
    shifts: longer(fields.shifts, used[word]!),
    masks: longer(fields.masks, maskOf(bits)),
    size: fields.size,
  };
  used[word]! += bits;
  records.known++;
  return true;
}

/** Makes records larger. */
export function refit(records: Records): Refit {
  const { fields: old, known, isName: wasName } = records;
  arrange(records);
  records.refits++;
  const vector = new Int32Array(records.places.length);
  const scratch = new Int32Array(nameSize);
  function take(words: Int32Array, at: number): Int32Array {
    for (let p = 0; p < known; p++) vector[p] = valueAt(old, words, at, p);
    return vector;
  }
  function rename(low: number, high: number): readonly [low: number, high: number] {
    scratch[0] = low;
    scratch[1] = high;
    return nameOf(records, take(scratch, 0));
  }
  return {
    rename: wasName ? rename : null,
    convert(segment, at, to) {
      putRecord(records, take(segment.words, at), to);
      return at + old.size;
    },
  };
}

/** Appends the record of a state. */
export function putRecord(records: Records, vector: ArrayLike<number>, to: Layer): void {
  const { fields, isName } = records;
  const target = room(to, fields.size);
  const at = target.used;
  const [low, high] = nameOf(records, vector);
  target.words[at] = low;
  target.words[at + 1] = high;
  if (!isName) {
    target.words.fill(0, at + nameSize, at + fields.size);
    for (let p = 0; p < records.known; p++) setValue(fields, target.words, at, p, vector[p] ?? 0);
  }
  target.used += fields.size;
  to.count++;
}

/** The value of each place. */
export function takeRecord(
  { places, fields, known }: Records,
  { words }: Segment,
  at: number,
): readonly number[] {
  return Array.from(places, (_, p) => p < known ? valueAt(fields, words, at, p) : 0);
}

const name = new Int32Array(nameSize);

/** The name of a state. */
export function nameOf(records: Records, vector: ArrayLike<number>): readonly [low: number, high: number] {
  const { places, fields, known, isName } = records;
  if (isName) {
    name[0] = 0;
    name[1] = mark;
    for (let p = 0; p < known; p++) setValue(fields, name, 0, p, vector[p] ?? 0);
    return [name[0]!, name[1]!];
  }
  let [low, high] = [0, 0];
  for (let p = 0; p < known; p++) {
    const { items } = places[p]!.words;
    low += items[(vector[p] ?? 0) * 2]!;
    high += items[(vector[p] ?? 0) * 2 + 1]!;
  }
  return [low | 0, high | 0];
}
