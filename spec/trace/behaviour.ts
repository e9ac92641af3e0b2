/** Runs without an end: some steps, and then the last of them again and again, or nothing for ever. */
import { type Graph, outside } from "../checker/graph.ts";
import type { Model, State, Step } from "../checker/model.ts";
import { claimsOf } from "../checker/temporal.ts";
import { type Property, recurs } from "../dsl/property.ts";
import type { Violation } from "./replay.ts";
import { isSameState, type Run, statesOf, viewOf } from "./run.ts";

/** Why the last steps to the last of these states can't be taken again and again; null if they can. */
export function whyNoLoop(states: readonly State[], length: number): string | null {
  const last = states.length - 1;
  const why = length > last
    ? `there are only ${last}`
    : isSameState(states[last - length]!, states[last]!)
    ? null
    : "they don't lead back";
  return why === null
    ? null
    : `step ${last + 1}: the last ${length} steps can't happen again and again, as ${why}`;
}

/** A run up to where it goes round, and the last steps, which it takes again and again. */
export function apart({ start, steps }: Run, loop: number): [stem: Run, loop: readonly Step[]] {
  const begins = steps.length - loop;
  return [{ start, steps: steps.slice(0, begins) }, steps.slice(begins)];
}

/** What a run whose last steps are taken again and again, 0: nothing happens after it, violates as a whole. */
export function judgeBehaviour(model: Model, run: Run, length: number): readonly Violation[] {
  const states = statesOf(run).slice(0, length === 0 ? undefined : -1);
  const { graph, told } = graphOf(model, run, states, length);
  const walked: Model = { ...model, stepAt: (_, branch) => told[branch]! };
  const ends = [states.length - 1, length === 0 ? states.length - 1 : run.steps.length - length];
  const passes = ends.map((end) => Int32Array.from(states, (_, index) => index === end ? 1 : 0));
  const properties = model.properties.map((property) => passing(property, passes.length));
  return claimsOf({ ...model, properties }).claims.flatMap(({ property, looks, judge }) => {
    const own = property.kind === "refines" ? looks : looks.slice(0, -passes.length);
    const seen = own.map((look) => Int32Array.from(states, (state) => look(viewOf(model, state))));
    const judged = judge(walked, graph, [...seen, ...passes]);
    if (judged.result !== "violated") return [];
    return [{ name: property.name, witness: judged.counterexample.witness, step: run.steps.length }];
  });
}

/**
 * The same claim, of behaviours alone that pass both ends of the loop again and again: what is judged is this one, and
 * none that stops on its way.
 */
function passing(property: Property<unknown>, ends: number): Property<unknown> {
  switch (property.kind) {
    case "eventually":
    case "leads-to":
    case "infinitely-often":
    case "eventually-always": {
      const passes = Array.from({ length: ends }, () => recurs<unknown>(() => true));
      return { ...property, assuming: [...property.assuming ?? [], ...passes] };
    }
    default:
      return property;
  }
}

/** The graph of these states alone. What else can happen in them leads outside. Branches are places in `told`. */
function graphOf(
  model: Model,
  run: Run,
  states: readonly State[],
  length: number,
): { readonly graph: Graph; readonly told: readonly Step[] } {
  const numbers = new Map(model.actions.map(({ label }, action) => [label, action]));
  const told: Step[] = [];
  const firsts = [0];
  const targets: number[] = [];
  for (const [index, state] of states.entries()) {
    const own = run.steps[index];
    const others = model.steps(state).filter(({ label, to }) =>
      label !== own?.label && !isSameState(state, to)
    );
    const isLast = index === states.length - 1;
    if (own !== undefined) targets.push(isLast ? run.steps.length - length : index + 1);
    told.push(...(own === undefined ? [] : [own]), ...others);
    targets.push(...others.map(() => outside));
    firsts.push(told.length);
  }
  return {
    told,
    graph: {
      count: states.length,
      starts: [run.start],
      firsts: Int32Array.from(firsts),
      targets: Int32Array.from(targets),
      actions: Int32Array.from(told, (step) => numbers.get(actionOf(step)) ?? -1),
      branches: Int32Array.from(told.keys()),
      seen: [],
      isCut: false,
    },
  };
}

/** The label of the action that a step is by: in a cluster a sign after a server, or between two. */
function actionOf({ label, servers: [from, to] }: Step): string {
  return from === undefined ? label.replace(/#[1-9][0-9]*$/, "") : `${from}${label[from.length]}${to ?? ""}`;
}
