/** Enumerates what may happen in a state of a plain spec, and builds the states that it leads to, with integers. */
import { push } from "../checker/growable.ts";
import { type Fields, type Layer, nameSize, room, type Segment, valueAt } from "../checker/layer.ts";
import { look } from "../checker/lens.ts";
import { reserveRow, row, rowSize, type Successors } from "../checker/model.ts";
import { disabled, idle, sumNames, sumSeen } from "./spec_effects.ts";
import { type Group, keepUp, refresh } from "./spec_groups.ts";
import { forEachEffect, learn, type Learning } from "./spec_learning.ts";
import { isRoomy } from "./spec_records.ts";
import { childOf, follow, placeOf, type Trees } from "./spec_trees.ts";

/** The successors of a state. False if records must first be made larger. */
export function expand(l: Learning, segment: Segment, at: number, out: Successors): boolean {
  const { groups, trees, records, effects } = l;
  keepUp(groups, trees, records.fields, records.refits);
  for (;;) {
    if (l.layout.places.length > records.known || effects.refits !== records.refits || hasNews(l)) {
      if (!isRoomy(records)) return false;
      sumNames(effects, records);
    }
    refresh(groups, trees);
    out.count = out.same = 0;
    const unknown = enumerate(l, segment.words, at, out);
    if (unknown.length === 0) return true;
    // Learning may move what is being read: then begin again.
    for (const { transition, group } of unknown) {
      learn(l, transition, segment.words, at);
      group.table[look(group.lens, segment.words, at)] = 0;
    }
  }
}

/** Whether there are effects of which it is not known what they add. */
function hasNews({ effects: { starts, names } }: Learning): boolean {
  return names.length < (starts.length - 1) * 2;
}

/** An action of which it is not known what it does. */
interface Unknown {
  readonly transition: number;
  readonly group: Group;
}

const none: readonly Unknown[] = [];

/** Fills `out`. Returns the actions of which it is not known what they do: `out` lacks them. */
function enumerate(l: Learning, words: Int32Array, at: number, out: Successors): readonly Unknown[] {
  const { groups: { all, lists }, trees, records: { fields }, effects } = l;
  const low = words[at]!;
  const high = words[at + 1]!;
  const names = effects.names.items;
  let unknown: Unknown[] | null = null;
  for (let g = 0; g < all.length; g++) {
    const group = all[g]!;
    const known = group.table[look(group.lens, words, at)]!;
    const list = known === 0 ? makeList(l, group, words, at) : known;
    const { items } = lists;
    const end = items[list + 1]!;
    out.same += items[list]!;
    for (let i = list + 2; i < end; i += 2) {
      const item = items[i]!;
      if (item < 0) {
        const leaf = follow(trees, ~item, fields, words, at);
        if (leaf === 0) (unknown ??= []).push({ transition: items[i + 1]!, group });
        else addLeaf(l, items[i + 1]!, ~leaf, low, high, out);
        continue;
      }
      const end = out.count++ * rowSize;
      const rows = end < out.rows.length ? out.rows : reserveRow(out);
      rows[end] = low + names[item * 2]!;
      rows[end + row.high] = high + names[item * 2 + 1]!;
      rows[end + row.first] = item;
      rows[end + row.second] = items[i + 1]!;
    }
  }
  return unknown ?? none;
}

/** Adds a row for each effect of a leaf. */
function addLeaf(
  l: Learning,
  transition: number,
  leaf: number,
  low: number,
  high: number,
  out: Successors,
): void {
  if ((leaf & 1) === 0) return addRow(l, leaf >> 1, transition, low, high, out);
  forEachEffect(l, transition, leaf, (effect, outcome) => addRow(l, effect, outcome, low, high, out));
}

function addRow(
  { effects: { names } }: Learning,
  effect: number,
  outcome: number,
  low: number,
  high: number,
  out: Successors,
): void {
  if (effect === disabled) return;
  if (effect === idle) {
    out.same++;
    return;
  }
  const end = out.count++ * rowSize;
  const rows = end < out.rows.length ? out.rows : reserveRow(out);
  rows[end] = low + names.items[effect * 2]!;
  rows[end + row.high] = high + names.items[effect * 2 + 1]!;
  rows[end + row.first] = effect;
  rows[end + row.second] = outcome;
}

/** Makes the list of a group for what its lens shows of the record that begins at `at`. */
function makeList(l: Learning, group: Group, words: Int32Array, at: number): number {
  const { trees, records: { fields }, groups: { lists } } = l;
  const list = lists.length;
  push(lists, 0);
  push(lists, 0);
  for (const transition of group.transitions) {
    const node = followShown(trees, group, trees.roots[transition]!, fields, words, at);
    if (node >= 0) {
      push(lists, ~node);
      push(lists, transition);
      continue;
    }
    forEachEffect(l, transition, ~node, (effect, outcome) => {
      if (effect === idle) lists.items[list]!++;
      if (effect === idle || effect === disabled) return;
      push(lists, effect);
      push(lists, outcome);
    });
  }
  lists.items[list + 1] = lists.length;
  group.table[look(group.lens, words, at)] = list;
  return list;
}

/** Follows a tree as long as it asks for what the lens shows, and as it is known. */
function followShown(
  trees: Trees,
  { isShown }: Group,
  root: number,
  fields: Fields,
  words: Int32Array,
  at: number,
): number {
  let node = root;
  while (node > 0) {
    const place = placeOf(trees, node);
    if (isShown[place] !== 1) return node;
    const child = childOf(trees, node, valueAt(fields, words, at, place));
    if (child === 0) return node;
    node = child;
  }
  return node;
}

/** Appends the state that a row stands for. */
export function build(
  { records, effects }: Learning,
  { words }: Segment,
  from: number,
  { rows }: Successors,
  at: number,
  to: Layer,
): number {
  const { size } = records.fields;
  const target = room(to, size);
  const start = target.used;
  target.words[start] = rows[at]!;
  target.words[start + 1] = rows[at + row.high]!;
  if (!records.isName) {
    for (let word = nameSize; word < size; word++) target.words[start + word] = words[from + word]!;
    const effect = rows[at + row.first]!;
    const { items } = effects.deltas;
    const end = effects.deltaStarts.items[effect + 1]!;
    for (let delta = effects.deltaStarts.items[effect]!; delta < end; delta += 2) {
      target.words[start + items[delta]!]! += items[delta + 1]!;
    }
  }
  target.used += size;
  to.count++;
  return start;
}

/** What a row changes of the looks of all eyes. */
export function changeOf(l: Learning, { rows }: Successors, at: number, change: Int32Array): void {
  const effect = rows[at + row.first]!;
  const { seen, eyes } = l.effects;
  const size = eyes.length * 2;
  if (seen.length < (effect + 1) * size) sumSeen(l.effects, l.records);
  for (let i = 0; i < size; i++) change[i] = seen.items[effect * size + i]!;
}
