/** The parts of a plain spec as its author wrote them: checked, and made to say where they go wrong. */
import { called } from "../checker/patience.ts";
import { encode, ValueError } from "../checker/value.ts";
import {
  aFunction,
  anArray,
  anything,
  checkFields,
  demands,
  type Field,
  isRecord,
  optional,
  startsByName,
  told,
} from "./fields.ts";
import { plain, show, showState } from "./plain.ts";
import { Reshape } from "./shape.ts";
import type { Action, Definition, Each } from "./spec.ts";
import type { Transition } from "./spec_learning.ts";
import { SpecError } from "./specification.ts";
import { setsOfStrings } from "./symmetry.ts";

const part = {
  init: anything,
  actions: { expected: "an object of actions by name", isRight: isRecord },
  properties: anArray,
  constraint: optional(aFunction),
  actionConstraint: optional(aFunction),
  view: optional(aFunction),
  picture: optional(aFunction),
  ends: optional(aFunction),
  fairness: optional(demands),
  starts: optional(startsByName),
  symmetry: optional(setsOfStrings),
} satisfies Readonly<Record<keyof Definition<unknown>, Field>>;

/** A definition that has all of its parts. */
export function complete(name: string, definition: unknown): Definition<unknown> {
  checkFields(`spec ${name}`, definition, part);
  return definition as Definition<unknown>;
}

/** The initial states. All have the same variables. */
export function initialStates(
  name: string,
  { init }: Definition<unknown>,
): readonly Readonly<Record<string, unknown>>[] {
  const given: readonly unknown[] = Array.isArray(init) ? Array.from(init) : [init];
  if (given.length === 0) throw new SpecError(`spec ${name}: init is empty, so nothing ever happens`);
  const first = given.map((state, index) => {
    const path = Array.isArray(init) ? `init[${index}]` : "init";
    if (!isRecord(state) || state instanceof Set || ArrayBuffer.isView(state)) {
      throw new SpecError(`spec ${name}: ${path} is ${told(state)}, expected an object of variables`);
    }
    return guarded(`spec ${name}`, () => plain(state, path)) as Readonly<Record<string, unknown>>;
  });
  const variables = Object.keys(first[0] ?? {});
  const odd = first.findIndex((state) => Object.keys(state).sort().join() !== [...variables].sort().join());
  if (odd >= 0) throw new SpecError(`spec ${name}: init[${odd}] has other variables than init[0]`);
  return first;
}

/** One transition for every action and every combination of its arguments. */
export function transitionsOf(
  name: string,
  actions: Readonly<Record<string, Action<unknown>>>,
): readonly Transition[] {
  const all = Object.entries(actions).flatMap(([action, what]) => {
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(action)) {
      throw new SpecError(
        `spec ${name}: ${JSON.stringify(action)} is no name of an action: letters, digits and _, ` +
          `the first one a letter`,
      );
    }
    if (typeof what === "function") {
      return [{ label: action, name: action, arguments: [], run: what as Transition["run"] }];
    }
    if (what?.kind !== "each") {
      throw new SpecError(`spec ${name}, action ${action} is neither a function nor made by each`);
    }
    return instancesOf(name, action, what);
  });
  for (const [index, { label }] of all.entries()) {
    if (all.findIndex((other) => other.label === label) !== index) {
      throw new SpecError(`spec ${name}: there are two actions ${label}; a value occurs twice in each`);
    }
  }
  return all;
}

function instancesOf(name: string, action: string, { lists, run }: Each<never>): readonly Transition[] {
  const combinations = lists.reduce<readonly (readonly unknown[])[]>(
    (shorter, list) => shorter.flatMap((values) => list.map((value) => [...values, value])),
    [[]],
  );
  return combinations.map((values) => {
    const fixed = values.map((value, index) =>
      guarded(`spec ${name}, action ${action}`, () => argument(value, `arguments[${index}]`))
    );
    const texts = fixed.map((value) => JSON.stringify(value));
    return {
      label: `${action}(${texts.join(",")})`,
      name: action,
      arguments: texts,
      run: (draft, choose) => run(draft as never, ...(fixed as never[]), choose as never),
    };
  });
}

/** A trace writes arguments in JSON. */
function argument(value: unknown, path: string): unknown {
  const fixed = plain(value, path);
  const text = JSON.stringify(fixed);
  if (encode(JSON.parse(text)) !== encode(fixed)) {
    throw new ValueError(
      `${path} is ${show(fixed)}: a trace writes arguments in JSON, which has no sets and bytes`,
    );
  }
  return fixed;
}

/** The constraint, if there is one. It says which spec it is when it fails. */
export function constraintOf(
  spec: string,
  constraint: ((state: never) => boolean) | undefined,
): { readonly constraint?: (state: unknown) => boolean } {
  if (constraint === undefined) return {};
  return {
    constraint: (state) => decided(`${spec}, its constraint`, () => constraint(state as never), state),
  };
}

/** The action constraint, if there is one. */
export function actionConstraintOf(
  spec: string,
  actionConstraint: ((before: never, after: never) => boolean) | undefined,
): { readonly actionConstraint?: (before: unknown, after: unknown) => boolean } {
  if (actionConstraint === undefined) return {};
  const where = `${spec}, its actionConstraint`;
  return {
    actionConstraint: (before, after) =>
      decided(where, () => actionConstraint(before as never, after as never), before, after),
  };
}

/** What the view of a spec shows of a state, as plain data. */
export function shownBy(spec: string, view: (state: never) => unknown): (state: unknown) => unknown {
  return (state) =>
    inStates([state], () => guarded(`${spec}, its view`, () => plain(view(state as never), "the view")));
}

/** How the spec draws a state, if it does. */
export function pictureOf(
  spec: string,
  picture: ((state: never) => string) | undefined,
): { readonly picture?: (state: unknown) => string } {
  if (picture === undefined) return {};
  const where = `${spec}, its picture`;
  return {
    picture: (state) =>
      inStates([state], () => {
        const svg: unknown = guarded(where, () => picture(state as never));
        if (typeof svg === "string" && /^\s*<svg[\s>]/.test(svg)) return svg;
        throw new SpecError(`${where} returned ${returned(svg)}, expected SVG as text: <svg ...>...</svg>`);
      }),
  };
}

/** Whether the spec may end in a state: nowhere, if it doesn't say. */
export function endsOf(
  spec: string,
  ends: ((state: never) => boolean) | undefined,
): (state: unknown) => boolean {
  if (ends === undefined) return () => false;
  return (state) => decided(`${spec}, its ends`, () => ends(state as never), state);
}

/** Whether an action happened, by what it returned. */
export function happened(where: string, returned: unknown): boolean {
  if (returned === undefined) return true;
  if (typeof returned === "boolean") return returned;
  if (returned instanceof Promise) throw new SpecError(`${where} is async: an action happens at once`);
  throw new SpecError(
    `${where} returned ${
      told(returned)
    }: change the draft, and return nothing, true, or false where it can't happen`,
  );
}

/** What a property says of states. Anything but true or a text is refused. */
export function judged(
  where: string,
  judge: () => true | string,
  ...states: readonly unknown[]
): true | string {
  return inStates(states, () => {
    const judgement: unknown = guarded(where, judge);
    if (judgement === true || isText(judgement)) return judgement as true | string;
    throw new SpecError(`${where} returned ${returned(judgement)}: return true, or in words what is wrong`);
  });
}

/** Whether something holds in a state, or of a step. Anything but true or false is refused. */
export function decided(where: string, decide: () => boolean, ...states: readonly unknown[]): boolean {
  return inStates(states, () => {
    const decision: unknown = guarded(where, decide);
    if (typeof decision === "boolean") return decision;
    throw new SpecError(`${where} returned ${returned(decision)}, expected true or false`);
  });
}

function returned(value: unknown): string {
  return value instanceof Promise ? "a promise" : told(value);
}

/** What goes wrong says in which state, or in which step. */
export function inStates<T>(states: readonly unknown[], run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    const [first, second] = states.map(showState);
    const context = second === undefined ? `in the state ${first}` : `in the step from ${first} to ${second}`;
    throw new SpecError(`${error.message} (${context})`, { cause: error.cause });
  }
}

/** Runs the trace of a start: what is wrong with it says so, unless it is an action of the spec that says where. */
export function inStart<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SpecError) || !error.message.startsWith("step ")) throw error;
    throw new SpecError(`${where}: ${error.message}`);
  }
}

/** Whether a value is a text that says something. */
export function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

/** Runs code of the user: what it throws says where. */
export function guarded<T>(where: string, run: () => T): T {
  called.times++;
  try {
    return run();
  } catch (error) {
    throw said(where, error);
  }
}

/** What code of the user threw, with where it was. */
export function said(where: string, error: unknown): unknown {
  if (error instanceof SpecError || error instanceof Reshape) return error;
  if (error instanceof ValueError) return new SpecError(`${where}: ${error.message}`);
  return new SpecError(`${where} threw ${error}${placeIn(error)}`, { cause: error });
}

const library = new URL("../", import.meta.url).href;

/** Where code of the user threw it, such as `, at my_spec.ts:12:5`; nothing if that isn't known. */
export function placeIn(error: unknown): string {
  if (!(error instanceof Error) || typeof error.stack !== "string") return "";
  const frames = error.stack.matchAll(/((?:file|https?):\S+\/)([^\s/]+?)(?:[?#]\S*)?:(\d+):(\d+)\)?$/gm);
  for (const [, folder = "", file, line, column] of frames) {
    if (!folder.startsWith(library)) return `, at ${file}:${line}:${column}`;
  }
  return "";
}
