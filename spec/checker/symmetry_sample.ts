/** Finds out, on a sample of states, that a spec hasn't the symmetry that it declares. */
import { showState } from "../dsl/plain.ts";
import { SpecError } from "../dsl/specification.ts";
import { clear, layer } from "./layer.ts";
import { type Memory, memory } from "./memory.ts";
import { type Model, rowSize, type Start, type State, successors, type Symmetry } from "./model.ts";

/** How many states to look at. */
const most = 1000;

/** A state that was looked at, and what must be the same for all of its orbit. */
interface Looked {
  readonly state: State;
  /** What is said of it, by who says it. */
  readonly verdicts: ReadonlyMap<string, number>;
  /** The steps out of it, sorted: the orbit to which each leads, and what is said of it. */
  readonly steps: readonly string[];
}

/** Who judges, by name. */
type Judges = readonly (readonly [name: string, judge: Memory])[];

/** A sample in the making. */
interface Sample {
  readonly name: string;
  readonly model: Model;
  readonly symmetry: Symmetry;
  readonly judges: Judges;
  readonly judgesOfSteps: Judges;
}

/**
 * Explores some states as if there were no symmetry: those of one orbit must be judged alike, and lead to the same
 * orbits.
 *
 * @throws {SpecError} if they don't: with the two states, and what differs.
 */
export function refuseUnlessSymmetric(
  name: string,
  model: Model,
  symmetry: Symmetry,
  starts: readonly Start[],
): void {
  const sample: Sample = {
    name,
    model,
    symmetry,
    judges: judgesOf(model),
    judgesOfSteps: judgesOfSteps(model),
  };
  const orbits = new Map<string, Looked>();
  const queue = new Map(starts.map(({ state }) => [keyOf(state), state]));
  let count = 0;
  // What is added while it is gone through is gone through, too.
  for (const state of queue.values()) {
    if (count++ === most) return;
    const { orbit, looked, next } = lookAt(sample, state);
    for (const other of next) if (queue.size < most) queue.set(keyOf(other), other);
    const first = orbits.get(orbit);
    if (first === undefined) orbits.set(orbit, looked);
    else compare(sample, first, looked);
  }
}

const [yes, no] = [1, 0];

function judgesOf(model: Model): Judges {
  const { constraint, properties } = model;
  const all = properties.flatMap((property): Judges => {
    switch (property.kind) {
      case "always":
        return [[property.name, memory(model, (view) => property.holds(view) === true ? yes : no)]];
      case "sometimes":
        return [[property.name, memory(model, (view) => property.reached(view) ? yes : no)]];
      default:
        return [];
    }
  });
  if (constraint === undefined) return all;
  return [...all, ["the constraint", memory(model, (view) => constraint(view) ? yes : no)]];
}

function judgesOfSteps(model: Model): Judges {
  const { properties, actionConstraint } = model;
  const all = properties.flatMap((property): Judges => {
    if (property.kind !== "steps") return [];
    const judge = memory(model, (before, after) => property.holds(before, after) === true ? yes : no);
    return [[property.name, judge]];
  });
  if (actionConstraint === undefined) return all;
  return [["the action constraint", memory(model, (a, b) => actionConstraint(a, b) ? yes : no)], ...all];
}

/** What a state is. Places that were met since are 0, and make no difference. */
function keyOf({ vector, bag }: State): string {
  const end = vector.findLastIndex((value) => value !== 0) + 1;
  return `${vector.slice(0, end)}/${bag}`;
}

function lookAt(
  { model, symmetry, judges, judgesOfSteps }: Sample,
  state: State,
): { readonly orbit: string; readonly looked: Looked; readonly next: readonly State[] } {
  const out = successors();
  const here = layer();
  model.put(state, here);
  while (!model.expand(here.segments.at(-1)!, 0, out)) {
    model.refit();
    clear(here);
    model.put(state, here);
  }
  const from = here.segments.at(-1)!;
  const orbit = symmetry.keyOf(from, 0).join();
  const verdicts = new Map(judges.map(([name, judge]) => [name, judge(state.vector)]));
  symmetry.rename(from, 0, out);
  const isInside = verdicts.get("the constraint") !== no;
  const steps: string[] = [];
  const next: State[] = [];
  for (let row = 0; isInside && row < out.count; row++) {
    const built = layer();
    const at = model.build(from, 0, out, row * rowSize, built);
    const to = model.take(built.segments.at(-1)!, at);
    const said = judgesOfSteps.map(([, judge]) => judge(state.vector, to.vector));
    steps.push(`${out.keys[row * 2]},${out.keys[row * 2 + 1]} ${said}`);
    if (model.actionConstraint === undefined || said[0] === yes) next.push(to);
  }
  if (model.ends !== undefined && isInside && out.count + out.same === 0) {
    verdicts.set("ends", model.ends(state) ? yes : no);
  }
  for (let i = 0; i < out.same && isInside; i++) steps.push("stays");
  return { orbit, looked: { state, verdicts, steps: steps.sort() }, next };
}

function compare(sample: Sample, first: Looked, second: Looked): void {
  for (const [name, verdict] of first.verdicts) {
    if (second.verdicts.get(name) === verdict) continue;
    throw notSymmetric(
      sample,
      first,
      second,
      `${name} is ${verdict === yes} in the first, and ${verdict !== yes} in the second`,
    );
  }
  if (first.steps.join() === second.steps.join()) return;
  const here = labelOf(sample, first, stepsBeyond(first, second));
  const there = labelOf(sample, second, stepsBeyond(second, first));
  const what = here === null
    ? `the step ${there} of the second has no like in the first`
    : `the step ${here} of the first has no like in the second`;
  const hint = "(is there a list in the state that should be a set, as its order depends on names?)";
  throw notSymmetric(sample, first, second, `${what} ${hint}`);
}

/** The steps that one has and the other hasn't, or not as often. */
function stepsBeyond({ steps }: Looked, other: Looked): ReadonlySet<string> {
  const rest = [...other.steps];
  return new Set(steps.filter((step) => {
    const at = rest.indexOf(step);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  }));
}

/** How people write the first of these steps; null if there is none. */
function labelOf(sample: Sample, { state }: Looked, steps: ReadonlySet<string>): string | null {
  const { model, symmetry, judgesOfSteps } = sample;
  if (steps.size === 0) return null;
  const found = model.steps(state).find(({ to }) => {
    const alone = layer();
    model.put(to, alone);
    const key = symmetry.keyOf(alone.segments.at(-1)!, 0).join();
    const said = judgesOfSteps.map(([, judge]) => judge(state.vector, to.vector));
    return steps.has(keyOf(to) === keyOf(state) ? "stays" : `${key} ${said}`);
  });
  return found?.label ?? "that changes nothing";
}

function notSymmetric({ name, model }: Sample, first: Looked, second: Looked, what: string): SpecError {
  const told = ({ state }: Looked) => showState(model.values?.(state) ?? model.describe(state));
  return new SpecError(
    `${name} hasn't the symmetry that it declares: of two states that are the same but for names, ${what}; ` +
      `the first: ${told(first)}; the second: ${told(second)}`,
  );
}
