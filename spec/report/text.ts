/** The report for people. */
import type { CheckProgress, PropertyReport, Report } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import type { Parameters, Specification } from "../dsl/specification.ts";
import { apart } from "../trace/behaviour.ts";
import { isJudgedByRun, type Replay } from "../trace/replay.ts";
import { diagram, lassoDiagram } from "./diagram.ts";
import { visible } from "./visible.ts";

/** How words are set off. Colour is never the only sign. */
export interface Paint {
  /** Something that is as it should be. */
  readonly good: (text: string) => string;
  /** Something that is not. */
  readonly bad: (text: string) => string;
  /** Something that is neither. */
  readonly faint: (text: string) => string;
}

/** No colour. */
export const plainPaint: Paint = { good: (text) => text, bad: (text) => text, faint: (text) => text };

/** The colours of a terminal. */
export const colourPaint: Paint = {
  good: (text) => `\x1b[32m${text}\x1b[39m`,
  bad: (text) => `\x1b[31m${text}\x1b[39m`,
  faint: (text) => `\x1b[2m${text}\x1b[22m`,
};

/** How to look around. */
export interface Explore {
  /** The command that opens the explorer. */
  readonly command: string;
  /** Where a run is shown there, given its trace, and how many of its last steps are taken again and again. */
  readonly address: (trace: string, loop: number | null) => string;
}

/** What the report can't know by itself. */
export interface Telling {
  /** How to set words off. */
  readonly paint: Paint;
  /** How long the check took. */
  readonly milliseconds: number;
  /** The command that repeats a run, given its trace, and how many of its last steps are taken again and again. */
  readonly replay: (trace: string, loop: number | null) => string;
  /** How to look around in what was checked; not told if left out. */
  readonly explore?: Explore;
  /** What else could be told of a violation. */
  readonly advice?: string;
}

/** What is checked: the spec, and the values of its parameters. `subject` says what the spec is made of. */
export function headline(spec: Specification, parameters: Parameters, subject?: string): string {
  const summary = spec.summary(parameters);
  const first = visible(summary === "" ? spec.name : `${spec.name} · ${summary}`);
  return subject === undefined ? first : `${first}\nchecking ${subject}`;
}

/** The heading of the lines that `progressLine` makes. */
export const progressHeading = `${"depth".padStart(7)}${"states".padStart(14)}${"new".padStart(13)}${
  "states/s".padStart(12)
}`;

/** A line about a layer: `before` is how many states there were at the line before. */
export function progressLine(
  { search, depth, distinct }: CheckProgress,
  before: number,
  milliseconds: number,
): string {
  const rate = milliseconds > 0 ? grouped(Math.round(distinct / milliseconds * 1000)) : "";
  const from = search === "steps" ? "" : `   from @${search}`;
  const counts = grouped(distinct).padStart(14) + grouped(distinct - before).padStart(13);
  return String(depth).padStart(7) + counts + rate.padStart(12) + from;
}

/** What a check found, in lines. */
export function reportText(report: Report, telling: Telling): string {
  const violated = report.properties.filter(({ result }) => result === "violated");
  const [first, ...others] = violated;
  if (first === undefined) {
    return [...propertyLines(report, telling), ...verdictLines(report, telling)].join("\n");
  }
  return [
    ...counterexample(report, first, telling),
    ...others.flatMap((other) => [
      visible(`also violated  ${other.property.name}   ${other.witness}`),
      `               ${wholeTrace(other)}${loopText(other)}`,
    ]),
    telling.paint.faint(`searched ${counted(report.distinct, "state")}   ${seconds(telling.milliseconds)}`),
    ...(telling.advice === undefined ? [] : [telling.paint.faint(telling.advice)]),
    ...exploreLines(telling, wholeTrace(first), first.loop?.length ?? null),
    `replay: ${telling.replay(wholeTrace(first), first.loop?.length ?? null)}`,
  ].join("\n");
}

/** Where to look at a run. */
export function exploreLines(
  { explore }: Pick<Telling, "explore">,
  trace: string,
  loop: number | null,
): readonly string[] {
  return explore === undefined
    ? []
    : [`look around: ${explore.command}, and ${explore.address(trace, loop)}`];
}

/** The trace, with one round of the loop if there is one. */
export function wholeTrace({ trace, loop }: Pick<PropertyReport, "trace" | "loop">): string {
  return [...(trace === null || trace === "" ? [] : [trace]), ...(loop ?? []).map(({ label }) => label)].join(
    " ",
  );
}

/** In a line what happens after the trace. */
function loopText({ run, loop }: PropertyReport): string {
  if (run === null || loop === null) return "";
  return loop.length === 0
    ? "   and then nothing for ever"
    : `   and the last ${loop.length} of these steps again for ever`;
}

function counterexample(report: Report, found: PropertyReport, { paint }: Telling): readonly string[] {
  const { property, run, loop, witness, fairness } = found;
  if (run === null) return [];
  const from = run.start.name === "1" || /^[0-9]/.test(run.start.name) ? "" : ` from @${run.start.name}`;
  const steps = run.steps.length;
  const violation = { name: property.name, witness: witness ?? "", step: steps };
  const around = loop === null
    ? ""
    : loop.length === 0
    ? ", then nothing for ever"
    : `, then ${counted(loop.length, "step")} for ever`;
  const length = `${counted(steps, "step")}${from}${around}${
    found.isShortest ? ", shortest" : ", a short one"
  }`;
  return [
    `${paint.bad("violated")}  ${visible(`${property.kind}  ${property.name}   ${witness}   ${length}`)}`,
    visible(`          ${property.sentence}`),
    "",
    ...(loop === null ? diagram(report.model, run, [violation]) : lassoDiagram(report.model, run, loop, [])),
    "",
    ...(fairness.length > 0
      ? ["it is fair:", ...fairness.map(({ demand, how }) => visible(`  ${demand}: ${how}`)), ""]
      : []),
  ];
}

function propertyLines(report: Report, { paint }: Telling): readonly string[] {
  return propertyTable(report.properties.map((found): PropertyRow => {
    const [count, rest] = countOf(report, found);
    const { result } = found;
    const mark = result === "unknown" || (result === "not-reached" && report.exhausted)
      ? paint.bad("??")
      : result === "not-reached"
      ? paint.bad("--")
      : paint.good("ok");
    return { mark, property: found.property, count, rest };
  }));
}

/** What became of a property, in a line. */
export interface PropertyRow {
  /** Two letters that say whether all is well. */
  readonly mark: string;
  /** The property. */
  readonly property: { readonly kind: string; readonly name: string; readonly sentence: string };
  /** How much was judged. */
  readonly count: string;
  /** What follows it. */
  readonly rest: string;
}

/** A line for each property, in columns. */
export function propertyTable(rows: readonly PropertyRow[]): readonly string[] {
  const widthOf = (text: (row: PropertyRow) => string) => Math.max(0, ...rows.map((row) => text(row).length));
  const kinds = widthOf(({ property }) => property.kind);
  const names = widthOf(({ property }) => property.name);
  const sections = widthOf(({ property }) => sectionOf(property));
  const counts = widthOf(({ count }) => count);
  return rows.map(({ mark, property, count, rest }) => {
    const columns = [
      property.kind.padEnd(kinds),
      property.name.padEnd(names),
      sectionOf(property).padEnd(sections),
      count.padStart(counts) + rest,
    ];
    return `  ${mark}  ${visible(columns.join("  "))}`.trimEnd();
  });
}

/** How much was judged: what is aligned to the right, and what follows it. */
function countOf(
  report: Report,
  { property, result, run, trace, reason, vacuous, isConstrained }: PropertyReport,
): readonly [string, string] {
  if (result === "unknown") return ["unknown", `: ${reason}`];
  const empty = property.kind === "refines"
    ? "   vacuous: nothing that it maps to ever changes"
    : "   vacuous: its condition was never met";
  const rest = (vacuous ? empty : "") + (isConstrained ? "   within the constraint" : "");
  if (property.kind === "steps" || property.kind === "refines") {
    return [counted(stepsOf(report), "step"), rest];
  }
  if (property.kind === "always") return [counted(report.distinct, "state"), rest];
  // Whole behaviours begin in the initial states.
  if (property.kind !== "sometimes") return [counted(report.searches[0]?.distinct ?? 0, "state"), rest];
  if (result === "not-reached") return [report.exhausted ? "never reached" : "not reached", ""];
  const steps = run?.steps.length ?? 0;
  return [`after ${counted(steps, "step")}`, trace === "" ? "" : `   ${trace}`];
}

/** All that was generated, but where the searches began. */
function stepsOf({ generated, searches, model }: Report): number {
  const initial = model.starts.filter(({ name }) => /^[0-9]/.test(name)).length;
  const begun = {
    steps: initial,
    rounds: searches.find(({ search }) => search === "rounds")?.generated ?? 0,
  };
  return searches.reduce(
    (steps, { search }) => steps - (begun[search as keyof typeof begun] ?? 1),
    generated,
  );
}

/** The section of the source that a property's sentence names in the parentheses at its end. */
function sectionOf({ sentence }: PropertyRow["property"]): string {
  const [, source = ""] = sentence.match(/\(([^()]*)\)$/) ?? [];
  const [first = ""] = source.split(", ");
  return first.replace(/^§/, "");
}

function verdictLines(report: Report, telling: Telling): readonly string[] {
  const { paint } = telling;
  const time = seconds(telling.milliseconds);
  const edge = report.searches.reduce((sum, search) => sum + search.edge, 0);
  const [first, ...named] = report.searches;
  const from = named.map(({ search, distinct, depth }) =>
    search === "rounds"
      ? `${depth - 1} rounds ${grouped(distinct)}`
      : `@${search} ${grouped(distinct)} to depth ${depth}`
  );
  const lines = [`${mark(report, paint)}  ${verdictText(report, first?.depth ?? 0, edge)}   ${time}`];
  if (from.length > 0) {
    const states = `${counted(first?.distinct ?? 0, "state")} from the initial state`;
    const shared = "what several of them met counts for each";
    lines.push(`    ${paint.faint(`${[states, ...from].join(" · ")}; ${shared}`)}`);
  }
  if (report.neverEnabled.length > 0) {
    lines.push(`    never enabled, perhaps a mistake: ${report.neverEnabled.join(", ")}`);
  }
  if (report.cut > 0) {
    const were = report.cut === 1 ? "was" : "were";
    lines.push(
      `    ${counted(report.cut, "state")} ${were} outside of the constraint: nothing was looked for beyond`,
    );
  }
  if (report.cutSteps > 0) {
    const were = report.cutSteps === 1 ? "was" : "were";
    lines.push(
      `    ${counted(report.cutSteps, "step")} ${were} cut off by the action constraint, and not taken`,
    );
  }
  const idle = report.searches.find(({ depth, cut, cutSteps, exhausted }) =>
    exhausted && depth === 1 && cut + cutSteps > 0
  );
  if (idle !== undefined) {
    const from = idle.search === "steps" ? "" : ` from @${idle.search}`;
    lines.push(`    ${paint.bad("so no step was left")}${from}: is it the wrong way round?`);
  }
  lines.push(...reductionLines(report, telling), `    ${paint.faint(oddsText(report.odds))}`);
  const next = [
    adviceFor(report, first?.depth ?? 0),
    telling.explore === undefined ? "" : `look around: ${telling.explore.command}`,
  ].filter((text) => text !== "");
  return next.length === 0 ? lines : [...lines, `    ${paint.faint(next.join("    "))}`];
}

/** What states were taken for one. */
function reductionLines({ permutations, isViewed, distinct }: Report, { paint }: Telling): readonly string[] {
  if (isViewed) {
    const views = `states are known by their views: there are ${
      grouped(distinct)
    }, each looked at in one state`;
    return [`    ${paint.faint(views)}`];
  }
  if (permutations === null) return [];
  const orbits = `each of the ${grouped(distinct)} stands for all states that are the same but for names`;
  return [`    ${paint.faint(`symmetry: ${counted(permutations, "permutation")}; ${orbits}`)}`];
}

function mark({ verdict }: Report, paint: Paint): string {
  return verdict === "holds" ? paint.good("ok") : paint.bad("inconclusive");
}

function verdictText(report: Report, depth: number, edge: number): string {
  const states = `${counted(edge, "state")} at its edge ${edge === 1 ? "was" : "were"} not explored further`;
  if (report.stopped !== null) {
    const why = report.stopped === "memory" ? "out of memory" : "stopped";
    return `${why} at depth ${depth}: no counterexample so far; ${states}`;
  }
  if (!report.exhausted) return `no counterexample to depth ${depth}; ${states}`;
  const all = `${
    report.distinct === 1 ? "the only reachable state" : `all ${grouped(report.distinct)} reachable states`
  }, to depth ${depth}`;
  const missing = report.properties.filter(({ result }) => result === "not-reached");
  const open = report.properties.filter(({ result }) => result === "unknown");
  if (missing.length === 0) {
    return open.length === 0
      ? `checked, to these bounds: no counterexample in ${all}`
      : `no counterexample in ${all}, but not all is known: ${
        visible(open.map(({ property }) => property.name).join(", "))
      }`;
  }
  return `no counterexample, but in ${all}, it never happens: ${
    visible(missing.map(({ property }) => property.name).join(", "))
  }`;
}

function adviceFor(report: Report, depth: number): string {
  if (report.stopped === "memory") return "more memory: --max-memory MB    less to do: --depth";
  if (report.stopped === "signal") return "more time: --timeout    less to do: --depth";
  if (!report.exhausted) return `deeper: --depth ${depth + 2}`;
  const [count] = Object.entries(report.parameters).filter(([, value]) => typeof value === "number");
  return count === undefined ? "" : `wider: --set ${count[0]}=${Number(count[1]) + 1}`;
}

/** A run step by step, and what it violates. */
export function replayText(model: Model, found: Replay, { paint }: Pick<Telling, "paint">): string {
  const { run, loop, violations } = found;
  const verdict = violations.map(({ name, witness, step }) =>
    `${paint.bad("violated")}  ${visible(`${name}   ${witness}`)}   after ${counted(step, "step")}`
  );
  const isOpen = loop === null &&
    model.properties.some((property) => !isJudgedByRun(property) && property.kind !== "sometimes");
  const rest = isOpen ? "; of what must happen some day a run that ends tells nothing" : "";
  const nothing = `${paint.good("ok")}  this run violates nothing${rest}`;
  const picture = loop === null
    ? diagram(model, run, violations)
    : lassoDiagram(model, ...apart(run, loop), violations);
  return [...picture, "", ...(verdict.length > 0 ? verdict : [nothing])].join("\n");
}

/** A count and what is counted. */
export function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** A count with its thousands apart. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** How long something took. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function oddsText(value: number): string {
  return value === 0 ? "exact: no state was missed" : `odds that a state was missed: ${odds(value)}`;
}

function odds(value: number): string {
  return value === 0 ? "0" : value.toExponential(0);
}
