/** A spec with its parameters: what `check`, `replay` and the command line take. */
import type { Model, Start } from "../checker/model.ts";

/** The value of a parameter. */
export type Parameter = number | string | boolean;

/** Values of parameters by name. */
export type Parameters = Readonly<Record<string, Parameter>>;

/** A spec that can be built for any values of its parameters. */
export interface Specification {
  /** The name, as in the catalog. */
  readonly name: string;
  /** The parameters and their default values. A number is a count: a non-negative integer. */
  readonly parameters: Parameters;
  /** Named sets of parameter values. */
  readonly bounds: Readonly<Record<string, Parameters>>;
  /** How deep a check goes if nobody says; null: all that is reachable. */
  readonly depth: number | null;
  /** What the values mean, for people, in one line. */
  summary(parameters: Parameters): string;
  /** Compiles the spec. */
  build(parameters: Parameters): Model;
}

/** A mistake in a spec or in how it is used: the message says where, and what to do. */
export class SpecError extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "SpecError";
}

/** Whether a value can be used as a spec. */
export function isSpecification(value: unknown): value is Specification {
  if (typeof value !== "object" || value === null) return false;
  const { name, parameters, bounds, depth, build, summary } = value as Readonly<Record<string, unknown>>;
  return typeof name === "string" && typeof parameters === "object" && parameters !== null &&
    typeof bounds === "object" && bounds !== null && (depth === null || typeof depth === "number") &&
    typeof build === "function" &&
    typeof summary === "function";
}

/**
 * The values of a spec's parameters: the defaults, then those of the named bounds, then the given ones.
 *
 * @throws {SpecError} if a name is unknown or a value is of the wrong kind; the message lists what there is.
 */
export function resolveParameters(
  spec: Specification,
  bounds: string | null,
  given: Readonly<Record<string, Parameter>>,
): Parameters {
  const named = bounds === null ? {} : Object.hasOwn(spec.bounds, bounds) ? spec.bounds[bounds] : undefined;
  if (named === undefined) {
    const names = Object.keys(spec.bounds);
    throw new SpecError(
      `${spec.name} has no bounds ${bounds}: ${
        names.length > 0 ? `there are ${names.join(", ")}` : "it has none"
      }`,
    );
  }
  for (const [key, value] of Object.entries(given)) {
    const standard = Object.hasOwn(spec.parameters, key) ? spec.parameters[key] : undefined;
    if (standard === undefined) {
      const names = Object.keys(spec.parameters);
      throw new SpecError(
        `${spec.name} has no parameter ${key}: ${
          names.length > 0 ? `there are ${names.join(", ")}` : "it has none"
        }`,
      );
    }
    if (typeof value !== typeof standard || !isParameter(value)) {
      const expected = typeof standard === "number" ? "a count (0, 1, 2, ...)" : `a ${typeof standard}`;
      throw new SpecError(`${key} of ${spec.name} is ${JSON.stringify(value)}, expected ${expected}`);
    }
  }
  return { ...spec.parameters, ...named, ...given };
}

/** Whether something can be the value of a parameter. */
function isParameter(value: unknown): boolean {
  return typeof value === "number"
    ? Number.isSafeInteger(value) && value >= 0
    : typeof value === "string" || typeof value === "boolean";
}

/** The value of a parameter as people write it, given its default; null if the text is none of its kind. */
export function parameterIn(text: string, standard: Parameter): Parameter | null {
  switch (typeof standard) {
    case "number":
      return /^[0-9]+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
    case "boolean":
      return text === "true" || text === "false" ? text === "true" : null;
    case "string":
      return text;
  }
}

/** What is wrong with the text of a parameter. */
export function noValue(spec: Specification, key: string, text: string): string {
  const expected = typeof spec.parameters[key] === "number" ? "a count: 0, 1, 2, ...;" : "true or false,";
  return `${key} of ${spec.name} is ${expected} not ${JSON.stringify(text)}`;
}

/**
 * Refuses names that neither a trace nor a command line could hold.
 *
 * @throws {SpecError} that names the first of them.
 */
function checkNames(names: readonly string[]): void {
  const wrong = names.find((name) => !/^[A-Za-z][A-Za-z0-9_]*$/.test(name));
  if (wrong === undefined) return;
  throw new SpecError(`${JSON.stringify(wrong)} is no name: letters, digits and _, the first one a letter`);
}

/** What the call that defines a spec is given after its name: how to build its definition, perhaps by parameters. */
export type Given<Definition> =
  | readonly [build: () => Definition]
  | readonly [parameters: Parameters, build: (parameters: never) => Definition];

/**
 * A spec that is searched whole, without named bounds.
 *
 * @throws {SpecError} if its name or that of a parameter is none.
 */
export function specification<Definition>(
  name: string,
  given: Given<Definition>,
  compile: (define: () => Definition) => Model,
): Specification {
  const parameters = given.length === 1 ? {} : given[0];
  const build = (given.length === 1 ? given[0] : given[1]) as (values: Parameters) => Definition;
  checkNames([name, ...Object.keys(parameters)]);
  for (const [key, value] of Object.entries(parameters)) {
    if (isParameter(value)) continue;
    const expected = "a count (0, 1, 2, ...), a string or a boolean";
    throw new SpecError(`${name}: the default of ${key} is ${JSON.stringify(value)}, expected ${expected}`);
  }
  return {
    name,
    parameters,
    bounds: {},
    depth: null,
    summary: (values) => Object.entries(values).map(describeParameter).join(" · "),
    build: (values) => thatBegins(name, compile(() => build(values))),
  };
}

/** A model, unless its constraint keeps out every initial state: nothing would be looked for. */
function thatBegins(name: string, model: Model): Model {
  const { constraint, starts, view } = model;
  const mayBegin = ({ name, state: { vector } }: Start) =>
    /^[0-9]/.test(name) && constraint?.(view(vector, 0, () => {})) !== false;
  if (starts.some(mayBegin)) return model;
  throw new SpecError(
    `${name}: its constraint keeps out every initial state, so nothing ever happens; is it the wrong way round?`,
  );
}

/** A parameter and its value, in a word or two. */
export function describeParameter([key, value]: [string, Parameter]): string {
  return typeof value === "number" ? `${value} ${key}` : `${key} = ${value}`;
}
