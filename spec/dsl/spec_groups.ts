/**
 * Actions that look at the same few bits first, together in one table: a look at these bits tells which of them can't
 * happen, what others do, and from where on to follow the trees of the rest.
 */
import { type Growable, growable, push } from "../checker/growable.ts";
import { bitsOf, type Lens, lens } from "../checker/lens.ts";
import type { Fields } from "../checker/layer.ts";
import { childOf, placeOf, type Trees } from "./spec_trees.ts";

/** Actions with a table. */
export interface Group {
  readonly transitions: readonly number[];
  readonly lens: Lens;
  /** By place: 1 if the lens shows it. */
  readonly isShown: Uint8Array;
  /** By what the lens shows: the beginning of a list in `Groups.lists`; 0 if unknown. */
  readonly table: Int32Array;
}

/** All groups. */
export interface Groups {
  all: readonly Group[];
  /**
   * Lists: how many actions leave the state as it is; where the list ends; and pairs [item, outcome]. An item is an
   * effect, or the complement of the node from which on to follow a tree.
   */
  readonly lists: Growable;
  /** How many states were expanded, and after how many the groups are formed anew. */
  expanded: number;
  patience: number;
  /** What the tables rest on. */
  moves: number;
  refits: number;
}

/** The most bits of a lens, and of a place that it shows. */
const mostBits = 13, mostPlaceBits = 6;

/** No tables: every tree is followed from its root. */
export function groups(fields: Fields, transitions: number): Groups {
  const everything = Array.from({ length: transitions }, (_, transition) => transition);
  return {
    all: [groupOf(fields, everything, [])],
    lists: emptyLists(growable()),
    expanded: 0,
    patience: 128,
    moves: 0,
    refits: 0,
  };
}

function emptyLists(lists: Growable): Growable {
  lists.length = 0;
  push(lists, 0);
  return lists;
}

function groupOf(fields: Fields, transitions: readonly number[], places: readonly number[]): Group {
  const isShown = new Uint8Array(fields.words.length);
  for (const place of places) isShown[place] = 1;
  const through = lens(fields, places);
  return { transitions, lens: through, isShown, table: new Int32Array(1 << through.bits) };
}

/** Forms groups by what the trees know by now, now and then, and whenever records are written anew. */
export function keepUp(groups: Groups, trees: Trees, fields: Fields, refits: number): void {
  groups.expanded++;
  if (groups.refits === refits && groups.expanded <= groups.patience) return;
  if (groups.refits === refits) groups.patience *= 16;
  groups.refits = refits;
  groups.all = form(trees, fields);
  forgetAll(groups);
}

/** Forgets lists that rest on nodes which have moved. */
export function refresh(groups: Groups, trees: Trees): void {
  if (groups.moves === trees.moves && groups.lists.length < 1 << 22) return;
  groups.moves = trees.moves;
  forgetAll(groups);
}

function forgetAll(groups: Groups): void {
  for (const { table } of groups.all) table.fill(0);
  emptyLists(groups.lists);
}

/** Forgets what is in the table of the group of this action. */
export function forget(groups: Groups, transition: number): void {
  groups.all.find(({ transitions }) => transitions.includes(transition))?.table.fill(0);
}

/** Puts each action where the fewest bits must be added for it. */
function form(trees: Trees, fields: Fields): readonly Group[] {
  const formed: { transitions: number[]; places: Set<number>; bits: number }[] = [];
  for (let transition = 0; transition < trees.roots.length; transition++) {
    const places = firstPlaces(trees, fields, trees.roots[transition]!);
    const costs = formed.map((group) =>
      bitsTogether(fields, places.filter((place) => !group.places.has(place)))
    );
    const fitting = formed.flatMap((group, index) => group.bits + costs[index]! <= mostBits ? [index] : []);
    const best = fitting.toSorted((a, b) => costs[a]! - costs[b]! || a - b)[0];
    if (best === undefined) {
      formed.push({
        transitions: [transition],
        places: new Set(places),
        bits: bitsTogether(fields, places),
      });
      continue;
    }
    const group = formed[best]!;
    group.transitions.push(transition);
    for (const place of places) group.places.add(place);
    group.bits += costs[best]!;
  }
  return formed.map(({ transitions, places }) => groupOf(fields, transitions, [...places]));
}

function bitsTogether(fields: Fields, places: readonly number[]): number {
  return places.reduce((bits, place) => bits + bitsOf(fields, place), 0);
}

/** How many nodes of a tree to look at. */
const mostNodes = 1 << 12;

/** The small places that a tree asks for first, level by level, as far as they fit into a lens. */
function firstPlaces(trees: Trees, fields: Fields, root: number): readonly number[] {
  const places = new Set<number>();
  let bits = 0;
  let level = [root];
  for (let seen = 0; level.length > 0 && seen < mostNodes; seen += level.length) {
    const next: number[] = [];
    for (const node of level.filter((child) => child > 0)) {
      const place = placeOf(trees, node);
      const own = place < fields.words.length ? bitsOf(fields, place) : 32;
      if (!places.has(place) && (own > mostPlaceBits || bits + own > mostBits)) continue;
      if (!places.has(place)) bits += own;
      places.add(place);
      for (let value = 0; value < 1 << own; value++) {
        const child = value < trees.rooms.items[place]! ? childOf(trees, node, value) : 0;
        if (child > 0) next.push(child);
      }
    }
    level = next;
  }
  return [...places];
}
