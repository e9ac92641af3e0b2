/** Replays a trace, and judges every state and step on its way. */
import type { Model, Start } from "../checker/model.ts";
import { refinement } from "../checker/refinement.ts";
import { aBoolean, aString, checkFields, type Field, isRecord, optional, told } from "../dsl/fields.ts";
import { noDeadlock, type Property, stuck } from "../dsl/property.ts";
import { untilInShape } from "../dsl/shape.ts";
import {
  isSpecification,
  type Parameter,
  resolveParameters,
  SpecError,
  type Specification,
} from "../dsl/specification.ts";
import { judgeBehaviour, whyNoLoop } from "./behaviour.ts";
import { isSameState, type Run, runTrace, statesOf, stepsIn, viewOf } from "./run.ts";

/** A property that a run violates, and where. */
export interface Violation {
  /** The name of the property. */
  readonly name: string;
  /** Who and what is at fault. */
  readonly witness: string;
  /** After how many steps; 0 for the first state. */
  readonly step: number;
}

/** A run, and what it violates. */
export interface Replay {
  /** The compiled spec, in which the run is told. */
  readonly model: Model;
  /** The run; of a loop one round. */
  readonly run: Run;
  /** How many of its last steps are taken again and again, 0: nothing happens after it; null: the run ends. */
  readonly loop: number | null;
  /** The first violation of each property that is violated, in the order of their steps. */
  readonly violations: readonly Violation[];
}

/** For which values of the parameters to replay. */
export interface ReplayOptions {
  /** The named bounds to use; the spec's defaults if left out. */
  readonly bounds?: string;
  /** Values of single parameters, which win over the bounds. */
  readonly parameters?: Readonly<Record<string, Parameter>>;
  /**
   * Whether a step that can't happen, or not any more, ends the run, instead of being an error. What is no step of the
   * spec at all, such as an action that there isn't, is an error still. Default: false.
   */
  readonly asFarAsPossible?: boolean;
  /**
   * How many of the last steps are taken again and again, so that the run never ends; 0: nothing happens after it. Then
   * it is also judged by what must happen some day. A run that ends if left out.
   */
  readonly loop?: number;
}

const anOption = {
  bounds: optional(aString),
  asFarAsPossible: optional(aBoolean),
  loop: optional({
    expected: "a number of steps: 0, 1, 2, ...",
    isRight: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  }),
  parameters: optional({ expected: "an object of values by name", isRight: isRecord }),
} satisfies Readonly<Record<keyof ReplayOptions, Field>>;

/**
 * Replays a trace of a spec, such as `a! a>b`, and judges every state and step on its way.
 *
 * @throws {SpecError} if the trace is malformed or a step is impossible: which one, and what was possible there.
 */
export function replaySpec(spec: Specification, trace: string, options: ReplayOptions = {}): Replay {
  if (!isSpecification(spec)) throw new SpecError(`replay takes what spec(...) returns, not ${told(spec)}`);
  if (typeof trace !== "string") throw new SpecError(`replay takes a trace as a string, not ${told(trace)}`);
  checkFields("replay", options, anOption);
  const parameters = resolveParameters(spec, options.bounds ?? null, options.parameters ?? {});
  return untilInShape(() => replay(spec.build(parameters), trace, options));
}

/**
 * Replays a trace of a compiled spec, such as `a! a>b`.
 *
 * @throws {SpecError} if the trace is malformed or a step is impossible: which one, and what was possible there.
 */
export function replay(
  model: Model,
  trace: string,
  options: Pick<ReplayOptions, "asFarAsPossible" | "loop"> = {},
): Replay {
  const run = runTrace(model, trace, options);
  const states = statesOf(run);
  const views = states.map((state) => viewOf(model, state));
  const judges = [...judgesOf(model, run.start)];
  const violations = views.flatMap((after, step) =>
    judges.flatMap(([name, judge]): readonly Violation[] => {
      const before = states[step - 1];
      // A step that changes nothing is none.
      if (before !== undefined && isSameState(before, states[step]!)) return [];
      const witness = judge(views[step - 1], after, step);
      return witness === true ? [] : [{ name, witness, step }];
    })
  );
  const last = states.at(-1)!;
  const loop = loopOf(run, trace, options);
  const endless = loop === null ? [] : judgeBehaviour(model, run, loop);
  const all = [...violations, ...endless];
  const isFirst = ({ name }: Violation, index: number) =>
    all.findIndex((other) => other.name === name) === index;
  const isStuck = model.ends !== undefined && model.steps(last).length === 0 && !model.ends(last);
  const deadlocks = isStuck ? [{ name: noDeadlock.name, witness: stuck, step: run.steps.length }] : [];
  return { model, run, loop, violations: [...all.filter(isFirst), ...deadlocks] };
}

/** How many steps are taken again and again; null where the run ends, perhaps as it went only as far as possible. */
function loopOf(
  run: Run,
  trace: string,
  { loop, asFarAsPossible = false }: Pick<ReplayOptions, "asFarAsPossible" | "loop">,
): number | null {
  if (loop === undefined || run.steps.length < stepsIn(trace)) return null;
  const why = whyNoLoop(statesOf(run), loop);
  if (why === null) return loop;
  if (asFarAsPossible) return null;
  throw new SpecError(why);
}

/** Judges the state after a step, and the step that led there; `step` is 0 for the first state of a run. */
export type Judge = (before: unknown, after: unknown, step: number) => true | string;

/** Who judges by each property that a run which ends can violate, by its name. */
export function judgesOf(model: Model, start: Start): ReadonlyMap<string, Judge> {
  return new Map(model.properties.flatMap((property): readonly [string, Judge][] => {
    const judge = judgeOf(property, start);
    return judge === null ? [] : [[property.name, judge]];
  }));
}

/** Whether a run that ends can violate a property. */
export function isJudgedByRun({ kind }: Property<unknown>): boolean {
  return kind === "always" || kind === "steps" || kind === "refines";
}

/** Who judges by a property; null, if it takes more than a run that ends to violate it. */
function judgeOf(property: Property<unknown>, start: Start): Judge | null {
  switch (property.kind) {
    case "always":
      return (_, after) => property.holds(after);
    case "steps":
      return (before, after, step) => step === 0 || property.holds(before, after);
    case "refines": {
      const { starts, steps } = refinement(property);
      const isInitial = /^[0-9]/.test(start.name);
      return (before, after, step) => step > 0 ? steps(before, after) : !isInitial || starts(after);
    }
    default:
      return null;
  }
}
