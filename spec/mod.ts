/**
 * Write a spec of your own, and check it with the tools that check Quorate's Raft.
 *
 * A spec is a set of initial states, actions that lead from one state to others, and properties of states, steps and
 * whole behaviours. The checker visits every state that can be reached, breadth first: what it shows first is a
 * shortest run that breaks a property. `spec/README.md` in the repository teaches all of it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { always, check, replay, spec } from "@quorate/raft/spec";
 *
 * interface State {
 *   readonly big: number;
 *   readonly small: number;
 * }
 *
 * const jugs = spec<State>("jugs", () => ({
 *   init: { big: 0, small: 0 },
 *   actions: {
 *     FillSmall: (s) => { s.small = 3; },
 *     SmallToBig: (s) => {
 *       const poured = Math.min(s.small, 5 - s.big);
 *       s.small -= poured;
 *       s.big += poured;
 *     },
 *   },
 *   properties: [
 *     always("never five", "big # 5", ({ big }) => big !== 5 || "the big jug is full"),
 *   ],
 * }));
 *
 * const report = await check(jugs);
 * const trace = report.properties[0]?.trace;
 * assertEquals([report.verdict, trace], ["violated", "FillSmall SmallToBig FillSmall SmallToBig"]);
 * assertEquals(replay(jugs, trace ?? "").violations[0]?.witness, "the big jug is full");
 * ```
 *
 * @module
 */
export { check } from "./checker/check.ts";
export type { CheckOptions, CheckProgress, PropertyReport, Report, SearchReport } from "./checker/check.ts";
export type { ActionReport, Coverage } from "./checker/coverage.ts";
export type { ExactSet } from "./checker/exact.ts";
export type { Eye } from "./checker/eye.ts";
export type { Obeyed } from "./checker/liveness.ts";
export type { Growable } from "./checker/growable.ts";
export type { Fields, Layer, Segment } from "./checker/layer.ts";
export type { Lens } from "./checker/lens.ts";
export type { PairMap } from "./checker/pair_map.ts";
export type {
  ActionInstance,
  Model,
  Naming,
  Refit,
  Rounds,
  SpentBudget,
  Start,
  State,
  Step,
  Successors,
  Symmetry,
  Written,
} from "./checker/model.ts";
export type { Lists, Place } from "./checker/place.ts";
export type { Progress, Stopped } from "./checker/search.ts";
export type { Table } from "./checker/table.ts";
export { copy, type Value } from "./checker/value.ts";
export { walk } from "./checker/walk.ts";
export type { Workers } from "./checker/workers.ts";
export type { WalkedProperty, WalkOptions, WalkProgress, WalkReport } from "./checker/walk.ts";
export type { Choose } from "./dsl/choice.ts";
export { cluster } from "./dsl/cluster.ts";
export type { ClusterDefinition, ClusterView, Envelope, Happening, Network, Outcome } from "./dsl/cluster.ts";
export { strong, weak } from "./dsl/fairness.ts";
export type { Demand, Fairness } from "./dsl/fairness.ts";
export {
  always,
  ceases,
  eventually,
  eventuallyAlways,
  infinitelyOften,
  leadsTo,
  recurs,
  refines,
  serverSteps,
  sometimes,
  steps,
} from "./dsl/property.ts";
export type {
  Always,
  Assumption,
  Behaviours,
  Consequence,
  Deadlock,
  Eventually,
  EventuallyAlways,
  InfinitelyOften,
  Judgement,
  LeadsTo,
  OfState,
  Property,
  Refines,
  ServersSeen,
  Sometimes,
  Steps,
  Temporal,
} from "./dsl/property.ts";
export { each, spec } from "./dsl/spec.ts";
export type { Action, Definition, Draft, Each, Perform, Widened } from "./dsl/spec.ts";
export { SpecError } from "./dsl/specification.ts";
export type { Parameter, Parameters, Specification } from "./dsl/specification.ts";
export { replaySpec as replay } from "./trace/replay.ts";
export type { Replay, ReplayOptions, Violation } from "./trace/replay.ts";
export type { Run } from "./trace/run.ts";
