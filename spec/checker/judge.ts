/** Judges states and steps by the properties of a spec, each only once for what the properties look at. */
import type { Always, Sometimes, Steps } from "../dsl/property.ts";
import type { Model } from "./model.ts";
import type { PathEnd } from "./search.ts";
import { add, clear, has, type Table, table } from "./table.ts";
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
  /**
   * By place: 1 if some judgement has looked at it. Two states that differ only elsewhere look the same, and are
   * judged once. When a judgement looks at another place, this is another array, and all below is forgotten.
   */
  watched: Uint8Array;
  /** How many places there were. With another one all is forgotten, too: a judgement may depend on it. */
  places: number;
  /** What was judged: fingerprints of what is watched of states, and of states before and after a step. */
  readonly states: Memory;
  readonly changes: Memory;
  /** The same of states within the constraint. */
  readonly inside: Table;
  /** The fingerprint that `lookAt` found last. */
  seenLow: number;
  seenHigh: number;
  readonly verdicts: Verdicts;
  /** Whether some `always` or `steps` was violated. */
  violated: boolean;
}

/** What was judged, and how often that was asked. */
interface Memory {
  readonly known: Table;
  asked: number;
}

/** A judge who has seen nothing yet. */
export function judge(model: Model): Judge {
  return {
    model,
    always: model.properties.filter((property) => property.kind === "always"),
    steps: model.properties.filter((property) => property.kind === "steps"),
    sometimes: model.properties.filter((property) => property.kind === "sometimes"),
    watched: new Uint8Array(0),
    places: 0,
    states: { known: table(1 << 10), asked: 0 },
    changes: { known: table(1 << 10), asked: 0 },
    inside: table(1 << 4),
    seenLow: 0,
    seenHigh: 0,
    verdicts: new Map(),
    violated: false,
  };
}

/** Whether a successor looks other than the state before it, by what its fingerprint to the eye differs by. */
export function isNewToTheEye({ watched, places, model }: Judge, seenLow: number, seenHigh: number): boolean {
  return seenLow !== 0 || seenHigh !== 0 || watched.length === 0 || places !== model.places.length;
}

/**
 * Judges the state that begins at `at`, unless one that looks the same was judged before. A verdict on it names
 * the state of this number, or its successor of this branch.
 */
export function judgeState(
  judge: Judge,
  state: number,
  branch: number,
  vector: Int32Array,
  at: number,
): void {
  lookAt(judge, vector, at);
  if (!isNew(judge.states, judge.seenLow, judge.seenHigh)) return;
  const view = judge.model.view(vector, at, (place) => watch(judge, place));
  for (const property of judge.always) {
    if (judge.verdicts.has(property.name)) continue;
    const witness = property.holds(view);
    if (witness !== true) violate(judge, property.name, { state, branch, witness });
  }
  const reached = judge.sometimes.filter((property) => property.reached(view));
  if (reached.length === 0) return;
  for (const { name } of reached) judge.verdicts.set(name, { state, branch, witness: null });
  judge.sometimes = judge.sometimes.filter((property) => !reached.includes(property));
}

/** Whether the state that begins at `at` is one that the spec's constraint lets the search go on from. */
export function isWithin(judge: Judge, vector: Int32Array, at: number): boolean {
  const { inside, model } = judge;
  if (model.constraint === undefined) return true;
  lookAt(judge, vector, at);
  const { watched, seenLow, seenHigh } = judge;
  if (has(inside, seenLow, seenHigh)) return true;
  const isInside = model.constraint(model.view(vector, at, (place) => watch(judge, place)));
  if (isInside && judge.watched === watched) add(inside, seenLow, seenHigh);
  return isInside;
}

/** Whether a step between states that look like these was not judged before. */
export function isNewStep(
  judge: Judge,
  lowBefore: number,
  highBefore: number,
  lowAfter: number,
  highAfter: number,
): boolean {
  const low = avalanche(lowBefore ^ avalanche(lowAfter)) ^ highAfter;
  const high = avalanche(highBefore ^ avalanche(highAfter + 1)) ^ lowAfter;
  return isNew(judge.changes, low, high);
}

/** Judges a step from the state of this number by its successor of this branch. */
export function judgeStep(
  judge: Judge,
  state: number,
  branch: number,
  before: Int32Array,
  beforeAt: number,
  after: Int32Array,
  afterAt: number,
): void {
  const onRead = (place: number) => watch(judge, place);
  const viewBefore = judge.model.view(before, beforeAt, onRead);
  const viewAfter = judge.model.view(after, afterAt, onRead);
  for (const property of judge.steps) {
    if (judge.verdicts.has(property.name)) continue;
    const witness = property.holds(viewBefore, viewAfter);
    if (witness !== true) violate(judge, property.name, { state, branch, witness });
  }
}

/** Leaves the fingerprint of what is watched of a state in `seenLow` and `seenHigh`. */
export function lookAt(judge: Judge, vector: Int32Array, at: number): void {
  const { places } = judge.model;
  if (judge.places !== places.length) {
    forget(judge, new Uint8Array(0));
    judge.places = places.length;
  }
  const { watched } = judge;
  let low = 0;
  let high = 0;
  for (let p = 0; p < watched.length; p++) {
    if (watched[p] === 0) continue;
    const value = vector[at + p]! * 2;
    const { items } = places[p]!.observedWords;
    low += items[value]!;
    high += items[value + 1]!;
  }
  judge.seenLow = low | 0;
  judge.seenHigh = high | 0;
}

/** Beyond so many states that all look different, looking them up costs more than it saves. */
const patience = 1 << 16;

function isNew(memory: Memory, low: number, high: number): boolean {
  const { known } = memory;
  memory.asked++;
  if (known.count > patience && known.count * 4 > memory.asked * 3) return true;
  return add(known, low, high);
}

function watch(judge: Judge, place: number): void {
  if (judge.watched[place] === 1) return;
  const longer = new Uint8Array(Math.max(place + 1, judge.watched.length));
  longer.set(judge.watched);
  longer[place] = 1;
  forget(judge, longer);
}

function forget(judge: Judge, watched: Uint8Array): void {
  judge.watched = watched;
  for (const memory of [judge.states, judge.changes]) {
    clear(memory.known);
    memory.asked = 0;
  }
  clear(judge.inside);
}

function violate(judge: Judge, name: string, verdict: Verdict): void {
  judge.verdicts.set(name, verdict);
  judge.violated = true;
}
