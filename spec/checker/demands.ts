/** Fairness as it is written, resolved to the actions of a model that it speaks of. */
import type { Fairness } from "../dsl/fairness.ts";
import { SpecError } from "../dsl/specification.ts";
import type { ActionInstance, Model } from "./model.ts";

/** One demand: of one group of actions. */
export interface DemandOn {
  /** Weak or strong. */
  readonly strength: Fairness["strength"];
  /** How people write it: `weak fairness of Look(0), Eat(0)`. */
  readonly label: string;
  /** By action of the model: 1 if it is one of them. */
  readonly members: Uint8Array;
}

/**
 * The demands that some fairness makes.
 *
 * @throws {SpecError} if it names an action that isn't there.
 */
export function demandsOf(model: Model, fairness: readonly Fairness[]): readonly DemandOn[] {
  return fairness.flatMap(({ strength, actions, each }) => {
    const patterns = actions.map((text) => patternOf(model, text, each));
    const label = (texts: readonly string[]) => `${strength} fairness of ${texts.join(", ")}`;
    if (!each) return [{ strength, label: label(actions), members: membersOf(model, patterns, "") }];
    const keys = patterns.map((pattern) =>
      new Set(model.actions.flatMap((action) => keyOf(pattern, action) ?? []))
    );
    const [first = new Set<string>()] = keys;
    const odd = keys.findIndex((other) => [...other].sort().join() !== [...first].sort().join());
    if (odd >= 0) {
      throw new SpecError(
        `fairness of each ${actions.join(", ")}: ${actions[0]} and ${actions[odd]} have other arguments; ` +
          `name those that matter: each("${actions[0]}(p)", "${actions[odd]}(p,_)")`,
      );
    }
    return [...first].map((key) => {
      const texts = patterns.map((pattern) => labelFor(pattern, new Map(JSON.parse(key))));
      return { strength, label: label(texts), members: membersOf(model, patterns, key) };
    });
  });
}

/** The actions of these names, written as for fairness: 1 for each of them. */
export function actionsNamed(model: Model, names: readonly string[]): Uint8Array {
  return membersOf(model, names.map((name) => patternOf(model, name, false)), "");
}

/** An action as fairness names it. */
interface Pattern {
  /** The name of the action; null: any. */
  readonly name: string | null;
  /** What it says of each argument; null: nothing of any. */
  readonly slots: readonly Slot[] | null;
  /** How a chosen action is written. */
  readonly write: (slots: readonly string[]) => string;
}

type Slot =
  | { readonly type: "any" }
  | { readonly type: "is"; readonly value: string }
  | { readonly type: "variable"; readonly name: string };

function membersOf(model: Model, patterns: readonly Pattern[], key: string): Uint8Array {
  return Uint8Array.from(model.actions, (action) =>
    patterns.some((pattern) => {
        const own = keyOf(pattern, action);
        return own !== null && (key === "" || own === key);
      })
      ? 1
      : 0);
}

/** The values of a pattern's variables in an action that it fits; null if it doesn't fit. */
function keyOf({ name, slots }: Pattern, action: ActionInstance): string | null {
  if (name !== null && action.name !== name) return null;
  const bound: [string, string][] = [];
  for (const [index, slot] of (slots ?? []).entries()) {
    const value = action.arguments[index]!;
    if (slot.type === "is" && slot.value !== value) return null;
    if (slot.type === "variable") bound.push([slot.name, value]);
  }
  return JSON.stringify(bound.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
}

function labelFor({ slots, write }: Pattern, values: ReadonlyMap<string, string>): string {
  return write((slots ?? []).map((slot) => {
    switch (slot.type) {
      case "any":
        return "_";
      case "is":
        return slot.value;
      case "variable":
        return values.get(slot.name) ?? "_";
    }
  }));
}

function patternOf(model: Model, text: string, each: boolean): Pattern {
  if (text === "Next") {
    const names = new Set(model.actions.map(({ name }) => name));
    if (names.has("Next") && names.size > 1) {
      throw new SpecError("fairness: Next is any action, and there is one of that name: rename it");
    }
    return { name: null, slots: null, write: () => "Next" };
  }
  const pattern = model.servers.length > 0
    ? clusterPattern(model, text, each)
    : plainPattern(model, text, each);
  const isThere = model.actions.some((action) => keyOf(pattern, action) !== null);
  if (!isThere) throw noAction(model, text);
  return pattern;
}

function noAction(model: Model, text: string): SpecError {
  const names = [...new Set(model.actions.map(({ name }) => name))];
  return new SpecError(`fairness: there is no action ${text}; there are ${[...names, "Next"].join(", ")}`);
}

function plainPattern(model: Model, text: string, each: boolean): Pattern {
  const [, name = "", list] = text.match(/^([A-Za-z][A-Za-z0-9_]*)(?:\((.*)\))?$/s) ?? [];
  const count = model.actions.find((action) => action.name === name)?.arguments.length;
  if (count === undefined) throw noAction(model, text);
  const write = (slots: readonly string[]) => slots.length === 0 ? name : `${name}(${slots.join(",")})`;
  if (list === undefined) return { name, slots: each ? allVariables(count) : null, write };
  const slots = splitArguments(list).map((argument): Slot => {
    if (argument === "_") return { type: "any" };
    if (each && /^[A-Za-z]\w*$/.test(argument) && !["true", "false", "null"].includes(argument)) {
      return { type: "variable", name: argument };
    }
    try {
      return { type: "is", value: JSON.stringify(JSON.parse(argument)) };
    } catch {
      throw new SpecError(`fairness of ${text}: ${argument} is neither JSON nor _`);
    }
  });
  if (slots.length === count) return { name, slots, write };
  throw new SpecError(
    `fairness of ${text}: ${name} has ${count} ${
      count === 1 ? "argument" : "arguments"
    }, not ${slots.length}`,
  );
}

/** Argument number i is the variable i. */
function allVariables(count: number): readonly Slot[] {
  return Array.from({ length: count }, (_, index): Slot => ({ type: "variable", name: String(index) }));
}

/** Splits at commas, but not inside of a value. */
function splitArguments(list: string): readonly string[] {
  const parts = [""];
  let depth = 0;
  let inString = false;
  for (const [character] of list.matchAll(/\\.|[^]/g)) {
    if (character === '"') inString = !inString;
    if (!inString && "([{".includes(character)) depth++;
    if (!inString && ")]}".includes(character)) depth--;
    if (character === "," && depth === 0 && !inString) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

/** A step of a cluster: a sign between two servers, or after one. */
function clusterPattern(model: Model, text: string, each: boolean): Pattern {
  const [, left = "", name = "", right = ""] = text.match(/^(\w*?)(other|[!=?*^\-/@&>~+])(\w*)$/) ?? [];
  const count = model.actions.find((action) => action.name === name)?.arguments.length;
  if (count === undefined || (count === 1 && right !== "")) throw noAction(model, text);
  const write = ([first = "", second = ""]: readonly string[]) => first + name + second;
  if (left === "" && right === "") return { name, slots: each ? allVariables(count) : null, write };
  const slots = [left, right].slice(0, count).map((part): Slot => {
    if (part === "_" || part === "") return { type: "any" };
    return each && !model.servers.includes(part)
      ? { type: "variable", name: part }
      : { type: "is", value: part };
  });
  return { name, slots, write };
}
