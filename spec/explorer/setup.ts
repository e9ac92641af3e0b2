/** What a page, and its worker, are given by whoever bundled them. */
import { catalog } from "../catalog/mod.ts";
import type { Specification } from "../dsl/specification.ts";

/** What can be explored. */
export interface Setup {
  /** The specs, by name: those of the catalog, and the user's, by their paths. */
  readonly specs: Readonly<Record<string, Specification>>;
  /** The name of the spec that opens if the address names none. */
  readonly first: string;
}

/** The catalog, and a spec of the user's that opens first, or none. */
export function setupWith(theirs: Readonly<Record<string, Specification>>, first: string): Setup {
  return { specs: { ...catalog, ...theirs }, first };
}
