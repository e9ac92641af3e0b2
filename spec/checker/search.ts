/** The search: breadth first, in layers, so that the first counterexample found is a shortest one. */
import { type Growable, growable, push, reserve } from "./growable.ts";
import { type Judge, judge, judgeState, judgeStep, type Verdicts } from "./judge.ts";
import { type Model, type Start, type State, type Step, type Successors, successors } from "./model.ts";
import { add, type Table, table } from "./table.ts";
import type { Run } from "../trace/run.ts";

/** How far a search goes, and whom it tells. */
export interface SearchOptions {
  /** The depth of the last layer, where an initial state has depth 1; null: until nothing is new. */
  readonly depth: number | null;
  /** Called now and then, and when a layer is complete. */
  readonly onProgress: (progress: Progress) => void;
  /** Asked now and then; true ends the search. */
  readonly stopped: () => boolean;
}

/** How far a search has come. */
export interface Progress {
  /** The depth of the layer in the making. */
  readonly depth: number;
  /** How many states were generated: the initial ones, and every successor. */
  readonly generated: number;
  /** How many of them were distinct. */
  readonly distinct: number;
  /** How many states of the layer before are still to be expanded. */
  readonly queue: number;
  /** Whether the layer is complete. */
  readonly complete: boolean;
}

/** What a search found. */
export interface Found {
  /** How many states were generated. */
  readonly generated: number;
  /** How many of them were distinct. */
  readonly distinct: number;
  /** The depth of the deepest state. */
  readonly depth: number;
  /** Whether nothing reachable was left out. */
  readonly exhausted: boolean;
  /** How many states were found but not expanded. */
  readonly edge: number;
  /** Whether `stopped` ended the search. */
  readonly stopped: boolean;
  /** What became of each property, by its name. */
  readonly verdicts: Verdicts;
  /** The path to a state or step that a verdict names. */
  path(to: PathEnd): Run;
}

/** A state by its number, or the step by which the search left it. */
export interface PathEnd {
  /** The number of a state, in the order of discovery. */
  readonly state: number;
  /** Which successor of that state; null: the path ends at the state. */
  readonly branch: number | null;
}

/** One layer: states as flat arrays. */
interface Layer {
  /** For each state: fingerprint low and high, the length of its bag, its places. */
  readonly heads: Growable;
  /** The bags, one after another. */
  readonly bags: Growable;
  count: number;
}

interface Search {
  readonly model: Model;
  readonly options: SearchOptions;
  readonly seen: Table;
  readonly judge: Judge;
  /** For each state: the state it was found from, and which successor of that it is. */
  readonly parents: Growable;
  readonly branches: Growable;
  readonly out: Successors;
  generated: number;
  depth: number;
  stopped: boolean;
  /** How many states of a layer were left when the search was stopped. */
  left: number;
  breath: number;
}

const HEAD = 3;

/** Explores what is reachable from `starts`. */
export async function search(model: Model, starts: readonly Start[], options: SearchOptions): Promise<Found> {
  const run: Search = {
    model,
    options,
    seen: table(),
    judge: judge(model),
    parents: growable(),
    branches: growable(),
    out: successors(),
    generated: 0,
    depth: 1,
    stopped: false,
    left: 0,
    breath: performance.now(),
  };
  let layer = firstLayer(run, starts);
  let firstOfLayer = 0;
  while (layer.count > 0 && run.depth !== options.depth && !run.judge.violated && !run.stopped) {
    const isLast = run.depth + 1 === options.depth;
    const next = await expandLayer(run, layer, firstOfLayer, isLast);
    firstOfLayer += layer.count;
    if (next.count > 0) run.depth++;
    layer = next;
    report(run, layer.count, true);
  }
  return {
    generated: run.generated,
    distinct: run.seen.count,
    depth: run.depth,
    exhausted: layer.count === 0 && !run.stopped,
    edge: layer.count + run.left,
    stopped: run.stopped,
    verdicts: run.judge.verdicts,
    path: (to) => pathTo(run, starts, to),
  };
}

function firstLayer(run: Search, starts: readonly Start[]): Layer {
  const layer = emptyLayer();
  for (const [index, { state }] of starts.entries()) {
    run.generated++;
    const words = sumOfWords(run.model, state);
    if (!add(run.seen, words.low, words.high)) continue;
    push(run.parents, -1 - index);
    push(run.branches, 0);
    judgeState(run.judge, run.seen.count - 1, state.vector, words.seenLow, words.seenHigh);
    reserve(layer.heads, HEAD + state.vector.length);
    for (const item of [words.low, words.high, state.bag.length, ...state.vector]) push(layer.heads, item);
    for (const message of state.bag) push(layer.bags, message);
    layer.count++;
  }
  return layer;
}

async function expandLayer(run: Search, layer: Layer, first: number, isLast: boolean): Promise<Layer> {
  const next = emptyLayer();
  const places = run.model.places.length;
  const vector = new Int32Array(places);
  const bag = growable();
  let from = 0;
  for (let index = 0; index < layer.count; index++) {
    if ((index & 1023) === 0) await breathe(run, layer.count - index);
    if (run.stopped) {
      run.left = layer.count - index;
      break;
    }
    const head = index * (HEAD + places);
    vector.set(layer.heads.items.subarray(head + HEAD, head + HEAD + places));
    const length = layer.heads.items[head + 2] ?? 0;
    bag.length = 0;
    reserve(bag, length);
    bag.items.set(layer.bags.items.subarray(from, from + length));
    bag.length = length;
    from += length;
    const { out } = run;
    out.count =
      out.vectors.length =
      out.removed.length =
      out.added.length =
        0;
    run.model.expand(vector, bag, out);
    run.generated += out.count;
    take(
      run,
      first + index,
      layer.heads.items[head] ?? 0,
      layer.heads.items[head + 1] ?? 0,
      vector,
      bag,
      next,
      isLast,
    );
  }
  return next;
}

/** Looks at every successor of one state, and keeps what is new. */
function take(
  run: Search,
  parent: number,
  low: number,
  high: number,
  vector: Int32Array,
  bag: Growable,
  next: Layer,
  isLast: boolean,
): void {
  const { model, out } = run;
  const places = model.places.length;
  const [beforeLow, beforeHigh] = observation(model, vector);
  for (let branch = 0; branch < out.count; branch++) {
    const at = branch * places;
    let newLow = low;
    let newHigh = high;
    let seenLow = beforeLow;
    let seenHigh = beforeHigh;
    for (let p = 0; p < places; p++) {
      const before = vector[p]! * 2;
      const after = out.vectors.items[at + p]! * 2;
      if (before === after) continue;
      const { words, observedWords } = model.places[p]!;
      newLow += words.items[after]! - words.items[before]!;
      newHigh += words.items[after + 1]! - words.items[before + 1]!;
      seenLow += observedWords.items[after]! - observedWords.items[before]!;
      seenHigh += observedWords.items[after + 1]! - observedWords.items[before + 1]!;
    }
    const messages = model.messages.words.items;
    const removed = out.removed.items[branch]!;
    if (removed >= 0) {
      const gone = bag.items[removed]! * 2;
      newLow -= messages[gone]!;
      newHigh -= messages[gone + 1]!;
    }
    const added = model.lists.lists[out.added.items[branch]!]!;
    for (let i = 0; i < added.length; i++) {
      newLow += messages[added[i]! * 2]!;
      newHigh += messages[added[i]! * 2 + 1]!;
    }
    const isSeen = seenLow === beforeLow && seenHigh === beforeHigh;
    if (!isSeen) {
      judgeStep(run.judge, parent, branch, vector, out.vectors.items, at, [beforeLow, beforeHigh], [
        seenLow | 0,
        seenHigh | 0,
      ]);
    }
    if (!add(run.seen, newLow | 0, newHigh | 0)) continue;
    push(run.parents, parent);
    push(run.branches, branch);
    if (!isSeen) {
      judgeState(
        run.judge,
        run.seen.count - 1,
        out.vectors.items.subarray(at, at + places),
        seenLow | 0,
        seenHigh | 0,
      );
    }
    next.count++;
    if (!isLast) keep(next, newLow | 0, newHigh | 0, out.vectors.items, at, places, bag, removed, added);
  }
}

/** Stores a new state in the next layer: its places, and its bag, sorted. */
function keep(
  { heads, bags }: Layer,
  low: number,
  high: number,
  vectors: Int32Array,
  at: number,
  places: number,
  bag: Growable,
  removed: number,
  added: readonly number[],
): void {
  const length = bag.length - (removed >= 0 ? 1 : 0) + added.length;
  reserve(heads, HEAD + places);
  heads.items[heads.length++] = low;
  heads.items[heads.length++] = high;
  heads.items[heads.length++] = length;
  for (let p = 0; p < places; p++) heads.items[heads.length++] = vectors[at + p]!;
  reserve(bags, length);
  const first = bags.length;
  for (let i = 0; i < bag.length; i++) if (i !== removed) bags.items[bags.length++] = bag.items[i]!;
  for (let i = 0; i < added.length; i++) insertSorted(bags, first, added[i]!);
}

function insertSorted(bags: Growable, first: number, message: number): void {
  let position = bags.length++;
  while (position > first && bags.items[position - 1]! > message) {
    bags.items[position] = bags.items[position - 1]!;
    position--;
  }
  bags.items[position] = message;
}

function pathTo(run: Search, starts: readonly Start[], { state, branch }: PathEnd): Run {
  const branches: number[] = branch === null ? [] : [branch];
  let at = state;
  while (run.parents.items[at]! >= 0) {
    branches.unshift(run.branches.items[at]!);
    at = run.parents.items[at]!;
  }
  const start = starts[-1 - run.parents.items[at]!]!;
  const steps: Step[] = [];
  let current: State = start.state;
  for (const choice of branches) {
    const step = run.model.steps(current)[choice]!;
    steps.push(step);
    current = step.to;
  }
  return { start, steps };
}

/** Lets signals and timers in now and then, and tells how far the search has come. */
async function breathe(run: Search, queue: number): Promise<void> {
  if (performance.now() - run.breath < 200) return;
  report(run, queue, false);
  await new Promise((resolve) => setTimeout(resolve, 0));
  run.breath = performance.now();
  run.stopped = run.options.stopped();
}

function report(run: Search, queue: number, complete: boolean): void {
  const { generated, seen } = run;
  const depth = complete ? run.depth : run.depth + 1;
  run.options.onProgress({ depth, generated, distinct: seen.count, queue, complete });
}

function emptyLayer(): Layer {
  return { heads: growable(), bags: growable(), count: 0 };
}

/** The fingerprint of a state and of what properties see of it: sums of the words of its parts. */
function sumOfWords(model: Model, { vector, bag }: State) {
  let low = 0;
  let high = 0;
  vector.forEach((value, p) => {
    low += model.places[p]!.words.items[value * 2]!;
    high += model.places[p]!.words.items[value * 2 + 1]!;
  });
  for (const message of bag) {
    low += model.messages.words.items[message * 2]!;
    high += model.messages.words.items[message * 2 + 1]!;
  }
  const [seenLow, seenHigh] = observation(model, vector);
  return { low: low | 0, high: high | 0, seenLow, seenHigh };
}

function observation(model: Model, vector: ArrayLike<number>): readonly [low: number, high: number] {
  let low = 0;
  let high = 0;
  for (let p = 0; p < vector.length; p++) {
    const { observedWords } = model.places[p]!;
    low += observedWords.items[vector[p]! * 2]!;
    high += observedWords.items[vector[p]! * 2 + 1]!;
  }
  return [low | 0, high | 0];
}
