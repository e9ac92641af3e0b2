/** The graph of all reachable states, in flat arrays: what claims about whole behaviours are judged on. */
import { type Growable, growable, push } from "./growable.ts";
import { clear, type Layer, layer, type Segment } from "./layer.ts";
import { type Memory, memory } from "./memory.ts";
import { type Model, rowSize, type Start, type State, type Successors, successors } from "./model.ts";
import { shift } from "./patience.ts";
import { advance, type Queue, queueOf, refit } from "./queue.ts";
import type { Stopped } from "./search.ts";
import { hashOf } from "./table.ts";

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
  /** By edge: by which branch it leaves its state. */
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
  /** Whether the action constraint allows a step. */
  readonly isAllowed: Memory | null;
  /** Whether a state is within the constraint. */
  readonly isWithin: Memory | null;
  readonly options: ExploreOptions;
  readonly starts: Start[];
  readonly numbers: Numbers;
  readonly out: Successors;
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
  const { constraint, actionConstraint } = model;
  const e: Exploration = {
    model,
    looks: looks.map((look) => memory(model, look)),
    isWithin: constraint === undefined ? null : memory(model, (view) => constraint(view) ? 1 : 0),
    isAllowed: actionConstraint === undefined
      ? null
      : memory(model, (before, after) => actionConstraint(before, after) ? 1 : 0),
    options,
    starts: [],
    numbers: options.isExact ? numbersByState() : numbersByName(),
    out: successors(),
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
  let current = layer();
  let next = layer(current.pool);
  const scratch = layer();
  for (const start of starts) {
    clear(scratch);
    model.put(start.state, scratch);
    const segment = scratch.segments.at(-1)!;
    const name = nameOf(segment, 0);
    if (numbers.find(start.state, name) !== unknown || !enter(e, start.state, name)) continue;
    e.starts.push(start);
    model.put(start.state, current);
  }
  let breath = performance.now();
  while (current.count > 0) {
    const queue = queueOf(current);
    while (queue.count > 0) {
      if (bytesOf(e) > e.options.maxBytes) return "memory";
      if (performance.now() - breath > 200) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        breath = performance.now();
        if (e.options.stopped()) return "signal";
      }
      const isLong = shift();
      for (let i = 0; i < 256 && queue.count > 0 && !isLong(); i++) expandNext(e, queue, next, scratch);
    }
    clear(current);
    [current, next] = [next, current];
  }
  return null;
}

/** Adds the edges of the next state in the queue. */
function expandNext(e: Exploration, queue: Queue, next: Layer, scratch: Layer): void {
  const { model, numbers, out, isAllowed } = e;
  while (!model.expand(queue.segments[0]!, queue.at, out)) {
    const rename = refit(model, queue, next);
    if (rename !== null) numbers.rename(rename);
  }
  const [segment] = queue.segments;
  push(e.firsts, e.targets.length);
  const state = e.firsts.length - 1;
  const before = isAllowed === null ? null : model.take(segment!, queue.at).vector;
  for (let at = 0; at < out.count * rowSize; at += rowSize) {
    clear(scratch);
    const builtAt = model.build(segment!, queue.at, out, at, scratch);
    const built = scratch.segments.at(-1)!;
    const name = nameOf(built, builtAt);
    const to = numbers.needsState ? model.take(built, builtAt) : null;
    let target = numbers.find(to, name);
    const isCut = before !== null && target !== state &&
      isAllowed!(before, model.take(built, builtAt).vector) === 0;
    if (isCut) target = outside;
    else if (target === unknown) {
      target = enter(e, to ?? model.take(built, builtAt), name) ? e.count - 1 : outside;
      if (target !== outside) model.build(segment!, queue.at, out, at, next);
    }
    if (target === state) continue;
    push(e.targets, target);
    push(e.actions, model.actionOf(out, at));
    push(e.branches, model.branchOf(out, at));
    if (target === outside) e.isCut = true;
  }
  advance(model, queue, next);
}

/** The name of a state, in two halves. */
type Name = readonly [low: number, high: number];

function nameOf({ words }: Segment, at: number): Name {
  return [words[at]!, words[at + 1]!];
}

/** Gives a state the next number, and looks at it; false if the constraint keeps it out. */
function enter(e: Exploration, state: State, name: Name): boolean {
  const { looks, numbers, isWithin } = e;
  const vector = Int32Array.from(state.vector);
  const isInside = isWithin === null || isWithin(vector) === 1;
  numbers.add(state, name, isInside ? e.count : outside);
  if (!isInside) return false;
  e.count++;
  for (const [index, look] of looks.entries()) push(e.seen[index]!, look(vector));
  return true;
}

function bytesOf({ firsts, targets, actions, branches, seen, numbers }: Exploration): number {
  const arrays = [firsts, targets, actions, branches, ...seen];
  return arrays.reduce((sum, { items }) => sum + items.byteLength, numbers.bytes());
}

/** The numbers of states. */
interface Numbers {
  /** Whether the state itself must be known, not only its name. */
  readonly needsState: boolean;
  /** The number of a state, `outside`, or `unknown`. */
  readonly find: (state: State | null, name: Name) => number;
  /** Gives it a number. */
  readonly add: (state: State, name: Name, number: number) => void;
  /** From now on states have other names. */
  readonly rename: (rename: (low: number, high: number) => Name) => void;
  /** How many bytes that takes, about. */
  readonly bytes: () => number;
}

/** The number of a state that has none yet. */
const unknown = -2;

/** Numbers by name: one flat table of [low, high, number - unknown], linear probing. */
function numbersByName(): Numbers {
  const size = 4;
  let slots = new Int32Array(size << 12);
  let count = 0;
  /** The slot of a name, or the free one where it would be. */
  function slotOf(low: number, high: number): number {
    const mask = slots.length - 1;
    let slot = (hashOf(low, high) * size) & mask;
    while (slots[slot + 2] !== 0 && (slots[slot] !== low || slots[slot + 1] !== high)) {
      slot = (slot + size) & mask;
    }
    return slot;
  }
  function put([low, high]: Name, stored: number): void {
    const slot = slotOf(low, high);
    slots[slot] = low;
    slots[slot + 1] = high;
    slots[slot + 2] = stored;
  }
  function rebuild(length: number, rename: (low: number, high: number) => Name): void {
    const old = slots;
    slots = new Int32Array(length);
    for (let slot = 0; slot < old.length; slot += size) {
      if (old[slot + 2] !== 0) put(rename(old[slot]!, old[slot + 1]!), old[slot + 2]!);
    }
  }
  return {
    needsState: false,
    find: (_, [low, high]) => slots[slotOf(low, high) + 2]! + unknown,
    add(_, name, number) {
      if (++count * 2 * size > slots.length) rebuild(slots.length * 4, (low, high) => [low, high]);
      put(name, number - unknown);
    },
    rename: (rename) => rebuild(slots.length, rename),
    bytes: () => slots.byteLength,
  };
}

/** Numbers by what states are, for who leaves nothing to chance. */
function numbersByState(): Numbers {
  const numbers = new Map<string, number>();
  let bytes = 0;
  /** Places that were added since are 0, and make no difference. */
  function keyOf({ vector, bag }: State): string {
    const end = vector.findLastIndex((value) => value !== 0) + 1;
    return `${vector.slice(0, end)}/${bag}`;
  }
  return {
    needsState: true,
    find: (state) => numbers.get(keyOf(state!)) ?? unknown,
    add(state, _, number) {
      const key = keyOf(state);
      bytes += 64 + key.length;
      numbers.set(key, number);
    },
    rename: () => {},
    bytes: () => bytes,
  };
}
