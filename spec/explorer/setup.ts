/** What a page, and its worker, are given by whoever bundled them. */
import { catalog } from "../catalog/mod.ts";
import { isSpecification, SpecError, type Specification, specification } from "../dsl/specification.ts";

/** What can be explored. */
export interface Setup {
  /** The specs, by name: those of the catalog, and the user's, by their paths. */
  readonly specs: Readonly<Record<string, Specification>>;
  /** The name of the spec that opens if the address names none. */
  readonly first: string;
}

/** A module whose default export is a spec, and how it is called. */
export interface Theirs {
  /** The name. */
  readonly name: string;
  /** Imports the module. */
  readonly load: () => Promise<{ readonly default: Specification }>;
}

/** The catalog, and perhaps a spec of the user's. */
export async function setupWith(theirs: Theirs | null, first: string): Promise<Setup> {
  if (theirs === null) return { specs: catalog, first };
  const { name, load } = theirs;
  try {
    const { default: spec } = await load();
    if (!isSpecification(spec)) throw new SpecError("its default export is no spec");
    return { specs: { ...catalog, [name]: spec }, first };
  } catch (error) {
    return { specs: { ...catalog, [name]: unloaded(name, error) }, first };
  }
}

/** Stands for a spec that can't be loaded: whoever opens it is told why, and can go on with others. */
function unloaded(name: string, error: unknown): Specification {
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return specification(
    name.replace(/[^A-Za-z0-9_]/g, "_").replace(/^[^A-Za-z]*/, "spec"),
    [() => null],
    () => {
      throw new SpecError(`${name} can't be loaded: ${why}`);
    },
  );
}
