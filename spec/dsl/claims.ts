/** The properties of a spec as their author wrote them: checked, and made to say where they go wrong. */
import { guarded } from "./definition.ts";
import { isRecord, told } from "./fields.ts";
import { show } from "./plain.ts";
import type { Assumption, Property, Temporal } from "./property.ts";
import { isSpecification, SpecError } from "./specification.ts";

/** Properties that say which spec, such as `spec counter`, and property it is when they fail. */
export function propertiesOf(
  spec: string,
  properties: readonly Property<unknown>[],
): readonly Property<unknown>[] {
  return properties.map((property, index) => {
    if (!isRecord(property) || typeof property.name !== "string" || typeof property.sentence !== "string") {
      throw noProperty(`${spec}: properties[${index}] is ${told(property)}`);
    }
    if (properties.findIndex((other) => other.name === property.name) !== index) {
      throw new SpecError(`${spec}: there are two properties ${JSON.stringify(property.name)}`);
    }
    return guardedProperty(property, `${spec}, property ${JSON.stringify(property.name)}`);
  });
}

function guardedProperty(property: Property<unknown>, where: string): Property<unknown> {
  switch (property.kind) {
    case "always": {
      const { when, holds } = property;
      return {
        ...property,
        holds: judging(where, holds),
        ...(when === undefined ? {} : { when: telling(where, "when", when) }),
      };
    }
    case "steps":
      return { ...property, holds: judging(where, property.holds) };
    case "sometimes":
      return { ...property, reached: telling(where, "reached", property.reached) };
    case "eventually":
    case "infinitely-often":
    case "eventually-always":
      return {
        ...property,
        holds: telling(where, "holds", property.holds),
        ...behavioursOf(property, where),
      };
    case "leads-to":
      return {
        ...property,
        when: telling(where, "when", property.when),
        then: telling(where, "then", property.then),
        ...behavioursOf(property, where),
      };
    case "refines":
      if (!isSpecification(property.spec)) {
        throw new SpecError(`${where}: it refines what spec(...) returns, not ${told(property.spec)}`);
      }
      return { ...property, mapping: telling(where, "mapping", property.mapping) };
    default:
      throw noProperty(`${where} is of the kind ${told((property as { kind: unknown }).kind)}`);
  }
}

function behavioursOf(
  { fair = [], assuming = [] }: Temporal<unknown>,
  where: string,
): Pick<Temporal<unknown>, "fair" | "assuming"> {
  for (
    const [field, list, forms] of [["fair", fair, "weak and strong"], [
      "assuming",
      assuming,
      "recurs and ceases",
    ]]
  ) {
    if (!Array.isArray(list) || !list.every(isRecord)) {
      throw new SpecError(`${where}: ${field} is ${told(list)}, expected an array of what ${forms} return`);
    }
  }
  const guardedAssumption = (one: Assumption<unknown>): Assumption<unknown> =>
    one.kind === "recurs" ? { ...one, holds: telling(where, "recurs", one.holds) } : one;
  return { fair, assuming: assuming.map(guardedAssumption) };
}

function noProperty(what: string): SpecError {
  return new SpecError(`${what}: write always(...) or one of its like`);
}

/** A function of the user that says where it fails. */
function telling<Args extends readonly unknown[], T>(
  where: string,
  field: string,
  run: (...args: Args) => T,
): (...args: Args) => T {
  if (typeof run !== "function") {
    throw new SpecError(`${where}: ${field} is ${told(run)}, expected a function`);
  }
  return (...args) => guarded(where, () => run(...args));
}

/** The same for one that judges. */
function judging<Args extends readonly unknown[]>(
  where: string,
  judge: (...args: Args) => true | string,
): (...args: Args) => true | string {
  const run = telling(where, "holds", judge);
  return (...args) => {
    const judgement: unknown = run(...args);
    if (judgement === true || typeof judgement === "string") return judgement;
    throw new SpecError(`${where} returned ${show(judgement)}: return true, or in words what is wrong`);
  };
}
