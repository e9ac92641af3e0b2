/** The parts of a plain spec as its author wrote them: checked, and made to say where they go wrong. */
import { ValueError } from "../checker/value.ts";
import {
  aFunction,
  anArray,
  anything,
  aString,
  checkFields,
  type Field,
  isRecord,
  optional,
  recordOf,
  told,
} from "./fields.ts";
import { plain } from "./plain.ts";
import { Reshape } from "./shape.ts";
import type { Action, Definition, Each } from "./spec.ts";
import type { Transition } from "./spec_learning.ts";
import { SpecError } from "./specification.ts";

const part = {
  init: anything,
  actions: { expected: "an object of actions by name", isRight: isRecord },
  properties: anArray,
  constraint: optional(aFunction),
  ends: optional(aFunction),
  fairness: optional(anArray),
  starts: optional(recordOf(aString)),
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
  const given: readonly unknown[] = Array.isArray(init) ? init : [init];
  if (given.length === 0) throw new SpecError(`spec ${name}: init is empty, so nothing ever happens`);
  const first = given.map((state, index) => {
    const path = given.length === 1 ? "init" : `init[${index}]`;
    if (typeof state !== "object" || state === null || Array.isArray(state) || state instanceof Set) {
      throw new SpecError(`spec ${name}: ${path} is no object of variables`);
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
    const fixed = values.map((value) =>
      guarded(`spec ${name}, action ${action}`, () => plain(value, "an argument"))
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

/** The constraint, if there is one. It says which spec it is when it fails. */
export function constraintOf(
  name: string,
  { constraint }: Definition<unknown>,
): { readonly constraint?: (state: unknown) => boolean } {
  if (constraint === undefined) return {};
  return { constraint: (state) => guarded(`spec ${name}, its constraint`, () => constraint(state)) };
}

/** Whether the spec may end in a state: nowhere, if it doesn't say. */
export function endsOf(name: string, { ends }: Definition<unknown>): (state: unknown) => boolean {
  if (ends === undefined) return () => false;
  return (state) => guarded(`spec ${name}, its ends`, () => ends(state));
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

/** Runs code of the user: what it throws says where. */
export function guarded<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof SpecError || error instanceof Reshape) throw error;
    if (error instanceof ValueError) throw new SpecError(`${where}: ${error.message}`);
    throw new SpecError(`${where} threw ${error}`, { cause: error });
  }
}
