/** Whether a spec does what another one allows, seen through a mapping of its states. */
import { guarded, inStates } from "../dsl/definition.ts";
import { show } from "../dsl/plain.ts";
import type { Always, Refines, Steps } from "../dsl/property.ts";
import { resolveParameters, SpecError } from "../dsl/specification.ts";
import { type DemandOn, demandsOf } from "./demands.ts";
import type { State } from "./model.ts";

/** A property that claims a refinement, and the other spec, compiled. */
export interface Refinement {
  /** The property. */
  readonly property: Refines<unknown>;
  /** What the other spec is fair to. */
  readonly demands: readonly DemandOn[];
  /** Judges an initial state. */
  readonly starts: Always<unknown>["holds"];
  /** Judges a step. */
  readonly steps: Steps<unknown>["holds"];
  /** The number of the state of the other spec that a state stands for. */
  readonly numberOf: (view: unknown) => number;
  /** Whether only one state of the other spec was met so far. */
  readonly isIdle: () => boolean;
  /** Which actions of the other spec lead from one of its states, by number, to others that are not the same. */
  readonly waysFrom: (abstract: number) => Ways;
}

/** By a state of the other spec, by number: the actions that lead there. */
export type Ways = ReadonlyMap<number, readonly number[]>;

/**
 * Compiles the other spec of a refinement.
 *
 * @throws {SpecError} if its parameters are wrong, or its states are no values of variables.
 */
export function refinement(property: Refines<unknown>): Refinement {
  const { spec, parameters, mapping } = property;
  const where = `property ${JSON.stringify(property.name)}`;
  const model = spec.build(resolveParameters(spec, null, parameters));
  if (model.stateOf === undefined) {
    throw new SpecError(`${where}: ${spec.name} is a cluster; only a spec(...) can be refined`);
  }
  const numbers = new Map<string, number>();
  const states: State[] = [];
  const ways: Ways[] = [];
  const actions = new Map(model.actions.map(({ label }, action) => [label, action]));
  const initial = new Set(
    model.starts.filter(({ name }) => /^[0-9]/.test(name)).map(({ state }) => keyOf(state)),
  );

  let [lowest, highest] = [Infinity, -1];
  function numberFor(state: State): number {
    const key = keyOf(state);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, states.length);
    return states.push(state) - 1;
  }
  function numberOf(view: unknown): number {
    const number = numberFor(inStates([view], () => guarded(where, () => model.stateOf!(mapping(view)))));
    lowest = Math.min(lowest, number);
    highest = Math.max(highest, number);
    return number;
  }
  function waysFrom(abstract: number): Ways {
    const known = ways[abstract];
    if (known !== undefined) return known;
    const found = new Map<number, number[]>();
    for (const { label, to } of model.steps(states[abstract]!)) {
      const target = numberFor(to);
      if (target !== abstract) found.set(target, [...found.get(target) ?? [], actions.get(label)!]);
    }
    return ways[abstract] = found;
  }
  const told = (abstract: number) => show(model.values!(states[abstract]!));
  return {
    property,
    demands: demandsOf(model, model.fairness),
    numberOf,
    waysFrom,
    isIdle: () => lowest === highest,
    starts(view) {
      const abstract = numberOf(view);
      return initial.has(keyOf(states[abstract]!)) || `${told(abstract)} is no initial state of ${spec.name}`;
    },
    steps(before, after) {
      const from = numberOf(before);
      const to = numberOf(after);
      return from === to || waysFrom(from).has(to) ||
        `from ${told(from)} no step of ${spec.name} leads to ${told(to)}`;
    },
  };
}

/** What a state is. Places that were met since are 0, and make no difference. */
function keyOf({ vector }: State): string {
  const end = vector.findLastIndex((value) => value !== 0);
  return vector.slice(0, end + 1).join();
}
