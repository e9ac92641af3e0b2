/** What a check has to do beyond the search: refinements, and claims about whole behaviours. */
import type { Always, Property, Sometimes } from "../dsl/property.ts";
import type { Run } from "../trace/run.ts";
import { demandsOf } from "./demands.ts";
import { explore, type ExploreOptions } from "./graph.ts";
import { type Claim, claimOf, claimOfRefinement, type Judged } from "./liveness.ts";
import type { Model, Start } from "./model.ts";
import { type Refinement, refinement } from "./refinement.ts";
import type { Stopped } from "./search.ts";

/** What a spec claims, sorted by how it is judged. */
export interface Claims {
  /** The model as the search sees it, whose properties are those of single states and steps. */
  readonly searched: Model;
  /** By property: what becomes of it before any step is taken. */
  readonly startsBroken: ReadonlyMap<string, { readonly run: Run; readonly witness: string }>;
  /** The properties that are judged on the graph of all states. */
  readonly claims: readonly Claim[];
  /** The properties that claim a refinement. */
  readonly refinements: readonly Refinement[];
}

/**
 * Sorts the properties of a model.
 *
 * @throws {SpecError} if its fairness names what isn't there, or what it refines can't be built.
 */
export function claimsOf(model: Model): Claims {
  demandsOf(model, model.fairness);
  const { properties } = model;
  const refinements = properties.flatMap((property) =>
    property.kind === "refines" ? [refinement(property)] : []
  );
  const searched = properties.flatMap((property): readonly Property<unknown>[] => {
    switch (property.kind) {
      case "always":
        return property.when === undefined ? [property] : [property, conditionOf(property, property.when)];
      case "steps":
      case "sometimes":
        return [property];
      default:
        return [];
    }
  });
  const ofSteps = refinements.map(({ property: { name, sentence }, steps }): Property<unknown> => ({
    kind: "steps",
    name,
    sentence,
    holds: steps,
  }));
  const claims = properties.flatMap((property): readonly Claim[] => {
    switch (property.kind) {
      case "eventually":
      case "leads-to":
      case "infinitely-often":
      case "eventually-always":
        return [claimOf(model, property)];
      case "refines":
        return refinements.filter((one) => one.property === property && one.demands.length > 0)
          .map((one) => claimOfRefinement(model, one));
      default:
        return [];
    }
  });
  return {
    searched: { ...model, properties: [...searched, ...ofSteps] },
    startsBroken: brokenStarts(model, refinements),
    claims,
    refinements,
  };
}

/** The search finds out whether the condition of a property is ever met by seeking such a state. */
function conditionOf({ name }: Always<unknown>, reached: Sometimes<unknown>["reached"]): Sometimes<unknown> {
  return { kind: "sometimes", name: conditionName(name), sentence: "", reached };
}

/** The name under which the condition of a property stands among the verdicts; no property has such a name. */
export function conditionName(property: string): string {
  return `${property}\0when`;
}

function brokenStarts(model: Model, refinements: readonly Refinement[]): Claims["startsBroken"] {
  const broken = new Map<string, { run: Run; witness: string }>();
  for (const { property, starts } of refinements) {
    for (const start of initialStarts(model)) {
      const witness = starts(model.view(start.state.vector, 0, () => {}));
      if (witness === true || broken.has(property.name)) continue;
      broken.set(property.name, { run: { start, steps: [] }, witness });
    }
  }
  return broken;
}

/** The initial states, without the named starts. */
export function initialStarts({ starts }: Model): readonly Start[] {
  return starts.filter(({ name }) => /^[0-9]/.test(name));
}

/** What became of the claims about whole behaviours, by name, and what ended that before its time. */
export interface Judgements {
  /** By the name of the property. */
  readonly judged: ReadonlyMap<string, Judged>;
  /** What ended it, or null. */
  readonly stopped: Stopped | null;
}

/** Judges claims about whole behaviours on the graph of all that is reachable from the initial states. */
export async function judgeClaims(
  model: Model,
  claims: readonly Claim[],
  options: ExploreOptions,
): Promise<Judgements> {
  const graph = await explore(model, initialStarts(model), claims.flatMap(({ looks }) => looks), options);
  if (typeof graph === "string") {
    const reason = graph === "memory" ? "there was no memory left for the graph of all states" : stoppedEarly;
    return { judged: allUnknown(claims, reason), stopped: graph };
  }
  const judged = new Map<string, Judged>();
  let first = 0;
  for (const { property, looks, judge } of claims) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (options.stopped()) {
      const rest = claims.filter(({ property }) => !judged.has(property.name));
      return { judged: new Map([...judged, ...allUnknown(rest, stoppedEarly)]), stopped: "signal" };
    }
    judged.set(property.name, judge(model, graph, graph.seen.slice(first, first + looks.length)));
    first += looks.length;
  }
  return { judged, stopped: null };
}

const stoppedEarly = "the check was stopped";

/** What is said of claims that could not be judged. */
export function allUnknown(claims: readonly Claim[], reason: string): ReadonlyMap<string, Judged> {
  return new Map(claims.map(({ property }) => [property.name, { result: "unknown", reason }]));
}
