/** Compiles a plain spec: takes its states apart into places, and counts with integers. */
import { layer, type Segment } from "../checker/layer.ts";
import {
  type Model,
  row,
  rowSize,
  type Start,
  type State,
  type Step,
  type Successors,
  successors,
} from "../checker/model.ts";
import { type Place, place } from "../checker/place.ts";
import { ValueError } from "../checker/value.ts";
import { runTrace } from "../trace/run.ts";
import { propertiesOf } from "./claims.ts";
import {
  actionConstraintOf,
  constraintOf,
  endsOf,
  guarded,
  initialStates,
  inStart,
  pictureOf,
  shownBy,
  transitionsOf,
} from "./definition.ts";
import { plain, show } from "./plain.ts";
import { gather, type Layout, layoutOf, Reshape, scatter, untilInShape } from "./shape.ts";
import type { Definition } from "./spec.ts";
import { disabled, watch } from "./spec_effects.ts";
import { forEachEffect, learn, type Learning, learning } from "./spec_learning.ts";
import { isRoomy, putRecord, refit, takeRecord } from "./spec_records.ts";
import { build as buildState, changeOf, expand } from "./spec_rows.ts";
import { specSymmetry, symmetricShape } from "./spec_symmetry.ts";
import { follow } from "./spec_trees.ts";
import { viewer } from "./spec_view.ts";

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
  const { symmetry } = definition;
  const shaped = symmetry === undefined ? { states, whole } : symmetricShape(symmetry, states, whole);
  const layout = layoutOf(shaped.states, shaped.whole);
  const vectors = states.map((state) => vectorOf(layout, state));
  const l = learning(name, layout, whole, transitionsOf(name, definition.actions));
  const starts = vectors.map((vector, index): Start => ({
    name: String(index + 1),
    trace: "",
    state: { vector: padded(l, vector), bag: [] },
  }));
  const view = viewer(layout);
  const { picture } = pictureOf(`spec ${name}`, definition.picture);
  const ends = endsOf(`spec ${name}`, definition.ends);
  const model: Model = {
    servers: [],
    places: layout.places as readonly Place<unknown>[],
    messages: place({ name: "messages" }),
    properties: propertiesOf(`spec ${name}`, definition.properties),
    ...constraintOf(`spec ${name}`, definition.constraint),
    ...actionConstraintOf(`spec ${name}`, definition.actionConstraint),
    ...(definition.view === undefined ? {} : { shown: shownBy(`spec ${name}`, definition.view) }),
    ...(picture === undefined ? {} : { picture: ({ vector }) => picture(view(vector, 0, () => {})) }),
    ends: ({ vector }) => ends(view(vector, 0, () => {})),
    starts,
    records: l.records,
    nameByContent() {
      if (!l.records.mayBeName) return;
      l.records.mayBeName = false;
      refit(l.records);
    },
    put(state, to) {
      if (!isRoomy(l.records)) refit(l.records);
      putRecord(l.records, state.vector, to);
    },
    take: (segment, at) => ({ vector: takeRecord(l.records, segment, at), bag: [] }),
    sizeOf: () => l.records.fields.size,
    expand: (segment, at, out) => expand(l, segment, at, out),
    refit: () => refit(l.records),
    build: (segment, from, out, at, to) => buildState(l, segment, from, out, at, to),
    bagOf: () => [],
    branchOf: ({ rows }, at) => rows[at + row.second]!,
    watch: (eyes) => watch(l.effects, eyes),
    changeOf: (_segment, _from, out, at, change) => changeOf(l, out, at, change),
    view,
    actions: l.transitions,
    actionOf: ({ rows }, at) => l.outcomes[rows[at + row.second]!]!.transition,
    ...(symmetry === undefined ? {} : { symmetry: () => specSymmetry(l, symmetry) }),
    fairness: definition.fairness ?? [],
    stateOf: (values) => stateOf(l, values),
    steps: (state) => stepsOf(l, model, state),
    stepAt: (state, branch) => stepAt(l, model, state, branch),
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
  starts.push(...named);
  return model;
}

/** How many steps to walk before the search, how many actions to try at most, and after how many steps to begin again. */
const mostSteps = 2000, mostTried = 1 << 20, longest = 100;

/**
 * Walks about, so that most values show early whether they keep their shape, and of which there are how many. Where to
 * go is drawn from a fixed seed: the same walks in every run.
 */
function rehearse(model: Model): void {
  const out = successors();
  let state: State | null = null;
  let random = 1;
  const steps = Math.min(mostSteps, mostTried / model.actions.length);
  for (let step = 0; step < steps; step++) {
    if (step % longest === 0) state = null;
    state ??= model.starts[(step / longest | 0) % model.starts.length]!.state;
    const from = alone(model, state);
    if (!model.expand(from, 0, out)) {
      model.refit();
      continue;
    }
    random = Math.imul(random ^ (random >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    const branch = out.count === 0 ? 0 : ((random ^ (random >>> 13)) >>> 0) % out.count;
    const next = out.count === 0 ? null : successor(model, from, out, branch);
    state = next !== null && mayGo(model, state, next) ? next : null;
  }
}

function successor(model: Model, from: Segment, out: Successors, branch: number): State {
  const only = layer();
  model.build(from, 0, out, branch * rowSize, only);
  return model.take(only.segments.at(-1)!, 0);
}

/** Whether the constraints let a search go on from `to`, and take this step. */
function mayGo({ constraint, actionConstraint, view }: Model, from: State, to: State): boolean {
  const seen = ({ vector }: State) => view(vector, 0, () => {});
  return (constraint?.(seen(to)) ?? true) && (actionConstraint?.(seen(from), seen(to)) ?? true);
}

function vectorOf(layout: Layout, state: Readonly<Record<string, unknown>>): readonly number[] {
  const vector: number[] = [];
  scatter(layout, layout.root, state, (place, value) => void (vector[place] = value));
  return vector;
}

/** The state with these values. A value that doesn't have the shape that it had so far gets a place for itself. */
function stateOf(l: Learning, values: unknown): State {
  const state = plain(values, "a state");
  const variables = Object.keys(l.layout.root.fields);
  const given = typeof state === "object" && state !== null ? Object.keys(state) : [];
  if (given.toSorted().join() !== variables.toSorted().join()) {
    throw new ValueError(
      `${show(state)} is no state of ${l.name}: it has the variables ${variables.join(", ")}`,
    );
  }
  try {
    return { vector: padded(l, vectorOf(l.layout, state as Readonly<Record<string, unknown>>)), bag: [] };
  } catch (error) {
    if (error instanceof Reshape) l.whole.add(error.path);
    throw error;
  }
}

/** The vector with a 0 for every place that was met since: the element is in no set. */
function padded({ layout }: Learning, vector: readonly number[]): readonly number[] {
  return Array.from(layout.places, (_, place) => vector[place] ?? 0);
}

function neverEnabled({ transitions, enabled }: Learning, actions: readonly string[]): readonly string[] {
  const names = new Set(
    transitions.filter((_, transition) => enabled[transition] === 1).map(({ name }) => name),
  );
  return actions.filter((action) => !names.has(action));
}

function valuesOf({ layout }: Learning, { vector }: State): Readonly<Record<string, unknown>> {
  return gather(layout, layout.root, (place) => vector[place] ?? 0) as Readonly<Record<string, unknown>>;
}

/** A state alone in a segment. */
function alone(model: Model, state: State): Segment {
  const only = layer();
  model.put(state, only);
  return only.segments.at(-1)!;
}

function stepsOf(l: Learning, model: Model, state: State): readonly Step[] {
  return l.transitions.flatMap((_, transition) =>
    stepsBy(l, model, state, transition).map(({ step }) => step)
  );
}

function stepAt(l: Learning, model: Model, state: State, branch: number): Step {
  const { transition, choice } = l.outcomes[branch]!;
  return stepsBy(l, model, state, transition).find((found) => found.choice === choice)!.step;
}

/** The steps that one transition has in a state. */
function stepsBy(
  l: Learning,
  model: Model,
  state: State,
  transition: number,
): readonly { readonly step: Step; readonly choice: number }[] {
  const { words } = alone(model, state);
  const known = follow(l.trees, l.trees.roots[transition]!, l.records.fields, words, 0);
  const leaf = known === 0 ? learn(l, transition, words, 0) : ~known;
  const found: { step: Step; choice: number }[] = [];
  forEachEffect(l, transition, leaf, (effect, outcome) => {
    if (effect === disabled) return;
    const { choice } = l.outcomes[outcome]!;
    const label = l.transitions[transition]!.label + (choice === 0 ? "" : `#${choice}`);
    const to = { vector: changed(l, state.vector, effect), bag: [] };
    found.push({ step: { label, aliases: [], to, servers: [], event: label }, choice });
  });
  return found;
}

function changed(l: Learning, vector: readonly number[], effect: number): readonly number[] {
  const { starts, changes } = l.effects;
  const next = [...padded(l, vector)];
  for (let at = starts.items[effect]!; at < starts.items[effect + 1]!; at += 3) {
    next[changes.items[at]!] = changes.items[at + 2]!;
  }
  return next;
}
