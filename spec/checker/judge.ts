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
  readonly steps: readonly Steps<unknown>[];
  /** The properties of single states, by what they look at. */
  groups: readonly Group[];
  /** By property, what it has looked at so far, and the same of the constraint. By place: 1 if so. */
  readonly looks: Map<unknown, Uint8Array>;
  /**
   * What any of them has looked at. Two states that differ only elsewhere look the same, and are judged once. When
   * one looks at another place, this is another array, and all that was judged is forgotten.
   */
  watched: Uint8Array;
  /** How many places there were. With another one all is forgotten, too: a judgement may depend on it. */
  places: number;
  /** What was judged of steps: fingerprints of what is watched before and after. */
  readonly changes: Memory;
  /** Fingerprints of what is watched of states within the constraint. */
  readonly inside: Table;
  /** The fingerprint that `lookAt` found last. */
  seenLow: number;
  seenHigh: number;
  readonly verdicts: Verdicts;
  /** Whether some `always` or `steps` was violated. */
  violated: boolean;
}

/** Properties that look at the same places, and what they have judged: each look only once. */
interface Group {
  readonly properties: readonly (Always<unknown> | Sometimes<unknown>)[];
  readonly watched: Uint8Array;
  readonly states: Memory;
}

/** What was judged, and how often that was asked. */
interface Memory {
  readonly known: Table;
  asked: number;
}

/** A judge who has seen nothing yet. */
export function judge(model: Model): Judge {
  const result: Judge = {
    model,
    steps: model.properties.filter((property) => property.kind === "steps"),
    groups: [],
    looks: new Map(),
    watched: new Uint8Array(0),
    places: 0,
    changes: memory(),
    inside: table(1 << 4),
    seenLow: 0,
    seenHigh: 0,
    verdicts: new Map(),
    violated: false,
  };
  regroup(result);
  return result;
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
  const { groups, watched } = judge;
  for (const group of groups) {
    lookAt(judge, group.watched, vector, at);
    if (!isNew(group.states, judge.seenLow, judge.seenHigh)) continue;
    for (const property of group.properties) {
      if (judge.verdicts.has(property.name)) continue;
      const view = judge.model.view(vector, at, (place) => look(judge, property, place));
      const verdict = verdictOn(property, view);
      if (verdict !== null) judge.verdicts.set(property.name, { state, branch, ...verdict });
      if (verdict !== null && property.kind === "always") judge.violated = true;
    }
  }
  if (judge.watched !== watched) regroup(judge);
}

/** What is to be told of a state; null if nothing is. */
function verdictOn(
  property: Always<unknown> | Sometimes<unknown>,
  view: unknown,
): { readonly witness: string | null } | null {
  if (property.kind === "sometimes") return property.reached(view) ? { witness: null } : null;
  const judgement = property.holds(view);
  return judgement === true ? null : { witness: judgement };
}

/** Whether the state that begins at `at` is one that the spec's constraint lets the search go on from. */
export function isWithin(judge: Judge, vector: Int32Array, at: number): boolean {
  const { inside, model } = judge;
  if (model.constraint === undefined) return true;
  lookAt(judge, judge.watched, vector, at);
  const { watched, seenLow, seenHigh } = judge;
  if (has(inside, seenLow, seenHigh)) return true;
  const isInside = model.constraint(model.view(vector, at, (place) => look(judge, "constraint", place)));
  if (judge.watched !== watched) regroup(judge);
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
  const { watched } = judge;
  const onRead = (place: number) => look(judge, "steps", place);
  const viewBefore = judge.model.view(before, beforeAt, onRead);
  const viewAfter = judge.model.view(after, afterAt, onRead);
  for (const property of judge.steps) {
    if (judge.verdicts.has(property.name)) continue;
    const witness = property.holds(viewBefore, viewAfter);
    if (witness === true) continue;
    judge.verdicts.set(property.name, { state, branch, witness });
    judge.violated = true;
  }
  if (judge.watched !== watched) regroup(judge);
}

/** Leaves the fingerprint of the watched places of a state in `seenLow` and `seenHigh`. */
export function lookAt(judge: Judge, watched: Uint8Array, vector: Int32Array, at: number): void {
  const { places } = judge.model;
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

/** Notes that a property, the constraint, or one of the properties of steps looks at a place. */
function look(judge: Judge, who: unknown, place: number): void {
  const { looks, watched } = judge;
  const own = looks.get(who);
  if (own?.[place] === 1) return;
  looks.set(who, withPlace(own, place));
  judge.watched = withPlace(watched, place);
}

function withPlace(places: Uint8Array | undefined, place: number): Uint8Array {
  const longer = new Uint8Array(Math.max(place + 1, places?.length ?? 0));
  if (places !== undefined) longer.set(places);
  longer[place] = 1;
  return longer;
}

/** Forgets all that was judged if there are more places than before. */
export function keepUp(judge: Judge): void {
  if (judge.places === judge.model.places.length) return;
  judge.places = judge.model.places.length;
  judge.watched = judge.watched.slice();
  regroup(judge);
}

/** Puts together the properties that look at the same places, and forgets all that was judged. */
function regroup(judge: Judge): void {
  const groups = new Map<string, (Always<unknown> | Sometimes<unknown>)[]>();
  for (const property of judge.model.properties) {
    if (property.kind === "steps") continue;
    const key = (judge.looks.get(property) ?? []).join("");
    groups.set(key, [...groups.get(key) ?? [], property]);
  }
  judge.groups = [...groups.values()].map((properties): Group => ({
    properties,
    watched: judge.looks.get(properties[0]) ?? new Uint8Array(0),
    states: memory(),
  }));
  clear(judge.changes.known);
  judge.changes.asked = 0;
  clear(judge.inside);
}

function memory(): Memory {
  return { known: table(1 << 10), asked: 0 };
}
