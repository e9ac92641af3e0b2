/** Which steps the action constraint lets a search take. */
import { clear, type Layer, layer, type Segment, valueAt } from "./layer.ts";
import { type Memory, memory } from "./memory.ts";
import { type Model, row, rowSize, type Successors } from "./model.ts";

/** Which successors of the state that is expanded may be reached by its steps. */
export interface Allowance {
  readonly isAllowed: Memory;
  /** By row: 1 if its step is cut off. */
  isCut: Uint8Array;
  /** The rows that are left, and how many. */
  rows: Int32Array;
  count: number;
  readonly scratch: Layer;
  /** Where states are taken apart. */
  before: Int32Array;
  after: Int32Array;
}

/** What a model allows; null if it allows everything. */
export function allowanceOf(model: Model): Allowance | null {
  const { actionConstraint } = model;
  if (actionConstraint === undefined) return null;
  return {
    isAllowed: memory(model, (before, after) => actionConstraint(before, after) ? 1 : 0),
    isCut: new Uint8Array(64),
    rows: new Int32Array(64),
    count: 0,
    scratch: layer(),
    before: new Int32Array(0),
    after: new Int32Array(0),
  };
}

/** Looks at all steps from the state whose record begins at `at`. Returns how many of them are cut off. */
export function allow(
  allowance: Allowance,
  model: Model,
  segment: Segment,
  at: number,
  out: Successors,
): number {
  const { isAllowed, scratch } = allowance;
  if (allowance.isCut.length < out.count) {
    allowance.isCut = new Uint8Array(out.count * 2);
    allowance.rows = new Int32Array(out.count * 2);
  }
  if (allowance.before.length < model.places.length) {
    allowance.before = new Int32Array(model.places.length * 2);
    allowance.after = new Int32Array(model.places.length * 2);
  }
  const { before, after, isCut, rows } = allowance;
  takeApart(model, segment, at, before);
  allowance.count = 0;
  const [low, high] = [segment.words[at]!, segment.words[at + 1]!];
  for (let i = 0; i < out.count; i++) {
    const from = i * rowSize;
    // A step that changes nothing is none.
    const stays = out.rows[from] === low && out.rows[from + row.high] === high;
    if (!stays) {
      clear(scratch);
      const builtAt = model.build(segment, at, out, from, scratch);
      takeApart(model, scratch.segments.at(-1)!, builtAt, after);
    }
    isCut[i] = stays ? 0 : 1 - isAllowed(before, after);
    if (isCut[i] === 0) rows[allowance.count++] = i;
  }
  return out.count - allowance.count;
}

/** The values of the places of the record that begins at `at`. */
export function takeApart(model: Model, { words }: Segment, at: number, vector: Int32Array): void {
  const { places, records: { fields } } = model;
  for (let p = 0; p < places.length; p++) vector[p] = valueAt(fields, words, at, p);
}

/** Moves the names of the rows that are left, which begin in every `size`-th integer, to the beginning of `out.keys`. */
export function gatherNames(
  { rows, count }: Allowance,
  names: Int32Array,
  size: number,
  out: Successors,
): void {
  if (out.keys.length < out.count * 2) out.keys = new Int32Array(out.count * 4);
  for (let i = 0; i < count; i++) {
    const from = rows[i]! * size;
    out.keys[i * 2] = names[from]!;
    out.keys[i * 2 + 1] = names[from + 1]!;
  }
}
