/** The report on random walks: for people, and for machines. */
import type { WalkedProperty, WalkProgress, WalkReport } from "../checker/walk.ts";
import type { Parameters } from "../dsl/specification.ts";
import { diagram } from "./diagram.ts";
import { counted, exploreLines, grouped, propertyTable, seconds, type Telling } from "./text.ts";
import { visible } from "./visible.ts";

/** What became of a property, without what only the compiled spec can tell. */
export interface WalkedPropertySummary
  extends Pick<WalkedProperty, "result" | "walk" | "walked" | "trace" | "witness"> {
  /** The property. */
  readonly property: { readonly kind: string; readonly name: string; readonly sentence: string };
}

/** A report on walks, without what only the compiled spec can tell. */
export interface WalkSummary extends Omit<WalkReport, "model" | "properties"> {
  /** What became of each property, in the spec's order. */
  readonly properties: readonly WalkedPropertySummary[];
  /** The shards that are missing from a merged report, such as "2/8". */
  readonly missing: readonly string[];
}

/** What is drawn at random, in a line to be printed before the first walk. */
export function walkHeadline(
  { walks, depth, seed, shard }: Pick<WalkReport, "walks" | "depth" | "seed" | "shard">,
): string {
  const part = shard === null ? "" : `, shard ${shard.join("/")}`;
  return `${counted(walks, "random walk")} to depth ${depth}, seed ${seed}${part}`;
}

/** What the walks found, in lines. */
export function walkText(summary: WalkSummary, telling: WalkTelling): string {
  const violated = summary.properties.filter(({ result }) => result === "violated");
  const [first, ...others] = violated;
  if (first === undefined) {
    return [...propertyLines(summary, telling), ...verdictLines(summary, telling)].join("\n");
  }
  const { seed, done, generated } = summary;
  return [
    ...violationLines(first, telling),
    ...others.flatMap(({ property, witness, trace }) => [
      visible(`also violated  ${property.name}   ${witness}`),
      `               ${trace}`,
    ]),
    telling.paint.faint(
      `walked through ${counted(generated, "state")} in ${counted(done, "walk")}, seed ${seed}   ${
        timeOf(telling)
      }`,
    ),
    ...(telling.advice === undefined ? [] : [telling.paint.faint(telling.advice)]),
    ...missingLines(summary),
    ...exploreLines(telling, first.trace ?? "", null),
    ...(telling.replay === null ? [] : [`replay: ${telling.replay(first.trace ?? "")}`]),
  ].join("\n");
}

/** What the report on walks can't know by itself. */
export interface WalkTelling extends Pick<Telling, "paint" | "advice" | "explore"> {
  /** How long the walks took; null if that is not known. */
  readonly milliseconds: number | null;
  /** The command that repeats a run, given its trace; null if there is none. */
  readonly replay: ((trace: string) => string) | null;
  /** The picture of the first violation; empty if there is none. */
  readonly picture: readonly string[];
}

/** The picture of the first violation. */
export function walkPicture({ model, properties }: WalkReport): readonly string[] {
  const first = properties.find(({ result }) => result === "violated");
  if (first === undefined || first.run === null) return [];
  const step = first.run.steps.length;
  return diagram(model, first.run, [{ name: first.property.name, witness: first.witness ?? "", step }]);
}

function violationLines(
  { property, witness, walk, walked, trace }: WalkedPropertySummary,
  { paint, picture }: WalkTelling,
): readonly string[] {
  const said = `${property.kind}  ${property.name}   ${witness}`;
  return [
    `${paint.bad("violated")}  ${visible(`${said}   in walk ${walk} after ${counted(walked ?? 0, "step")}`)}`,
    visible(`          ${property.sentence}`),
    "          shown without the steps that it doesn't need, perhaps not shortest",
    "",
    ...(picture.length > 0 ? picture : [`  ${visible(trace ?? "")}`]),
    "",
  ];
}

function propertyLines(
  { properties, generated, done }: WalkSummary,
  { paint }: WalkTelling,
): readonly string[] {
  return propertyTable(properties.map(({ property, result, walk, trace }) => {
    const row = { property, rest: "" };
    const isOfSteps = property.kind === "steps" || property.kind === "refines";
    const judged = isOfSteps ? counted(generated - done, "step") : counted(generated, "state");
    switch (result) {
      case "reached":
        return {
          ...row,
          mark: paint.good("ok"),
          count: `in walk ${grouped(walk ?? 0)}`,
          rest: `   ${trace}`,
        };
      case "not-reached":
        return { ...row, mark: paint.bad("--"), count: "not reached" };
      case "unknown":
        return property.kind === "refines"
          ? {
            ...row,
            mark: paint.faint("--"),
            count: judged,
            rest: "   its fairness is not judged: walks end",
          }
          : { ...row, mark: paint.faint("--"), count: "not judged", rest: ": walks end" };
      case "holds":
      case "violated":
        return { ...row, mark: paint.good("ok"), count: judged };
    }
  }));
}

function verdictLines(summary: WalkSummary, telling: WalkTelling): readonly string[] {
  const { paint } = telling;
  const { done, generated, deepest, cut, missing, stopped, verdict } = summary;
  const covered = `no counterexample in ${counted(done, "random walk")}`;
  const beginning = stopped === null ? covered : `stopped: ${covered} so far`;
  const mark = verdict === "holds" ? paint.good("ok") : paint.bad("inconclusive");
  const most = `${counted(generated, "state")}, to depth ${deepest}; there may be others`;
  return [
    `${mark}  ${beginning} through ${most}   ${timeOf(telling)}`.trimEnd(),
    ...missingLines(summary),
    ...(cut === 0 ? [] : [`    ${counted(cut, "walk")} ended outside of the constraint`]),
    ...(missing.length > 0 ? [] : [`    ${paint.faint(adviceFor(summary))}`]),
  ];
}

function missingLines({ missing }: WalkSummary): readonly string[] {
  if (missing.length === 0) return [];
  const [are, them] = missing.length === 1 ? ["shard", "it"] : ["shards", "them"];
  return [`    missing: ${are} ${missing.join(", ")}; run ${them}, and merge all again`];
}

function adviceFor({ stopped, walks }: WalkSummary): string {
  if (stopped !== null) return "more time: --timeout    less to do: --walks";
  return `more: --walks ${walks * 10}    others: another --seed`;
}

function timeOf({ milliseconds }: WalkTelling): string {
  return milliseconds === null ? "" : seconds(milliseconds);
}

/** A line about how far the walks have come. */
export function walkProgressText({ done, walks, generated }: WalkProgress, milliseconds: number): string {
  const rate = milliseconds > 0 ? grouped(Math.round(generated / milliseconds * 1000)) : "";
  return `${`${grouped(done)} of ${counted(walks, "walk")}`.padStart(26)}${
    grouped(generated).padStart(14)
  } states${rate.padStart(12)} states/s`;
}

/** What is asked, for machines: the first line. */
export interface AskedOfWalks
  extends Pick<WalkReport, "spec" | "bounds" | "depth" | "walks" | "seed" | "shard"> {
  /** The values of the parameters. */
  readonly parameters: Parameters;
  /** The names of the properties. */
  readonly properties: readonly string[];
}

/** The first line. */
export function walkStartLine({ shard, ...asked }: AskedOfWalks): string {
  return line({ type: "start", format: 1, ...asked, shard: shard === null ? null : shard.join("/") });
}

/** One line for each tenth of the walks. */
export function walkProgressLine({ done, generated }: WalkProgress): string {
  return line({ type: "progress", search: "walks", walks: done, generated });
}

/** One line for each property, and the last line. */
export function walkEndLines(summary: WalkSummary, exit: number): readonly string[] {
  const { generated, done, cut, deepest, missing, verdict } = summary;
  const properties = summary.properties.map(({ property, result, trace, witness, walk, walked }) => {
    const { name, kind, sentence } = property;
    return line({ type: "property", name, kind, result, trace, loop: null, witness, walk, walked, sentence });
  });
  // A state in which two walks were is counted twice: how many distinct ones there are is not known.
  const counts = { generated, distinct: null, cut, walks: done, depth: deepest, exhausted: false };
  return [...properties, line({ type: "end", ...counts, missing, verdict, exit })];
}

function line(object: unknown): string {
  return JSON.stringify(object);
}
