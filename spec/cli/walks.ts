/** `check --walks`: random behaviours of a spec. */
import { drawSeed } from "../checker/random.ts";
import { counting } from "../checker/statistics.ts";
import { defaultDepth, walk, type WalkOptions, type WalkReport } from "../checker/walk.ts";
import { resolveParameters, type Specification } from "../dsl/specification.ts";
import { statisticsLine, statisticsText } from "../report/statistics.ts";
import { headline } from "../report/text.ts";
import {
  walkEndLines,
  walkHeadline,
  walkPicture,
  walkProgressLine,
  walkStartLine,
  walkText,
} from "../report/walks.ts";
import type { CheckFlags } from "./arguments.ts";
import { choose, loadSpec } from "./load.ts";
import { printCounterexample } from "./itf.ts";
import { exits, print, type Sink, sinkFor, walkTeller } from "./output.ts";
import { stopper } from "./stopper.ts";
import { adviceOnTest, printTest } from "./ready_made.ts";
import { commandFor, exploring, flagsOf, subjectOf } from "./words.ts";

/** Walks through a spec, and tells what it found. */
export async function runWalks(name: string, flags: CheckFlags): Promise<number> {
  const loaded = await loadSpec(name, flags);
  const { spec, evaluations } = flags.statistics ? counting(loaded) : { spec: loaded, evaluations: null };
  const chosen = choose(spec, flags);
  const options = {
    ...chosen,
    walks: flags.walks ?? 1,
    seed: flags.seed ?? drawSeed(),
    depth: flags.depth ?? defaultDepth,
    ...(flags.shard === undefined ? {} : { shard: flags.shard }),
  };
  const sink = sinkFor(flags);
  announce(spec, options, { json: flags.json, sink, subject: subjectOf(name) });
  const began = performance.now();
  const report = await makeWalks(spec, options, flags);
  const summary = { ...report, missing: [] };
  const words = [...(name === "raft" ? [] : [name]), ...flagsOf(spec, chosen)];
  const counted = evaluations === null
    ? null
    : { model: report.model, evaluations: evaluations(), states: report.generated, coverage: [] };
  if (flags.json) {
    if (counted !== null) print(statisticsLine(counted));
    for (const line of walkEndLines(summary, exits[report.verdict])) print(line);
  } else {
    if (counted !== null) sink.print(statisticsText(counted));
    sink.print(walkText(summary, {
      paint: sink.paint,
      milliseconds: performance.now() - began,
      picture: walkPicture(report),
      explore: exploring(flags.cwd, name, spec, chosen),
      replay: (trace) => commandFor(flags.cwd, ["replay", trace, ...words]),
      ...(flags.test ? {} : { advice: adviceOnTest }),
    }));
  }
  if (flags.itf) printCounterexample(report);
  if (flags.test) printTest(report, { name, spec, chosen }, flags);
  return exits[report.verdict];
}

async function makeWalks(spec: Specification, options: WalkOptions, flags: CheckFlags): Promise<WalkReport> {
  const teller = walkTeller();
  const stop = stopper(flags.timeout);
  try {
    return await walk(spec, {
      ...options,
      signal: stop.signal,
      onProgress: (progress) => {
        if (!flags.json) teller.progressed(progress);
        else if (progress.complete) print(walkProgressLine(progress));
      },
    });
  } finally {
    stop.release();
    teller.end();
  }
}

function announce(
  spec: Specification,
  options: WalkOptions & { readonly seed: number; readonly depth: number },
  { json, sink, subject }: {
    readonly json: boolean;
    readonly sink: Sink;
    readonly subject: string | undefined;
  },
): void {
  const bounds = options.bounds ?? null;
  const parameters = resolveParameters(spec, bounds, options.parameters ?? {});
  // First of all, so that values which the spec refuses leave nothing on stdout.
  const properties = spec.build(parameters).properties.map(({ name }) => name);
  const { walks, seed, depth, shard = null } = options;
  if (json) {
    print(walkStartLine({ spec: spec.name, parameters, bounds, depth, walks, seed, shard, properties }));
  } else {sink.print(
      `${headline(spec, parameters, subject)}\n${walkHeadline({ walks, depth, seed, shard })}\n`,
    );}
}
