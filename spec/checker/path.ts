/** The run by which a search came to a state, told for people. */
import type { Run } from "../trace/run.ts";
import type { Start, State, Step } from "./model.ts";
import type { PathEnd, Search } from "./search.ts";
import { wayTo } from "./trail.ts";

/** The path to a state, or by one more step. */
export function pathTo(
  { model, trail, firsts }: Search,
  starts: readonly Start[],
  { state, branch }: PathEnd,
): Run {
  const way = state < 0 ? null : wayTo(trail, state);
  const start = starts[way === null ? -1 - state : firsts[way.from]!]!;
  const steps: Step[] = [];
  let current: State = start.state;
  for (const choice of [...way?.branches ?? [], ...branch < 0 ? [] : [branch]]) {
    const step = model.stepAt(current, choice);
    steps.push(step);
    current = step.to;
  }
  return { start, steps };
}
