/** The search: breadth first, in layers, so that the first counterexample found is a shortest one. */
import type { Run } from "../trace/run.ts";
import { allow, type Allowance, allowanceOf, gatherNames } from "./allowance.ts";
import { cover, type Coverage, noCoverage } from "./coverage.ts";
import { addExactly, bytesOf as bytesOfExact, type ExactSet, exactSet } from "./exact.ts";
import { pathTo } from "./path.ts";
import { shift } from "./patience.ts";
import {
  forget,
  glance,
  glanced,
  isNewStep,
  isWithin,
  type Judge,
  judge,
  judgeFirst,
  judgeState,
  judgeStep,
  lookAtParent,
  type Verdicts,
  watcherOfSteps,
} from "./judge.ts";
import { bytesOf, clear, type Layer, layer, type Segment, valueAt } from "./layer.ts";
import { type Model, row, rowSize, type Start, type Successors, successors } from "./model.ts";
import { advance, type Queue, queueOf, refit } from "./queue.ts";
import { claim, type SharedNames, touch } from "./shared_table.ts";
import { add, bytesToGrow, forEachName, insert, makeRoom, slotOf, type Table, table } from "./table.ts";
import { bytesOfTrail, noteBranch, noteChildren, type Trail, trail } from "./trail.ts";

/** Thrown where names of states no longer tell them apart for sure, as asked for. All begins again, with what was learned. */
export class NoLongerExact extends Error {}

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
  /** Whether to count what each action does; not if left out. */
  readonly covers?: boolean;
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
  /** How many steps the spec's action constraint cut off. */
  readonly cutSteps: number;
  /** What ended the search before its time: `stopped`, or `maxBytes`. */
  readonly stopped: Stopped | null;
  /** Whether no state can have been mistaken for another one. */
  readonly isExact: boolean;
  /** By action of the model, what it did; empty if that was not to be counted. */
  readonly coverage: Coverage;
  /** What became of each property, by its name. */
  readonly verdicts: Verdicts;
  /** The path to a state or step that a verdict names. */
  path(to: PathEnd): Run;
}

/** A state by its number, or the step by which the search left it. */
export interface PathEnd {
  /** The number of a state, in the order of discovery; -1, -2, ... for the first, second, ... start. */
  readonly state: number;
  /** By which branch to leave that state; -1: the path ends at the state. */
  readonly branch: number;
}

/** A search under way. */
export interface Search {
  readonly model: Model;
  readonly options: SearchOptions;
  /** The states of the deepest layer that is complete, and of the one after it. */
  current: Layer;
  next: Layer;
  /** All states, also those that the constraint keeps out. */
  seen: Table;
  /** Which steps the action constraint lets it take, if there is one; else null. */
  readonly allowance: Allowance | null;
  /** The same names, where several workers share them; else null. */
  shared: SharedNames | null;
  /** The same where names won't do; else null. */
  readonly exact: ExactSet | null;
  readonly judge: Judge;
  trail: Trail;
  /** For each state without a parent: which of the starts it is. */
  readonly firsts: number[];
  readonly out: Successors;
  /** Takes what is built only to be looked at. */
  readonly scratch: Layer;
  homes: Int32Array;
  /** Which of the successors at hand are new, and how many. */
  fresh: Int32Array;
  freshCount: number;
  readonly coverage: Coverage;
  generated: number;
  distinct: number;
  /** How many distinct states the constraint kept out. */
  cut: number;
  /** How many steps the action constraint cut off. */
  cutSteps: number;
  /** How many states were expanded: the number of the one that is expanded next. */
  expanded: number;
  depth: number;
  stopped: Stopped | null;
  /** How many states of a layer were not expanded when the search was stopped. */
  left: number;
  breath: number;
}

/** Explores what is reachable from `starts`. */
export async function search(model: Model, starts: readonly Start[], options: SearchOptions): Promise<Found> {
  const run = begin(model, starts, options);
  await goOn(run, () => false);
  return {
    ...totals(run),
    isExact: run.exact !== null || (model.records.isName && model.naming === undefined),
    verdicts: run.judge.verdicts,
    path: (to) => pathTo(run, starts, to),
  };
}

/** What a search has counted. */
export function totals(run: Search): Omit<Found, "isExact" | "verdicts" | "path"> {
  const { generated, distinct, depth, current, cut, cutSteps, stopped, left, coverage } = run;
  return {
    generated,
    distinct,
    depth,
    exhausted: current.count === 0 && stopped === null,
    edge: current.count + left,
    cut,
    cutSteps,
    stopped,
    coverage,
  };
}

/** A search that has found the states in which it begins. */
export function begin(model: Model, starts: readonly Start[], options: SearchOptions): Search {
  const current = layer();
  const run: Search = {
    model,
    options,
    current,
    next: layer(current.pool),
    seen: table(),
    allowance: allowanceOf(model),
    shared: null,
    exact: options.isExact && !model.records.isName ? exactSet() : null,
    judge: judge(model, options.isExact),
    distinct: 0,
    cut: 0,
    cutSteps: 0,
    trail: trail(0),
    firsts: [],
    out: successors(),
    scratch: layer(),
    homes: new Int32Array(64),
    fresh: new Int32Array(64),
    freshCount: 0,
    coverage: noCoverage(options.covers === true ? model.actions.length : 0),
    generated: 0,
    expanded: 0,
    depth: 1,
    stopped: null,
    left: 0,
    breath: performance.now(),
  };
  addFirst(run, starts);
  return run;
}

/** Expands layer by layer, to the end or until it is `enough`. */
export async function goOn(run: Search, enough: (run: Search) => boolean): Promise<void> {
  while (isUnderWay(run) && !enough(run)) {
    await expandLayer(run, run.depth + 1 === run.options.depth);
    endLayer(run, run.next.count);
    report(run, run.current.count, true);
    if (run.options.stopped()) run.stopped ??= "signal";
  }
}

/** Whether there is something to expand, and no reason not to. */
export function isUnderWay({ current, depth, options, judge, stopped }: Search): boolean {
  return current.count > 0 && depth !== options.depth && !judge.violated && stopped === null;
}

/** The next layer, of so many states in all, becomes the current one. */
export function endLayer(run: Search, count: number): void {
  clear(run.current);
  [run.current, run.next] = [run.next, run.current];
  if (count > 0) run.depth++;
}

function addFirst(run: Search, starts: readonly Start[]): void {
  const { model, judge, current: first } = run;
  for (const [index, { state }] of starts.entries()) {
    run.generated++;
    const before = first.segments.at(-1)!.used;
    model.put(state, first);
    const segment = first.segments.at(-1)!;
    const at = first.segments.length > 1 && segment.used < before ? 0 : before;
    const isNew = run.exact === null
      ? add(run.seen, ...(model.naming?.keyOf(segment, at) ?? [segment.words[at]!, segment.words[at + 1]!]))
      : isNewExactly(run, run.exact, segment, at);
    if (isNew) judgeFirst(judge, -1 - index, segment.words, at);
    if (isNew && countIn(run, isWithin(judge, segment.words, at))) run.firsts.push(index);
    else undo(first, segment, at);
  }
  run.trail = trail(run.firsts.length);
}

/** How many states are expanded at most between two looks at the clock and at memory. */
const stride = 1024;

async function expandLayer(run: Search, isLast: boolean): Promise<void> {
  const queue = queueOf(run.current);
  while (queue.count > 0) {
    await breathe(run, queue.count);
    if (!hasMemory(run, queue)) run.stopped ??= "memory";
    if (run.stopped !== null) {
      run.left = queue.count;
      return;
    }
    expandSome(run, queue, isLast);
  }
}

/** Expands some states of a queue. */
export function expandSome(run: Search, queue: Queue, isLast: boolean): void {
  const { model, judge, out, next } = run;
  const isLong = shift();
  for (let i = 0; i < stride && queue.count > 0 && !isLong(); i++) {
    const [segment] = queue.segments;
    if (!model.expand(segment!, queue.at, out)) {
      enlarge(run, queue, next);
      i--;
      continue;
    }
    run.generated += out.same + out.count;
    if (out.same + out.count === 0) judgeEnd(run, segment!, queue.at);
    if (run.allowance !== null) run.cutSteps += allow(run.allowance, model, segment!, queue.at, out);
    if (judge.steps.length > 0) takeSteps(run, segment!, queue.at);
    takeNew(run, segment!, queue.at, next, isLast);
    run.expanded++;
    advance(model, queue, next);
  }
}

/** Writes all states anew, as their values need more bits than they had. */
function enlarge(run: Search, queue: Queue, next: Layer): void {
  const { model, judge } = run;
  const wasExact = model.records.isName;
  const rename = refit(model, queue, next);
  if (run.options.isExact && wasExact && !model.records.isName) throw new NoLongerExact();
  if (rename !== null && model.naming === undefined) {
    const renamed = table(run.seen.slots.length / 2);
    forEachName(run.seen, (low, high) => add(renamed, ...rename(low, high)));
    run.seen = renamed;
  }
  forget(judge);
}

/** The name under which a deadlock stands among the verdicts; no property has such a name. */
export const deadlock = "\0deadlock";

/** Judges a state from which no step leads. */
function judgeEnd({ model, judge, expanded }: Search, segment: Segment, at: number): void {
  if (model.ends === undefined || judge.verdicts.has(deadlock)) return;
  if (model.ends(model.take(segment, at))) return;
  judge.verdicts.set(deadlock, { state: expanded, branch: -1, witness: null });
  judge.violated = true;
}

/** Keeps what is new among the successors of one state. */
function takeNew(run: Search, segment: Segment, at: number, next: Layer, isLast: boolean): void {
  const { model, out, judge } = run;
  if (run.exact !== null) findNewExactly(run, run.exact, segment, at);
  else {
    model.naming?.rename(segment, at, out);
    const names = model.naming === undefined ? out.rows : out.keys;
    const size = model.naming === undefined ? rowSize : 2;
    if (run.allowance === null) findNew(run, names, size, out.count);
    else findNewAllowed(run, run.allowance, names, size);
  }
  const { fresh } = run;
  if (run.coverage.taken.length > 0) cover(run.coverage, model, out, fresh, run.freshCount);
  // Properties of steps had to look before.
  let isLookedAt = judge.steps.length > 0;
  let children = 0;
  for (let i = 0; i < run.freshCount; i++) {
    const r = fresh[i]! * rowSize;
    if (!isLookedAt) lookAtParent(judge, run.expanded, segment.words, at);
    model.changeOf(segment, at, out, r, judge.change);
    if (keep(run, segment, at, r, next, isLast)) children++;
    isLookedAt = !judge.hasLookedElsewhere;
  }
  if (!isLast) noteChildren(run.trail, children);
}

/**
 * Adds names, which begin in every `size`-th integer, to those seen, and notes which are new. Looks at all slots first:
 * so the memory answers together.
 */
function findNew(run: Search, names: Int32Array, size: number, count: number): void {
  const { seen, shared } = run;
  if (shared !== null) return claimNew(run, shared, names, size, count);
  makeRoom(seen, count);
  if (run.homes.length < count) run.homes = new Int32Array(count * 2);
  if (run.fresh.length < count) run.fresh = new Int32Array(count * 2);
  const { homes, fresh } = run;
  const { slots, shift } = seen;
  let touch = 0;
  for (let i = 0; i < count; i++) {
    const home = slotOf(names[i * size]!, names[i * size + 1]!, shift);
    homes[i] = home;
    touch |= slots[home]!;
  }
  fetched = touch & 1;
  let found = 0;
  for (let i = 0; i < count; i++) {
    if (!insert(slots, homes[i]!, names[i * size]!, names[i * size + 1]!)) continue;
    fresh[found++] = i;
  }
  seen.count += found;
  run.freshCount = found;
}

/** The same where workers share what was seen. */
function claimNew(
  run: Search,
  shared: SharedNames,
  names: Int32Array,
  size: number,
  count: number,
): void {
  const { fresh } = run;
  if (fresh.length < count) run.fresh = new Int32Array(count * 2);
  fetched = touch(shared, names, size, count) & 1;
  let found = 0;
  for (let i = 0; i < count; i++) {
    if (claim(shared, names[i * size]!, names[i * size + 1]!)) run.fresh[found++] = i;
  }
  shared.added += found;
  run.freshCount = found;
}

/** The same where some steps are cut off. */
function findNewAllowed(run: Search, allowance: Allowance, names: Int32Array, size: number): void {
  gatherNames(allowance, names, size, run.out);
  findNew(run, run.out.keys, 2, allowance.count);
  for (let i = 0; i < run.freshCount; i++) run.fresh[i] = allowance.rows[run.fresh[i]!]!;
}

/** Keeps a state that is new, unless the constraint keeps it out. Builds it only where that is needed. */
function keep(run: Search, segment: Segment, at: number, r: number, next: Layer, isLast: boolean): boolean {
  const { model, judge, out, scratch } = run;
  const news = glance(judge);
  if (news === glanced.isOutside) {
    run.cut++;
    return false;
  }
  if (isLast && news === 0) {
    run.distinct++;
    next.count++;
    return true;
  }
  const target = isLast ? scratch : next;
  if (isLast) clear(scratch);
  const builtAt = model.build(segment, at, out, r, target);
  const built = target.segments[target.segments.length - 1]!;
  const branch = model.branchOf(out, r);
  if ((news & glanced.mustLook) !== 0) judgeState(judge, run.expanded, branch, built.words, builtAt);
  const isOutside = (news & glanced.mustAsk) !== 0
    ? !isWithin(judge, built.words, builtAt)
    : (news & glanced.isOutside) !== 0;
  if (isOutside) {
    run.cut++;
    undo(target, built, builtAt);
    return false;
  }
  run.distinct++;
  if (isLast) next.count++;
  else noteBranch(run.trail, branch);
  return true;
}

/** Finds what is new where a state must be built before that is known. */
function findNewExactly(run: Search, exact: ExactSet, segment: Segment, at: number): void {
  const { model, out, scratch, allowance } = run;
  if (run.fresh.length < out.count) run.fresh = new Int32Array(out.count * 2);
  run.freshCount = 0;
  for (let i = 0; i < out.count; i++) {
    if (allowance?.isCut[i] === 1) continue;
    clear(scratch);
    const builtAt = model.build(segment, at, out, i * rowSize, scratch);
    if (isNewExactly(run, exact, scratch.segments.at(-1)!, builtAt)) run.fresh[run.freshCount++] = i;
  }
}

function isNewExactly({ model }: Search, exact: ExactSet, segment: Segment, at: number): boolean {
  const vector = Int32Array.from(
    model.places,
    (_, place) => valueAt(model.records.fields, segment.words, at, place),
  );
  const bag = model.bagOf(segment, at);
  return addExactly(exact, vector, 0, vector.length, bag, 0, bag.length);
}

/** Takes the record away that was appended last. */
function undo(layer: Layer, segment: Segment, at: number): void {
  segment.used = at;
  layer.count--;
}

/** Counts a new state, and whether it is one to go on from. */
function countIn(run: Search, isInside: boolean): boolean {
  if (isInside) run.distinct++;
  else run.cut++;
  return isInside;
}

/** Keeps the reads that fetch slots early from being optimised away. */
export let fetched = 0;

/** Whether some more states can be expanded, though the table were to grow. */
export function hasMemory(
  { seen, exact, trail, next, options: { maxBytes } }: Search,
  { segments }: Queue,
): boolean {
  const layers = bytesOf([next, { count: 0, segments: [...segments], pool: [] }]);
  const names = bytesToGrow(seen) + (exact === null ? 0 : bytesOfExact(exact));
  return layers + names + bytesOfTrail(trail) <= maxBytes;
}

/** Judges the steps to all successors of one state, also to those that were seen before. */
function takeSteps(run: Search, segment: Segment, at: number): void {
  const { model, judge, out, scratch, allowance } = run;
  lookAtParent(judge, run.expanded, segment.words, at);
  const w = watcherOfSteps(judge);
  let hasStuttered = false;
  const [low, high] = [segment.words[at]!, segment.words[at + 1]!];
  for (let r = 0; r < out.count * rowSize; r += rowSize) {
    if (allowance?.isCut[r / rowSize] === 1) continue;
    // A step that changes nothing is none.
    if (out.rows[r] === low && out.rows[r + row.high] === high) continue;
    model.changeOf(segment, at, out, r, judge.change);
    // All that change nothing to the eye are one step.
    const stutters = !judge.isExact && (judge.change[w * 2]! | judge.change[w * 2 + 1]!) === 0;
    if ((stutters && hasStuttered) || !isNewStep(judge, w)) continue;
    hasStuttered ||= stutters;
    clear(scratch);
    const builtAt = model.build(segment, at, out, r, scratch);
    const { words } = scratch.segments.at(-1)!;
    judgeStep(judge, run.expanded, model.branchOf(out, r), segment.words, at, words, builtAt);
    // Somebody has looked at a place for the first time: what was judged is out of date.
    if (judge.hasLookedElsewhere) return takeSteps(run, segment, at);
  }
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
