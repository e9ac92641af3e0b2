/** What the actions of a plain spec do, learned once for each distinct reading, as decision trees in flat arrays. */
import { type Growable, growable, push, reserve } from "../checker/growable.ts";
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
 * Decision trees. A node asks for the value of a place: `[place, room, child of value 0, child of value 1, ...]`. A
 * child is 0 while unknown, a node (its position) if positive, an effect (its complement) if negative. A node with
 * room 0 asks for more values than that: its children are in `wide`, by node and value.
 */
export interface Trees {
  readonly nodes: Growable;
  readonly wide: PairMap;
  /** The root of each transition's tree, read like a child. */
  readonly roots: Int32Array;
  /** For each transition, the sets that it looked at as a whole. */
  readonly looked: Set<SetShape>[];
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

/** The most values for which a node keeps its children in place. */
const mostInPlace = 32;

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
    integers: new Map(),
  };
  // The effects `disabled` and `idle` change nothing.
  for (let i = 0; i < 3; i++) push(effects.starts, 0);
  for (let i = 0; i < 4; i++) push(effects.words, 0);
  effects.integers.set("", idle);
  const nodes = growable();
  push(nodes, 0);
  return {
    name,
    layout,
    whole,
    transitions,
    trees: {
      nodes,
      wide: pairMap(),
      roots: new Int32Array(transitions.length),
      looked: transitions.map(() => new Set()),
    },
    effects,
  };
}

/** The effect of a transition in a state: known, if it has met the values that it reads there before. */
export function effectOf(l: Learning, transition: number, vector: Int32Array, at: number): number {
  const { nodes, roots, wide } = l.trees;
  const { items } = nodes;
  let node = roots[transition]!;
  while (node > 0) {
    const value = vector[at + items[node]!]!;
    const room = items[node + 1]!;
    node = value < room ? items[node + 2 + value]! : room === 0 ? wideChild(wide, node, value) : 0;
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
    where,
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
    if (node < 0 || trees.nodes.items[node] !== place) throw notDeterministic(where);
    const at = node;
    const value = values.get(place)!;
    const again = attach;
    attach = (child) => setChild(trees, at, value, child, again);
    node = childOf(trees, at, value);
  }
  if (node !== 0) throw notDeterministic(where);
  attach(~effect);
}

function notDeterministic(where: string): SpecError {
  return new SpecError(`${where} is not deterministic: it may depend on the draft and its arguments only`);
}

function newNode({ nodes }: Trees, place: number, room = 2): number {
  const node = nodes.length;
  reserve(nodes, 2 + room);
  nodes.items.fill(0, node, node + 2 + room);
  nodes.items[node] = place;
  nodes.items[node + 1] = room;
  nodes.length += 2 + room;
  return node;
}

function childOf({ nodes, wide }: Trees, node: number, value: number): number {
  const room = nodes.items[node + 1]!;
  if (room === 0) return wideChild(wide, node, value);
  return value < room ? nodes.items[node + 2 + value]! : 0;
}

/** Sets a child. A node without room for it moves to where there is more: `attach` tells its parent. */
function setChild(
  trees: Trees,
  node: number,
  value: number,
  child: number,
  attach: (node: number) => void,
): void {
  const { nodes, wide } = trees;
  const room = nodes.items[node + 1]!;
  if (room > 0 && value < room) {
    nodes.items[node + 2 + value] = child;
    return;
  }
  if (room === 0 || value >= mostInPlace) {
    if (room > 0) {
      for (let v = 0; v < room; v++) {
        if (nodes.items[node + 2 + v] !== 0) putWide(wide, node, v, nodes.items[node + 2 + v]!);
      }
      nodes.items[node + 1] = 0;
    }
    return putWide(wide, node, value, child);
  }
  let larger = room * 2;
  while (larger <= value) larger *= 2;
  const moved = newNode(trees, nodes.items[node]!, larger);
  for (let v = 0; v < room; v++) nodes.items[moved + 2 + v] = nodes.items[node + 2 + v]!;
  nodes.items[moved + 2 + value] = child;
  attach(moved);
}

/** Children are stored as twice the node, or twice the effect and 1: a free slot is negative. */
function putWide(wide: PairMap, node: number, value: number, child: number): void {
  put(wide, node, value, child < 0 ? (~child << 1) | 1 : child << 1);
}
