/** The statistics of a check: for people, and for machines. */
import { type Component, componentsOf } from "../checker/statistics.ts";
import type { ActionReport } from "../checker/coverage.ts";
import type { Model } from "../checker/model.ts";
import { grouped } from "./text.ts";
import { visible } from "./visible.ts";

/** What was counted. */
export interface Counted {
  /** The compiled spec. */
  readonly model: Model;
  /** How often properties were asked. */
  readonly evaluations: number;
  /** How many states were looked at. */
  readonly states: number;
  /** What each action did; empty if that was not counted. */
  readonly coverage: readonly ActionReport[];
}

/** How many values a component must have before it can be said to explode. */
const many = 1000;

/** A line for each component. */
export function statisticsText({ model, evaluations, states, coverage }: Counted): string {
  const components = componentsOf(model);
  const counts = components.map(({ values }) => grouped(values));
  const width = Math.max(0, ...counts.map((count) => count.length));
  const names = Math.max(0, ...components.map(({ name }) => name.length));
  const lines = components.map((component, index) => {
    const about = [placesText(component), explosionText(component, states)].filter((text) => text !== "")
      .join("   ");
    return visible(
      `  ${counts[index]!.padStart(width)}  ${component.name.padEnd(names)}   ${about}`.trimEnd(),
    );
  });
  return [
    "distinct values by component:",
    ...lines,
    `properties were asked ${grouped(evaluations)} times for ${grouped(states)} states`,
    ...coverageText(coverage),
    "",
  ].join("\n");
}

/** A line for each action. */
function coverageText(coverage: readonly ActionReport[]): readonly string[] {
  if (coverage.length === 0) return [];
  const names = Math.max(...coverage.map(({ action }) => action.length));
  const counts = Math.max(...coverage.map(({ taken }) => grouped(taken).length));
  return [
    "how often each action was taken and changed the state, and led to a new one:",
    ...coverage.map(({ action, taken, fresh }) =>
      visible(
        `  ${action.padEnd(names)}  ${grouped(taken).padStart(counts)}  ${
          grouped(fresh).padStart(counts)
        } new`,
      )
    ),
  ];
}

function placesText({ name, places }: Component): string {
  return name.endsWith("{}") ? "elements" : places > 1 ? `in ${grouped(places)} places` : "";
}

function explosionText({ values, places }: Component, states: number): string {
  const share = Math.round(states * places / values);
  return values >= many && share <= 10 ? `<- explodes: a new value for every ${ordinal(share)} state` : "";
}

function ordinal(number: number): string {
  return number <= 1 ? "single" : number === 2 ? "2nd" : number === 3 ? "3rd" : `${number}th`;
}

/** One line, before those about properties. */
export function statisticsLine({ model, evaluations, states, coverage }: Counted): string {
  const components = componentsOf(model);
  return JSON.stringify({ type: "statistics", components, evaluations, states, coverage });
}
