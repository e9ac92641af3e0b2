/** The graph of all reachable states, in flat arrays: what claims about whole behaviours are judged on. */
import { type Growable, growable, push } from "./growable.ts";
import {
  bagStart,
  headSize,
  type Layer,
  layer,
  type Model,
  row,
  rowSize,
  type Start,
  successors,
} from "./model.ts";
import { type Stopped, sumOfWords } from "./search.ts";

/** The graph. States are numbered in the order of discovery, breadth first; initial states come first. */
export interface Graph {
  /** How many states there are. */
  readonly count: number;
  /** Where a run to each of the initial states begins: there are as many, and they are the first states. */
  readonly starts: readonly Start[];
  /** By state: where its edges begin; they end where the next state's begin. Steps that change nothing are no edges. */
  readonly firsts: Int32Array;
  /** By edge: the state that it leads to; `outside` if the spec's constraint keeps that out. */
  readonly targets: Int32Array;
  /** By edge: which of the model's actions it is. */
  readonly actions: Int32Array;
  /** By edge: which of the steps of its state it is. */
  readonly branches: Int32Array;
  /** By look, and by state: what was seen. */
  readonly seen: readonly Int32Array[];
  /** Whether the constraint cuts some edge off. */
  readonly isCut: boolean;
}

/** The target of an edge that the constraint cuts off. */
export const outside = -1;

/** What somebody wants to know of every state: an integer, given what properties see of it. */
export type Look = (view: unknown) => number;

/** What ends an exploration before its time. */
export interface ExploreOptions {
  /** Asked now and then; true ends it. */
  readonly stopped: () => boolean;
  /** How many bytes the graph may take. */
  readonly maxBytes: number;
  /** Whether to tell states apart by what they are, rather than by fingerprints. */
  readonly isExact: boolean;
}

/** A graph in the making. */
interface Exploration {
  readonly model: Model;
  /** What is to be known of each state. */
  readonly looks: readonly Memory[];
  /** Whether a state is within the constraint. */
  readonly isWithin: Memory | null;
  readonly options: ExploreOptions;
  readonly starts: Start[];
  readonly numbers: Numbers;
  readonly firsts: Growable;
  readonly targets: Growable;
  readonly actions: Growable;
  readonly branches: Growable;
  readonly seen: readonly Growable[];
  count: number;
  isCut: boolean;
}

/** Explores all that is reachable from `starts`; says so if it was stopped, or has no room. */
export async function explore(
  model: Model,
  starts: readonly Start[],
  looks: readonly Look[],
  options: ExploreOptions,
): Promise<Graph | Stopped> {
  const { constraint } = model;
  const e: Exploration = {
    model,
    looks: looks.map((look) => memory(model, look)),
    isWithin: constraint === undefined ? null : memory(model, (view) => constraint(view) ? 1 : 0),
    options,
    starts: [],
    numbers: options.isExact ? numbersByState() : numbersByFingerprint(),
    firsts: growable(),
    targets: growable(),
    actions: growable(),
    branches: growable(),
    seen: looks.map(() => growable()),
    count: 0,
    isCut: false,
  };
  const stopped = await exploreLayers(e, starts);
  if (stopped !== null) return stopped;
  push(e.firsts, e.targets.length);
  const whole = ({ items, length }: Growable) => items.subarray(0, length);
  return {
    count: e.count,
    starts: e.starts,
    firsts: whole(e.firsts),
    targets: whole(e.targets),
    actions: whole(e.actions),
    branches: whole(e.branches),
    seen: e.seen.map(whole),
    isCut: e.isCut,
  };
}

/** All contact with how states are kept: expands them layer by layer, and numbers what it leads to. */
async function exploreLayers(e: Exploration, starts: readonly Start[]): Promise<Stopped | null> {
  const { model, numbers } = e;
  const out = successors();
  let current = layer(model.places.length);
  let next = layer(current.width);
  const scratch = layer(current.width);
  for (const start of starts) {
    fill(scratch, model, start);
    if (numbers.find(scratch) !== unknown || !enter(e, scratch)) continue;
    e.starts.push(start);
    fill(current, model, start, false);
  }
  let breath = performance.now();
  while (current.count > 0) {
    empty(next, current.width);
    for (let index = 0; index < current.count; index++) {
      if ((index & 255) === 0) {
        if (bytesOf(e) > e.options.maxBytes) return "memory";
        if (performance.now() - breath > 200) {
          await new Promise((resolve) => setTimeout(resolve, 0));
          breath = performance.now();
          if (e.options.stopped()) return "signal";
        }
      }
      out.rows.length = out.same = 0;
      push(e.firsts, e.targets.length);
      const state = e.firsts.length - 1;
      model.expand(current, index, out);
      for (let at = 0; at < out.rows.length; at += rowSize) {
        const { items } = out.rows;
        empty(scratch, current.width);
        model.build(current, index, items, at, scratch);
        let target = numbers.find(scratch);
        if (target === unknown) {
          target = enter(e, scratch) ? e.count - 1 : outside;
          if (target !== outside) model.build(current, index, items, at, next);
        }
        if (target === state) continue;
        push(e.targets, target);
        push(e.actions, model.actionOf(items, at));
        push(e.branches, items[at + row.branch]!);
        if (target === outside) e.isCut = true;
      }
    }
    [current, next] = [next, current];
  }
  return null;
}

/** Gives the state that `built` holds alone the next number, and looks at it; false if the constraint keeps it out. */
function enter(e: Exploration, built: Layer): boolean {
  const { looks, numbers, isWithin } = e;
  const vector = built.vectors.items;
  const isInside = isWithin === null || isWithin(vector) === 1;
  numbers.add(built, isInside ? e.count : outside);
  if (!isInside) return false;
  e.count++;
  for (const [index, look] of looks.entries()) push(e.seen[index]!, look(vector));
  return true;
}

/** Looks at a state; only once at all that look the same to it. */
type Memory = (vector: Int32Array) => number;

/** Beyond so many states that all look different it is no use to remember them. */
const mostKnown = 1 << 16;

function memory(model: Model, look: Look): Memory {
  const known = new Map<string, number>();
  let reads: readonly number[] = [];
  let places = model.places.length;
  return (vector) => {
    // With another place all is forgotten: what was seen may depend on its absence.
    if (places !== model.places.length) known.clear();
    places = model.places.length;
    let key = "";
    for (const place of reads) key += `${vector[place] ?? 0},`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const read = new Set(reads);
    const seen = look(model.view(vector, 0, (place) => read.add(place)));
    if (read.size !== reads.length || known.size === mostKnown) known.clear();
    if (read.size === reads.length) known.set(key, seen);
    else reads = [...read];
    return seen;
  };
}

function bytesOf({ firsts, targets, actions, branches, seen, numbers }: Exploration): number {
  const arrays = [firsts, targets, actions, branches, ...seen];
  return arrays.reduce((sum, { items }) => sum + items.byteLength, numbers.bytes());
}

/** Appends the state in which a start begins. */
function fill(target: Layer, model: Model, { state }: Start, isAlone = true): void {
  if (isAlone) empty(target, target.width);
  for (let place = 0; place < target.width; place++) push(target.vectors, state.vector[place] ?? 0);
  for (const message of state.bag) push(target.bags, message);
  for (const item of [...sumOfWords(model, state), target.bags.length]) push(target.heads, item);
  target.count++;
}

function empty(target: Layer, width: number): void {
  target.count =
    target.vectors.length =
    target.heads.length =
    target.bags.length =
      0;
  target.width = width;
}

/** The numbers of states. */
interface Numbers {
  /** The number of the first state of a layer, `outside`, or `unknown`. */
  readonly find: (built: Layer) => number;
  /** Gives it a number. */
  readonly add: (built: Layer, number: number) => void;
  /** How many bytes that takes, about. */
  readonly bytes: () => number;
}

/** The number of a state that has none yet. */
const unknown = -2;

/** Numbers by fingerprint: one flat table of [low, high, number - unknown], linear probing. */
function numbersByFingerprint(): Numbers {
  const size = 4;
  let slots = new Int32Array(size << 12);
  let count = 0;
  /** The slot of a fingerprint, or the free one where it would be. */
  function slotOf(low: number, high: number): number {
    const mask = slots.length - 1;
    let slot = (Math.imul(low ^ (low >>> 15), 0x2c1b3c6d) * size) & mask;
    while (slots[slot + 2] !== 0 && (slots[slot] !== low || slots[slot + 1] !== high)) {
      slot = (slot + size) & mask;
    }
    return slot;
  }
  function put(low: number, high: number, stored: number): void {
    const slot = slotOf(low, high);
    slots[slot] = low;
    slots[slot + 1] = high;
    slots[slot + 2] = stored;
  }
  function grow(): void {
    const old = slots;
    slots = new Int32Array(old.length * 4);
    for (let slot = 0; slot < old.length; slot += size) {
      if (old[slot + 2] !== 0) put(old[slot]!, old[slot + 1]!, old[slot + 2]!);
    }
  }
  return {
    find: ({ heads: { items } }) => slots[slotOf(items[0]!, items[1]!) + 2]! + unknown,
    add({ heads: { items } }, number) {
      if (++count * 2 * size > slots.length) grow();
      put(items[0]!, items[1]!, number - unknown);
    },
    bytes: () => slots.byteLength,
  };
}

/** Numbers by what states are, for who leaves nothing to chance. */
function numbersByState(): Numbers {
  const numbers = new Map<string, number>();
  let bytes = 0;
  /** Places that were added since are 0, and make no difference. */
  function keyOf(built: Layer): string {
    const { vectors, bags, heads, width } = built;
    let end = width;
    while (end > 0 && vectors.items[end - 1] === 0) end--;
    const bag = bags.items.subarray(bagStart(built, 0), heads.items[headSize - 1]!);
    return `${vectors.items.subarray(0, end)}/${bag}`;
  }
  return {
    find: (built) => numbers.get(keyOf(built)) ?? unknown,
    add(built, number) {
      const key = keyOf(built);
      bytes += 64 + key.length;
      numbers.set(key, number);
    },
    bytes: () => bytes,
  };
}
