/** One who walks through a spec step by step, and judges what comes: no object per state. */
import { allow, type Allowance, allowanceOf } from "./allowance.ts";
import { isWithin, type Judge, judge, judgeAlone, judgeStep } from "./judge.ts";
import { clear, type Layer, layer, type Segment } from "./layer.ts";
import { type Model, row, rowSize, type State, type Successors, successors } from "./model.ts";

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
  /** Which steps the action constraint lets it take, if there is one; else null. */
  readonly allowance: Allowance | null;
  /** Where the rows of `out` begin that lead elsewhere, in an order that depends on nothing but the state. */
  readonly choices: number[];
  /** How many states were judged since the judge last forgot all. */
  judged: number;
}

/** So many states a judge remembers at most, so that a long run does not need more and more memory. */
const memory = 1 << 18;

/** One who has not gone anywhere yet. */
export function walker(model: Model): Walker {
  model.nameByContent();
  return {
    model,
    judge: judge(model, true),
    here: layer(),
    before: layer(),
    out: successors(),
    allowance: allowanceOf(model),
    choices: [],
    judged: 0,
  };
}

/** Goes to a state from which a walk begins. */
export function begin({ here, model }: Walker, state: State): void {
  clear(here);
  model.put(state, here);
}

/** The record that a layer holds alone, from its first word on. */
function only({ segments }: Layer): Segment {
  return segments[segments.length - 1]!;
}

/** Looks where the next step may lead, and returns how many ways there are that lead elsewhere. */
export function lookAhead(walker: Walker): number {
  const { model, out, here, choices } = walker;
  while (!model.expand(only(here), 0, out)) {
    const [state] = [model.take(only(here), 0)];
    model.refit();
    begin(walker, state);
    walker.judge = afresh(walker);
  }
  const { rows } = out;
  const { words } = only(here);
  choices.length = 0;
  if (walker.allowance !== null) allow(walker.allowance, model, only(here), 0, out);
  for (let at = 0; at < out.count * rowSize; at += rowSize) {
    if (walker.allowance?.isCut[at / rowSize] === 1) continue;
    if (rows[at] !== words[0] || rows[at + row.high] !== words[1]) choices.push(at);
  }
  // Rows come in an order that depends on what other walks have met. Names of states derive from their content.
  choices.sort((a, b) =>
    model.actionOf(out, a) - model.actionOf(out, b) || rows[a]! - rows[b]! ||
    rows[a + row.high]! - rows[b + row.high]!
  );
  return choices.length;
}

/** Whether no step at all leads from where the walk is, as `lookAhead` saw, although the spec doesn't say that it may end there. */
export function isStuck({ model, out, here }: Walker): boolean {
  if (out.same + out.count > 0 || model.ends === undefined) return false;
  return !model.ends(model.take(only(here), 0));
}

/** Goes one of the ways, and returns by which branch, as `Model.stepAt` knows it. */
export function go(walker: Walker, choice: number): number {
  const { model, here, before, out } = walker;
  const at = walker.choices[choice]!;
  clear(before);
  model.build(only(here), 0, out, at, before);
  [walker.here, walker.before] = [before, here];
  return model.branchOf(out, at);
}

/** Judges the state in which the walk is after so many steps, and the last step. */
export function judgeHere(walker: Walker, steps: number): void {
  if (++walker.judged > memory) forget(walker);
  const { judge, here, before } = walker;
  judgeAlone(judge, steps, only(here).words, 0);
  if (steps === 0 || judge.steps.length === 0) return;
  judgeStep(judge, steps, -1, only(before).words, 0, only(here).words, 0);
}

/** Whether the walk may go on from where it is. */
export function mayGoOn({ judge, here }: Walker): boolean {
  return isWithin(judge, only(here).words, 0);
}

function forget(walker: Walker): void {
  walker.judge = afresh(walker);
  walker.judged = 0;
}

/** A judge who remembers verdicts alone. */
function afresh({ model, judge: { verdicts, violated } }: Walker): Judge {
  const fresh = judge(model, true);
  for (const [name, verdict] of verdicts) fresh.verdicts.set(name, verdict);
  fresh.violated = violated;
  return fresh;
}
