/** Runs a trace: the notation of steps, resolved against what a model can do. */
import { SpecError } from "../dsl/specification.ts";
import type { Model, Start, State, Step } from "../checker/model.ts";

/** A run: where it begins, and its steps. */
export interface Run {
  /** Where it begins. */
  readonly start: Start;
  /** Its steps, each with the state that it leads to. */
  readonly steps: readonly Step[];
}

/**
 * Runs a trace, such as `@leader a=x a>b`; `asFarAsPossible`: up to the first step that can't happen.
 *
 * @throws {SpecError} if the trace is malformed or a step is impossible: which one, and what was possible there.
 */
export function runTrace(
  model: Model,
  trace: string,
  { asFarAsPossible = false }: { readonly asFarAsPossible?: boolean } = {},
): Run {
  const words = splitTrace(trace);
  const start = startNamed(model, words[0]?.startsWith("@") ? words.shift()!.slice(1) : "1");
  const steps: Step[] = [];
  let state: State = start.state;
  for (const [index, word] of words.entries()) {
    const isKnown = asFarAsPossible && isStepOf(model, word);
    if (isKnown && stepNamed(model, state, word) === null && unclear(model, state, word).length === 0) break;
    const step = stepOf(model, state, word, index + 1);
    steps.push(step);
    state = step.to;
  }
  return { start, steps };
}

/** How many steps a trace has. */
export function stepsIn(trace: string): number {
  return splitTrace(trace).filter((word) => !word.startsWith("@")).length;
}

/** A trace in its shortest form. */
export function formatTrace({ start, steps }: Run): string {
  const prefix = start.name === "1" ? [] : [`@${start.name}`];
  return [...prefix, ...steps.map(({ label }) => label)].join(" ");
}

/** Splits at white space, but not inside of the arguments of an action. */
export function splitTrace(trace: string): string[] {
  const words: string[] = [];
  let word = "";
  let inString = false;
  let depth = 0;
  for (let i = 0; i < trace.length; i++) {
    const character = trace[i]!;
    if (inString && character === "\\") {
      word += character + (trace[++i] ?? "");
      continue;
    }
    if (character === '"') inString = !inString;
    if (!inString && "([{".includes(character)) depth++;
    if (!inString && ")]}".includes(character)) depth--;
    if (/\s/.test(character) && !inString && depth <= 0) {
      if (word !== "") words.push(word);
      word = "";
    } else word += character;
  }
  if (word !== "") words.push(word);
  return words;
}

/**
 * The start of this name.
 *
 * @throws {SpecError} if there is none: which ones there are.
 */
export function startNamed(model: Model, name: string): Start {
  const start = model.starts.find((candidate) => candidate.name === name);
  if (start !== undefined) return start;
  const names = model.starts.map((candidate) => `@${candidate.name}`);
  throw new SpecError(`there is no start @${name}: there are ${names.join(", ")}`);
}

/** The step that a word stands for, in any of its forms; null if there is none. */
export function stepNamed(model: Model, state: State, word: string): Step | null {
  return model.steps(state).find((step) => step.label === word || step.aliases.includes(word)) ??
    model.otherStep?.(state, word) ?? null;
}

/**
 * The step that a word stands for.
 *
 * @throws {SpecError} if there is none, or more than one: what was possible instead.
 */
export function stepOf(model: Model, state: State, word: string, number: number): Step {
  const exact = stepNamed(model, state, word);
  if (exact !== null) return exact;
  const steps = model.steps(state);
  const meant = unclear(model, state, word);
  if (meant.length > 0) {
    throw new SpecError(`step ${number}, ${word}, is not clear: it may be ${meant.join(" or ")}`);
  }
  const spent = model.spentBudget?.(state, word) ?? null;
  if (spent !== null) {
    const { name, allows, needs } = spent;
    throw new SpecError(
      `step ${number}, ${word}, can't happen here: its budget, ${name} ${allows}, is spent: --set ${name}=${needs}`,
    );
  }
  const possible = steps.length > 0
    ? `possible: ${steps.map(({ label }) => label).join(" ")}`
    : "nothing is possible";
  const problem = isNotation(word) ? "can't happen" : "is no step";
  throw new SpecError(`step ${number}, ${word}, ${problem} here; ${possible}`);
}

/** The steps of which a word may mean any. */
function unclear(model: Model, state: State, word: string): readonly string[] {
  return model.steps(state).map(({ label }) => label).filter((label) =>
    /^[:.]/.test(label.slice(word.length)) && label.startsWith(word)
  );
}

/** Whether a word is a step that there is in some state, as far as its form tells. */
function isStepOf({ servers, actions }: Model, word: string): boolean {
  if (servers.length === 0) return actions.some(({ label }) => label === word.replace(/#[1-9][0-9]*$/, ""));
  const [server = ""] = /^[A-Za-z][A-Za-z0-9]*/.exec(word) ?? [];
  return servers.includes(server) && isNotation(word);
}

const id = "[A-Za-z][A-Za-z0-9]*";
const selector = "(:[A-Za-z]+(\\.[1-9][0-9]*)?)?";
const notation = new RegExp(
  `^(${id}(!(${id})?|[>~+]${id}${selector}|\\*|\\^[0-9]*|-[0-9]*|=[A-Za-z0-9]+|\\?|/|@${id}|&[A-Za-z0-9,()]+)_?(#[1-9][0-9]*)?` +
    `|[A-Za-z][A-Za-z0-9_]*(\\(.*\\))?(#[1-9][0-9]*)?)$`,
);

/** Whether a word could be a step of some trace. */
export function isNotation(word: string): boolean {
  return notation.test(word);
}

/** Whether two states are one. A place that came only after a state was met has its first value there. */
export function isSameState(one: State, other: State): boolean {
  const places = Math.max(one.vector.length, other.vector.length);
  for (let p = 0; p < places; p++) if ((one.vector[p] ?? 0) !== (other.vector[p] ?? 0)) return false;
  return one.bag.join() === other.bag.join();
}

/** What properties see of a state. */
export function viewOf(model: Model, state: State): unknown {
  return model.view(state.vector, 0, () => {});
}

/** The states that a run passes through, the first one included. */
export function statesOf({ start, steps }: Run): readonly State[] {
  return [start.state, ...steps.map((step: Step) => step.to)];
}
