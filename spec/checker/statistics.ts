/** How many values each component of a state took, and how often properties were asked. */
import type { Property } from "../dsl/property.ts";
import type { Specification } from "../dsl/specification.ts";
import type { Model } from "./model.ts";

/** A component of the state: a server, a variable, or all items of a list. */
export interface Component {
  /** Its name; `[]` stands for the number of any item of a list, `{}` for any element of a set. */
  readonly name: string;
  /** How many places it has in a state. */
  readonly places: number;
  /** How many distinct values were met, in all of them; of a set: how many elements. */
  readonly values: number;
}

/** The components of a model, the one with the most values first. */
export function componentsOf({ places, messages, servers }: Model): readonly Component[] {
  const components = new Map<string, Component>();
  for (const { name: path, values } of places) {
    const name = path.replace(/\{.*\}/s, "{}").replaceAll(/\[\d+\]/g, "[]");
    const before = components.get(name) ?? { places: 0, values: 0 };
    const own = name.endsWith("{}") ? 1 : values.length;
    components.set(name, { name, places: before.places + 1, values: before.values + own });
  }
  const inFlight = { name: "messages", places: 1, values: messages.values.length };
  return [...components.values(), ...(servers.length > 0 ? [inFlight] : [])].sort((a, b) =>
    b.values - a.values
  );
}

/** The same spec, whose properties count how often they are asked: since it was built last. */
export function counting(
  spec: Specification,
): { readonly spec: Specification; readonly evaluations: () => number } {
  let evaluations = 0;
  function counted(property: Property<unknown>): Property<unknown> {
    const functions = Object.entries(property).filter(([, value]) => typeof value === "function");
    return {
      ...property,
      ...Object.fromEntries(functions.map(([key, ask]) => [key, (...views: readonly unknown[]) => {
        evaluations++;
        return ask(...views);
      }])),
    };
  }
  return {
    spec: {
      ...spec,
      build(parameters) {
        const model = spec.build(parameters);
        evaluations = 0;
        return { ...model, properties: model.properties.map(counted) };
      },
    },
    evaluations: () => evaluations,
  };
}
