/** Choices inside of an action: it is run again and again, until it has chosen everything that it could. */
import { SpecError } from "./specification.ts";

/**
 * Chooses one of some values: every one of them, in turn. An action that may choose none can't happen then. In a trace
 * `#k` tells which of all the ways through the action was taken.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { check, type Choose, spec } from "@quorate/raft/spec";
 *
 * const coins = spec<{ up: Set<string> }>("coins", () => ({
 *   init: { up: new Set(["penny", "dime"]) },
 *   actions: { Turn: (s, choose: Choose) => void s.up.delete(choose(s.up)) },
 *   properties: [],
 * }));
 * assertEquals((await check(coins)).distinct, 4);
 * ```
 */
export type Choose = <T>(values: Iterable<T>) => T;

/** Answers for one run of an action after the other, such that all of them together are all that it could choose. */
export interface Oracle {
  readonly choose: Choose;
  /** Runs an action; false if it had to choose among nothing. */
  ask(run: () => boolean): boolean;
  /** Whether there is another way. The next run takes it. */
  next(): boolean;
  /** Whether anything was chosen. */
  chose(): boolean;
}

/** The most ways through one action in one state. */
const most = 10_000;

/** The mark by which a run ends that has nothing to choose. */
class Nothing extends Error {}

/** An oracle for an action. `where` is for errors. */
export function oracle(where: string): Oracle {
  let script: number[] = [];
  let counts: number[] = [];
  let position = 0;
  let ways = 1;
  let hasChosen = false;
  return {
    choose(values) {
      hasChosen = true;
      const all = [...values];
      if (all.length === 0) throw new Nothing();
      const choice = script[position] ?? 0;
      script[position] = choice;
      counts[position++] = all.length;
      return all[choice]!;
    },
    ask(run) {
      position = 0;
      counts = [];
      try {
        return run();
      } catch (error) {
        if (isNothing(error)) return false;
        throw error;
      }
    },
    next() {
      const last = counts.findLastIndex((count, index) => script[index]! + 1 < count);
      if (last < 0) return false;
      if (++ways > most) throw new SpecError(`${where} has more than ${most} choices in one state`);
      script = [...script.slice(0, last), script[last]! + 1];
      return true;
    },
    chose: () => hasChosen,
  };
}

function isNothing(error: unknown): boolean {
  return error instanceof Nothing || (error instanceof Error && isNothing(error.cause));
}
