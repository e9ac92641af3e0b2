/** The search: breadth first, in layers, so that the first counterexample found is a shortest one. */
import type { Run } from "../trace/run.ts";
import { addExactly, bytesOf, type ExactSet, exactSet } from "./exact.ts";
import { type Growable, growable, push, reserve } from "./growable.ts";
import {
  isNewStep,
  isNewToTheEye,
  isWithin,
  type Judge,
  judge,
  judgeState,
  judgeStep,
  keepUp,
  lookAt,
  type Verdicts,
} from "./judge.ts";
import {
  headSize,
  type Layer,
  layer,
  type Model,
  row,
  rowSize,
  type Start,
  type State,
  type Step,
  type Successors,
  successors,
} from "./model.ts";
import type { Place } from "./place.ts";
import { add, bytesToGrow, has, insert, makeRoom, slotOf, type Table, table } from "./table.ts";

/** How far a search goes, and whom it tells. */
export interface SearchOptions {
  /** The depth of the last layer, where an initial state has depth 1; null: until nothing is new. */
  readonly depth: number | null;
  /** Called now and then, and when a layer is complete. */
  readonly onProgress: (progress: Progress) => void;
  /** Asked now and then; true ends the search. */
  readonly stopped: () => boolean;
  /** How many bytes of tables the search may use before it ends. */
  readonly maxBytes: number;
  /** Whether to store the states themselves rather than fingerprints of them. */
  readonly isExact: boolean;
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

/** What ends a search before its time. */
export type Stopped = "signal" | "memory";

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
  /** How many distinct states the spec's constraint kept out. */
  readonly cut: number;
  /** What ended the search before its time: `stopped`, or `maxBytes`. */
  readonly stopped: Stopped | null;
  /** What became of each property, by its name. */
  readonly verdicts: Verdicts;
  /** The path to a state or step that a verdict names. */
  path(to: PathEnd): Run;
}

/** A state by its number, or the step by which the search left it. */
export interface PathEnd {
  /** The number of a state, in the order of discovery; -1, -2, ... for the first, second, ... start. */
  readonly state: number;
  /** Which successor of that state; -1: the path ends at the state. */
  readonly branch: number;
}

interface Search {
  readonly model: Model;
  readonly options: SearchOptions;
  readonly seen: Table;
  /** States that the constraint keeps out. */
  readonly outside: Table;
  /** All states, also those that the constraint keeps out, where fingerprints won't do; else null. */
  readonly exact: ExactSet | null;
  readonly judge: Judge;
  /** For each state: the state it was found from, and which successor of that it is. */
  readonly parents: Growable;
  readonly branches: Growable;
  readonly out: Successors;
  /** Takes what is built only to be looked at. */
  readonly scratch: Layer;
  generated: number;
  distinct: number;
  /** How many distinct states the constraint kept out. */
  cut: number;
  depth: number;
  stopped: Stopped | null;
  /** How many states of a layer were not expanded when the search was stopped. */
  left: number;
  breath: number;
}

/** Explores what is reachable from `starts`. */
export async function search(model: Model, starts: readonly Start[], options: SearchOptions): Promise<Found> {
  const run: Search = {
    model,
    options,
    seen: table(),
    outside: table(1 << 4),
    exact: options.isExact ? exactSet() : null,
    judge: judge(model, options.isExact),
    distinct: 0,
    cut: 0,
    parents: growable(),
    branches: growable(),
    out: successors(),
    scratch: layer(model.places.length),
    generated: 0,
    depth: 1,
    stopped: null,
    left: 0,
    breath: performance.now(),
  };
  let current = firstLayer(run, starts);
  let spare = layer(current.width);
  let firstOfLayer = 0;
  while (current.count > 0 && run.depth !== options.depth && !run.judge.violated && run.stopped === null) {
    empty(spare, current.width);
    const isLast = run.depth + 1 === options.depth;
    await expandLayer(run, current, firstOfLayer, spare, isLast);
    firstOfLayer += current.count;
    [current, spare] = [spare, current];
    if (current.count > 0) run.depth++;
    report(run, current.count, true);
  }
  return {
    generated: run.generated,
    distinct: run.distinct,
    depth: run.depth,
    exhausted: current.count === 0 && run.stopped === null,
    edge: current.count + run.left,
    cut: run.cut,
    stopped: run.stopped,
    verdicts: run.judge.verdicts,
    path: (to) => pathTo(run, starts, to),
  };
}

function firstLayer(run: Search, starts: readonly Start[]): Layer {
  const { model } = run;
  const first = layer(model.places.length);
  for (const [index, { state }] of starts.entries()) {
    run.generated++;
    const [low, high] = sumOfWords(model, state);
    const alone = layer(first.width);
    for (let p = 0; p < first.width; p++) push(alone.vectors, state.vector[p] ?? 0);
    for (const message of state.bag) push(alone.bags, message);
    if (isKnown(run, alone, low, high)) continue;
    judgeState(run.judge, -1 - index, -1, alone.vectors.items, 0);
    if (!countIn(run, isWithin(run.judge, alone.vectors.items, 0), low, high)) continue;
    push(run.parents, -1 - index);
    push(run.branches, 0);
    for (let p = 0; p < first.width; p++) push(first.vectors, alone.vectors.items[p]!);
    for (const message of state.bag) push(first.bags, message);
    for (const item of [low, high, first.bags.length]) push(first.heads, item);
    first.count++;
  }
  return first;
}

async function expandLayer(
  run: Search,
  current: Layer,
  first: number,
  next: Layer,
  isLast: boolean,
): Promise<void> {
  for (let index = 0; index < current.count; index++) {
    if ((index & 1023) === 0) await breathe(run, current.count - index);
    if ((index & 15) === 0 && !hasMemory(run, current, next)) run.stopped ??= "memory";
    if (run.stopped !== null) {
      run.left = current.count - index;
      return;
    }
    const { out } = run;
    expandState(run, current, index);
    run.generated += out.same + out.rows.length / rowSize;
    if (run.judge.steps.length > 0) takeSteps(run, first + index, current, index);
    const take = run.exact === null && run.model.constraint === undefined ? takeNew : takeNewBuilt;
    take(run, first + index, current, index, next, isLast);
  }
}

/** Keeps what is new among the successors of one state. Looks at all slots first: the memory answers together. */
function takeNew(
  run: Search,
  parent: number,
  current: Layer,
  index: number,
  next: Layer,
  isLast: boolean,
): void {
  const { model, out, seen, scratch, judge, parents, branches } = run;
  const { items, length } = out.rows;
  const rows = length / rowSize;
  makeRoom(seen, rows);
  reserve(parents, rows);
  reserve(branches, rows);
  const { slots } = seen;
  const mask = slots.length - 1;
  for (let at = 0; at < length; at += rowSize) touched |= slots[slotOf(items[at]!, mask)]!;
  for (let at = 0; at < length; at += rowSize) {
    if (!insert(slots, items[at]!, items[at + row.high]!)) continue;
    seen.count++;
    run.distinct++;
    parents.items[parents.length++] = parent;
    branches.items[branches.length++] = items[at + row.branch]!;
    const looksNew = isNewToTheEye(judge, items[at + row.seenLow]!, items[at + row.seenHigh]!);
    if (isLast && !looksNew) {
      next.count++;
      continue;
    }
    const target = isLast ? scratch : next;
    if (isLast) empty(scratch, current.width);
    model.build(current, index, items, at, target);
    if (isLast) next.count++;
    if (looksNew) {
      judgeState(judge, parents.length - 1, -1, target.vectors.items, target.vectors.length - target.width);
    }
  }
}

/** Whether a state was met before, inside of the constraint or outside. `built` holds it alone. */
function isKnown({ seen, outside, exact }: Search, built: Layer, low: number, high: number): boolean {
  if (exact === null) return has(seen, low, high) || has(outside, low, high);
  const { vectors, bags, width } = built;
  return !addExactly(exact, vectors.items, 0, width, bags.items, 0, bags.length);
}

/** Counts a new state, and whether it is one to go on from. */
function countIn(run: Search, isInside: boolean, low: number, high: number): boolean {
  if (run.exact === null) add(isInside ? run.seen : run.outside, low, high);
  if (isInside) run.distinct++;
  else run.cut++;
  return isInside;
}

/** The same where a state must be built before it is known whether it is new, or counts. */
function takeNewBuilt(
  run: Search,
  parent: number,
  current: Layer,
  index: number,
  next: Layer,
  isLast: boolean,
): void {
  const { model, out, scratch, judge } = run;
  const { items, length } = out.rows;
  for (let at = 0; at < length; at += rowSize) {
    const low = items[at]!;
    const high = items[at + row.high]!;
    const branch = items[at + row.branch]!;
    if (run.exact === null && isKnown(run, scratch, low, high)) continue;
    empty(scratch, current.width);
    model.build(current, index, items, at, scratch);
    if (run.exact !== null && isKnown(run, scratch, low, high)) continue;
    judgeState(judge, parent, branch, scratch.vectors.items, 0);
    if (!countIn(run, isWithin(judge, scratch.vectors.items, 0), low, high)) continue;
    push(run.parents, parent);
    push(run.branches, branch);
    if (isLast) next.count++;
    else model.build(current, index, items, at, next);
  }
}

/** Keeps the reads that fetch slots early from being optimised away. */
let touched = 0;

/** Whether one more state can be expanded, though every table that is full were to grow. */
function hasMemory(
  { seen, exact, parents, branches, options: { maxBytes } }: Search,
  current: Layer,
  next: Layer,
): boolean {
  const growing = [parents, branches, next.vectors, next.heads, next.bags];
  const kept = [current.vectors, current.heads, current.bags];
  let bytes = bytesToGrow(seen) + (exact === null ? 0 : bytesOf(exact));
  for (const { items } of kept) bytes += items.byteLength;
  for (const { items, length } of growing) bytes += items.byteLength * (length > items.length * 0.9 ? 3 : 1);
  return bytes <= maxBytes;
}

/** Expands a state so that the rows tell what it changes for the properties of steps. */
function expandState(run: Search, current: Layer, index: number): void {
  const { out, judge } = run;
  out.rows.length = out.same = 0;
  out.watched = judge.all.isLookedAt;
  run.model.expand(current, index, out);
  keepUp(judge);
}

/** Judges the steps to all successors of one state, also to those that were seen before. */
function takeSteps(run: Search, parent: number, current: Layer, index: number): void {
  const { model, judge, out, scratch } = run;
  const { items, length } = out.rows;
  const { vectors, width } = current;
  const { all } = judge;
  lookAt(judge, all.list, vectors.items, index * width);
  const { seenLow, seenHigh } = judge;
  const head = index * headSize;
  let hasStayed = false;
  for (let at = 0; at < length; at += rowSize) {
    // A step that changes nothing is none. One that changes only what no property looks at is one, like all such.
    if (items[at] === current.heads.items[head] && items[at + row.high] === current.heads.items[head + 1]) {
      continue;
    }
    const low = items[at + row.seenLow]!;
    const high = items[at + row.seenHigh]!;
    if (!isNewToTheEye(judge, low, high)) {
      if (hasStayed) continue;
      hasStayed = true;
    }
    if (!isNewStep(judge, seenLow, seenHigh, (seenLow + low) | 0, (seenHigh + high) | 0)) continue;
    empty(scratch, width);
    model.build(current, index, items, at, scratch);
    judgeStep(judge, parent, items[at + row.branch]!, vectors.items, index * width, scratch.vectors.items, 0);
    if (judge.all === all) continue;
    // A property has looked at a place for the first time: what the rows tell is out of date.
    expandState(run, current, index);
    return takeSteps(run, parent, current, index);
  }
}

function empty(target: Layer, width: number): void {
  target.count =
    target.vectors.length =
    target.heads.length =
    target.bags.length =
      0;
  target.width = width;
}

function pathTo(run: Search, starts: readonly Start[], { state, branch }: PathEnd): Run {
  const branches: number[] = branch < 0 ? [] : [branch];
  let at = state;
  while (at >= 0) {
    const parent = run.parents.items[at]!;
    if (parent >= 0) branches.unshift(run.branches.items[at]!);
    at = parent;
  }
  const start = starts[-1 - at]!;
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
  if (run.options.stopped()) run.stopped = "signal";
}

function report(run: Search, queue: number, complete: boolean): void {
  const { generated, distinct } = run;
  const depth = complete ? run.depth : run.depth + 1;
  run.options.onProgress({ depth, generated, distinct, queue, complete });
}

/** The fingerprint of a state: the sum of the words of its parts. */
function sumOfWords(model: Model, { vector, bag }: State): readonly [low: number, high: number] {
  let low = 0;
  let high = 0;
  const take = ({ words }: Place<unknown>, value: number) => {
    low += words.items[value * 2]!;
    high += words.items[value * 2 + 1]!;
  };
  vector.forEach((value, p) => take(model.places[p]!, value));
  for (const message of bag) take(model.messages, message);
  return [low | 0, high | 0];
}
