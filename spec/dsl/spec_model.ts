/** Compiles a plain spec: takes its states apart into places, and counts with integers. */
import { reserve } from "../checker/growable.ts";
import {
  bagStart,
  headSize,
  type Layer,
  type Model,
  row,
  rowSize,
  type Start,
  type State,
  type Step,
  type Successors,
} from "../checker/model.ts";
import { type Place, place } from "../checker/place.ts";
import { runTrace } from "../trace/run.ts";
import { constraintOf, guarded, initialStates, inStart, propertiesOf, transitionsOf } from "./definition.ts";
import { draftOf } from "./draft.ts";
import { plain, show } from "./plain.ts";
import { gather, layoutOf, Reshape, scatter, untilInShape } from "./shape.ts";
import type { Definition } from "./spec.ts";
import { disabled, effectOf, idle, type Learning, learning, watchEffects } from "./spec_learning.ts";
import { SpecError } from "./specification.ts";

/** What a row tells beyond what every row tells. */
const effectAt = row.detail, transitionAt = row.detail + 1;

/**
 * Compiles a plain spec for the checker.
 *
 * @param whole The paths of values that must be one place each, as they don't keep their shape. Grows.
 */
export function compileSpec(name: string, build: () => Definition<unknown>, whole: Set<string>): Model {
  return untilInShape(() => {
    const model = compile(name, guarded(`spec ${name}`, build), whole);
    rehearse(model);
    return model;
  });
}

function compile(name: string, definition: Definition<unknown>, whole: Set<string>): Model {
  const states = initialStates(name, definition);
  const layout = layoutOf(states, whole);
  const l = learning(name, layout, whole, transitionsOf(name, definition.actions));
  const initial = states.map((state, index): Start => ({
    name: String(index + 1),
    trace: "",
    state: { vector: vectorOf(l, state), bag: [] },
  }));
  const model: Model = {
    servers: [],
    places: layout.places as readonly Place<unknown>[],
    messages: place({ name: "messages" }),
    properties: propertiesOf(`spec ${name}`, definition.properties),
    ...constraintOf(`spec ${name}`, definition.constraint),
    starts: initial.map((start) => ({
      ...start,
      state: { ...start.state, vector: padded(l, start.state.vector) },
    })),
    expand: (layer, index, out) => expand(l, layer, index, out),
    build: (layer, index, rows, at, next) => buildState(l, layer, index, rows, at, next),
    view: (vector, at, onRead) => view(l, vector, at, onRead),
    actions: l.transitions,
    actionOf: (rows, at) => rows[at + transitionAt]!,
    fairness: definition.fairness ?? [],
    stateOf: (values) => stateOf(l, values),
    steps: (state) => stepsOf(l, state),
    describe: (state) =>
      Object.fromEntries(
        Object.entries(valuesOf(l, state)).map(([key, value]) => [key, { value: show(value) }]),
      ),
    values: (state) => valuesOf(l, state),
    neverEnabled: () => neverEnabled(l, Object.keys(definition.actions)),
  };
  const named = Object.entries(definition.starts ?? {}).map(([start, trace]): Start => {
    const { start: first, steps } = inStart(`spec ${name}, start ${start}`, () => runTrace(model, trace));
    return { name: start, trace, state: steps.at(-1)?.to ?? first.state };
  });
  return { ...model, starts: [...model.starts, ...named] };
}

/** How many states to look at before the search, so that most values show early whether they keep their shape. */
const rehearsed = 500;

function rehearse(model: Model): void {
  const queue = model.starts.map(({ state }) => state);
  const seen = new Set(queue.map(({ vector }) => vector.join()));
  for (let index = 0; index < queue.length && index < rehearsed; index++) {
    for (const { to } of model.steps(queue[index]!)) {
      const text = to.vector.join();
      if (!seen.has(text)) queue.push(to);
      seen.add(text);
    }
  }
}

function vectorOf(l: Learning, state: Readonly<Record<string, unknown>>): readonly number[] {
  const vector: number[] = [];
  scatter(l.layout, l.layout.root, state, (place, value) => void (vector[place] = value));
  return vector;
}

/** The state with these values. A value that doesn't have the shape that it had so far gets a place for itself. */
function stateOf(l: Learning, values: unknown): State {
  const state = plain(values, "a state");
  const variables = Object.keys(l.layout.root.fields);
  const given = typeof state === "object" && state !== null ? Object.keys(state) : [];
  if (given.toSorted().join() !== variables.toSorted().join()) {
    throw new SpecError(
      `${show(state)} is no state of ${l.name}: it has the variables ${variables.join(", ")}`,
    );
  }
  try {
    return { vector: padded(l, vectorOf(l, state as Readonly<Record<string, unknown>>)), bag: [] };
  } catch (error) {
    if (error instanceof Reshape) l.whole.add(error.path);
    throw error;
  }
}

/** The vector with a 0 for every place that was met since: the element is in no set. */
function padded({ layout }: Learning, vector: readonly number[]): readonly number[] {
  return Array.from(layout.places, (_, place) => vector[place] ?? 0);
}

function expand(l: Learning, layer: Layer, index: number, out: Successors): void {
  const { transitions, effects, layout } = l;
  let branch = 0;
  for (let transition = 0; transition < transitions.length; transition++) {
    const effect = effectOf(l, transition, layer.vectors.items, index * layer.width);
    if (layout.places.length > layer.width) widen(layer, layout.places.length);
    if (effect === disabled) continue;
    if (effect === idle) out.same++;
    else {
      if (out.rows.length + rowSize > out.rows.items.length) reserve(out.rows, rowSize);
      const { items, length } = out.rows;
      items[length] = layer.heads.items[index * headSize]! + effects.words.items[effect * 2]!;
      items[length + row.high] = layer.heads.items[index * headSize + 1]! +
        effects.words.items[effect * 2 + 1]!;
      items[length + row.branch] = branch;
      items[length + effectAt] = effect;
      if (effects.watched !== out.watched || effects.seenWords.length <= effect * 2) {
        watchEffects(l, out.watched);
      }
      items[length + row.seenLow] = effects.seenWords.items[effect * 2]!;
      items[length + row.seenHigh] = effects.seenWords.items[effect * 2 + 1]!;
      items[length + transitionAt] = transition;
      out.rows.length += rowSize;
    }
    branch++;
  }
}

function buildState(
  { effects }: Learning,
  layer: Layer,
  index: number,
  rows: Int32Array,
  at: number,
  next: Layer,
): void {
  if (next.width < layer.width) widen(next, layer.width);
  reserve(next.vectors, next.width);
  const target = next.vectors.length;
  const source = index * layer.width;
  const { items } = next.vectors;
  for (let p = 0; p < layer.width; p++) items[target + p] = layer.vectors.items[source + p]!;
  const effect = rows[at + effectAt]!;
  const end = effects.starts.items[effect + 1]!;
  for (let change = effects.starts.items[effect]!; change < end; change += 2) {
    items[target + effects.changes.items[change]!] = effects.changes.items[change + 1]!;
  }
  next.vectors.length += next.width;
  reserve(next.heads, headSize);
  const { heads } = next;
  heads.items[heads.length] = rows[at]!;
  heads.items[heads.length + 1] = rows[at + row.high]!;
  heads.items[heads.length + 2] = bagStart(next, next.count);
  heads.length += headSize;
  next.count++;
}

/** Gives every state of a layer room for more places. What is in them is 0: the element is in no set. */
function widen(layer: Layer, places: number): void {
  const width = Math.ceil(places / 8) * 8;
  const vectors = new Int32Array(Math.max(layer.vectors.items.length, (layer.count + 1) * width));
  for (let index = 0; index < layer.count; index++) {
    vectors.set(layer.vectors.items.subarray(index * layer.width, (index + 1) * layer.width), index * width);
  }
  layer.vectors.items = vectors;
  layer.vectors.length = layer.count * width;
  layer.width = width;
}

function view(l: Learning, vector: ArrayLike<number>, at: number, onRead: (place: number) => void): unknown {
  const { layout } = l;
  const read = (place: number): number => {
    onRead(place);
    return vector[at + place] ?? 0;
  };
  const recorder = { read, current: read, write: null, copies: new Map() };
  return draftOf(layout, { ...recorder, lookAtAll: () => {} });
}

function neverEnabled({ transitions, trees }: Learning, actions: readonly string[]): readonly string[] {
  const enabled = transitions.filter((_, transition) => trees.enabled[transition] === 1);
  const names = new Set(enabled.map(({ label }) => label.split("(", 1)[0]));
  return actions.filter((action) => !names.has(action));
}

function valuesOf({ layout }: Learning, { vector }: State): Readonly<Record<string, unknown>> {
  return gather(layout, layout.root, (place) => vector[place] ?? 0) as Readonly<Record<string, unknown>>;
}

function stepsOf(l: Learning, state: State): readonly Step[] {
  const { effects, transitions } = l;
  let vector = Int32Array.from(padded(l, state.vector));
  return transitions.flatMap(({ label }, transition): readonly Step[] => {
    const effect = effectOf(l, transition, vector, 0);
    if (vector.length < l.layout.places.length) vector = Int32Array.from(padded(l, state.vector));
    if (effect === disabled) return [];
    const next = [...vector];
    const end = effects.starts.items[effect + 1]!;
    for (let change = effects.starts.items[effect]!; change < end; change += 2) {
      next[effects.changes.items[change]!] = effects.changes.items[change + 1]!;
    }
    return [{ label, aliases: [], to: { vector: next, bag: [] }, servers: [], event: label }];
  });
}
