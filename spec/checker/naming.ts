/** Which states a search takes for one: those of an orbit, if the spec has a symmetry and one asks for it. */
import { SpecError } from "../dsl/specification.ts";
import type { Model, Naming, Start, Symmetry } from "./model.ts";
import { refuseUnlessSymmetric } from "./symmetry_sample.ts";
import { type Claims, claimsOf } from "./temporal.ts";

/** What bears on it. */
interface Asked {
  /** The name of the spec. */
  readonly name: string;
  /** Whether symmetry is asked for. */
  readonly symmetry: boolean;
  /** Whether states are to be compared themselves. */
  readonly exact: boolean;
}

/**
 * The symmetry of a model, if one asks for it; else null.
 *
 * @throws {SpecError} if it can't be used: as the spec has none, or as something would be judged wrongly.
 */
export function symmetryFor(
  model: Model,
  claims: Claims,
  starts: readonly Start[],
  asked: Asked,
): Symmetry | null {
  if (!asked.symmetry) return null;
  const { name } = asked;
  if (model.symmetry === undefined) {
    throw new SpecError(
      `${name} declares no symmetry: say in its definition what may take each other's place`,
    );
  }
  if (asked.exact) {
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
