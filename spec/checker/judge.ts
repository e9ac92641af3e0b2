/** Judges states and steps by the properties of a spec, each only once for what the properties look at. */
import type { Always, Sometimes, Steps } from "../dsl/property.ts";
import { type ExactSet, exactSet } from "./exact.ts";
import { type Eye, eye, isKnownLook, isNewList, isNewLook, lookThrough } from "./eye.ts";
import { valueAt } from "./layer.ts";
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

type Single = Always<unknown> | Sometimes<unknown>;

/** The properties of a model, and what they said so far. */
export interface Judge {
  readonly model: Model;
  /** Whether to compare what was judged itself, not sums of words. */
  readonly isExact: boolean;
  readonly steps: readonly Steps<unknown>[];
  /** Whether all that is asked of a step is asked of the server that it changes. */
  readonly isOfServers: boolean;
  /** The places that each property has looked at so far, the constraint, and the properties of steps together. */
  readonly looks: Map<unknown, Set<number>>;
  /** Whether somebody has looked at a place for the first time since the watchers were last put together. */
  hasLookedElsewhere: boolean;
  /** How many places there were then. */
  places: number;
  watchers: readonly Watcher[];
  /** The looks of the state that is expanded, in pairs, by watcher. */
  looked: Int32Array;
  /** What a successor changes of these. */
  readonly change: Int32Array;
  /** By watcher: 1 if it must look at the successor at hand. */
  readonly curious: Uint8Array;
  /** The steps that were judged, by looks before and after, or by what they changed. */
  readonly knownSteps: Table;
  /** The same for who is exact. */
  knownStepValues: ExactSet;
  /** Where a state is taken apart for a property to look at. */
  vector: Int32Array;
  otherVector: Int32Array;
  readonly verdicts: Verdicts;
  /** Whether some `always` or `steps` was violated. */
  violated: boolean;
}

/** Somebody who looks at states: properties that look at the same places, the constraint, or properties of steps. */
type Watcher =
  & { readonly eye: Eye }
  & (
    /** Those that aren't decided yet. */
    | { readonly type: "properties"; properties: readonly Single[] }
    /** Looks of states that the constraint keeps out; of those that it lets in the eye knows. */
    | { readonly type: "constraint"; readonly outside: Table }
    | { readonly type: "steps" }
  );

/** The most watchers. There are at most two more than properties. */
const mostWatchers = 1 << 10;

/** A judge who has seen nothing yet. */
export function judge(model: Model, isExact: boolean): Judge {
  const steps = model.properties.filter((property) => property.kind === "steps");
  const result: Judge = {
    model,
    isExact,
    steps,
    isOfServers: model.hasWholeServers === true && steps.every(({ ofServer }) => ofServer !== undefined),
    looks: new Map(),
    hasLookedElsewhere: false,
    places: 0,
    watchers: [],
    looked: new Int32Array(mostWatchers * 2),
    change: new Int32Array(mostWatchers * 2),
    curious: new Uint8Array(mostWatchers),
    knownSteps: table(1 << 8),
    knownStepValues: exactSet(),
    vector: new Int32Array(0),
    otherVector: new Int32Array(0),
    verdicts: new Map(),
    violated: false,
  };
  forget(result);
  return result;
}

/** Forgets all that was judged if somebody has looked elsewhere, or if there are more places than before. */
export function keepUp(judge: Judge): void {
  if (judge.hasLookedElsewhere || judge.places !== judge.model.places.length) forget(judge);
}

/** Forgets all that was judged, as looks are other than before. */
export function forget(judge: Judge): void {
  const { model, looks, verdicts, isExact, steps } = judge;
  judge.places = model.places.length;
  judge.hasLookedElsewhere = false;
  const eyeOf = (who: unknown) =>
    eye(model.records, [...looks.get(who) ?? []].sort((a, b) => a - b), isExact);
  const groups = new Map<string, Single[]>();
  for (const property of model.properties) {
    if ((property.kind !== "always" && property.kind !== "sometimes") || verdicts.has(property.name)) {
      continue;
    }
    const key = [...looks.get(property) ?? []].sort((a, b) => a - b).join();
    groups.set(key, [...groups.get(key) ?? [], property]);
  }
  const watchers: Watcher[] = [...groups.values()].map((properties) => ({
    type: "properties",
    properties,
    eye: eyeOf(properties[0]),
  }));
  if (steps.length > 0) watchers.push({ type: "steps", eye: eyeOf("steps") });
  if (model.constraint !== undefined) {
    watchers.push({ type: "constraint", eye: eyeOf("constraint"), outside: table(1 << 8) });
  }
  judge.watchers = watchers;
  clear(judge.knownSteps);
  judge.knownStepValues = exactSet();
  model.watch(watchers.map(({ eye }) => eye));
}

/**
 * Looks at the state that is expanded, before its successors. Who looks at a state that differs from it nowhere that
 * anybody has looked need not look again: this is so only if what was looked at since places were added is known here.
 */
export function lookAtParent(judge: Judge, state: number, words: Int32Array, at: number): void {
  for (;;) {
    keepUp(judge);
    const { watchers, looked } = judge;
    for (let w = 0; w < watchers.length; w++) look(judge, watchers[w]!, words, at, looked, w * 2);
    for (let w = 0; w < watchers.length; w++) {
      const watcher = watchers[w]!;
      // What is asked of steps is asked of no state with itself: that is no step.
      if (watcher.type === "steps") continue;
      const isNew = isNewLook(watcher.eye, looked[w * 2]!, looked[w * 2 + 1]!);
      if (isNew) lookAgain(judge, watcher, state, words, at);
    }
    if (!judge.hasLookedElsewhere) return;
  }
}

function look(
  { model: { places, records: { fields } } }: Judge,
  { eye }: Watcher,
  words: Int32Array,
  from: number,
  out: Int32Array,
  at: number,
): void {
  lookThrough(eye, places, fields, words, from, out, at);
}

/** Lets somebody look at a state that was judged before, so that it is known what he looks at. */
function lookAgain(
  judge: Judge,
  watcher: Exclude<Watcher, { readonly type: "steps" }>,
  state: number,
  words: Int32Array,
  at: number,
): void {
  if (watcher.type === "properties") judgeBy(judge, watcher, state, -1, words, at);
  else judge.model.constraint!(viewOf(judge, words, at, "constraint"));
}

/** What `glance` tells of a successor. Nothing of it: there is nothing to look at, and the constraint lets it in. */
export const glanced = { mustLook: 1, isOutside: 2, mustAsk: 4 } as const;

/**
 * Whether the properties must look at a successor by `change`, whether the constraint is known to keep it out, and
 * whether it must be asked. Leaves in `curious` who must look.
 */
export function glance(judge: Judge): number {
  const { watchers, looked, change, curious, isExact } = judge;
  let result = 0;
  for (let w = 0; w < watchers.length; w++) {
    const watcher = watchers[w]!;
    const first = change[w * 2]!;
    const second = change[w * 2 + 1]!;
    curious[w] = 0;
    if (watcher.type === "steps" || (first | second) === 0) continue;
    const low = (looked[w * 2]! + first) | 0;
    const high = (looked[w * 2 + 1]! + second) | 0;
    if (watcher.type === "constraint") result |= placeOf(judge, watcher, low, high);
    else if (watcher.properties.length > 0) {
      if ((!isExact || watcher.eye.lens !== null) && !isNewLook(watcher.eye, low, high)) continue;
      curious[w] = 1;
      result |= glanced.mustLook;
    }
  }
  return result;
}

/** Where the constraint puts a state that looks like this, as far as that is known. */
function placeOf(
  { isExact }: Judge,
  { eye, outside }: Watcher & { readonly type: "constraint" },
  low: number,
  high: number,
): number {
  if (isExact && eye.lens === null) return glanced.mustAsk;
  if (has(outside, low, high)) return glanced.isOutside;
  return isKnownLook(eye, low, high) ? 0 : glanced.mustAsk;
}

/**
 * Lets those who are curious judge the state whose record begins at `at`. A verdict on it names the state of this
 * number, or its successor of this branch.
 */
export function judgeState(judge: Judge, state: number, branch: number, words: Int32Array, at: number): void {
  const { watchers, curious } = judge;
  for (let w = 0; w < watchers.length; w++) {
    const watcher = watchers[w]!;
    if (curious[w] !== 1 || watcher.type !== "properties") continue;
    const { eye: { values } } = watcher;
    if (values !== null && !isNewList(values, valuesOf(judge, watcher, words, at))) continue;
    judgeBy(judge, watcher, state, branch, words, at);
  }
}

/** Lets all judge a state with which the search begins. */
export function judgeFirst(judge: Judge, state: number, words: Int32Array, at: number): void {
  keepUp(judge);
  judge.curious.fill(1);
  judgeState(judge, state, -1, words, at);
}

/** Lets all judge a state, unless one that looks the same was judged before. */
export function judgeAlone(judge: Judge, state: number, words: Int32Array, at: number): void {
  keepUp(judge);
  for (const watcher of judge.watchers) {
    if (watcher.type !== "properties" || watcher.properties.length === 0) continue;
    const { eye: { values } } = watcher;
    look(judge, watcher, words, at, place, 0);
    const isNew = values === null
      ? isNewLook(watcher.eye, place[0]!, place[1]!)
      : isNewList(values, valuesOf(judge, watcher, words, at));
    if (isNew) judgeBy(judge, watcher, state, -1, words, at);
  }
}

function judgeBy(
  judge: Judge,
  watcher: Watcher & { readonly type: "properties" },
  state: number,
  branch: number,
  words: Int32Array,
  at: number,
): void {
  for (const property of watcher.properties) {
    const verdict = verdictOn(property, viewOf(judge, words, at, property));
    if (verdict === null) continue;
    judge.verdicts.set(property.name, { state, branch, ...verdict });
    if (property.kind === "always") judge.violated = true;
    watcher.properties = watcher.properties.filter((other) => other !== property);
  }
}

/** What `who` sees of a state. Each place that he looks at is noted. */
function viewOf(judge: Judge, words: Int32Array, at: number, who: unknown): unknown {
  const { places, records: { fields } } = judge.model;
  if (judge.vector.length < places.length) judge.vector = new Int32Array(places.length * 2);
  const { vector } = judge;
  for (let p = 0; p < places.length; p++) vector[p] = valueAt(fields, words, at, p);
  let looks = judge.looks.get(who);
  if (looks === undefined) judge.looks.set(who, looks = new Set());
  const known = looks;
  return judge.model.view(vector, 0, (place) => {
    if (known.has(place)) return;
    known.add(place);
    judge.hasLookedElsewhere = true;
  }, known);
}

/** Keeps what a view reads from until the next but one is taken: the next one gets another vector. */
function apart(judge: Judge, view: unknown): unknown {
  [judge.vector, judge.otherVector] = [judge.otherVector, judge.vector];
  return view;
}

function valuesOf({ model }: Judge, { eye }: Watcher, words: Int32Array, at: number): readonly number[] {
  return Array.from(eye.places, (place) => valueAt(model.records.fields, words, at, place));
}

/** What is to be told of a state; null if nothing is. */
function verdictOn(property: Single, view: unknown): { readonly witness: string | null } | null {
  if (property.kind === "sometimes") return property.reached(view) ? { witness: null } : null;
  const judgement = property.holds(view);
  return judgement === true ? null : { witness: judgement };
}

/** Whether the state whose record begins at `at` is one that the spec's constraint lets the search go on from. */
export function isWithin(judge: Judge, words: Int32Array, at: number): boolean {
  const { model, watchers } = judge;
  if (model.constraint === undefined) return true;
  keepUp(judge);
  const watcher = watchers.at(-1)!;
  if (watcher.type !== "constraint") throw new Error("the constraint is the last to look");
  look(judge, watcher, words, at, place, 0);
  const [low, high] = [place[0]!, place[1]!];
  const known = placeOf(judge, watcher, low, high);
  if (known !== glanced.mustAsk) return known === 0;
  const isInside = model.constraint(viewOf(judge, words, at, "constraint"));
  if (judge.hasLookedElsewhere) return isInside;
  if (isInside) isNewLook(watcher.eye, low, high);
  else add(watcher.outside, low, high);
  return isInside;
}

const place = new Int32Array(2);

/** By what steps are watched: the position of the watcher; -1 if there are no properties of steps. */
export function watcherOfSteps({ watchers }: Judge): number {
  return watchers.findIndex(({ type }) => type === "steps");
}

/**
 * Whether a step by `change` from the state that was looked at was not judged before. What a step takes out of the sum
 * of words, and puts in, tells what it changes.
 */
export function isNewStep(judge: Judge, w: number): boolean {
  if (judge.isExact) return true;
  // Once it is known that servers are looked at.
  if (judge.isOfServers && judge.watchers[w]!.eye.places.length > 0) {
    return isNewChange(judge, judge.change[w * 2]!, judge.change[w * 2 + 1]!);
  }
  const low = judge.looked[w * 2]!;
  const high = judge.looked[w * 2 + 1]!;
  const lowAfter = low + judge.change[w * 2]!;
  const highAfter = high + judge.change[w * 2 + 1]!;
  const first = avalanche(low ^ avalanche(lowAfter)) ^ highAfter;
  const second = avalanche(high ^ avalanche(highAfter + 1)) ^ lowAfter;
  return add(judge.knownSteps, first | 0, second | 0);
}

/** Where nothing changes that is seen, there is nothing to judge. */
function isNewChange({ knownSteps }: Judge, low: number, high: number): boolean {
  return (low | high) !== 0 && add(knownSteps, low, high);
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
  if (judge.isExact && !judge.hasLookedElsewhere) {
    const watcher = judge.watchers[watcherOfSteps(judge)]!;
    const values = [
      ...valuesOf(judge, watcher, before, beforeAt),
      ...valuesOf(judge, watcher, after, afterAt),
    ];
    if (!isNewList(judge.knownStepValues, values)) return;
  }
  const viewBefore = apart(judge, viewOf(judge, before, beforeAt, "steps"));
  const viewAfter = viewOf(judge, after, afterAt, "steps");
  for (const property of judge.steps) {
    if (judge.verdicts.has(property.name)) continue;
    const witness = property.holds(viewBefore, viewAfter);
    if (witness === true) continue;
    judge.verdicts.set(property.name, { state, branch, witness });
    judge.violated = true;
  }
}
