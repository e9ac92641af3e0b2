/** What the actions of a plain spec do, learned once for each distinct reading, as decision trees in flat arrays. */
import { type Growable, growable, push, reserve } from "../checker/growable.ts";
import type { Place } from "../checker/place.ts";
import { get, type PairMap, pairMap, put } from "../checker/pair_map.ts";
import { guarded, happened } from "./definition.ts";
import { plain, show } from "./plain.ts";
import { draftOf, type Recorder } from "./draft.ts";
import { gather, type Layout, Reshape, type SetShape } from "./shape.ts";
import { SpecError } from "./specification.ts";

/** One action with its arguments. */
export interface Transition {
  /** How a trace writes it. */
  readonly label: string;
  /** The name of the action. */
  readonly name: string;
  /** Its arguments in JSON. */
  readonly arguments: readonly string[];
  /** What it does to a draft. Returns false where it can't happen. */
  readonly run: (draft: object) => unknown;
}

/**
 * Decision trees. A node asks for the value of a place: `[place, child of value 0, child of value 1, ...]`, with room
 * for as many children as `rooms` says of the place. A child is 0 while unknown, a node (its position) if positive, an
 * effect (its complement) if negative. Where a place has too many values for that, the node is `[~place]`, and its
 * children are in `wide`, by node and value.
 */
export interface Trees {
  nodes: Growable;
  wide: PairMap;
  /** By place: for how many values its nodes have room. A power of two. */
  readonly rooms: Growable;
  /** The root of each transition's tree, read like a child. */
  readonly roots: Int32Array;
  /** For each transition, the sets that it looked at as a whole. */
  readonly looked: Set<SetShape>[];
  /** For each transition, 1 if it could happen in some state. */
  readonly enabled: Uint8Array;
}

/** Effects: each a list of changes `[place, value]`, and what they add to the fingerprint. */
export interface Effects {
  /** For each effect, where its changes begin; the next one's begin where they end. */
  readonly starts: Growable;
  readonly changes: Growable;
  /** The values before the changes. */
  readonly befores: Growable;
  /** Pairs [low, high]. */
  readonly words: Growable;
  /** The same pairs for the eyes of properties that watch these places. */
  readonly seenWords: Growable;
  watched: Uint8Array;
  readonly integers: Map<string, number>;
}

/** The effect of an action that can't happen, and that of one that changes nothing. */
export const disabled = 0, idle = 1;

/** Everything learned so far. */
export interface Learning {
  readonly name: string;
  readonly layout: Layout;
  /** The paths of values that must be one place each. What changes its shape is added. */
  readonly whole: Set<string>;
  readonly transitions: readonly Transition[];
  readonly trees: Trees;
  readonly effects: Effects;
}

/** The most values of a place for which its nodes keep their children in place. */
const mostInPlace = 64;

/** Nothing learned yet. */
export function learning(
  name: string,
  layout: Layout,
  whole: Set<string>,
  transitions: readonly Transition[],
): Learning {
  const effects: Effects = {
    starts: growable(),
    changes: growable(),
    befores: growable(),
    words: growable(),
    seenWords: growable(),
    watched: new Uint8Array(0),
    integers: new Map(),
  };
  // The effects `disabled` and `idle` change nothing.
  for (let i = 0; i < 3; i++) push(effects.starts, 0);
  for (let i = 0; i < 4; i++) push(effects.words, 0);
  effects.integers.set("", idle);
  return {
    name,
    layout,
    whole,
    transitions,
    trees: {
      nodes: noNodes(),
      wide: pairMap(),
      rooms: growable(),
      roots: new Int32Array(transitions.length),
      looked: transitions.map(() => new Set()),
      enabled: new Uint8Array(transitions.length),
    },
    effects,
  };
}

/** Position 0 stands for what is unknown, so no node is there. */
function noNodes(): Growable {
  const nodes = growable();
  push(nodes, 0);
  return nodes;
}

/** The effect of a transition in a state: known, if it has met the values that it reads there before. */
export function effectOf(l: Learning, transition: number, vector: Int32Array, at: number): number {
  const { nodes, roots } = l.trees;
  const { items } = nodes;
  let node = roots[transition]!;
  while (node > 0) {
    const place = items[node]!;
    node = place >= 0
      ? items[node + 1 + vector[at + place]!]!
      : wideChild(l.trees.wide, node, vector[at + ~place]!);
  }
  return node < 0 ? ~node : learn(l, transition, vector, at);
}

function wideChild(wide: PairMap, node: number, value: number): number {
  const known = get(wide, node, value);
  return known < 0 ? 0 : (known & 1) === 1 ? ~(known >> 1) : known >> 1;
}

/** Runs the code of the action, and remembers what it did under what it read. */
function learn(l: Learning, transition: number, vector: Int32Array, at: number): number {
  const where = `spec ${l.name}, action ${l.transitions[transition]!.label}`;
  const before = l.layout.places.length;
  const reads: number[] = [];
  const first = new Map<number, number>();
  const after = new Map<number, number>();
  const copies = new Map<number, unknown>();
  const read = (place: number): number => {
    const known = first.get(place);
    if (known !== undefined) return known;
    // A place that was added just now is not in the vector yet: its element is in no set.
    const value = place < before ? vector[at + place]! : 0;
    first.set(place, value);
    reads.push(place);
    return value;
  };
  const recorder: Recorder = {
    copies,
    read,
    current: (place) => after.get(place) ?? read(place),
    write: (place, value) => {
      read(place);
      after.set(place, value);
    },
    lookAtAll: (set) => l.trees.looked[transition]!.add(set),
  };
  const { run } = l.transitions[transition]!;
  const draft = draftOf(l.layout, recorder);
  const result = withState(l, vector, at, () => happened(where, guarded(where, () => run(draft))));
  if (result !== false) {
    for (const [place, value] of copies) {
      const target = l.layout.places[place]!;
      after.set(
        place,
        withState(l, vector, at, () => guarded(where, () => target.intern(plain(value, target.name)))),
      );
    }
  }
  const effect = result === false ? disabled : effectFor(l, first, after);
  if (effect !== disabled) l.trees.enabled[transition] = 1;
  makeRoom(l);
  forgetWhatLookedAtAll(l, before);
  // It has looked at all elements of a set, and then added one: what it reads next time will be different.
  const isOutdated = hasGrown(l.trees.looked[transition]!, before);
  if (!isOutdated) remember(l, where, transition, reads, first, effect);
  return effect;
}

/** What goes wrong in an action says in which state. */
function withState<T>(l: Learning, vector: Int32Array, at: number, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof Reshape) l.whole.add(error.path);
    if (!(error instanceof SpecError)) throw error;
    const state = Object.entries(l.layout.root.fields).map(([variable, shape]) => {
      const value = gather(l.layout, shape, (place) => vector[at + place] ?? 0);
      return `${variable} ${show(value)}`;
    });
    throw new SpecError(`${error.message} (in the state ${state.join(", ")})`, { cause: error.cause });
  }
}

function effectFor(
  l: Learning,
  first: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): number {
  const { effects, layout } = l;
  const changes = [...after].filter(([place, value]) => first.get(place) !== value).sort(([a], [b]) => a - b);
  const text = changes.map(([place, value]) => `${place},${first.get(place)},${value}`).join(";");
  const known = effects.integers.get(text);
  if (known !== undefined) return known;
  let low = 0;
  let high = 0;
  for (const [place, value] of changes) {
    const { items } = layout.places[place]!.words;
    const before = first.get(place)!;
    push(effects.changes, place);
    push(effects.changes, value);
    push(effects.befores, before);
    low += items[value * 2]! - items[before * 2]!;
    high += items[value * 2 + 1]! - items[before * 2 + 1]!;
  }
  push(effects.words, low);
  push(effects.words, high);
  push(effects.starts, effects.changes.length);
  const integer = effects.starts.length - 2;
  effects.integers.set(text, integer);
  return integer;
}

/** Sees to it that `seenWords` tell what every effect changes of the watched places. */
export function watchEffects({ effects, layout }: Learning, watched: Uint8Array): void {
  const { seenWords, changes, befores, starts } = effects;
  if (effects.watched !== watched) seenWords.length = 0;
  effects.watched = watched;
  for (let effect = seenWords.length / 2; effect < starts.length - 1; effect++) {
    let low = 0;
    let high = 0;
    for (let change = starts.items[effect]!; change < starts.items[effect + 1]!; change += 2) {
      const place = changes.items[change]!;
      if (watched[place] !== 1) continue;
      const { items } = layout.places[place]!.observedWords;
      const after = changes.items[change + 1]! * 2;
      const before = befores.items[change / 2]! * 2;
      low += items[after]! - items[before]!;
      high += items[after + 1]! - items[before + 1]!;
    }
    push(seenWords, low);
    push(seenWords, high);
  }
}

/** An element that was met for the first time may matter to whoever looked at all elements of its set. */
function forgetWhatLookedAtAll(l: Learning, before: number): void {
  if (l.layout.places.length === before) return;
  const { roots, looked } = l.trees;
  for (const [transition, sets] of looked.entries()) if (hasGrown(sets, before)) roots[transition] = 0;
}

function hasGrown(sets: ReadonlySet<SetShape>, before: number): boolean {
  return [...sets].some(({ members }) => [...members.values()].some(({ place }) => place >= before));
}

/** Grows the tree by the path that an action took through its readings. */
function remember(
  l: Learning,
  where: string,
  transition: number,
  reads: readonly number[],
  values: ReadonlyMap<number, number>,
  effect: number,
): void {
  const { trees } = l;
  let node = trees.roots[transition]!;
  let attach = (child: number): void => void (trees.roots[transition] = child);
  for (const place of reads) {
    if (node === 0) {
      node = newNode(trees, place);
      attach(node);
    }
    const asked = trees.nodes.items[node]!;
    if (node < 0 || (asked < 0 ? ~asked : asked) !== place) throw notDeterministic(where);
    const at = node;
    const value = values.get(place)!;
    attach = (child) => setChild(trees, at, value, child);
    node = asked < 0 ? wideChild(trees.wide, at, value) : trees.nodes.items[at + 1 + value]!;
  }
  if (node !== 0) throw notDeterministic(where);
  attach(~effect);
}

function notDeterministic(where: string): SpecError {
  return new SpecError(`${where} is not deterministic: it may depend on the draft and its arguments only`);
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

/** Children in `wide` are stored as twice the node, or twice the effect and 1: a free slot is negative. */
function setChild({ nodes, wide }: Trees, node: number, value: number, child: number): void {
  if (nodes.items[node]! >= 0) nodes.items[node + 1 + value] = child;
  else put(wide, node, value, child < 0 ? (~child << 1) | 1 : child << 1);
}

/** Sees to it that every node has room for all values of its place: if need be, by making all trees anew. */
function makeRoom(l: Learning): void {
  const { trees, layout: { places } } = l;
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
  trees.roots.forEach((root, transition) => trees.roots[transition] = copyTree(old, trees, root, places));
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
