/** The catalog, all of it loaded: for who shows it, or takes a spec out of it by its name. */
import type { Specification } from "../dsl/specification.ts";
import { catalog as loading } from "./loading.ts";

/** The specs of the catalog, by their names. */
export const catalog: Readonly<Record<string, Specification>> = Object.fromEntries(
  await Promise.all(Object.entries(loading).map(async ([name, load]) => [name, await load()] as const)),
);
