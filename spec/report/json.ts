/** The report for machines: one JSON object a line. Format 1; fields may be added. */
import { type CheckProgress, type PropertyReport, type Report, silence } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import { noDeadlock, type Property } from "../dsl/property.ts";
import type { Parameters } from "../dsl/specification.ts";
import { apart } from "../trace/behaviour.ts";
import { isJudgedByRun, type Replay } from "../trace/replay.ts";
import { formatTrace, statesOf } from "../trace/run.ts";

/** What is checked, and how. */
export interface Asked {
  /** The name of the spec. */
  readonly spec: string;
  /** The values of its parameters. */
  readonly parameters: Parameters;
  /** The named bounds, or null. */
  readonly bounds: string | null;
  /** The depth that was asked for; null: all that is reachable. */
  readonly depth: number | null;
  /** The names of the properties. */
  readonly properties: readonly string[];
}

/** The first line. */
export function startLine(asked: Asked): string {
  return line({ type: "start", format: 1, ...asked });
}

/** A line about a layer that is complete. */
export function progressLine({ search, depth, generated, distinct, queue }: CheckProgress): string {
  return line({ type: "progress", search, depth, generated, distinct, queue });
}

/** One line for each property. A loop without steps is the empty string: nothing happens for ever. */
export function propertyLine(report: PropertyReport): string {
  const { property, result, trace, witness, reason, fairness, vacuous, isConstrained } = report;
  const { name, kind, sentence } = property;
  const loop = report.loop === null ? null : report.loop.map(({ label }) => label).join(" ");
  const found = { type: "property", name, kind, result, trace, loop, witness, sentence };
  return line({ ...found, fairness, reason, vacuous, constrained: isConstrained });
}

/** One line for each mutant. */
export function mutantLine(mutant: { name: string; sentence: string; property: string }): string {
  const { name, sentence, property } = mutant;
  return line({ type: "mutant", name, sentence, property });
}

/** The last line of a check. */
export function endLine(report: Report, exit: number): string {
  const { generated, distinct, cut, cutSteps, exhausted, permutations, neverEnabled, verdict } = report;
  const depth = Math.max(0, ...report.searches.map((search) => search.depth));
  const counts = {
    generated,
    distinct,
    cut,
    cutSteps,
    depth,
    exhausted,
    permutations,
    viewed: report.isViewed,
  };
  return line({ type: "end", ...counts, neverEnabled, verdict, exit });
}

/** The lines of a replayed run: each step with the state after it, each property, and the end. */
export function replayLines(
  model: Model,
  { run, loop, violations }: Replay,
  exit: number,
): string[] {
  const states = statesOf(run);
  const steps = run.steps.map(({ label, servers, event }, index) =>
    line({ type: "step", step: index + 1, label, servers, event, state: model.describe(states[index + 1]!) })
  );
  const isJudged = (property: Property<unknown>) =>
    isJudgedByRun(property) || (loop !== null && property.kind !== "sometimes");
  const judged = [...model.properties.filter(isJudged), noDeadlock];
  const properties = judged.flatMap((property) => {
    const violation = violations.find(({ name }) => name === property.name);
    if (violation === undefined && property.kind === "deadlock") return [];
    const result = violation === undefined ? "holds" : "violated";
    if (violation === undefined) return [propertyLine({ property, result, ...silence })];
    const { witness } = violation;
    const isEndless = loop !== null && property.kind !== "deadlock" && !isJudgedByRun(property);
    const [stem, round] = isEndless ? apart(run, loop) : [run, null];
    return [propertyLine({ property, result, ...silence, trace: formatTrace(stem), loop: round, witness })];
  });
  const verdict = violations.length > 0 ? "violated" : "holds";
  const distinct = new Set(states.map((state) => JSON.stringify(state))).size;
  const end = { generated: states.length, distinct, depth: states.length, exhausted: false, verdict, exit };
  return [...steps, ...properties, line({ type: "end", ...end })];
}

function line(object: unknown): string {
  return JSON.stringify(object);
}
