/** What `check` and `break` have in common: a search that is told of as it goes on. */
import { check, type CheckOptions, type Report } from "../checker/check.ts";
import { type Parameters, resolveParameters, type Specification } from "../dsl/specification.ts";
import * as json from "../report/json.ts";
import { statisticsLine, statisticsText } from "../report/statistics.ts";
import { type Explore, headline, reportText, type Telling } from "../report/text.ts";
import { exits, type Follower, print, progressTeller, type Sink, sparing } from "./output.ts";
import { stopper } from "./stopper.ts";

/** How a search is told. */
export interface Told {
  readonly json: boolean;
  readonly sink: Sink;
  readonly timeout?: number | undefined;
  readonly subject: string | undefined;
  /** How often properties were asked; null: nobody wants to know. */
  readonly evaluations: (() => number) | null;
  readonly explore: Explore;
  readonly replay: Telling["replay"];
  readonly advice?: string;
  readonly exit?: (report: Report) => number;
}

/** Checks, and tells of it as it goes on. */
export async function search(spec: Specification, options: CheckOptions, told: Told): Promise<Report> {
  const parameters = resolveParameters(spec, options.bounds ?? null, options.parameters ?? {});
  const teller = sparing(told.json ? jsonTeller : progressTeller());
  const stop = stopper(told.timeout);
  const began = performance.now();
  let report: Report;
  try {
    report = await check(spec, {
      ...options,
      coverage: told.evaluations !== null,
      signal: stop.signal,
      onStart: (properties) => announce(spec, options, parameters, properties, told),
      onProgress: (progress) => teller.progressed(progress, performance.now()),
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

const jsonTeller: Follower = {
  progressed: (progress) => progress.complete && print(json.progressLine(progress)),
  end: () => {},
};

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
