/** Checks a spec: searches from its initial states and from its starts, and judges its properties. */
import type { Property } from "../dsl/property.ts";
import {
  aBoolean,
  aFunction,
  aString,
  checkFields,
  type Field,
  isRecord,
  optional,
  told,
} from "../dsl/fields.ts";
import { Reshape } from "../dsl/shape.ts";
import {
  isSpecification,
  type Parameter,
  type Parameters,
  resolveParameters,
  SpecError,
  type Specification,
} from "../dsl/specification.ts";
import { formatTrace, type Run } from "../trace/run.ts";
import type { Model, Start } from "./model.ts";
import { type Found, type Progress, search, type Stopped } from "./search.ts";

/** How to check. */
export interface CheckOptions {
  /**
   * How deep to search from the initial states, which have depth 1; null to search all that is reachable. The
   * spec's own default if left out. From a named start the search goes three steps less deep.
   */
  readonly depth?: number | null;
  /** The only start from which to search, to the given depth, or "steps": from the initial states; all if left out. */
  readonly from?: string;
  /** The named bounds to use; the spec's defaults if left out. */
  readonly bounds?: string;
  /** Values of single parameters, which win over the bounds. */
  readonly parameters?: Readonly<Record<string, Parameter>>;
  /**
   * Whether to compare the states themselves, compressed, rather than fingerprints of 64 bits: slower, and nothing is
   * left to chance. Counts and counterexamples are the same.
   */
  readonly exact?: boolean;
  /** How many megabytes of tables the check may use before it ends, inconclusive. Default: 8,000. */
  readonly maxMegabytes?: number;
  /** Ends the check when it fires; the verdict is then "inconclusive", unless a violation was found. */
  readonly signal?: AbortSignal;
  /** Called as the check goes on, and once when each layer is complete. */
  readonly onProgress?: (progress: CheckProgress) => void;
}

const anOption = {
  depth: optional({
    expected: "1, 2, 3, ... or null",
    isRight: (value) => value === null || (Number.isSafeInteger(value) && Number(value) >= 1),
  }),
  from: optional(aString),
  bounds: optional(aString),
  parameters: optional({ expected: "an object of values by name", isRight: isRecord }),
  exact: optional(aBoolean),
  maxMegabytes: optional({
    expected: "a number of megabytes above 0",
    isRight: (value) => typeof value === "number" && value > 0,
  }),
  signal: optional({ expected: "an AbortSignal", isRight: (value) => value instanceof AbortSignal }),
  onProgress: optional(aFunction),
} satisfies Readonly<Record<keyof CheckOptions, Field>>;

/** How far a check has come. */
export interface CheckProgress extends Progress {
  /** "steps" for the search from the initial states, or the name of the start. */
  readonly search: string;
}

/** What became of a property. */
export interface PropertyReport {
  /** The property. */
  readonly property: Property<unknown>;
  /** `holds` means: as far as was looked. */
  readonly result: "holds" | "violated" | "reached" | "not-reached";
  /** A shortest run that violates or reaches it, or null. */
  readonly run: Run | null;
  /** The same run in the trace notation. */
  readonly trace: string | null;
  /** Who and what is at fault, or null. */
  readonly witness: string | null;
}

/** One search. */
export interface SearchReport {
  /** "steps" for the search from the initial states, or the name of the start. */
  readonly search: string;
  /** How many states were generated: the initial ones, and every successor of an expanded state. */
  readonly generated: number;
  /** How many of them were distinct. */
  readonly distinct: number;
  /** The depth of the deepest state. */
  readonly depth: number;
  /** How many states were found but not expanded. */
  readonly edge: number;
  /** How many distinct states the constraint kept out. */
  readonly cut: number;
  /** Whether nothing reachable was left out, but by the constraint. */
  readonly exhausted: boolean;
}

/** What a check found. */
export interface Report {
  /** The name of the spec. */
  readonly spec: string;
  /** The values of its parameters. */
  readonly parameters: Parameters;
  /** The named bounds that were used, or null. */
  readonly bounds: string | null;
  /** The depth that was asked for; null: all that is reachable. */
  readonly depth: number | null;
  /** The compiled spec, in which the runs of this report are told. */
  readonly model: Model;
  /** The searches, in order. */
  readonly searches: readonly SearchReport[];
  /** What became of each property, in the spec's order. */
  readonly properties: readonly PropertyReport[];
  /** The sum over all searches. */
  readonly generated: number;
  /** The sum over all searches. */
  readonly distinct: number;
  /** The sum over all searches of the distinct states that the constraint kept out. */
  readonly cut: number;
  /** Whether every search was exhausted. */
  readonly exhausted: boolean;
  /** What ended the check before its time: the signal, or `maxMegabytes`. */
  readonly stopped: Stopped | null;
  /**
   * `violated`: some property is. `inconclusive`: the check was cut short, or all was searched and a
   * `sometimes` was not reached. `holds`: otherwise, as far as was looked.
   */
  readonly verdict: "holds" | "violated" | "inconclusive";
  /** The actions of a plain spec that could happen in no state that was looked at: perhaps a mistake. */
  readonly neverEnabled: readonly string[];
  /** The odds that two states had the same fingerprint, so that one of them was missed. */
  readonly odds: number;
}

/** How many megabytes of tables a search may use if nobody says. */
export const defaultMegabytes = 8000;

/** How many steps less deep the search from a named start goes. */
const shallower = 3;

/**
 * Checks a spec to the given bounds.
 *
 * @throws {SpecError} if the spec, an option or a parameter is wrong.
 *
 * @example
 * ```ts
 * import { check, spec } from "@quorate/raft/spec";
 *
 * const counter = spec("counter", () => ({
 *   init: { n: 0 },
 *   actions: { Up: (s) => s.n < 3 && void s.n++ },
 *   properties: [],
 * }));
 * const report = await check(counter);
 * console.assert(report.verdict === "holds" && report.distinct === 4);
 * ```
 */
export async function check(spec: Specification, options: CheckOptions = {}): Promise<Report> {
  if (!isSpecification(spec)) throw new SpecError(`check takes what spec(...) returns, not ${told(spec)}`);
  checkFields("check", options, anOption);
  for (;;) {
    try {
      return await checkOnce(spec, options);
    } catch (error) {
      // Some value doesn't keep its shape. The spec knows it now, and is built another way.
      if (!(error instanceof Reshape)) throw error;
    }
  }
}

async function checkOnce(spec: Specification, options: CheckOptions): Promise<Report> {
  const bounds = options.bounds ?? null;
  const parameters = resolveParameters(spec, bounds, options.parameters ?? {});
  const depth = options.depth === undefined ? spec.depth : options.depth;
  const model = spec.build(parameters);
  const found: { search: string; found: Found }[] = [];
  for (const { name, starts } of searchesOf(model, options.from)) {
    const isWhole = name === "steps" || name === options.from || depth === null;
    const result = await search(model, starts, {
      depth: isWhole ? depth : Math.max(1, depth - shallower),
      onProgress: (progress) => options.onProgress?.({ search: name, ...progress }),
      stopped: () => options.signal?.aborted ?? false,
      isExact: options.exact ?? false,
      maxBytes: (options.maxMegabytes ?? defaultMegabytes) * 1e6,
    });
    found.push({ search: name, found: result });
    if (result.stopped !== null || isViolated(model, result)) break;
  }
  return report(model, found, { spec: spec.name, parameters, bounds, depth }, options.exact ?? false);
}

/** One search from all initial states, and one from each named start. */
function searchesOf(
  { starts }: Model,
  from: string | undefined,
): readonly { name: string; starts: readonly Start[] }[] {
  const initial = starts.filter(({ name }) => /^[0-9]/.test(name));
  const named = starts.filter((start) => !initial.includes(start));
  const searches = [
    { name: "steps", starts: initial },
    ...named.map((start) => ({ name: start.name, starts: [start] })),
  ];
  if (from === undefined) return searches;
  const only = searches.filter(({ name }) => name === from);
  if (only.length > 0) return only;
  const names = searches.map(({ name }) => name).join(", ");
  throw new SpecError(`check: there is no start ${from} to search from; there are ${names}`);
}

function isViolated(model: Model, { verdicts }: Found): boolean {
  return model.properties.some(({ kind, name }) => kind !== "sometimes" && verdicts.has(name));
}

function report(
  model: Model,
  found: readonly { search: string; found: Found }[],
  asked: Pick<Report, "spec" | "parameters" | "bounds" | "depth">,
  isExact: boolean,
): Report {
  const searches = found.map(({ search, found }): SearchReport => {
    const { generated, distinct, depth, edge, cut, exhausted } = found;
    return { search, generated, distinct, depth, edge, cut, exhausted };
  });
  const results = found.map(({ found }) => found);
  const properties = model.properties.map((property) => judgementOf(property, results));
  const sum = (key: "generated" | "distinct" | "cut") =>
    searches.reduce((total, search) => total + search[key], 0);
  const isViolated = properties.some(({ result }) => result === "violated");
  const exhausted = searches.every((search) => search.exhausted);
  const stopped = results.find((result) => result.stopped !== null)?.stopped ?? null;
  const isMissing = exhausted && properties.some(({ result }) => result === "not-reached");
  return {
    ...asked,
    model,
    searches,
    properties,
    generated: sum("generated"),
    distinct: sum("distinct"),
    cut: sum("cut"),
    exhausted,
    stopped,
    verdict: isViolated ? "violated" : stopped !== null || isMissing ? "inconclusive" : "holds",
    neverEnabled: model.neverEnabled?.() ?? [],
    odds: isExact
      ? 0
      : searches.reduce((odds, { distinct }) => odds + distinct * (distinct - 1) / 2 ** 65, 0),
  };
}

function judgementOf(property: Property<unknown>, results: readonly Found[]): PropertyReport {
  const result = results.find(({ verdicts }) => verdicts.has(property.name));
  const verdict = result?.verdicts.get(property.name);
  if (result === undefined || verdict === undefined) {
    const nothing = property.kind === "sometimes" ? "not-reached" : "holds";
    return { property, result: nothing, run: null, trace: null, witness: null };
  }
  const run = result.path(verdict);
  return {
    property,
    result: property.kind === "sometimes" ? "reached" : "violated",
    run,
    trace: formatTrace(run),
    witness: verdict.witness,
  };
}
