/**
 * How a state of a cluster is written as a record: its name, its places in half a word each, how many messages are in
 * flight, and these, in half a word each. When some integer needs more than 16 bits, all take a word each.
 */
import {
  type Fields,
  type Layer,
  nameSize,
  room,
  type Segment,
  setValue,
  valueAt,
} from "../checker/layer.ts";
import type { Refit, State } from "../checker/model.ts";
import type { Place } from "../checker/place.ts";
import type { Learning } from "./cluster_learning.ts";

/** How states are written at present. */
export interface Records {
  /** The places of a state, in order. */
  readonly places: readonly Place<unknown>[];
  readonly messages: Place<unknown>;
  isWide: boolean;
  fields: Fields;
  /** A state's name is a sum of words. */
  readonly isName: false;
  readonly hasLenses: false;
  /** The integers of a state's places. What it returned before is overwritten. */
  vectorOf(segment: Segment, at: number): Int32Array;
  /** How many words a record takes. */
  sizeOf(segment: Segment, at: number): number;
}

/** Beyond so many values of a place, or messages, records are made wide: one state adds but a few. */
const most = (1 << 16) - (1 << 12);

/** Records of half words. */
export function recordsOf(places: readonly Place<unknown>[], messages: Place<unknown>): Records {
  const vector = new Int32Array(places.length);
  const records: Records = {
    places,
    messages,
    isWide: false,
    isName: false,
    hasLenses: false,
    fields: fieldsOf(places.length, false),
    vectorOf(segment, at) {
      for (let p = 0; p < places.length; p++) vector[p] = valueAt(records.fields, segment.words, at, p);
      return vector;
    },
    sizeOf(segment, at) {
      const { isWide, fields: { size } } = records;
      return sizeFor(records, isWide ? segment.words[at + size]! : segment.halves[(at + size) * 2]!);
    },
  };
  return records;
}

function fieldsOf(places: number, isWide: boolean): Fields {
  const all = Array.from({ length: places }, (_, place) => place);
  return {
    words: Int32Array.from(all, (place) => nameSize + (isWide ? place : place >> 1)),
    shifts: Int32Array.from(all, (place) => isWide ? 0 : (place & 1) * 16),
    masks: Int32Array.from(all, () => isWide ? -1 : 0xffff),
    size: nameSize + (isWide ? places : places + 1 >> 1),
  };
}

/** How many words a record takes with so many messages in its bag. */
function sizeFor({ isWide, fields: { size } }: Pick<Records, "isWide" | "fields">, count: number): number {
  return size + (isWide ? 1 + count : count + 2 >> 1);
}

/** Whether records must be made wide before one more state is expanded. */
export function isTight({ records: { isWide, places, messages } }: Learning): boolean {
  if (isWide) return false;
  if (messages.values.length > most) return true;
  for (let p = 0; p < places.length; p++) if (places[p]!.values.length > most) return true;
  return false;
}

/** Makes records wide. */
export function widen(records: Records): Refit {
  const narrow = { places: records.places, isWide: records.isWide, fields: records.fields };
  records.isWide = true;
  records.fields = fieldsOf(records.places.length, true);
  return {
    rename: null,
    convert(segment, at, to) {
      const vector = narrow.places.map((_, place) => valueAt(narrow.fields, segment.words, at, place));
      const bag = bagOf(narrow, segment, at);
      putRecord(records, vector, bag, segment.words[at]!, segment.words[at + 1]!, to);
      return at + sizeFor(narrow, bag.length);
    },
  };
}

/** The messages in flight, ascending. */
export function bagOf(
  { isWide, fields: { size } }: Pick<Records, "isWide" | "fields">,
  segment: Segment,
  at: number,
): readonly number[] {
  const items = isWide ? segment.words : segment.halves;
  const head = isWide ? at + size : (at + size) * 2;
  return [...items.subarray(head + 1, head + 1 + items[head]!)];
}

/** Appends the record of a state with this name. */
export function putRecord(
  { isWide, fields }: Records,
  vector: readonly number[],
  bag: readonly number[],
  low: number,
  high: number,
  to: Layer,
): void {
  const target = room(to, fields.size + 1 + bag.length);
  const at = target.used;
  target.words[at] = low;
  target.words[at + 1] = high;
  target.words.fill(0, at + nameSize, at + fields.size);
  vector.forEach((value, place) => setValue(fields, target.words, at, place, value));
  const items = isWide ? target.words : target.halves;
  const head = isWide ? at + fields.size : (at + fields.size) * 2;
  items[head] = bag.length;
  bag.forEach((message, position) => items[head + 1 + position] = message);
  target.used = isWide ? head + 1 + bag.length : head + 2 + bag.length >> 1;
  to.count++;
}

/** The state whose record begins at `at`. */
export function takeRecord(records: Records, segment: Segment, at: number): State {
  return { vector: [...records.vectorOf(segment, at)], bag: bagOf(records, segment, at) };
}

/** The name of a state: the sum of the words of its parts. */
export function nameOf(
  { places, messages }: Records,
  { vector, bag }: State,
): readonly [low: number, high: number] {
  let [low, high] = [0, 0];
  const take = ({ words }: Place<unknown>, value: number) => {
    low += words.items[value * 2]!;
    high += words.items[value * 2 + 1]!;
  };
  vector.forEach((value, place) => take(places[place]!, value));
  for (const message of bag) take(messages, message);
  return [low | 0, high | 0];
}
