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

/**
 * What was judged, by the places that some judgement has looked at so far. When one looks at another place, all
 * is forgotten: until then two states that differ there looked the same.
 */
interface Memory {
  /** By place: 1 if some judgement looked at it. Another array whenever that changes. */
  watched: Uint8Array;
  /** Fingerprints of what was judged. */
  readonly known: Table;
  /** How often something was looked up. */
  asked: number;
  /** How many places there were. With another one all is forgotten: a judgement may depend on it. */
  places: number;
}

/** The properties of a model, and what they said so far. */
export interface Judge {
  readonly model: Model;
  readonly always: readonly Always<unknown>[];
  readonly steps: readonly Steps<unknown>[];
  sometimes: readonly Sometimes<unknown>[];
  readonly states: Memory;
  readonly changes: Memory;
  /** States within the constraint. */
  readonly inside: Memory;
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
    states: memory(),
    changes: memory(),
    inside: memory(),
    verdicts: new Map(),
    violated: false,
  };
}

/** Judges the state that begins at `at`, where `end` is, unless one that looks the same was judged before. */
export function judgeState(judge: Judge, end: PathEnd, vector: Int32Array, at: number): void {
  const { states } = judge;
  const [low, high] = lookAt(judge.model, states.watched, vector, at);
  if (!isNew(judge.model, states, low, high)) return;
  const view = judge.model.view(vector, at, (place) => watch(states, place));
  for (const property of judge.always) {
    if (judge.verdicts.has(property.name)) continue;
    const witness = property.holds(view);
    if (witness !== true) violate(judge, property.name, { ...end, witness });
  }
  const reached = judge.sometimes.filter((property) => property.reached(view));
  if (reached.length === 0) return;
  for (const { name } of reached) judge.verdicts.set(name, { ...end, witness: null });
  judge.sometimes = judge.sometimes.filter((property) => !reached.includes(property));
}

/** Whether the state that begins at `at` is one that the spec's constraint lets the search go on from. */
export function isWithin(judge: Judge, vector: Int32Array, at: number): boolean {
  const { inside, model } = judge;
  if (model.constraint === undefined) return true;
  renew(model, inside);
  const { watched } = inside;
  const [low, high] = lookAt(model, watched, vector, at);
  if (has(inside.known, low, high)) return true;
  const isInside = model.constraint(model.view(vector, at, (place) => watch(inside, place)));
  if (isInside && inside.watched === watched) add(inside.known, low, high);
  return isInside;
}

/** Whether a step between states that look like these was not judged before. */
export function isNewStep(
  judge: Judge,
  before: readonly [number, number],
  low: number,
  high: number,
): boolean {
  const a = avalanche(before[0] ^ avalanche(low)) ^ high;
  const b = avalanche(before[1] ^ avalanche(high + 1)) ^ low;
  return isNew(judge.model, judge.changes, a, b);
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
  const onRead = (place: number) => watch(judge.changes, place);
  const viewBefore = judge.model.view(before, beforeAt, onRead);
  const viewAfter = judge.model.view(after, afterAt, onRead);
  for (const property of judge.steps) {
    if (judge.verdicts.has(property.name)) continue;
    const witness = property.holds(viewBefore, viewAfter);
    if (witness !== true) violate(judge, property.name, { state, branch, witness });
  }
}

/** A fingerprint of the watched places of a state. */
export function lookAt(
  { places }: Model,
  watched: Uint8Array,
  vector: Int32Array,
  at: number,
): readonly [low: number, high: number] {
  let low = 0;
  let high = 0;
  for (let p = 0; p < watched.length; p++) {
    if (watched[p] === 0) continue;
    const value = vector[at + p]! * 2;
    const { items } = places[p]!.observedWords;
    low += items[value]!;
    high += items[value + 1]!;
  }
  return [low | 0, high | 0];
}

/** Beyond so many states that all look different, looking them up costs more than it saves. */
const patience = 1 << 16;

function isNew(model: Model, memory: Memory, low: number, high: number): boolean {
  const { known } = memory;
  if (renew(model, memory)) return true;
  memory.asked++;
  if (known.count > patience && known.count * 4 > memory.asked * 3) return true;
  return add(known, low, high);
}

/** Forgets all if there are more places than before. */
function renew({ places }: Model, memory: Memory): boolean {
  if (memory.places === places.length) return false;
  forget(memory, new Uint8Array(0));
  memory.places = places.length;
  return true;
}

function watch(memory: Memory, place: number): void {
  if (memory.watched[place] === 1) return;
  const longer = new Uint8Array(Math.max(place + 1, memory.watched.length));
  longer.set(memory.watched);
  longer[place] = 1;
  forget(memory, longer);
}

function forget(memory: Memory, watched: Uint8Array): void {
  memory.watched = watched;
  clear(memory.known);
  memory.asked = 0;
}

function violate(judge: Judge, name: string, verdict: Verdict): void {
  judge.verdicts.set(name, verdict);
  judge.violated = true;
}

function memory(): Memory {
  return { watched: new Uint8Array(0), known: table(1 << 10), asked: 0, places: 0 };
}
