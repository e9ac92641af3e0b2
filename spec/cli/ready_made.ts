/** `--test`: the counterexample as a ready-made test. */
import { fromFileUrl, relative, resolve } from "@std/path";
import { catalog } from "../catalog/loading.ts";
import type { PropertyReport, Report } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import type { WalkedProperty, WalkReport } from "../checker/walk.ts";
import type { Parameters, Specification } from "../dsl/specification.ts";
import { wholeTrace } from "../report/text.ts";
import { visible } from "../report/visible.ts";
import { replay } from "../trace/replay.ts";
import type { CheckFlags } from "./arguments.ts";
import type { Chosen } from "./load.ts";
import { note, print } from "./output.ts";
import { changedParameters } from "./words.ts";

/** What a report on a violation says where `--test` was not asked for. */
export const adviceOnTest = "a Deno.test of this run: --test";

/** What was checked: as it was typed, and loaded. */
export interface Checked {
  /** The name, path or URL of the spec. */
  readonly name: string;
  /** The spec. */
  readonly spec: Specification;
  /** The bounds and parameters that were asked for. */
  readonly chosen: Chosen;
}

/** Prints the counterexample that a report shows as a test, and nothing else to stdout; it belongs into the folder where the command was typed. */
export function printTest(
  { model, properties }: Report | WalkReport,
  { name, spec, chosen }: Checked,
  { cwd = Deno.cwd() }: Pick<CheckFlags, "cwd">,
): void {
  const found: PropertyReport | WalkedProperty | undefined = properties.find(({ result }) =>
    result === "violated"
  );
  if (found === undefined || found.trace === null) {
    note("no counterexample: nothing is written to stdout");
    return;
  }
  const imported = importOf(name, cwd);
  const text = imported === null ? null : testText(model, {
    imported,
    library: isClone ? "@quorate/raft/spec" : "jsr:@quorate/raft/spec",
    bounds: chosen.bounds,
    parameters: changedParameters(spec, chosen),
    property: found.property.name,
    ..."loop" in found && found.loop !== null
      ? { trace: wholeTrace(found), loop: found.loop.length }
      : { trace: found.trace },
  });
  if (text !== null) print(text);
  else if (imported === null) {
    note(`--test needs a module: the package doesn't export ${name} of its catalog`);
  } else note("there is no test of this violation: a replay of the run doesn't show it");
}

/** Whether this runs from a checkout. */
const isClone = import.meta.url.startsWith("file:");

/** How a test in this folder imports a spec; null for one of the catalog, if that can't be imported. */
function importOf(name: string, cwd: string): { readonly statement: string; readonly name: string } | null {
  if (!Object.hasOwn(catalog, name)) {
    const address = /^[a-z][a-z0-9+.-]+:/i.test(name) ? name : pathFrom(cwd, resolve(cwd, name));
    return { statement: `import spec from ${JSON.stringify(address)};`, name: "spec" };
  }
  if (!isClone) return null;
  const module = pathFrom(cwd, fromFileUrl(new URL("../catalog/mod.ts", import.meta.url)));
  return { statement: `import { catalog } from ${JSON.stringify(module)};`, name: `catalog.${name}!` };
}

function pathFrom(folder: string, file: string): string {
  const path = relative(folder, file).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}

/** What the test is of. */
interface Tested {
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
  /** How many of its last steps are taken again and again, if it never ends. */
  readonly loop?: number;
}

/**
 * The text of a test that fails as long as the run violates the property, and passes when the spec is mended: either
 * the run violates it no more, or it can't happen any more. Null if replaying the run can't show the violation.
 */
function testText(
  model: Model,
  { imported, library, bounds, parameters, property, trace, loop }: Tested,
): string | null {
  const endless = loop === undefined ? {} : { loop };
  const violation = replay(model, trace, endless).violations.find(({ name }) => name === property);
  if (violation === undefined) return null;
  const options = literal({
    ...(bounds === undefined ? {} : { bounds: JSON.stringify(bounds) }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters: literal(written(parameters)) }),
    ...written(endless),
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
