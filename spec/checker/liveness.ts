/** Judges claims about whole behaviours on the graph of all reachable states. */
import type { Property, Temporal } from "../dsl/property.ts";
import type { Run } from "../trace/run.ts";
import type { Pair, Recurring } from "./components.ts";
import { actionsNamed, type DemandOn, demandsOf } from "./demands.ts";
import type { Graph, Look } from "./graph.ts";
import { type Breach, findLasso, type Lasso } from "./lasso.ts";
import type { Model, State, Step } from "./model.ts";
import type { Refinement } from "./refinement.ts";

/** How a behaviour obeys a demand for fairness. */
export interface Obeyed {
  /** The demand, such as `weak fairness of Eat(0)`. */
  readonly demand: string;
  /** How: at which step the action happens, or where it isn't possible. */
  readonly how: string;
}

/** A behaviour that breaks a claim. */
export interface Counterexample {
  /** Up to where it goes round. */
  readonly run: Run;
  /** The steps that it takes again and again; none: nothing happens for ever. */
  readonly loop: readonly Step[];
  /** How it obeys the fairness that was demanded. */
  readonly fairness: readonly Obeyed[];
  /** What goes wrong. */
  readonly witness: string;
  /** Whether no other one has fewer steps. */
  readonly isShortest: boolean;
}

/** What became of a claim. */
export type Judged =
  | { readonly result: "holds"; readonly vacuous: boolean }
  | { readonly result: "violated"; readonly counterexample: Counterexample }
  | { readonly result: "unknown"; readonly reason: string };

/** A claim about behaviours, and what its judge must know of each state. */
export interface Claim {
  /** The property. */
  readonly property: Property<unknown>;
  /** What must be known of each state. */
  readonly looks: readonly Look[];
  /** Judges the claim, given that. */
  readonly judge: (model: Model, graph: Graph, seen: readonly Int32Array[]) => Judged;
}

/** What breaks a claim, without the fairness of the spec, and what to say of it. */
interface Broken extends Breach {
  readonly tell: (lasso: Lasso) => string;
}

/** The claim that a temporal property makes. */
export function claimOf(model: Model, property: Temporal<unknown>): Claim {
  const { assuming = [], fair = [] } = property;
  const demands = demandsOf(model, [...model.fairness, ...fair]);
  const ceasing = assuming.flatMap((one) => one.kind === "ceases" ? [actionsNamed(model, one.actions)] : []);
  const recurring = assuming.flatMap((one) => one.kind === "recurs" ? [one.holds] : []);
  const own = property.kind === "leads-to" ? [property.when, property.then] : [property.holds];
  return {
    property,
    looks: [...own, ...recurring].map((holds): Look => (view) => holds(view) ? 1 : 0),
    judge(model, graph, seen) {
      const broken = brokenBy(property, graph, seen);
      const assumed = seen.slice(own.length).map((states): Recurring => ({
        states: bits(states),
        actions: null,
      }));
      const judged = judge(model, graph, demands, {
        ...broken,
        recurring: [...broken.recurring, ...assumed],
        avoided: edgesOf(graph, ceasing),
      });
      const isVacuous = property.kind === "leads-to" && seen[0]!.every((when) => when === 0);
      return judged.result === "holds" ? { ...judged, vacuous: isVacuous } : judged;
    },
  };
}

/** Every edge of some actions; null if there are none. */
function edgesOf({ actions }: Graph, members: readonly Uint8Array[]): Uint8Array | null {
  if (members.length === 0) return null;
  return Uint8Array.from(actions, (action) => members.some((one) => one[action] === 1) ? 1 : 0);
}

function bits(seen: Int32Array): Uint8Array {
  return Uint8Array.from(seen);
}

function not(seen: Int32Array): Uint8Array {
  return Uint8Array.from(seen, (value) => 1 - value);
}

function after(count: number): string {
  return count === 0 ? "from the first state on" : `after step ${count}`;
}

function brokenBy(property: Temporal<unknown>, graph: Graph, [first, second]: readonly Int32Array[]): Broken {
  const everywhere = new Uint8Array(graph.count).fill(1);
  const free = { begin: null, path: null, states: everywhere, avoided: null, recurring: [], pairs: [] };
  const never = not(first!);
  switch (property.kind) {
    case "eventually": {
      const begin = never.map((value, state) => state < graph.starts.length ? value : 0);
      return { ...free, begin, path: never, states: never, tell: () => "it never comes to that" };
    }
    case "leads-to": {
      const pending = not(second!);
      const begin = pending.map((value, state) => first![state] === 1 ? value : 0);
      const tell = ({ begins }: Lasso) => `it is due ${after(begins)}, and never comes`;
      return { ...free, begin, path: pending, states: pending, tell };
    }
    case "infinitely-often":
      return { ...free, states: never, tell: ({ stem }) => `it never comes to that ${after(stem.length)}` };
    case "eventually-always": {
      const tell = ({ stem, loop }: Lasso) =>
        `${after(stem.length)} it is ${loop.length === 0 ? "never so" : "not so again and again"}`;
      return { ...free, recurring: [{ states: never, actions: null }], tell };
    }
  }
}

/** The claim that a refinement makes about behaviours: that they are as fair as the other spec demands. */
export function claimOfRefinement(model: Model, refinement: Refinement): Claim {
  const demands = demandsOf(model, model.fairness);
  return {
    property: refinement.property,
    looks: [refinement.numberOf],
    judge(model, graph, [numbers]) {
      const all = refinement.demands.map((demand) =>
        judge(model, graph, demands, unfairTo(refinement, demand, graph, numbers!))
      );
      const [worst] = all.toSorted((a, b) => stepsOf(a) - stepsOf(b));
      if (worst !== undefined && worst.result !== "holds") return worst;
      return { result: "holds", vacuous: numbers!.every((number) => number === numbers![0]) };
    },
  };
}

/** How many steps a counterexample takes; more than any if nobody knows, and still more if there is none. */
function stepsOf(judged: Judged): number {
  switch (judged.result) {
    case "violated":
      return judged.counterexample.run.steps.length + judged.counterexample.loop.length;
    case "unknown":
      return Number.MAX_SAFE_INTEGER - 1;
    case "holds":
      return Number.MAX_SAFE_INTEGER;
  }
}

/** A behaviour that is unfair, as the other spec sees it. */
function unfairTo(
  { waysFrom, property }: Refinement,
  { strength, members, label }: DemandOn,
  { count, firsts, targets }: Graph,
  numbers: Int32Array,
): Broken {
  const isOne = (action: number) => members[action] === 1;
  const possible = Uint8Array.from(
    numbers,
    (number) => [...waysFrom(number).values()].some((actions) => actions.some(isOne)) ? 1 : 0,
  );
  const avoided = new Uint8Array(targets.length);
  for (let state = 0; state < count; state++) {
    const ways = waysFrom(numbers[state]!);
    for (let edge = firsts[state]!; edge < firsts[state + 1]!; edge++) {
      const target = targets[edge]!;
      if (target >= 0 && ways.get(numbers[target]!)?.some(isOne)) avoided[edge] = 1;
    }
  }
  const isWeak = strength === "weak";
  return {
    begin: null,
    path: null,
    states: isWeak ? possible : new Uint8Array(count).fill(1),
    avoided,
    recurring: isWeak ? [] : [{ states: possible, actions: null }],
    pairs: [],
    tell: ({ stem }) =>
      `${label} of ${property.spec.name} is broken: ${after(stem.length)} it is ` +
      `${isWeak ? "always possible" : "possible again and again"}, and never happens`,
  };
}

/**
 * Looks for a behaviour that breaks a claim and is fair: an action is possible also where the constraint cuts it off.
 * If there is none, but would be one if only what the constraint leaves were possible, then nobody knows.
 */
function judge(model: Model, graph: Graph, demands: readonly DemandOn[], broken: Broken): Judged {
  const obeying = (isKept: boolean): Breach => {
    const fair = demands.map((demand) => ({ demand, possible: possibleAt(graph, demand, isKept) }));
    const recurring = fair.filter(({ demand }) => demand.strength === "weak").map(({ demand, possible }) => ({
      states: possible.map((value) => 1 - value),
      actions: demand.members,
    }));
    const pairs = fair.filter(({ demand }) => demand.strength === "strong").map((
      { demand, possible },
    ): Pair => ({
      states: possible,
      actions: demand.members,
    }));
    return {
      ...broken,
      recurring: [...broken.recurring, ...recurring],
      pairs: [...broken.pairs, ...pairs],
    };
  };
  const lasso = findLasso(graph, obeying(false));
  if (lasso !== null) {
    return {
      result: "violated",
      counterexample: counterexample(model, graph, demands, lasso, broken.tell(lasso)),
    };
  }
  const cut = graph.isCut && demands.length > 0 ? findLasso(graph, obeying(true)) : null;
  if (cut === null) return { result: "holds", vacuous: false };
  const { run, loop } = runOf(model, graph, cut);
  const where = run.steps.length === 0 ? "the first state" : run.steps.map(({ label }) => label).join(" ");
  const what = loop.length === 0 ? "nothing more can happen" : "what must happen can't";
  return {
    result: "unknown",
    reason: `the constraint cuts off all ways on: after ${where} ${what} within it`,
  };
}

/** By state: 1 if some of the actions can change something there; within the constraint, if only that counts. */
function possibleAt(
  { count, firsts, targets, actions }: Graph,
  { members }: DemandOn,
  isKept: boolean,
): Uint8Array {
  const possible = new Uint8Array(count);
  for (let state = 0; state < count; state++) {
    for (let edge = firsts[state]!; edge < firsts[state + 1]!; edge++) {
      if (members[actions[edge]!] === 1 && (!isKept || targets[edge]! >= 0)) possible[state] = 1;
    }
  }
  return possible;
}

function counterexample(
  model: Model,
  graph: Graph,
  demands: readonly DemandOn[],
  lasso: Lasso,
  witness: string,
): Counterexample {
  const fairness = demands.map((demand): Obeyed => ({
    demand: demand.label,
    how: howObeyed(graph, demand, lasso),
  }));
  return { ...runOf(model, graph, lasso), fairness, witness, isShortest: lasso.isShortest };
}

function howObeyed(graph: Graph, demand: DemandOn, { start, stem, loop }: Lasso): string {
  const happens = loop.findIndex((edge) => demand.members[graph.actions[edge]!] === 1);
  if (happens >= 0) return `it happens at step ${stem.length + happens + 1}`;
  const possible = possibleAt(graph, demand, false);
  const entry = stem.length === 0 ? start : graph.targets[stem.at(-1)!]!;
  const states = [entry, ...loop.map((edge) => graph.targets[edge]!)];
  const impossible = states.findIndex((state) => possible[state] === 0);
  if (states.every((state) => possible[state] === 0)) return "it is not possible any more";
  const step = stem.length + impossible;
  // Elsewhere in the loop it is.
  return `again and again it is not possible, as ${step === 0 ? "in the first state" : `after step ${step}`}`;
}

/** The steps of a lasso, told for people. */
function runOf(
  model: Model,
  { starts, branches }: Graph,
  { start, stem, loop }: Lasso,
): { readonly run: Run; readonly loop: readonly Step[] } {
  let state: State = starts[start]!.state;
  const follow = (edge: number): Step => {
    const step = model.stepAt(state, branches[edge]!);
    state = step.to;
    return step;
  };
  return { run: { start: starts[start]!, steps: stem.map(follow) }, loop: loop.map(follow) };
}
