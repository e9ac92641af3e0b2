/** Fairness: what must not be possible for ever and yet never happen. */
import { SpecError } from "./specification.ts";

/** A demand for fairness. */
export interface Fairness {
  /** Weak: what stays possible happens some day. Strong: so does what is possible again and again. */
  readonly strength: "weak" | "strong";
  /** The actions, as they were named: together they are one. */
  readonly actions: readonly string[];
  /** Whether it is demanded of each instance, by its arguments. */
  readonly each: boolean;
}

/** How to demand fairness of one strength. */
export interface Demand {
  /**
   * Of these actions together: some day one of them happens. An action is named alone, `Eat`, or with arguments in
   * JSON, `Eat(1)`, where `_` stands for any: `Forward(1,_)`. `Next` is any action at all. In a cluster an action
   * is named as in a trace: `>` any arrival, `a>b` or `a>_` some of them, `!` any timer, `a!` one of a.
   */
  (...actions: readonly string[]): Fairness;
  /**
   * The same for each instance on its own: `each("Look", "Eat")` means `Look(p)` and `Eat(p)` together, for each `p`.
   * Where actions have several arguments, name those that matter and leave out the others: `each("Forward(p,_)")`.
   * In a cluster `each(">")` means each pair of servers, `each("!")` each server.
   */
  each(...actions: readonly string[]): Fairness;
}

/**
 * Weak fairness, TLA+'s WF: if from some time on these actions are possible in every state, they happen. Steps that
 * change nothing don't count, and an action is possible only where it changes something.
 *
 * @example
 * ```ts
 * import { weak } from "@quorate/raft/spec";
 *
 * weak("Next"); // something happens as long as something can
 * weak("Begin", "Stop"); // either of them
 * weak.each("Look", "Eat", "Think"); // for each philosopher: one of the three
 * ```
 */
export const weak: Demand = demand("weak");

/** Strong fairness, TLA+'s SF: if these actions are possible again and again, they happen again and again. */
export const strong: Demand = demand("strong");

function demand(strength: Fairness["strength"]): Demand {
  function of(actions: readonly string[], each: boolean): Fairness {
    if (actions.length > 0) return { strength, actions, each };
    const name = each ? `${strength}.each` : strength;
    throw new SpecError(
      `${name}() names no action: name some, as in ${name}("Eat"), or any at all: weak("Next")`,
    );
  }
  return Object.assign((...actions: readonly string[]): Fairness => of(actions, false), {
    each: (...actions: readonly string[]): Fairness => of(actions, true),
  });
}
