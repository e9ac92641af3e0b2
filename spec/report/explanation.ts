/** Where a property holds: for people, and for machines. */
import type { Explanation, Failure, Sample } from "../checker/explain.ts";
import type { Model, State } from "../checker/model.ts";
import type { Property } from "../dsl/property.ts";
import { differences } from "../dsl/plain.ts";
import { statesOf } from "../trace/run.ts";
import { changesAt } from "./diagram.ts";
import { counted, type Paint } from "./text.ts";
import { visible } from "./visible.ts";

/** The samples, each with its trace and what is other there than at first, or than before the step. */
export function explanationText(explanation: Explanation, paint: Paint): string {
  const { property, samples, failure, looks } = explanation;
  return [
    visible(`${property.kind}  ${property.name}`),
    visible(`  ${property.sentence}`),
    ...(samples.length > 0 ? [visible(`  it looks at ${looks.join(", ")}`)] : []),
    "",
    ...samples.flatMap((sample, index) => sampleLines(explanation, sample, index + 1)),
    failure === null ? conclusionOf(explanation, paint) : failureText(failure, paint),
  ].join("\n");
}

function conclusionOf(explanation: Explanation, paint: Paint): string {
  if (explanation.samples.length > 0) return `${paint.good("ok")}  ${claimOf(explanation)}`;
  const reservation = explanation.exhausted ? "" : ", as far as was looked";
  return `${paint.bad("inconclusive")}  ${missingOf(explanation)}${reservation}`;
}

function failureText({ run, trace, witness }: Failure, paint: Paint): string {
  const steps = run.steps.length;
  const place = `after ${counted(steps, "step")}   ${trace}`.trimEnd();
  return `${paint.bad("violated")}  ${visible(`${witness}   ${place}`)}`;
}

function sampleLines(
  { model, property, looks }: Explanation,
  { run, trace }: Sample,
  number: number,
): readonly string[] {
  const states = statesOf(run);
  const after = states.at(-1)!;
  const before = property.kind === "steps" ? states.at(-2) ?? run.start.state : model.starts[0]!.state;
  const changes = changesBetween(model, looks, before, after);
  const steps = run.steps.length;
  return [
    visible(`  ${number}  after ${counted(steps, "step")}   ${trace}`.trimEnd()),
    ...changes.map((change) => visible(`       ${change}`)),
    "",
  ];
}

function claimOf({ property, samples }: Explanation): string {
  const isStep = property.kind === "steps";
  const number = samples.length === 1 ? "this" : `these ${samples.length}`;
  const noun = `${isStep ? "step" : "state"}${samples.length === 1 ? "" : "s"}`;
  return `${placeOf(property)} ${number} ${noun}${relationOf(property)}, and perhaps in others`;
}

function missingOf({ property }: Explanation): string {
  return `${placeOf(property)} no ${property.kind === "steps" ? "step" : "state"}${relationOf(property)}`;
}

/** What happens in the samples. */
function placeOf(property: Property<unknown>): string {
  switch (property.kind) {
    case "sometimes":
      return "it is reached in";
    case "always":
      return property.when === undefined ? "it holds in" : "its condition is met, and it holds, in";
    case "steps":
      return "it holds of";
    case "leads-to":
      return "its condition is met in";
    case "eventually":
    case "infinitely-often":
    case "eventually-always":
      return "what must come some day is there in";
    case "refines":
      return "it is told what the other spec sees in";
  }
}

/** What makes the samples more than trivial, if nothing else does. */
function relationOf(property: Property<unknown>): string {
  if (property.kind === "steps") return " that change what it looks at";
  const isTrivialAtFirst = property.kind === "refines" ||
    (property.kind === "always" && property.when === undefined);
  return isTrivialAtFirst ? ", where what it looks at is other than at first" : "";
}

/** What differs, of all that is looked at. */
function changesBetween(
  model: Model,
  looks: readonly string[],
  before: State,
  after: State,
): readonly string[] {
  const isLookedAt = (name: string) => looks.some((kind) => kind.split(".", 1)[0] === name);
  if (model.values !== undefined) {
    const [earlier, later] = [model.values(before), model.values(after)];
    return Object.keys(later).filter(isLookedAt).flatMap((name) =>
      differences(name, earlier[name], later[name])
    );
  }
  const [earlier, later] = [model.describe(before), model.describe(after)];
  const servers = isLookedAt("servers") ? model.servers : [];
  return [
    ...servers.flatMap((name) => changesAt(name, earlier, later, [])),
    ...(isLookedAt("history")
      ? differences("history", historyIn(model, before), historyIn(model, after))
      : []),
  ];
}

function historyIn({ places, servers }: Model, { vector }: State): unknown {
  return places[servers.length]?.observed[vector[servers.length] ?? 0];
}

/** One line for each sample, and the last line. */
export function explanationLines(
  { model, property, samples, failure, looks, exhausted }: Explanation,
  exit: number,
): string[] {
  const { name, kind, sentence } = property;
  const lines = samples.map(({ run, trace }) => ({
    type: "sample",
    property: name,
    trace,
    state: model.describe(statesOf(run).at(-1)!),
  }));
  const verdict = failure !== null ? "violated" : samples.length > 0 ? "holds" : "inconclusive";
  const end = {
    type: "end",
    property: name,
    kind,
    sentence,
    samples: samples.length,
    ...(failure === null ? {} : { trace: failure.trace, witness: failure.witness }),
    looks,
    exhausted,
    verdict,
    exit,
  };
  return [...lines, end].map((line) => JSON.stringify(line));
}
