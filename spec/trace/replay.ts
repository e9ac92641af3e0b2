/** Replays a trace, and judges every state and step on its way. */
import type { Model, State, Step } from "../checker/model.ts";
import type { Judgement, Property } from "../dsl/property.ts";
import { aString, checkFields, type Field, isRecord, optional, told } from "../dsl/fields.ts";
import { untilInShape } from "../dsl/shape.ts";
import {
  isSpecification,
  type Parameter,
  resolveParameters,
  SpecError,
  type Specification,
} from "../dsl/specification.ts";
import { type Run, runTrace } from "./run.ts";

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
  /** The run. */
  readonly run: Run;
  /** The first violation of each property that is violated, in the order of their steps. */
  readonly violations: readonly Violation[];
}

/** For which values of the parameters to replay. */
export interface ReplayOptions {
  /** The named bounds to use; the spec's defaults if left out. */
  readonly bounds?: string;
  /** Values of single parameters, which win over the bounds. */
  readonly parameters?: Readonly<Record<string, Parameter>>;
}

const anOption = {
  bounds: optional(aString),
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
  return untilInShape(() => replay(spec.build(parameters), trace));
}

/**
 * Replays a trace of a compiled spec, such as `a! a>b`.
 *
 * @throws {SpecError} if the trace is malformed or a step is impossible: which one, and what was possible there.
 */
export function replay(model: Model, trace: string): Replay {
  const run = runTrace(model, trace);
  const states = statesOf(run);
  const violations = states.flatMap((after, step) => judgeAt(model, states[step - 1], after, step));
  const isFirst = ({ name }: Violation, index: number) =>
    violations.findIndex((other) => other.name === name) === index;
  return { model, run, violations: violations.filter(isFirst) };
}

function judgeAt(model: Model, before: State | undefined, after: State, step: number): readonly Violation[] {
  return model.properties.flatMap((property): readonly Violation[] => {
    const judgement = judgementOf(model, property, before, after);
    return judgement === true ? [] : [{ name: property.name, witness: judgement, step }];
  });
}

function judgementOf(
  model: Model,
  property: Property<unknown>,
  before: State | undefined,
  after: State,
): Judgement {
  switch (property.kind) {
    case "always":
      return property.holds(view(model, after));
    case "steps":
      // A step that changes nothing is none.
      return before === undefined || isSame(before, after) ||
        property.holds(view(model, before), view(model, after));
    case "sometimes":
      return true;
  }
}

function isSame(before: State, after: State): boolean {
  return before.vector.join() === after.vector.join() && before.bag.join() === after.bag.join();
}

function view(model: Model, state: State): unknown {
  return model.view(state.vector, 0, () => {});
}

/** The states that a run passes through, the first one included. */
export function statesOf({ start, steps }: Run): readonly State[] {
  return [start.state, ...steps.map((step: Step) => step.to)];
}
