/** `check`. */
import type { CheckOptions } from "../checker/check.ts";
import { counting } from "../checker/statistics.ts";
import type { CheckFlags } from "./arguments.ts";
import { printCounterexample } from "./itf.ts";
import { choose, loadSpec, sourceOf } from "./load.ts";
import { exits, sinkFor } from "./output.ts";
import { adviceOnTest, printTest } from "./ready_made.ts";
import { search } from "./search.ts";
import { commandFor, exploring, flagsOf, loopFlag, subjectOf } from "./words.ts";

/** Checks a spec. */
export async function runCheck(name: string, flags: CheckFlags): Promise<number> {
  const loaded = await loadSpec(name, flags);
  const { spec, evaluations } = flags.statistics ? counting(loaded) : { spec: loaded, evaluations: null };
  const chosen = choose(spec, flags);
  const replayWith = [...(name === "raft" ? [] : [name]), ...flagsOf(spec, chosen)];
  const workers = flags.workers === undefined
    ? {}
    : { workers: { count: flags.workers, ...await sourceOf(name, flags) } };
  const report = await search(spec, { ...chosen, ...limitsOf(flags), ...workers }, {
    ...flags,
    sink: sinkFor(flags),
    subject: subjectOf(name),
    evaluations,
    ...(flags.test ? {} : { advice: adviceOnTest }),
    explore: exploring(flags.cwd, name, spec, chosen),
    replay: (trace, loop) => commandFor(flags.cwd, ["replay", trace, ...replayWith, ...loopFlag(loop)]),
  });
  if (flags.itf) printCounterexample(report);
  if (flags.test) printTest(report, { name, spec, chosen }, flags);
  return exits[report.verdict];
}

function limitsOf(flags: CheckFlags): Pick<CheckOptions, "depth" | "maxMegabytes" | "exact" | "symmetry"> {
  const memory = flags["max-memory"];
  return {
    exact: flags.exact,
    symmetry: flags.symmetry,
    ...(flags.depth === undefined ? {} : { depth: flags.depth }),
    ...(memory === undefined ? {} : { maxMegabytes: memory }),
  };
}
