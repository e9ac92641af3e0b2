/** Checks a spec: searches from its initial states and from its starts, and judges its properties. */
import { type Deadlock, noDeadlock, type Property, stuck } from "../dsl/property.ts";
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
import type { Judged, Obeyed } from "./liveness.ts";
import type { Model, Rounds, Start, Step } from "./model.ts";
import { named, namingFor } from "./naming.ts";
import { searchAlone, searchWith, type Workers } from "./workers.ts";
import { deadlock, type Found, type Progress, type SearchOptions, type Stopped } from "./search.ts";
import { type ActionReport, coverageOf } from "./coverage.ts";
import {
  allUnknown,
  type Claims,
  claimsOf,
  conditionName,
  initialStarts,
  judgeClaims,
  type Judgements,
} from "./temporal.ts";
import { ValueError } from "./value.ts";

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
  /**
   * Whether to look only once at states that are the same but for names, as the spec declares; refused if it declares
   * no such symmetry or doesn't have it, and where claims about whole behaviours are to be judged. Counterexamples are
   * as short as without it.
   */
  readonly symmetry?: boolean;
  /** How many megabytes of tables the check may use before it ends, inconclusive. Default: 8,000. */
  readonly maxMegabytes?: number;
  /**
   * Search with so many workers, on as many cores; one, if left out. `module` is the URL of the module that exports the
   * spec by default, mostly `import.meta.url`: workers import it. Counts, depths and traces are the same for any number.
   * Not used with `exact`.
   */
  readonly workers?: Workers;
  /** Whether to count how often each action was taken: `Report.coverage`. Not used with `workers`. */
  readonly coverage?: boolean;
  /** Ends the check when it fires; the verdict is then "inconclusive", unless a violation was found. */
  readonly signal?: AbortSignal;
  /** Called with the names of the properties when the search begins: the spec and its parameters are right. */
  readonly onStart?: (properties: readonly string[]) => void;
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
  coverage: optional(aBoolean),
  symmetry: optional(aBoolean),
  maxMegabytes: optional({
    expected: "a number of megabytes above 0",
    isRight: (value) => typeof value === "number" && value > 0,
  }),
  workers: optional({
    expected: "an object with count, 1 to 64, and the URL of the spec's module",
    isRight: (value) =>
      isRecord(value) && Number.isSafeInteger(value.count) && Number(value.count) >= 1 &&
      Number(value.count) <= 64 && typeof value.module === "string",
  }),
  signal: optional({ expected: "an AbortSignal", isRight: (value) => value instanceof AbortSignal }),
  onStart: optional(aFunction),
  onProgress: optional(aFunction),
} satisfies Readonly<Record<keyof CheckOptions, Field>>;

/** How far a check has come. */
export interface CheckProgress extends Progress {
  /** "steps" for the search from the initial states, or the name of the start. */
  readonly search: string;
}

/** What became of a property. */
export interface PropertyReport {
  /** The property; or that there is no deadlock, if there is one. */
  readonly property: Property<unknown> | Deadlock;
  /** `holds` means: as far as was looked, but of whole behaviours: everywhere. `unknown`: `reason` says why. */
  readonly result: "holds" | "violated" | "reached" | "not-reached" | "unknown";
  /** A shortest run that violates or reaches it, up to where its loop begins if it has one; or null. */
  readonly run: Run | null;
  /** The same run in the trace notation. */
  readonly trace: string | null;
  /** The steps that are taken again and again after the run, none if nothing happens for ever; null: the run ends. */
  readonly loop: readonly Step[] | null;
  /** How a run with a loop obeys the fairness that is demanded. */
  readonly fairness: readonly Obeyed[];
  /** Whether no other run does it in fewer steps, those of the loop included. */
  readonly isShortest: boolean;
  /** Who and what is at fault, or null. */
  readonly witness: string | null;
  /** Why nobody knows, or null. */
  readonly reason: string | null;
  /** Whether it holds only because it claims nothing: its condition was met nowhere. */
  readonly vacuous: boolean;
  /** Whether it claims something of whole behaviours, of which the constraint has cut some off. */
  readonly isConstrained: boolean;
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
  /** How many steps the action constraint cut off. */
  readonly cutSteps: number;
  /** Whether nothing reachable was left out, but by the constraints. */
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
  /** The sum over all searches of the steps that the action constraint cut off. */
  readonly cutSteps: number;
  /** Whether every search was exhausted. */
  readonly exhausted: boolean;
  /**
   * By how many permutations of names states were taken for one, each counted once for all that it can be turned into;
   * null: by none.
   */
  readonly permutations: number | null;
  /** Whether states were taken for one if they have the same view, and each counted once for all that have it. */
  readonly isViewed: boolean;
  /** What ended the check before its time: the signal, or `maxMegabytes`. */
  readonly stopped: Stopped | null;
  /**
   * `violated`: some property is, or there is a deadlock. `inconclusive`: the check was cut short, all was searched
   * and a `sometimes` was not reached, or a property is unknown. `holds`: otherwise, as far as was looked.
   */
  readonly verdict: "holds" | "violated" | "inconclusive";
  /** The actions of a plain spec that could happen in no state that was looked at: perhaps a mistake. */
  readonly neverEnabled: readonly string[];
  /** What each action did, by its name, if that was to be counted. */
  readonly coverage: readonly ActionReport[];
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
 * import { assertEquals } from "@std/assert";
 * import { check, spec } from "@quorate/raft/spec";
 *
 * const counter = spec("counter", () => ({
 *   init: { n: 0 },
 *   actions: { Up: (s) => s.n < 3 && void s.n++ },
 *   ends: ({ n }) => n === 3,
 *   properties: [],
 * }));
 * const report = await check(counter);
 * assertEquals([report.verdict, report.distinct], ["holds", 4]);
 * ```
 */
export async function check(spec: Specification, options: CheckOptions = {}): Promise<Report> {
  if (!isSpecification(spec)) throw new SpecError(`check takes what spec(...) returns, not ${told(spec)}`);
  checkFields("check", options, anOption);
  let hasStarted = false;
  function onStart(properties: readonly string[]): void {
    if (!hasStarted) options.onStart?.(properties);
    hasStarted = true;
  }
  let isReshaped = false;
  for (;;) {
    try {
      const { workers: _, ...alone } = options;
      return await checkOnce(spec, { ...isReshaped ? alone : options, onStart });
    } catch (error) {
      if (error instanceof ValueError) throw new SpecError(`${spec.name}: ${error.message}`);
      // Some value doesn't keep its shape. The spec knows it now, and is built another way. Workers don't know it.
      if (!(error instanceof Reshape)) throw error;
      isReshaped = true;
    }
  }
}

async function checkOnce(spec: Specification, options: CheckOptions): Promise<Report> {
  const bounds = options.bounds ?? null;
  const parameters = resolveParameters(spec, bounds, options.parameters ?? {});
  const depth = options.depth === undefined ? spec.depth : options.depth;
  const model = spec.build(parameters);
  const claims = claimsOf(model);
  const limits = {
    stopped: () => options.signal?.aborted ?? false,
    isExact: options.exact ?? false,
    maxBytes: (options.maxMegabytes ?? defaultMegabytes) * 1e6,
  };
  const found: Searched[] = [];
  const { rounds } = model;
  const searches = searchesOf(model, options.from);
  const { symmetry = false, workers } = options;
  const given = { name: spec.name, symmetry, exact: limits.isExact, workers: workers?.count ?? 1 };
  const { naming, permutations } = namingFor(model, claims, searches.flatMap(({ starts }) => starts), given);
  const searched = named(claims.searched, naming);
  options.onStart?.(model.properties.map(({ name }) => name));
  for (const { name, starts } of searches) {
    const isWhole = name === "steps" || name === options.from || depth === null;
    const isBroken = name === "steps" && claims.startsBroken.size > 0;
    const asked: SearchOptions = {
      depth: isBroken ? 1 : isWhole ? depth : Math.max(1, depth - shallower),
      onProgress: (progress) => options.onProgress?.({ search: name, ...progress }),
      covers: options.coverage ?? false,
      ...limits,
    };
    const result = workers !== undefined && workers.count > 1 && !limits.isExact
      ? await searchWith(workers, spec, parameters, searched, starts, asked)
      : await searchAlone(searched, starts, asked);
    found.push({ search: name, found: result });
    if (isBroken || result.stopped !== null || isViolated(model, result)) break;
  }
  if (rounds !== undefined && isWorthRounds(model, found, options.from)) {
    found.push({ search: "rounds", found: await searchRounds(rounds, limits, options.onProgress) });
  }
  const obstacle = obstacleTo(model, claims, found);
  const judgements = claims.claims.length === 0 || obstacle !== null
    ? { judged: allUnknown(claims.claims, obstacle ?? ""), stopped: null }
    : await judgeClaims(model, claims.claims, limits);
  const isViewed = model.shown !== undefined;
  const asked = { spec: spec.name, parameters, bounds, depth, permutations, isViewed };
  return report(model, found, claims, judgements, asked);
}

/** Whether rounds may come deeper: single steps have found nothing, and were not the end of it. */
function isWorthRounds(model: Model, found: readonly Searched[], from: string | undefined): boolean {
  return from === undefined && found.some(({ found }) => !found.exhausted) &&
    found.every(({ found }) => found.stopped === null && !isViolated(model, found));
}

/** Searches by rounds, from all initial states and starts at once. What is found is told in plain steps. */
async function searchRounds(
  { model, most, unfold }: Rounds,
  limits: Pick<SearchOptions, "stopped" | "isExact" | "maxBytes">,
  onProgress: CheckOptions["onProgress"],
): Promise<Found> {
  const found = await searchAlone(model, model.starts, {
    depth: most + 1,
    onProgress: (progress) => onProgress?.({ search: "rounds", ...progress }),
    ...limits,
  });
  return { ...found, path: (to) => unfold(found.path(to)) };
}

/** A search, and what it found. */
interface Searched {
  readonly search: string;
  readonly found: Found;
}

/** Why nothing can be said of whole behaviours; null if it can: then all that is reachable is known to be sound. */
function obstacleTo(model: Model, { startsBroken }: Claims, searches: readonly Searched[]): string | null {
  const initial = searches.find(({ search }) => search === "steps")?.found;
  if (initial === undefined) return "the search did not begin in the initial states";
  const { stopped } = searches.find(({ found }) => found.stopped !== null)?.found ?? initial;
  if (stopped !== null) {
    return stopped === "memory" ? "the search ran out of memory" : "the search was stopped";
  }
  const isBroken = startsBroken.size > 0 || searches.some(({ found }) => isViolated(model, found));
  if (isBroken) return "the search ended when something else was violated";
  return initial.exhausted ? null : `the search ended at depth ${initial.depth}`;
}

/** One search from all initial states, and one from each named start. */
function searchesOf(
  model: Model,
  from: string | undefined,
): readonly { name: string; starts: readonly Start[] }[] {
  const initial = initialStarts(model);
  const named = model.starts.filter((start) => !initial.includes(start));
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
  return verdicts.has(deadlock) ||
    model.properties.some(({ kind, name }) => kind !== "sometimes" && verdicts.has(name));
}

function report(
  model: Model,
  found: readonly Searched[],
  claims: Claims,
  judgements: Judgements,
  asked: Pick<Report, "spec" | "parameters" | "bounds" | "depth" | "permutations" | "isViewed">,
): Report {
  const searches = found.map(({ search, found }): SearchReport => {
    const { generated, distinct, depth, edge, cut, cutSteps, exhausted } = found;
    return { search, generated, distinct, depth, edge, cut, cutSteps, exhausted };
  });
  const results = found.map(({ found }) => found);
  const properties = [
    ...model.properties.map((property) => propertyReport(property, results, claims, judgements)),
    ...deadlocks(results),
  ];
  const sum = (key: "generated" | "distinct" | "cut" | "cutSteps") =>
    searches.reduce((total, search) => total + search[key], 0);
  const has = (wanted: PropertyReport["result"]) => properties.some(({ result }) => result === wanted);
  const exhausted = searches.every((search) => search.exhausted);
  const stopped = results.find((result) => result.stopped !== null)?.stopped ?? judgements.stopped;
  const isOpen = stopped !== null || (exhausted && has("not-reached")) || has("unknown");
  return {
    ...asked,
    model,
    searches,
    properties,
    generated: sum("generated"),
    distinct: sum("distinct"),
    cut: sum("cut"),
    cutSteps: sum("cutSteps"),
    exhausted,
    stopped,
    verdict: has("violated") ? "violated" : isOpen ? "inconclusive" : "holds",
    neverEnabled: model.neverEnabled?.() ?? [],
    coverage: coverageOf(model, results),
    // The least of several names is small: there are fewer such names.
    odds: (asked.permutations ?? 1) * results.reduce(
      (odds, { isExact, distinct }) => odds + (isExact ? 0 : distinct * (distinct - 1) / 2 ** 65),
      0,
    ),
  };
}

/** What is said of a property if there is nothing to say. */
export const silence = {
  run: null,
  trace: null,
  loop: null,
  fairness: [],
  isShortest: true,
  witness: null,
  reason: null,
  vacuous: false,
  isConstrained: false,
} satisfies Partial<PropertyReport>;

function propertyReport(
  property: Property<unknown>,
  results: readonly Found[],
  claims: Claims,
  { judged }: Judgements,
): PropertyReport {
  const broken = claims.startsBroken.get(property.name);
  if (broken !== undefined) {
    return { property, result: "violated", ...silence, ...broken, trace: formatTrace(broken.run) };
  }
  const result = results.find(({ verdicts }) => verdicts.has(property.name));
  const verdict = result?.verdicts.get(property.name);
  if (result === undefined || verdict === undefined) {
    const claimed = judged.get(property.name);
    if (claimed !== undefined) return claimReport(property, claimed, results);
    const nothing = property.kind === "sometimes" ? "not-reached" : "holds";
    return { property, result: nothing, ...silence, vacuous: isVacuous(property, results, claims) };
  }
  const run = result.path(verdict);
  return {
    property,
    result: property.kind === "sometimes" ? "reached" : "violated",
    ...silence,
    run,
    trace: formatTrace(run),
    witness: verdict.witness,
  };
}

/** Whether a property of states was judged in no state, or a refinement by no step. */
function isVacuous(property: Property<unknown>, results: readonly Found[], { refinements }: Claims): boolean {
  switch (property.kind) {
    case "always":
      return property.when !== undefined &&
        results.every(({ verdicts }) => !verdicts.has(conditionName(property.name)));
    case "refines":
      return refinements.some((one) => one.property === property && one.isIdle());
    default:
      return false;
  }
}

function claimReport(property: Property<unknown>, judged: Judged, results: readonly Found[]): PropertyReport {
  const isConstrained = results.some(({ cut, cutSteps }) => cut + cutSteps > 0);
  switch (judged.result) {
    case "holds":
      return { property, result: "holds", ...silence, vacuous: judged.vacuous, isConstrained };
    case "unknown":
      return { property, result: "unknown", ...silence, reason: judged.reason, isConstrained };
    case "violated": {
      const { run } = judged.counterexample;
      return {
        property,
        result: "violated",
        ...silence,
        ...judged.counterexample,
        trace: formatTrace(run),
        isConstrained,
      };
    }
  }
}

/** What broke what no spec need claim. */
function deadlocks(results: readonly Found[]): readonly PropertyReport[] {
  const result = results.find(({ verdicts }) => verdicts.has(deadlock));
  if (result === undefined) return [];
  const run = result.path(result.verdicts.get(deadlock)!);
  return [{
    property: noDeadlock,
    result: "violated",
    ...silence,
    run,
    trace: formatTrace(run),
    witness: stuck,
  }];
}
