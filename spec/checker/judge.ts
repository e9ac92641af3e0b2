/** Judges states and steps by the properties of a spec, each only once for what the properties look at. */
import type { Always, Sometimes, Steps } from "../dsl/property.ts";
import type { Model } from "./model.ts";
import type { PathEnd } from "./search.ts";
import { addExactly, type ExactSet, exactSet } from "./exact.ts";
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
  /** Whether to compare what was judged itself, not fingerprints of it. */
  readonly isExact: boolean;
  readonly steps: readonly Steps<unknown>[];
  /** The properties of single states, by what they look at. */
  groups: readonly Group[];
  /** The places that each property has looked at so far, the constraint, and the properties of steps together. */
  readonly looks: Map<unknown, Places>;
  /**
   * The places that any of them has looked at, but for the constraint. Two states that differ only elsewhere look the same, and are judged once. When
   * one looks at another place, this is another array, and all that was judged is forgotten.
   */
  all: Places;
  /** How many places there were. With another one all is forgotten, too: a judgement may depend on it. */
  places: number;
  /** What was judged of steps: fingerprints of what is watched before and after. */
  readonly changes: Memory;
  /** Fingerprints of what the constraint looks at in states that it lets in, and in those that it keeps out. */
  readonly constraint: { readonly inside: Table; readonly outside: Table };
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
  /** The places. */
  readonly watched: Int32Array;
  readonly states: Memory;
}

/** What was judged, and how often that was asked. */
interface Memory {
  readonly known: Table;
  asked: number;
  /** The same for a judge who is exact. */
  exact: ExactSet | null;
}

/** Some places, as a list and, by place, 1 if it is among them. */
interface Places {
  readonly isLookedAt: Uint8Array;
  readonly list: Int32Array;
}

const nowhere: Places = { isLookedAt: new Uint8Array(0), list: new Int32Array(0) };

/** A judge who has seen nothing yet. */
export function judge(model: Model, isExact: boolean): Judge {
  const result: Judge = {
    model,
    isExact,
    steps: model.properties.filter((property) => property.kind === "steps"),
    groups: [],
    looks: new Map(),
    all: nowhere,
    places: 0,
    changes: memory(isExact),
    constraint: { inside: table(1 << 4), outside: table(1 << 4) },
    seenLow: 0,
    seenHigh: 0,
    verdicts: new Map(),
    violated: false,
  };
  regroup(result);
  return result;
}

/** Whether a successor looks other than the state before it, by what its fingerprint to the eye differs by. */
export function isNewToTheEye(
  { all, places, model, isExact }: Judge,
  seenLow: number,
  seenHigh: number,
): boolean {
  return isExact || seenLow !== 0 || seenHigh !== 0 || all.list.length === 0 ||
    places !== model.places.length;
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
  const { groups, all } = judge;
  for (const group of groups) {
    if (!isNewState(judge, group, vector, at)) continue;
    for (const property of group.properties) {
      if (judge.verdicts.has(property.name)) continue;
      const view = judge.model.view(vector, at, (place) => look(judge, property, place));
      const verdict = verdictOn(property, view);
      if (verdict !== null) judge.verdicts.set(property.name, { state, branch, ...verdict });
      if (verdict !== null && property.kind === "always") judge.violated = true;
    }
  }
  if (judge.all !== all) regroup(judge);
}

function isNewState(judge: Judge, { watched, states }: Group, vector: Int32Array, at: number): boolean {
  if (states.exact !== null) {
    return isNewList(
      states.exact,
      Array.from(watched, (place) => vector[at + place]!),
    );
  }
  lookAt(judge, watched, vector, at);
  return isNew(states, judge.seenLow, judge.seenHigh);
}

function isNewList(set: ExactSet, list: readonly number[]): boolean {
  return addExactly(set, Int32Array.from(list), 0, list.length, none, 0, 0);
}

const none = new Int32Array(0);

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
  const { model, looks } = judge;
  const { inside, outside } = judge.constraint;
  if (model.constraint === undefined) return true;
  if (judge.isExact) return model.constraint(model.view(vector, at, () => {}));
  const own = looks.get("constraint") ?? nowhere;
  lookAt(judge, own.list, vector, at);
  const { seenLow, seenHigh } = judge;
  if (has(inside, seenLow, seenHigh)) return true;
  if (has(outside, seenLow, seenHigh)) return false;
  const isInside = model.constraint(model.view(vector, at, (place) => look(judge, "constraint", place)));
  if ((looks.get("constraint") ?? nowhere) !== own) forgetConstraint(judge);
  else add(isInside ? inside : outside, seenLow, seenHigh);
  return isInside;
}

function forgetConstraint({ constraint }: Judge): void {
  clear(constraint.inside);
  clear(constraint.outside);
}

/** Whether a step between states that look like these was not judged before; an exact judge must see it to know. */
export function isNewStep(
  judge: Judge,
  lowBefore: number,
  highBefore: number,
  lowAfter: number,
  highAfter: number,
): boolean {
  if (judge.isExact) return true;
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
  const { all } = judge;
  if (judge.changes.exact !== null) {
    const values = (items: Int32Array, from: number) => Array.from(all.list, (place) => items[from + place]!);
    if (!isNewList(judge.changes.exact, [...values(before, beforeAt), ...values(after, afterAt)])) return;
  }
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
  if (judge.all !== all) regroup(judge);
}

/** Leaves the fingerprint of the watched places of a state in `seenLow` and `seenHigh`. */
export function lookAt(judge: Judge, watched: Int32Array, vector: Int32Array, at: number): void {
  const { places } = judge.model;
  let low = 0;
  let high = 0;
  for (let i = 0; i < watched.length; i++) {
    const p = watched[i]!;
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
  const own = judge.looks.get(who);
  if (own?.isLookedAt[place] === 1) return;
  judge.looks.set(who, placesWith(own?.isLookedAt, place));
  // What the constraint looks at matters to nobody else.
  if (who !== "constraint") judge.all = placesWith(judge.all.isLookedAt, place);
}

function placesWith(before: Uint8Array | undefined, place: number): Places {
  const isLookedAt = new Uint8Array(Math.max(place + 1, before?.length ?? 0));
  if (before !== undefined) isLookedAt.set(before);
  isLookedAt[place] = 1;
  return { isLookedAt, list: Int32Array.from([...isLookedAt.keys()].filter((p) => isLookedAt[p] === 1)) };
}

/** Forgets all that was judged if there are more places than before. */
export function keepUp(judge: Judge): void {
  if (judge.places === judge.model.places.length) return;
  judge.places = judge.model.places.length;
  judge.all = { ...judge.all };
  regroup(judge);
}

/** Puts together the properties that look at the same places, and forgets all that was judged. */
function regroup(judge: Judge): void {
  const groups = new Map<string, (Always<unknown> | Sometimes<unknown>)[]>();
  for (const property of judge.model.properties) {
    if (property.kind !== "always" && property.kind !== "sometimes") continue;
    const key = (judge.looks.get(property) ?? nowhere).list.join();
    groups.set(key, [...groups.get(key) ?? [], property]);
  }
  judge.groups = [...groups.values()].map((properties): Group => ({
    properties,
    watched: (judge.looks.get(properties[0]) ?? nowhere).list,
    states: memory(judge.isExact),
  }));
  clear(judge.changes.known);
  judge.changes.asked = 0;
  judge.changes.exact = judge.isExact ? exactSet() : null;
  forgetConstraint(judge);
}

function memory(isExact: boolean): Memory {
  return { known: table(1 << 10), asked: 0, exact: isExact ? exactSet() : null };
}
