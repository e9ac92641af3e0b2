/** What the explorer looks at: a spec, for which values of its parameters, and with which line of the core wrong. */
import type { Model } from "../checker/model.ts";
import {
  type Parameter,
  type Parameters,
  resolveParameters,
  SpecError,
  type Specification,
} from "../dsl/specification.ts";
import type { Core } from "../raft/core.ts";
import { raft } from "../raft/mod.ts";
import { type Mutant, mutants } from "../raft/mutants.ts";

/** What to look at, as an address says it. */
export interface Subject {
  /** The name of the spec. */
  readonly spec: string;
  /** The named bounds; null: the spec's defaults. */
  readonly bounds: string | null;
  /** The values of single parameters, which win over the bounds. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** The name of the mutant of the core; null: the core that production runs. */
  readonly mutant: string | null;
}

/** Where to find what a subject names. */
export interface Shelf {
  /** The specs, by name. */
  readonly specs: Readonly<Record<string, Specification>>;
  /** Loads the core with the line of a mutant. */
  readonly loadCore: (mutant: Mutant) => Promise<Core>;
}

/** A subject, compiled. */
export interface Opened {
  /** What was asked for. */
  readonly subject: Subject;
  /** The spec. */
  readonly spec: Specification;
  /** The value of every parameter. */
  readonly values: Parameters;
  /** The mutant; null: none. */
  readonly mutant: Mutant | null;
  /** The compiled spec. */
  readonly model: Model;
}

/**
 * Finds and compiles what a subject names.
 *
 * @throws {SpecError} if there is no such spec, mutant, bounds or parameter: what there is.
 */
export async function openSubject(subject: Subject, { specs, loadCore }: Shelf): Promise<Opened> {
  const named = Object.hasOwn(specs, subject.spec) ? specs[subject.spec] : undefined;
  if (named === undefined) {
    throw new SpecError(`there is no spec ${subject.spec}: there are ${Object.keys(specs).join(", ")}`);
  }
  const mutant = mutantOf(subject);
  const spec = mutant === null ? named : mutatedSpec(await loadCore(mutant), mutant);
  const values = resolveParameters(spec, subject.bounds, { ...mutant?.bounds, ...subject.parameters });
  return { subject, spec, values, mutant, model: spec.build(values) };
}

function mutantOf({ spec, mutant }: Subject): Mutant | null {
  if (mutant === null) return null;
  if (spec !== "raft") throw new SpecError(`mutant ${mutant} goes with raft, not with ${spec}`);
  const found = mutants.find(({ name }) => name === mutant);
  if (found !== undefined) return found;
  throw new SpecError(
    `there is no mutant ${mutant}: there are ${mutants.map(({ name }) => name).join(", ")}`,
  );
}

/** The spec of a mutant, which can't run every start. */
function mutatedSpec(core: Core, { from }: Mutant): Specification {
  return raft(core, { starts: from === undefined ? [] : [from] });
}
