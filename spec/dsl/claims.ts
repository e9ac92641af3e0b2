/** The properties of a spec as their author wrote them: checked, and made to say where they go wrong. */
import { decided, guarded, isText, judged } from "./definition.ts";
import { checkFields, demands, isRecord, listOf, told } from "./fields.ts";
import type { Assumption, Property, Temporal } from "./property.ts";
import { isSpecification, SpecError } from "./specification.ts";

/** Properties that say which spec, such as `spec counter`, and property it is when they fail. */
export function propertiesOf(
  spec: string,
  properties: readonly Property<unknown>[],
): readonly Property<unknown>[] {
  return properties.map((property, index) => {
    if (!isRecord(property) || !isText(property.name)) {
      throw noProperty(
        `${spec}: properties[${index}] is ${isRecord(property) ? "without a name" : told(property)}`,
      );
    }
    if (typeof property.sentence !== "string") {
      throw new SpecError(
        `${spec}, property ${JSON.stringify(property.name)}: its sentence is ${told(property.sentence)}: ` +
          `after the name comes a sentence that says what it claims, and then the claim`,
      );
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
        ...(when === undefined ? {} : { when: deciding(where, "when", when) }),
      };
    }
    case "steps": {
      const { holds, ofServer } = property;
      return {
        ...property,
        holds: judging(where, holds),
        ...(ofServer === undefined ? {} : { ofServer: judging(where, ofServer) }),
      };
    }
    case "sometimes":
      return { ...property, reached: deciding(where, "reached", property.reached) };
    case "eventually":
    case "infinitely-often":
    case "eventually-always":
      return {
        ...property,
        holds: deciding(where, "holds", property.holds),
        ...behavioursOf(property, where),
      };
    case "leads-to":
      return {
        ...property,
        when: deciding(where, "when", property.when),
        then: deciding(where, "then", property.then),
        ...behavioursOf(property, where),
      };
    case "refines":
      if (!isSpecification(property.spec)) {
        throw new SpecError(`${where}: it refines what spec(...) returns, not ${told(property.spec)}`);
      }
      {
        const { mapping } = property;
        expectFunction(where, "mapping", mapping);
        return { ...property, mapping: (state) => guarded(where, () => mapping(state)) };
      }
    default:
      throw noProperty(`${where} is of the kind ${told((property as { kind: unknown }).kind)}`);
  }
}

const behavioursField = {
  fair: demands,
  assuming: listOf({ expected: "what recurs(...) or ceases(...) returns", isRight: isRecord }),
};

function behavioursOf(
  { fair = [], assuming = [] }: Temporal<unknown>,
  where: string,
): Pick<Temporal<unknown>, "fair" | "assuming"> {
  checkFields(where, { fair, assuming }, behavioursField);
  const guardedAssumption = (one: Assumption<unknown>): Assumption<unknown> =>
    one.kind === "recurs" ? { ...one, holds: deciding(where, "recurs", one.holds) } : one;
  return { fair, assuming: assuming.map(guardedAssumption) };
}

function noProperty(what: string): SpecError {
  return new SpecError(`${what}: write always(...) or one of its like`);
}

/** A function of the user that says where, and in which state, it fails. */
function deciding(
  where: string,
  field: string,
  run: (state: unknown) => boolean,
): (state: unknown) => boolean {
  expectFunction(where, field, run);
  return (state) => decided(where, () => run(state), state);
}

/** The same for one that judges. */
function judging<Args extends readonly unknown[]>(
  where: string,
  judge: (...args: Args) => true | string,
): (...args: Args) => true | string {
  expectFunction(where, "holds", judge);
  return (...args) => judged(where, () => judge(...args), ...args);
}

function expectFunction(where: string, field: string, run: unknown): void {
  if (typeof run === "function") return;
  throw new SpecError(`${where}: ${field} is ${told(run)}, expected a function`);
}
