/** Checks of what a user or an adapter hands in: one kind of error, and one style, for all of it. */
import { z } from "zod";
import { RaftError, type RaftErrorCode } from "./error.ts";

/** The longest that timers can wait, in milliseconds: they count in 32 bits. */
export const maxMs = 2 ** 31 - 1;

// The message of a check is what it expects, so that `checked` can put it into its sentence.

/** An object with these fields, and no others. */
export function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = `there is no such option; there are ${Object.keys(shape).join(", ")}`;
  return z.strictObject(shape, {
    error: ({ code }) => code === "unrecognized_keys" ? known : "an object",
  });
}

/** Whatever holds. */
export function that<T>(expected: string, holds: (value: unknown) => boolean) {
  return z.custom<T>(holds, expected);
}

/** A function, which nobody has called yet. */
export function functionOf<F>(expected = "a function") {
  return that<F>(expected, (value) => typeof value === "function");
}

/** An object that has these methods. */
export function objectWith<T>(expected: string, ...methods: readonly (keyof T & string)[]) {
  return that<T>(expected, (value) => {
    if (typeof value !== "object" || value === null) return false;
    return methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function");
  });
}

/** Whether this is a URL of one of these schemes, such as "wss"; `base` is what it may leave out. */
export function isUrl(value: unknown, schemes: readonly string[], base?: string): boolean {
  if (typeof value !== "string" || !URL.canParse(value, base)) return false;
  return schemes.includes(new URL(value, base).protocol.slice(0, -1));
}

/** An integer in this range. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER) {
  const expected = max === Number.MAX_SAFE_INTEGER
    ? `an integer of at least ${min}`
    : `an integer from ${min} to ${max}`;
  return z.int(expected).min(min, expected).max(max, expected);
}

/** A number in this range. */
export function numberFrom(min: number, max: number) {
  const expected = `a number from ${min} to ${max}`;
  return z.number(expected).min(min, expected).max(max, expected);
}

/** How long a timer runs. */
export function milliseconds() {
  const expected = `a number of milliseconds above 0, at most ${maxMs}`;
  return z.number(expected).positive(expected).max(maxMs, expected);
}

/**
 * The value, with the defaults of the schema.
 *
 * @param name How messages call the value, such as "tcp: options".
 * @throws {RaftError} with this code: one line for each thing that is wrong, which names it, says
 * what was expected, and shows what was given.
 */
export function checked<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  value: unknown,
  code: RaftErrorCode = "InvalidOptions",
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => {
    const path = [name, ...issue.path.map(String)].join(".");
    if (issue.code !== "unrecognized_keys") {
      return [`${path}: expected ${issue.message}, got ${show(valueAt(value, issue.path))}`];
    }
    return issue.keys.map((key) => `${path}.${key}: ${issue.message}`);
  });
  throw new RaftError(code, problems.join("\n"));
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((inner, key) => (inner as Record<PropertyKey, unknown>)[key], value);
}

/** A value on one line, short, whatever it is. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "function":
      return "a function";
    case "bigint":
      return `${value}n`;
    case "string":
    case "object":
      break;
    default:
      return String(value);
  }
  const text = jsonOf(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** JSON; the class of an object that has one; what can be said of an object that is not to be looked into. */
function jsonOf(value: object | string | null): string {
  try {
    const name = value === null ? undefined : Object.getPrototypeOf(value)?.constructor?.name;
    if (typeof value === "object" && !["Object", "Array", undefined].includes(name)) return `[${name}]`;
    return JSON.stringify(value, (_key, inner) => typeof inner === "bigint" ? `${inner}n` : inner) ??
      "an object";
  } catch {
    return "an object that contains itself";
  }
}
