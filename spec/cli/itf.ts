/** `--itf`: a run on stdout in the Informal Trace Format, and nothing else there. */
import type { PropertyReport, Report } from "../checker/check.ts";
import type { WalkedProperty, WalkReport } from "../checker/walk.ts";
import type { Parameters } from "../dsl/specification.ts";
import { itf } from "../report/itf.ts";
import { apart } from "../trace/behaviour.ts";
import type { Replay } from "../trace/replay.ts";
import { note, print } from "./output.ts";

/** Prints the counterexample that a report shows; if there is none it says so on stderr. */
export function printCounterexample({ model, spec, parameters, properties }: Report | WalkReport): void {
  const found: PropertyReport | WalkedProperty | undefined = properties.find(({ result }) =>
    result === "violated"
  );
  if (found === undefined || found.run === null) {
    note("no counterexample: nothing is written to stdout");
    return;
  }
  const description = `${found.property.name} is violated: ${found.witness}`;
  const loop = "loop" in found ? found.loop : null;
  print(JSON.stringify(itf(model, found.run, loop, { spec, parameters, description, isViolation: true })));
}

/** Prints a replayed run, whether or not it violates anything. */
export function printRun(
  { model, run, loop, violations }: Replay,
  { spec, parameters }: { readonly spec: string; readonly parameters: Parameters },
): void {
  const [first] = violations;
  const description = first === undefined
    ? "this run violates nothing"
    : `${first.name} is violated: ${first.witness}`;
  const [stem, round] = loop === null ? [run, null] : apart(run, loop);
  const asked = { spec, parameters, description, isViolation: first !== undefined };
  print(JSON.stringify(itf(model, stem, round, asked)));
}
