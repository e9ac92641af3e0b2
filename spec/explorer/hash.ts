/** The address is the trace: what is looked at and what was played, in the part of a URL after `#`. */
import { noValue, type Parameter, parameterIn, SpecError, type Specification } from "../dsl/specification.ts";
import { visible } from "../report/visible.ts";
import type { Setup } from "./setup.ts";
import type { Subject } from "./subject.ts";
import { type Tour, tours, traceOf } from "./tours/mod.ts";

/** The port of the explorer, if nobody asks for another one. */
export const standardPort = 3000;

/** What an address says. */
export interface Address extends Subject {
  /** The run that is shown, in the notation. */
  readonly trace: string;
  /** After how many steps the selected moment is; null: at the end. */
  readonly position: number | null;
  /** The name of the tour that this is a moment of; null: free play. */
  readonly tour: string | null;
  /** How many of the last steps are taken again and again; null: none, the run ends. */
  readonly loop: number | null;
}

/** The address of a spec, before anything has happened. */
export function homeOf(spec: string): Address {
  return {
    spec,
    bounds: null,
    parameters: {},
    mutant: null,
    trace: "",
    position: null,
    loop: null,
    tour: null,
  };
}

/** Where a tour begins. */
export function startOfTour(tour: Tour): Address {
  const { name, spec, parameters, mutant } = tour;
  return { ...homeOf(spec), parameters, mutant, trace: traceOf(tour), position: 0, tour: name };
}

/** The hash of an address, without its `#`. What goes without saying is left out. */
export function hashOf({ spec, bounds, parameters, mutant, trace, position, loop, tour }: Address): string {
  const fields: readonly (readonly [string, string])[] = [
    ["spec", spec],
    ...(bounds === null ? [] : [["bounds", bounds] as const]),
    ...Object.entries(parameters).map(([key, value]) => [`set.${key}`, String(value)] as const),
    ...(mutant === null ? [] : [["mutant", mutant] as const]),
    ...(trace === "" ? [] : [["trace", trace] as const]),
    ...(position === null ? [] : [["at", String(position)] as const]),
    ...(loop === null ? [] : [["loop", String(loop)] as const]),
    ...(tour === null ? [] : [["tour", tour] as const]),
  ];
  return fields.map(([key, value]) => `${key}=${encoded(value)}`).join("&");
}

/** Also the signs at which terminals and mail programs end a link. */
function encoded(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * What a hash says, with or without its `#`. Without a spec it means the one that opens first.
 *
 * @throws {SpecError} if it can't be read: where, and what it should be.
 */
export function addressOf(hash: string, { specs, first }: Setup): Address {
  const text = hash.replace(/^#/, "");
  const fields = new Map<string, string>();
  for (const part of text === "" ? [] : text.split("&")) {
    const at = part.indexOf("=");
    if (at < 0) throw new SpecError(`the address has ${quoted(part)}, expected name=value`);
    const name = decoded(part.slice(0, at));
    if (!/^(spec|bounds|mutant|trace|at|loop|tour|set\..+)$/.test(name)) {
      throw new SpecError(
        `the address has ${
          quoted(name)
        }; there are spec, bounds, set.PARAMETER, mutant, trace, at, loop and tour`,
      );
    }
    if (fields.has(name)) throw new SpecError(`the address has ${name} twice`);
    fields.set(name, decoded(part.slice(at + 1)));
  }
  const spec = fields.get("spec") ?? first;
  const found = Object.hasOwn(specs, spec) ? specs[spec] : undefined;
  if (found === undefined) {
    throw new SpecError(`there is no spec ${quoted(spec)}: there are ${Object.keys(specs).join(", ")}`);
  }
  const given = [...fields].filter(([name]) => name.startsWith("set."));
  return {
    spec,
    bounds: fields.get("bounds") ?? null,
    parameters: Object.fromEntries(given.map(([name, value]) => {
      const key = name.slice("set.".length);
      return [key, parameter(found, key, value)];
    })),
    mutant: fields.get("mutant") ?? null,
    trace: fields.get("trace") ?? "",
    position: count(fields, "at"),
    loop: count(fields, "loop"),
    tour: knownTour(fields.get("tour") ?? null),
  };
}

function knownTour(name: string | null): string | null {
  if (name === null || tours.some((tour) => tour.name === name)) return name;
  throw new SpecError(
    `there is no tour ${quoted(name)}: there are ${tours.map(({ name }) => name).join(", ")}`,
  );
}

function parameter(spec: Specification, key: string, text: string): Parameter {
  const standard = Object.hasOwn(spec.parameters, key) ? spec.parameters[key] : undefined;
  if (standard === undefined) {
    const names = Object.keys(spec.parameters).join(", ") || "none";
    throw new SpecError(`${spec.name} has no parameter ${quoted(key)}; there are ${names}`);
  }
  const value = parameterIn(text, standard);
  if (value === null) throw new SpecError(visible(noValue(spec, key, text)));
  return value;
}

function count(fields: ReadonlyMap<string, string>, name: string): number | null {
  const text = fields.get(name);
  if (text === undefined) return null;
  const value = parameterIn(text, 0);
  if (value !== null) return Number(value);
  throw new SpecError(`the address has ${name}=${quoted(text)}, expected a count: 0, 1, 2, ...`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SpecError(`the address has ${quoted(text)}, which is no text: perhaps a part of it is missing`);
  }
}

function quoted(text: string): string {
  return visible(JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text));
}
