/** A counterexample as a test, to be pasted into a file. */
import { replay } from "../trace/replay.ts";
import type { Model } from "../checker/model.ts";
import type { Parameters } from "../dsl/specification.ts";
import { visible } from "./visible.ts";

/** What the test is of. */
export interface Tested {
  /** What to import the spec with, and how it is called then. */
  readonly imported: { readonly statement: string; readonly name: string };
  /** What to import `replay` from. */
  readonly library: string;
  /** The named bounds, if there are any. */
  readonly bounds?: string | undefined;
  /** The parameters that differ from those. */
  readonly parameters: Parameters;
  /** The name of the property that is violated. */
  readonly property: string;
  /** The run that violates it. */
  readonly trace: string;
}

/**
 * The text of a test that fails as long as the run violates the property, and passes when the spec is mended: either
 * the run violates it no more, or it can't happen any more. Null if replaying the run can't show the violation.
 */
export function testText(
  model: Model,
  { imported, library, bounds, parameters, property, trace }: Tested,
): string | null {
  const violation = replay(model, trace).violations.find(({ name }) => name === property);
  if (violation === undefined) return null;
  const options = literal({
    ...(bounds === undefined ? {} : { bounds: JSON.stringify(bounds) }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters: literal(written(parameters)) }),
    asFarAsPossible: "true",
  });
  return `import { replay } from ${JSON.stringify(library)};
${imported.statement}

// It fails while this run violates the property: ${visible(violation.witness)}
Deno.test(${JSON.stringify(`${property}: a run of ${countOfSteps(violation.step)} that violated it`)}, () => {
  const { violations } = replay(${imported.name}, ${JSON.stringify(trace)}, ${options});
  const found = violations.find(({ name }) => name === ${JSON.stringify(property)});
  if (found !== undefined) throw new Error(found.witness);
});`;
}

/** An object as code. Its keys are names, its values are code. */
function literal(fields: Readonly<Record<string, string>>): string {
  return `{ ${Object.entries(fields).map(([key, value]) => `${key}: ${value}`).join(", ")} }`;
}

function written(parameters: Parameters): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, JSON.stringify(value)]));
}

function countOfSteps(steps: number): string {
  return steps === 1 ? "1 step" : `${steps} steps`;
}
