/** The statistics of a check: for people, and for machines. */
import { type Component, componentsOf } from "../checker/statistics.ts";
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
}

/** How many values a component must have before it can be said to explode. */
const many = 1000;

/** A line for each component. */
export function statisticsText({ model, evaluations, states }: Counted): string {
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
    "",
  ].join("\n");
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
export function statisticsLine({ model, evaluations, states }: Counted): string {
  return JSON.stringify({ type: "statistics", components: componentsOf(model), evaluations, states });
}
