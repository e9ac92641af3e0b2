/** Decision trees in flat arrays: what an action does, by the values of the places that it reads. */
import { type Growable, growable, push, reserve } from "../checker/growable.ts";
import { type Fields, valueAt } from "../checker/layer.ts";
import { get, type PairMap, pairMap, put } from "../checker/pair_map.ts";
import type { Place } from "../checker/place.ts";

/**
 * Decision trees. A node asks for the value of a place: `[place, child of value 0, child of value 1, ...]`, with room
 * for as many children as `rooms` says of the place. A child is 0 while unknown, a node (its position) if positive, a
 * leaf (its complement) if negative. Where a place has too many values for that, the node is `[~place]`, and its
 * children are in `wide`, by node and value.
 */
export interface Trees {
  nodes: Growable;
  wide: PairMap;
  /** By place: for how many values its nodes have room. A power of two. */
  readonly rooms: Growable;
  /** The root of each tree, read like a child. */
  readonly roots: Int32Array;
  /** How often nodes have moved: who remembers one must forget it. */
  moves: number;
}

/** The most values of a place for which its nodes keep their children in place. */
const mostInPlace = 64;

/** So many trees, of which nothing is known. */
export function trees(count: number): Trees {
  return { nodes: noNodes(), wide: pairMap(), rooms: growable(), roots: new Int32Array(count), moves: 0 };
}

/** Position 0 stands for what is unknown, so no node is there. */
function noNodes(): Growable {
  const nodes = growable();
  push(nodes, 0);
  return nodes;
}

/** Follows a tree from a node as far as it is known: a leaf, as its complement, or 0. */
export function follow(
  { nodes, wide }: Trees,
  from: number,
  fields: Fields,
  words: Int32Array,
  at: number,
): number {
  const { items } = nodes;
  let node = from;
  while (node > 0) {
    const place = items[node]!;
    node = place >= 0
      ? items[node + 1 + valueAt(fields, words, at, place)]!
      : wideChild(wide, node, valueAt(fields, words, at, ~place));
  }
  return node;
}

/** Which place a node asks for. */
export function placeOf({ nodes }: Trees, node: number): number {
  const place = nodes.items[node]!;
  return place < 0 ? ~place : place;
}

/** The child of a node for a value of its place. */
export function childOf({ nodes, wide }: Trees, node: number, value: number): number {
  return nodes.items[node]! < 0 ? wideChild(wide, node, value) : nodes.items[node + 1 + value]!;
}

function wideChild(wide: PairMap, node: number, value: number): number {
  const known = get(wide, node, value);
  return known < 0 ? 0 : (known & 1) === 1 ? ~(known >> 1) : known >> 1;
}

/** Children in `wide` are stored as twice the node, or twice the leaf and 1: a free slot is negative. */
function setChild({ nodes, wide }: Trees, node: number, value: number, child: number): void {
  if (nodes.items[node]! >= 0) nodes.items[node + 1 + value] = child;
  else put(wide, node, value, child < 0 ? (~child << 1) | 1 : child << 1);
}

/**
 * Grows a tree by the path of an action through its readings, in order. False if the tree has another path there: the
 * action didn't read what it had read before, though it found the same values.
 */
export function grow(
  trees: Trees,
  tree: number,
  reads: readonly number[],
  values: ReadonlyMap<number, number>,
  leaf: number,
): boolean {
  let node = trees.roots[tree]!;
  let attach = (child: number): void => void (trees.roots[tree] = child);
  for (const place of reads) {
    if (node === 0) {
      node = newNode(trees, place);
      attach(node);
    }
    if (node < 0 || placeOf(trees, node) !== place) return false;
    const at = node;
    const value = values.get(place)!;
    attach = (child) => setChild(trees, at, value, child);
    node = childOf(trees, at, value);
  }
  if (node !== 0) return false;
  attach(~leaf);
  return true;
}

function newNode({ nodes, rooms }: Trees, place: number): number {
  const node = nodes.length;
  const room = rooms.items[place]!;
  const size = room > mostInPlace ? 1 : 1 + room;
  reserve(nodes, size);
  nodes.items.fill(0, node, node + size);
  nodes.items[node] = room > mostInPlace ? ~place : place;
  nodes.length += size;
  return node;
}

/** Sees to it that every node has room for all values of its place: if need be, by making all trees anew. */
export function makeRoom(trees: Trees, places: readonly Place<unknown>[]): void {
  const { rooms } = trees;
  while (rooms.length < places.length) push(rooms, 2);
  const tight = places.flatMap(({ values }, place) => {
    const room = rooms.items[place]!;
    return room <= mostInPlace && values.length > room ? [place] : [];
  });
  if (tight.length === 0) return;
  const old: OldTrees = { nodes: trees.nodes, wide: trees.wide, rooms: rooms.items.slice() };
  for (const place of tight) {
    while (rooms.items[place]! < places[place]!.values.length) rooms.items[place]! *= 2;
  }
  trees.nodes = noNodes();
  trees.wide = pairMap();
  trees.moves++;
  trees.roots.forEach((root, tree) => trees.roots[tree] = copyTree(old, trees, root, places));
}

/** Trees whose nodes have become too small. */
interface OldTrees {
  readonly nodes: Growable;
  readonly wide: PairMap;
  readonly rooms: Int32Array;
}

/** Copies a tree, or what it comes to, to where its nodes have more room. */
function copyTree(old: OldTrees, trees: Trees, root: number, places: readonly Place<unknown>[]): number {
  if (root <= 0) return root;
  const asked = old.nodes.items[root]!;
  const place = asked < 0 ? ~asked : asked;
  const node = newNode(trees, place);
  const count = asked < 0 ? places[place]!.values.length : old.rooms[place]!;
  for (let value = 0; value < count; value++) {
    const child = asked < 0 ? wideChild(old.wide, root, value) : old.nodes.items[root + 1 + value]!;
    if (child !== 0) setChild(trees, node, value, copyTree(old, trees, child, places));
  }
  return node;
}
