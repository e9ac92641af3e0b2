/** `replay`. */
import { resolveParameters } from "../dsl/specification.ts";
import * as json from "../report/json.ts";
import { headline, replayText } from "../report/text.ts";
import { replaySpec } from "../trace/replay.ts";
import { mutantSpec } from "../raft/load_mutant.ts";
import type { ReplayFlags } from "./arguments.ts";
import { findMutant } from "./break.ts";
import { printRun } from "./itf.ts";
import { choose, loadSpec } from "./load.ts";
import { print, sinkFor } from "./output.ts";
import { UsageError } from "./usage.ts";

/** Replays a trace, of a spec or of a mutant. */
export async function runReplay(trace: string, name: string, flags: ReplayFlags): Promise<number> {
  const mutant = flags.mutant === undefined ? null : findMutant(flags.mutant);
  if (mutant !== null && name !== "raft") {
    throw new UsageError(`--mutant goes with raft, not with ${name}`);
  }
  const spec = mutant === null ? await loadSpec(name, flags) : await mutantSpec(mutant);
  const { bounds, parameters } = choose(spec, flags);
  const given = { ...mutant?.bounds, ...parameters };
  const found = replaySpec(spec, trace, {
    ...(bounds === undefined ? {} : { bounds }),
    ...(flags.loop === undefined ? {} : { loop: flags.loop }),
    parameters: given,
  });
  const { model } = found;
  const values = resolveParameters(spec, bounds ?? null, given);
  const exit = found.violations.length > 0 ? 1 : 0;
  if (flags.json) {
    const properties = model.properties.map((property) => property.name);
    const depth = found.run.steps.length + 1;
    print(json.startLine({ spec: spec.name, parameters: values, bounds: bounds ?? null, depth, properties }));
    for (const line of json.replayLines(model, found, exit)) print(line);
  } else {
    const { print, paint } = sinkFor(flags);
    print(`${headline(spec, values)}\n`);
    print(replayText(model, found, { paint }));
  }
  if (flags.itf) printRun(found, { spec: spec.name, parameters: values });
  return exit;
}
