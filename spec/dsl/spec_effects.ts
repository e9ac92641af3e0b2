/** What actions of a plain spec do to states: lists of changes, known by integers. */
import { type Growable, growable, push } from "../checker/growable.ts";
import type { Eye } from "../checker/eye.ts";
import type { Records } from "./spec_records.ts";

/** Effects: each a list of changes, and what they come to. */
export interface Effects {
  /** For each effect, where its changes begin; the next one's begin where they end. */
  readonly starts: Growable;
  /** Triples [place, value before, value after], in the order of places. */
  readonly changes: Growable;
  /** Pairs [low, high]: what they add to the name of a state. */
  readonly names: Growable;
  /** For each effect, where its pairs in `deltas` begin. */
  readonly deltaStarts: Growable;
  /** Pairs [word, what is added to it]. */
  readonly deltas: Growable;
  /** Pairs, for each effect one for each of `eyes`: what they add to its look. */
  readonly seen: Growable;
  /** Who looks at states. */
  eyes: readonly Eye[];
  /** How many times records had been written anew when `names` and `deltas` were last computed. */
  refits: number;
  readonly integers: Map<string, number>;
}

/** The effect of an action that can't happen, and that of one that changes nothing. */
export const disabled = 0, idle = 1;

/** The two effects without changes. */
export function effects(): Effects {
  const all: Effects = {
    starts: growable(),
    changes: growable(),
    names: growable(),
    deltaStarts: growable(),
    deltas: growable(),
    seen: growable(),
    eyes: [],
    refits: 0,
    integers: new Map([["", idle]]),
  };
  for (let i = 0; i < 3; i++) push(all.starts, 0);
  return all;
}

/** The effect of an action that found the values `first` in places, and left `after`. */
export function effectFor(
  effects: Effects,
  first: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): number {
  const changed = [...after].filter(([place, value]) => first.get(place) !== value).sort(([a], [b]) => a - b);
  const changes = changed.flatMap(([place, value]) => [place, first.get(place)!, value]);
  const text = changes.join();
  const known = effects.integers.get(text);
  if (known !== undefined) return known;
  for (const item of changes) push(effects.changes, item);
  push(effects.starts, effects.changes.length);
  const integer = effects.starts.length - 2;
  effects.integers.set(text, integer);
  return integer;
}

/** Sees to it that it is known what every effect adds to names and words, as records are written now. */
export function sumNames(effects: Effects, records: Records): void {
  if (effects.refits !== records.refits) {
    effects.names.length = effects.deltaStarts.length = effects.deltas.length = 0;
    effects.refits = records.refits;
  }
  if (effects.deltaStarts.length === 0) push(effects.deltaStarts, 0);
  const count = effects.starts.length - 1;
  for (let effect = effects.names.length / 2; effect < count; effect++) addDeltas(effects, records, effect);
}

/** Sees to it that it is known what every effect adds to looks. */
export function sumSeen(effects: Effects, records: Records): void {
  const count = effects.starts.length - 1;
  const known = effects.eyes.length === 0 ? count : effects.seen.length / (2 * effects.eyes.length);
  for (let effect = known; effect < count; effect++) {
    for (const eye of effects.eyes) addSeen(effects, eye, records, effect);
  }
}

function addDeltas(
  { starts, changes, names, deltaStarts, deltas }: Effects,
  records: Records,
  effect: number,
) {
  const { fields, isName, places } = records;
  const byWord = new Map<number, number>();
  let [low, high] = [0, 0];
  for (let at = starts.items[effect]!; at < starts.items[effect + 1]!; at += 3) {
    const [place, before, after] = changes.items.subarray(at, at + 3);
    const word = fields.words[place!]!;
    const delta = (after! << fields.shifts[place!]!) - (before! << fields.shifts[place!]!);
    byWord.set(word, ((byWord.get(word) ?? 0) + delta) | 0);
    const { items } = places[place!]!.words;
    low += items[after! * 2]! - items[before! * 2]!;
    high += items[after! * 2 + 1]! - items[before! * 2 + 1]!;
  }
  push(names, isName ? byWord.get(0) ?? 0 : low);
  push(names, isName ? byWord.get(1) ?? 0 : high);
  for (const [word, delta] of byWord) {
    push(deltas, word);
    push(deltas, delta);
  }
  push(deltaStarts, deltas.length);
}

function addSeen({ starts, changes, seen }: Effects, eye: Eye, { places }: Records, effect: number): void {
  let [low, high] = [0, 0];
  for (let at = starts.items[effect]!; at < starts.items[effect + 1]!; at += 3) {
    const [place, before, after] = changes.items.subarray(at, at + 3);
    if (eye.isWatched[place!] !== 1) continue;
    if (eye.lens !== null) {
      low += (after! - before!) << eye.lens.shifts.get(place!)!;
      continue;
    }
    const { items } = places[place!]!.observedWords;
    low += items[after! * 2]! - items[before! * 2]!;
    high += items[after! * 2 + 1]! - items[before! * 2 + 1]!;
  }
  push(seen, low);
  push(seen, high);
}

/** From now on these look at states. */
export function watch(effects: Effects, eyes: readonly Eye[]): void {
  effects.eyes = eyes;
  effects.seen.length = 0;
}
