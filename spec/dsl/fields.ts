/** Checks of the objects that users hand in: each field is known, and holds what it should. */
import { show } from "./plain.ts";
import { SpecError } from "./specification.ts";

/** What a field must hold. */
export interface Field {
  /** In words. */
  readonly expected: string;
  /** Whether a value is of this kind. */
  readonly isRight: (value: unknown) => boolean;
  /** Where in a value of many parts the first wrong one is, and what it should be; null if the whole is wrong. */
  readonly wrongPart?: (value: unknown) => WrongPart | null;
}

/** A part of a value that isn't what it should be. */
interface WrongPart {
  /** How it is got from the whole, such as `[1]`. */
  readonly path: string;
  readonly value: unknown;
  /** In words. */
  readonly expected: string;
}

/** A field that may be left out. */
export function optional(field: Field): Field {
  return { ...field, isRight: (value) => value === undefined || field.isRight(value) };
}

/** Expects true or false. */
export const aBoolean: Field = {
  expected: "true or false",
  isRight: (value) => typeof value === "boolean",
};

/** A function. */
export const aFunction: Field = { expected: "a function", isRight: (value) => typeof value === "function" };

/** A string. */
export const aString: Field = { expected: "a string", isRight: (value) => typeof value === "string" };

/** An array. */
export const anArray: Field = { expected: "an array", isRight: Array.isArray };

/** An object whose fields are all like this. */
export function recordOf({ expected, isRight }: Field): Field {
  return {
    expected: `an object of which each field is ${expected}`,
    isRight: (value) => isRecord(value) && Object.values(value).every(isRight),
    wrongPart(value) {
      const wrong = isRecord(value) ? Object.entries(value).find(([, part]) => !isRight(part)) : undefined;
      return wrong === undefined ? null : { path: `.${wrong[0]}`, value: wrong[1], expected };
    },
  };
}

/** An array whose items are all like this. */
export function listOf({ expected, isRight }: Field): Field {
  return {
    expected: `an array of which each item is ${expected}`,
    isRight: (value) => Array.isArray(value) && value.every(isRight),
    wrongPart(value) {
      const index = Array.isArray(value) ? value.findIndex((item) => !isRight(item)) : -1;
      return Array.isArray(value) && index >= 0
        ? { path: `[${index}]`, value: value[index], expected }
        : null;
    },
  };
}

/** Demands for fairness. */
export const demands: Field = listOf({
  expected: "what weak(...) or strong(...) returns",
  isRight: (value) => isRecord(value) && Array.isArray(value.actions),
});

/** Traces by the names of starts: a number names an initial state, and "steps" the search from all of them. */
export const startsByName: Field = {
  expected: "an object of traces by name: letters, digits and _, the first one a letter; not steps",
  isRight: (value) =>
    isRecord(value) &&
    Object.entries(value).every(([name, trace]) =>
      typeof trace === "string" && /^[A-Za-z][A-Za-z0-9_]*$/.test(name) && name !== "steps"
    ),
};

/** Anything but nothing. */
export const anything: Field = { expected: "a value", isRight: (value) => value !== undefined };

/**
 * Refuses an object with a field that is unknown, missing or of the wrong kind.
 *
 * @throws {SpecError} that names the field, and what there is or is expected.
 */
export function checkFields(where: string, given: unknown, fields: Readonly<Record<string, Field>>): void {
  const problem = problemWith(given, fields);
  if (problem !== null) throw new SpecError(`${where}: ${problem}`);
}

/** The first field of an object that is unknown, missing or of the wrong kind, in a sentence; null if none is. */
export function problemWith(given: unknown, fields: Readonly<Record<string, Field>>): string | null {
  const names = () => Object.keys(fields).join(", ");
  if (!isRecord(given)) return `expected an object with ${names()}; it is ${told(given)}`;
  for (const key in given) {
    if (!Object.hasOwn(fields, key)) return `there is no ${key}; there are ${names()}`;
  }
  for (const key in fields) {
    const { expected, isRight, wrongPart } = fields[key]!;
    const value = given[key];
    if (isRight(value)) continue;
    const part = wrongPart?.(value) ?? { path: "", value, expected };
    const is = part.value === undefined ? "missing" : told(part.value);
    return `${key}${part.path} is ${is}, expected ${part.expected}`;
  }
  return null;
}

/** An object that is no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in a message: itself if it is short for sure, else of which kind it is. */
export function told(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? JSON.stringify(value) : show(value);
}
