/** `break`. */
import type { Report } from "../checker/check.ts";
import { mutantSpec } from "../raft/load_mutant.ts";
import { type Mutant, mutants } from "../raft/mutants.ts";
import * as json from "../report/json.ts";
import type { BreakFlags } from "./arguments.ts";
import { exits, note, print, sinkFor } from "./output.ts";
import { search } from "./search.ts";
import { suggestion, UsageError } from "./usage.ts";
import { commandFor, exploring, loopFlag } from "./words.ts";

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

/** The mutant of this name. */
export function findMutant(name: string): Mutant {
  const mutant = mutants.find((candidate) => candidate.name === name);
  if (mutant !== undefined) return mutant;
  const names = mutants.map((candidate) => candidate.name);
  throw new UsageError(
    `there is no mutant ${name}: break without a name lists all ${names.length}${suggestion(name, names)}`,
  );
}

/** Checks the core with one line wrong; or, if the name is null, lists the lines. */
export async function runBreak(name: string | null, flags: BreakFlags): Promise<number> {
  if (name === null) return listMutants(flags);
  const mutant = findMutant(name);
  // By the one property by which it is to die: others may be broken sooner.
  const spec = await mutantSpec(mutant, [mutant.property]);
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
    replay: (trace, loop) =>
      commandFor(flags.cwd, ["replay", trace, "--mutant", mutant.name, ...loopFlag(loop)]),
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
