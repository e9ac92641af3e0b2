/** Symmetry of plain specs: names of orbits, from what each action changes. */
import { type Growable, growable, reserve } from "../checker/growable.ts";
import type { Segment } from "../checker/layer.ts";
import { row, rowSize, type Successors, type Symmetry } from "../checker/model.ts";
import { encode } from "../checker/value.ts";
import type { Layout, Shape } from "./shape.ts";
import type { Learning } from "./spec_learning.ts";
import { addSums, mostSingle, type Sums, sumsOf } from "./spec_sums.ts";
import {
  addWords,
  closedUnder,
  renamed,
  type RenamedWords,
  renamedWords,
  type Renaming,
  renamingsOf,
  writeLeast,
} from "./symmetry.ts";

type Sets = readonly (readonly string[])[];

type Variables = Readonly<Record<string, unknown>>;

/** Names of orbits in the making. */
interface Naming {
  readonly l: Learning;
  readonly sets: Sets;
  readonly renamings: readonly Renaming[];
  /** By place. */
  readonly tables: RenamedWords[];
  /** By effect, and then by permutation: what it adds to names. */
  readonly differences: Growable;
  /** By permutation: the name of the state that is expanded. */
  readonly base: Int32Array;
  /** How to add it up, as records are written now: so many places, of which so many are in groups, after so many refits. */
  sums: Sums;
  known: number;
  grouped: number;
  refits: number;
}

/**
 * How a search knows the states of a spec by their orbits.
 *
 * @throws {SpecError} if there are too many permutations.
 */
export function specSymmetry(l: Learning, sets: Sets): Symmetry {
  const renamings = renamingsOf(sets);
  const base = new Int32Array(renamings.length * 2);
  const naming: Naming = {
    l,
    sets,
    renamings,
    tables: [],
    differences: growable(),
    base,
    sums: { groups: [], single: [] },
    known: 0,
    grouped: 0,
    refits: -1,
  };
  const zeros = new Int32Array(base.length);
  const key = new Int32Array(2);
  return {
    permutations: renamings.length,
    rename: (segment, at, out) => rename(naming, segment, at, out),
    keyOf(segment, at) {
      sumUp(naming, segment, at);
      writeLeast(base, zeros, 0, key, 0);
      return [key[0]!, key[1]!];
    },
  };
}

function rename(naming: Naming, segment: Segment, at: number, out: Successors): void {
  const { base, differences } = naming;
  if (out.keys.length < out.count * 2) out.keys = new Int32Array(out.count * 4);
  const { rows, keys, count } = out;
  sumUp(naming, segment, at);
  addDifferences(naming);
  for (let i = 0; i < count; i++) {
    writeLeast(base, differences.items, rows[i * rowSize + row.first]! * base.length, keys, i * 2);
  }
}

/** Adds up the names of a state, one for each permutation. */
function sumUp(naming: Naming, { words }: Segment, at: number): void {
  const { l: { records: { fields, known, refits }, layout }, tables, renamings, base } = naming;
  if (naming.known !== known || naming.refits !== refits) {
    if (tables.length < layout.places.length) addTables(naming, layout);
    if (naming.refits === refits && known - naming.grouped < mostSingle) {
      for (let place = naming.known; place < known; place++) naming.sums.single.push(place);
    } else {
      naming.sums = sumsOf(fields, known, renamings);
      naming.grouped = known;
    }
    naming.known = known;
    naming.refits = refits;
  }
  base.fill(0);
  addSums(naming.sums, tables, renamings, fields, words, at, base);
}

/** Sees to it that it is known what each effect adds to names. */
function addDifferences(naming: Naming): void {
  const { l: { effects: { starts, changes }, layout }, tables, renamings, differences, base } = naming;
  const count = starts.length - 1;
  if (differences.length === count * base.length) return;
  if (tables.length < layout.places.length) addTables(naming, layout);
  for (let effect = differences.length / base.length; effect < count; effect++) {
    const from = differences.length;
    reserve(differences, base.length);
    differences.items.fill(0, from, from + base.length);
    differences.length += base.length;
    for (let at = starts.items[effect]!; at < starts.items[effect + 1]!; at += 3) {
      const table = tables[changes.items[at]!]!;
      addWords(differences.items, from, table, renamings, changes.items[at + 1]!, -1);
      addWords(differences.items, from, table, renamings, changes.items[at + 2]!, 1);
    }
  }
}

/** Makes tables for places that are new: a permutation renames their names, too. */
function addTables({ sets, tables }: Naming, layout: Layout): void {
  const movable = movableAmong(sets, Object.keys(layout.root.fields));
  const visit = (shape: Shape, nameOf: (renaming: Renaming) => string): void => {
    switch (shape.type) {
      case "leaf": {
        const { values } = layout.places[shape.place]!;
        tables[shape.place] ??= renamedWords((value, renaming) =>
          `${nameOf(renaming)}=${encode(renamed(values[value], renaming))}`
        );
        return;
      }
      case "record":
        for (const [key, field] of Object.entries(shape.fields)) {
          visit(field, (renaming) => `${nameOf(renaming)}.${renaming.get(key) ?? key}`);
        }
        return;
      case "tuple":
        return shape.items.forEach((item, index) =>
          visit(item, (renaming) => `${nameOf(renaming)}[${index}]`)
        );
      case "set":
        for (const { place, element } of shape.members.values()) {
          const textOf = (renaming: Renaming) => encode(renamed(element, renaming));
          tables[place] ??= renamedWords((value, renaming) =>
            value === 0 ? null : `${nameOf(renaming)}{${textOf(renaming)}}=${encode(true)}`
          );
        }
    }
  };
  for (const [key, shape] of Object.entries(layout.root.fields)) {
    visit(shape, (renaming) => movable.has(key) ? renaming.get(key)! : key);
  }
}

/** The variables that a permutation renames: only where all of a set are variables. */
function movableAmong(sets: Sets, variables: readonly string[]): ReadonlySet<string> {
  return new Set(sets.filter((set) => set.every((name) => variables.includes(name))).flat());
}

/** A state in which everything is renamed. */
function renamedState(sets: Sets, state: Variables, renaming: Renaming): Variables {
  const movable = movableAmong(sets, Object.keys(state));
  return Object.fromEntries(
    Object.entries(state).map(([key, value]) => [
      movable.has(key) ? renaming.get(key) ?? key : key,
      renamed(value, renaming),
    ]),
  );
}

/**
 * What decides how states are taken apart, with all that permutations make of it: what may take each other's place
 * must be taken apart in the same way.
 */
export function symmetricShape(
  sets: Sets,
  states: readonly Variables[],
  whole: ReadonlySet<string>,
): { readonly states: readonly Variables[]; readonly whole: ReadonlySet<string> } {
  const movable = movableAmong(sets, Object.keys(states[0] ?? {}));
  const renamedPath = (path: string, renaming: Renaming) =>
    path.replace(
      /[^.[\]]+/g,
      (key, index) => index === 0 && !movable.has(key) ? key : renaming.get(key) ?? key,
    );
  return {
    states: closedUnder(sets, states, (state, renaming) => renamedState(sets, state, renaming), encode),
    whole: new Set(closedUnder(sets, [...whole], renamedPath, (path) => path)),
  };
}
