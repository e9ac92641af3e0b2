/** One who walks through a spec step by step, and judges what comes: no object per state. */
import { push } from "./growable.ts";
import { isWithin, type Judge, judge, judgeState, judgeStep, keepUp } from "./judge.ts";
import {
  type Layer,
  layer,
  type Model,
  row,
  rowSize,
  type State,
  type Successors,
  successors,
} from "./model.ts";

/** Who walks. */
export interface Walker {
  readonly model: Model;
  /** Judges by comparing what properties look at itself: nothing is left to chance. */
  judge: Judge;
  /** Holds the state in which the walk is, alone. */
  here: Layer;
  /** Holds the state before that. */
  before: Layer;
  readonly out: Successors;
  /** Where the rows of `out` begin that lead elsewhere, in an order that depends on nothing but the state. */
  readonly choices: number[];
  /** How many states were judged since the judge last forgot all. */
  judged: number;
}

/** So many states a judge remembers at most, so that a long run does not need more and more memory. */
const memory = 1 << 18;

/** One who has not gone anywhere yet. */
export function walker(model: Model): Walker {
  const width = model.places.length;
  return {
    model,
    judge: judge(model, true),
    here: layer(width),
    before: layer(width),
    out: successors(),
    choices: [],
    judged: 0,
  };
}

/** Goes to a state from which a walk begins. */
export function begin(walker: Walker, { vector, bag }: State): void {
  const { here, model } = walker;
  empty(here, Math.max(here.width, model.places.length));
  for (let p = 0; p < here.width; p++) push(here.vectors, vector[p] ?? 0);
  for (const message of bag) push(here.bags, message);
  for (const item of [0, 0, bag.length]) push(here.heads, item);
  here.count = 1;
}

/** Looks where the next step may lead, and returns how many ways there are that lead elsewhere. */
export function lookAhead(walker: Walker): number {
  const { model, out, here, choices } = walker;
  out.rows.length = out.same = 0;
  model.expand(here, 0, out);
  keepUp(walker.judge);
  const { items, length } = out.rows;
  choices.length = 0;
  for (let at = 0; at < length; at += rowSize) {
    if (items[at] !== here.heads.items[0] || items[at + row.high] !== here.heads.items[1]) choices.push(at);
  }
  // Rows come in an order that depends on what other walks have met. Names of states derive from their content.
  choices.sort((a, b) =>
    model.actionOf(items, a) - model.actionOf(items, b) || items[a]! - items[b]! ||
    items[a + row.high]! - items[b + row.high]!
  );
  return choices.length;
}

/** Goes one of the ways, and returns which of `Model.steps` that is. */
export function go(walker: Walker, choice: number): number {
  const { model, here, before, out: { rows } } = walker;
  const at = walker.choices[choice]!;
  empty(before, here.width);
  model.build(here, 0, rows.items, at, before);
  [walker.here, walker.before] = [before, here];
  return rows.items[at + row.branch]!;
}

/** Judges the state in which the walk is after so many steps, and the last step. */
export function judgeHere(walker: Walker, steps: number): void {
  if (++walker.judged > memory) forget(walker);
  const { judge, here: { vectors }, before } = walker;
  judgeState(judge, steps, -1, vectors.items, 0);
  if (steps === 0 || judge.steps.length === 0) return;
  judgeStep(judge, steps, -1, before.vectors.items, 0, vectors.items, 0);
}

/** Whether the walk may go on from where it is. */
export function mayGoOn({ judge, here }: Walker): boolean {
  return isWithin(judge, here.vectors.items, 0);
}

function forget(walker: Walker): void {
  const fresh = judge(walker.model, true);
  for (const [name, verdict] of walker.judge.verdicts) fresh.verdicts.set(name, verdict);
  walker.judge = fresh;
  walker.judged = 0;
}

function empty(target: Layer, width: number): void {
  target.count =
    target.vectors.length =
    target.heads.length =
    target.bags.length =
      0;
  target.width = width;
}
