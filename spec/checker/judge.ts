/** Judges states and steps by the properties of a spec, each distinct observation only once. */
import type { Always, Sometimes, Steps } from "../dsl/property.ts";
import type { Model } from "./model.ts";
import type { PathEnd } from "./search.ts";
import { add, type Table, table } from "./table.ts";
import { avalanche } from "./value.ts";

/** What became of a property: where it was first violated or reached, and what it said. */
export interface Verdict extends PathEnd {
  /** What the property said is at fault; null for a state that a `sometimes` sought. */
  readonly witness: string | null;
}

/** By the name of the property. A property that is not in it was neither violated nor reached. */
export type Verdicts = Map<string, Verdict>;

/** The properties of a model, and what they said so far. */
export interface Judge {
  readonly model: Model;
  readonly always: readonly Always<unknown>[];
  readonly steps: readonly Steps<unknown>[];
  sometimes: readonly Sometimes<unknown>[];
  readonly judgedStates: Table;
  readonly judgedSteps: Table;
  readonly verdicts: Verdicts;
  /** Whether some `always` or `steps` was violated. */
  violated: boolean;
}

/** A judge who has seen nothing yet. */
export function judge(model: Model): Judge {
  return {
    model,
    always: model.properties.filter((property) => property.kind === "always"),
    steps: model.properties.filter((property) => property.kind === "steps"),
    sometimes: model.properties.filter((property) => property.kind === "sometimes"),
    judgedStates: table(),
    judgedSteps: table(),
    verdicts: new Map(),
    violated: false,
  };
}

/** Judges a new state, unless one that looks the same to properties was judged before. */
export function judgeState(
  judge: Judge,
  state: number,
  vector: ArrayLike<number>,
  low: number,
  high: number,
): void {
  if (!add(judge.judgedStates, low, high)) return;
  const view = viewOf(judge.model, vector, 0);
  for (const property of judge.always) {
    if (judge.verdicts.has(property.name)) continue;
    const witness = property.holds(view);
    if (witness !== true) violate(judge, property.name, { state, branch: null, witness });
  }
  const reached = judge.sometimes.filter((property) => property.reached(view));
  if (reached.length === 0) return;
  for (const { name } of reached) judge.verdicts.set(name, { state, branch: null, witness: null });
  judge.sometimes = judge.sometimes.filter((property) => !reached.includes(property));
}

/** Judges a step, unless one between states that look the same was judged before. */
export function judgeStep(
  judge: Judge,
  state: number,
  branch: number,
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  at: number,
  wordsBefore: readonly [number, number],
  wordsAfter: readonly [number, number],
): void {
  if (judge.steps.length === 0) return;
  const low = avalanche(wordsBefore[0] ^ avalanche(wordsAfter[0])) ^ wordsAfter[1];
  const high = avalanche(wordsBefore[1] ^ avalanche(wordsAfter[1] + 1)) ^ wordsAfter[0];
  if (!add(judge.judgedSteps, low, high)) return;
  const viewBefore = viewOf(judge.model, before, 0);
  const viewAfter = viewOf(judge.model, after, at);
  for (const property of judge.steps) {
    if (judge.verdicts.has(property.name)) continue;
    const witness = property.holds(viewBefore, viewAfter);
    if (witness !== true) violate(judge, property.name, { state, branch, witness });
  }
}

function violate(judge: Judge, name: string, verdict: Verdict): void {
  judge.verdicts.set(name, verdict);
  judge.violated = true;
}

/** What properties see of a state. */
export function viewOf(model: Model, vector: ArrayLike<number>, at: number): unknown {
  return model.view(model.places.map((place, p) => place.observed[vector[at + p]!]));
}
