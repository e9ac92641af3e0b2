/** Which states a search takes for one: those of an orbit, if one asks for symmetry, or those with the same view. */
import { SpecError } from "../dsl/specification.ts";
import type { Model, Naming, Start, Symmetry } from "./model.ts";
import { refuseUnlessSymmetric } from "./symmetry_sample.ts";
import { type Claims, claimsOf } from "./temporal.ts";
import { viewNaming } from "./view_naming.ts";

/** What bears on it. */
interface Asked {
  /** The name of the spec. */
  readonly name: string;
  /** Whether symmetry is asked for. */
  readonly symmetry: boolean;
  /** Whether states are to be compared themselves. */
  readonly exact: boolean;
  /** How many workers are to search. */
  readonly workers: number;
}

/**
 * By which names to search a model; null: by those of its states. And by how many permutations states are one.
 *
 * @throws {SpecError} if something would be judged wrongly, or the spec has no such symmetry.
 */
export function namingFor(
  model: Model,
  claims: Claims,
  starts: readonly Start[],
  asked: Asked,
): { readonly naming: Naming | null; readonly permutations: number | null } {
  const { shown } = model;
  if (shown !== undefined) return { naming: viewFor(model, shown, claims, asked), permutations: null };
  const symmetry = asked.symmetry ? symmetryFor(model, claims, starts, asked) : null;
  return { naming: symmetry, permutations: symmetry?.permutations ?? null };
}

function viewFor(
  model: Model,
  shown: (state: unknown) => unknown,
  { claims: [claim] }: Claims,
  { name, symmetry, exact, workers }: Asked,
): Naming {
  if (symmetry) throw new SpecError(`${name} has a view: symmetry doesn't go with that`);
  if (exact) {
    throw new SpecError(`${name} has a view: exact, which compares whole states, doesn't go with that`);
  }
  if (workers > 1) {
    throw new SpecError(
      `${name} has a view: of states with the same one the first to be met counts, and with several workers that ` +
        "would be left to chance; search with one",
    );
  }
  if (claim !== undefined) {
    throw new SpecError(
      `${name} has a view, by which ${
        JSON.stringify(claim.property.name)
      } would be judged wrongly: states with the ` +
        "same view may lead elsewhere; leave the view out",
    );
  }
  return viewNaming(model, shown);
}

function symmetryFor(
  model: Model,
  claims: Claims,
  starts: readonly Start[],
  { name, exact }: Asked,
): Symmetry {
  if (model.symmetry === undefined) {
    throw new SpecError(
      `${name} declares no symmetry: say in its definition what may take each other's place`,
    );
  }
  if (exact) {
    throw new SpecError("symmetry doesn't go with exact: orbits are known by fingerprints of their states");
  }
  const [claim] = claims.claims;
  if (claim !== undefined) {
    throw new SpecError(
      `symmetry would judge ${
        JSON.stringify(claim.property.name)
      } of ${name} wrongly: whether something must ` +
        `happen some day depends on who does it; check without it`,
    );
  }
  const symmetry = model.symmetry();
  refuseUnlessSymmetric(name, claims.searched, symmetry, starts);
  return symmetry;
}

/** The same model, whose states the search knows by these names. */
export function named(model: Model, naming: Naming | null): Model {
  return naming === null ? model : { ...model, naming };
}

/** The model as one of several workers searches it: what another one has found out about the symmetry is so. */
export function searchedBy(model: Model, isSymmetric: boolean): Model {
  return named(claimsOf(model).searched, isSymmetric ? model.symmetry?.() ?? null : null);
}
