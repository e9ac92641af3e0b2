/** What the commands do. Each returns its exit code. */
import { check, type CheckOptions, type Report } from "../checker/check.ts";
import { type Parameters, resolveParameters, SpecError, type Specification } from "../dsl/specification.ts";
import { counting } from "../checker/statistics.ts";
import { mutantSpec } from "../raft/load_mutant.ts";
import { type Mutant, mutants } from "../raft/mutants.ts";
import * as json from "../report/json.ts";
import { statisticsLine, statisticsText } from "../report/statistics.ts";
import { type Explore, headline, replayText, reportText } from "../report/text.ts";
import { replaySpec } from "../trace/replay.ts";
import { formatTrace } from "../trace/run.ts";
import type { BreakFlags, CheckFlags, Command, ExploreFlags, ReplayFlags } from "./arguments.ts";
import { runExplain } from "./explain.ts";
import { choose, loadSpec, sourceOf } from "./load.ts";
import { printCounterexample, printRun } from "./itf.ts";
import { runMerge } from "./merge.ts";
import { exits, note, OutputError, print, progressTeller, type Sink, sinkFor } from "./output.ts";
import { stopper } from "./stopper.ts";
import { adviceOnTest, printTest } from "./ready_made.ts";
import { suggestion, UsageError } from "./usage.ts";
import { runWalks } from "./walks.ts";
import { commandFor, exploring, flagsOf, subjectOf } from "./words.ts";

/** Runs a command. */
export function run(command: Command): Promise<number> | number {
  switch (command.type) {
    case "help":
      print(command.text);
      return 0;
    case "check":
      if (command.flags.walks !== undefined) return runWalks(command.spec, command.flags);
      if (command.flags.explain !== undefined) {
        return runExplain(command.spec, command.flags.explain, command.flags);
      }
      return runCheck(command.spec, command.flags);
    case "merge":
      return runMerge(command.files, command.flags);
    case "break":
      return command.mutant === null ? listMutants(command.flags) : runBreak(command.mutant, command.flags);
    case "replay":
      return runReplay(command.trace, command.spec, command.flags);
    case "explore":
      return runExplore(command.spec, command.flags);
  }
}

async function runExplore(spec: string, flags: ExploreFlags): Promise<number> {
  // Only now, so that no other command has to load what makes pages.
  const explore = await import("./explore.ts");
  return await explore.runExplore(spec, flags);
}

async function runCheck(name: string, flags: CheckFlags): Promise<number> {
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
    replay: (trace) => commandFor(flags.cwd, ["replay", trace, ...replayWith]),
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

/** How a search is told. */
interface Told {
  readonly json: boolean;
  readonly sink: Sink;
  readonly timeout?: number | undefined;
  readonly subject: string | undefined;
  /** How often properties were asked; null: nobody wants to know. */
  readonly evaluations: (() => number) | null;
  readonly explore: Explore;
  readonly replay: (trace: string) => string;
  readonly advice?: string;
  readonly exit?: (report: Report) => number;
}

/** Checks, and tells of it as it goes on. */
async function search(spec: Specification, options: CheckOptions, told: Told): Promise<Report> {
  const parameters = resolveParameters(spec, options.bounds ?? null, options.parameters ?? {});
  const teller = progressTeller();
  const stop = stopper(told.timeout);
  const began = performance.now();
  let report: Report;
  try {
    report = await check(spec, {
      ...options,
      coverage: told.evaluations !== null,
      signal: stop.signal,
      onStart: (properties) => announce(spec, options, parameters, properties, told),
      onProgress: (progress) => {
        if (!told.json) teller.progressed(progress);
        else if (progress.complete) print(json.progressLine(progress));
      },
    });
  } finally {
    stop.release();
    teller.end();
  }
  const counted = told.evaluations === null ? null : {
    model: report.model,
    evaluations: told.evaluations(),
    states: report.distinct,
    coverage: report.coverage,
  };
  if (told.json) {
    if (counted !== null) print(statisticsLine(counted));
    for (const property of report.properties) print(json.propertyLine(property));
    print(json.endLine(report, (told.exit ?? (({ verdict }) => exits[verdict]))(report)));
  } else {
    const milliseconds = performance.now() - began;
    if (counted !== null) told.sink.print(statisticsText(counted));
    told.sink.print(reportText(report, { ...told, paint: told.sink.paint, milliseconds }));
  }
  return report;
}

function announce(
  spec: Specification,
  options: CheckOptions,
  parameters: Parameters,
  properties: readonly string[],
  told: Told,
): void {
  if (!told.json) {
    told.sink.print(`${headline(spec, parameters, told.subject)}\n`);
    return;
  }
  const bounds = options.bounds ?? null;
  const depth = options.depth === undefined ? spec.depth : options.depth;
  print(json.startLine({ spec: spec.name, parameters, bounds, depth, properties }));
}

function listMutants(flags: BreakFlags): number {
  if (flags.json) {
    for (const mutant of mutants) print(json.mutantLine(mutant));
    return 0;
  }
  const width = Math.max(...mutants.map(({ name }) => name.length));
  for (const { name, sentence, property } of mutants) {
    print(`${name.padEnd(width)}  ${sentence}\n${" ".repeat(width)}  breaks ${property}`);
  }
  print(
    `\n${mutants.length} mutants, each the core with one line wrong; see one die: ${
      commandFor(flags.cwd, ["break"])
    } NAME`,
  );
  return 0;
}

function findMutant(name: string): Mutant {
  const mutant = mutants.find((candidate) => candidate.name === name);
  if (mutant !== undefined) return mutant;
  const names = mutants.map((candidate) => candidate.name);
  throw new UsageError(`there is no mutant ${name}: there are ${names.join(", ")}${suggestion(name, names)}`);
}

async function runBreak(name: string, flags: BreakFlags): Promise<number> {
  const mutant = findMutant(name);
  const spec = await mutantSpec(mutant);
  if (flags.json) print(json.mutantLine(mutant));
  else {
    print(`${mutant.name}: ${mutant.sentence}\n${mutant.file}`);
    for (const line of mutant.line.split("\n")) print(`- ${line}`.trimEnd());
    for (const line of mutant.becomes.split("\n")) print(`+ ${line}`.trimEnd());
    print("");
  }
  const { depth, bounds: parameters } = mutant;
  const from = mutant.from === undefined ? {} : { from: mutant.from };
  const exit = (report: Report) => exits[report.verdict];
  const report = await search(spec, { depth, parameters, ...from }, {
    json: flags.json,
    sink: sinkFor({ itf: false }),
    subject: `${mutant.file} with this line`,
    evaluations: null,
    explore: exploring(flags.cwd, "raft", spec, { parameters: {} }, mutant.name),
    replay: (trace) => commandFor(flags.cwd, ["replay", trace, "--mutant", mutant.name]),
    exit,
  });
  const killer = report.properties.find(({ property }) => property.name === mutant.property);
  if (!flags.json) tellFate(mutant, report, killer?.result === "violated");
  return exit(report);
}

function tellFate({ name, property }: Mutant, { verdict }: Report, isKilled: boolean): void {
  if (verdict === "holds") note(`mutant ${name} survives; it should violate ${property}`);
  else if (verdict === "violated" && !isKilled) note(`mutant ${name} dies, but not by ${property}`);
}

async function runReplay(trace: string, name: string, flags: ReplayFlags): Promise<number> {
  const mutant = flags.mutant === undefined ? null : findMutant(flags.mutant);
  if (mutant !== null && name !== "raft") {
    throw new UsageError(`--mutant goes with raft, not with ${name}`);
  }
  const spec = mutant === null ? await loadSpec(name, flags) : await mutantSpec(mutant);
  const { bounds, parameters } = choose(spec, flags);
  const given = { ...mutant?.bounds, ...parameters };
  const found = replaySpec(spec, trace, { ...(bounds === undefined ? {} : { bounds }), parameters: given });
  const { model } = found;
  const values = resolveParameters(spec, bounds ?? null, given);
  const exit = found.violations.length > 0 ? 1 : 0;
  if (flags.json) {
    const properties = model.properties.map((property) => property.name);
    const depth = found.run.steps.length + 1;
    print(json.startLine({ spec: spec.name, parameters: values, bounds: bounds ?? null, depth, properties }));
    for (const line of json.replayLines(model, found, formatTrace(found.run), exit)) print(line);
  } else {
    const { print, paint } = sinkFor(flags);
    print(`${headline(spec, values)}\n`);
    print(replayText(model, found, { paint }));
  }
  if (flags.itf) printRun(found, { spec: spec.name, parameters: values });
  return exit;
}

/** Whether the person who typed the command, or wrote the spec, can mend it. */
export function isTheirs(error: unknown): error is Error {
  const kinds = [UsageError, SpecError, OutputError, Deno.errors.NotCapable];
  // A spec from elsewhere may bring a Quorate of its own, with errors of its own.
  return kinds.some((kind) => error instanceof kind) ||
    (error instanceof Error && (error.name === "SpecError" || error.name === "ValueError"));
}
