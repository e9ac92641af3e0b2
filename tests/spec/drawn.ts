/** Specs that are drawn by chance, by seed: in a module, as workers import it. */
import { cluster, type Definition, spec, type Specification } from "../../spec/mod.ts";
import { randomCluster } from "./random_cluster.ts";
import { definitionOf, drawFrom, randomSpec } from "./random_spec.ts";
import type { AnyCluster } from "./reference_cluster.ts";

/** A plain spec, a hundred times side by side: workers share layers of thousands of states only. */
export function manySpecs(seed: number): Definition<unknown> {
  const definition = definitionOf(randomSpec(drawFrom(seed)));
  const states = definition.init as readonly object[];
  const init = Array.from({ length: 100 }, (_, copy) => states.map((state) => ({ ...state, copy }))).flat();
  return { ...definition, init };
}

/** A cluster. */
export function oneCluster(seed: number): AnyCluster {
  return definitionOf(randomCluster(drawFrom(seed)));
}

/** By front, as nobody has checked them before. */
export function specifications(): Readonly<Record<"spec" | "cluster", Specification>> {
  return {
    spec: spec<never, { seed: number }>("spec", { seed: 1 }, ({ seed }) => manySpecs(seed) as never),
    cluster: cluster("cluster", { seed: 1 }, ({ seed }) => oneCluster(seed)),
  };
}

/** As workers find them. */
export const catalog = specifications();
