/**
 * Write a spec of your own, and check it with the tools that check Quorate's Raft.
 *
 * A spec is a set of initial states, actions that lead from one state to others, and properties that must hold
 * in every state or step. The checker visits every state that can be reached, breadth first: what it shows
 * first is a shortest run that breaks a property.
 *
 * @example
 * ```ts
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
 * console.assert(report.verdict === "violated" && trace === "FillSmall SmallToBig FillSmall SmallToBig");
 * console.assert(replay(jugs, trace ?? "").violations[0]?.witness === "the big jug is full");
 * ```
 *
 * @module
 */
export { check } from "./checker/check.ts";
export type { CheckOptions, CheckProgress, PropertyReport, Report, SearchReport } from "./checker/check.ts";
export type { Growable } from "./checker/growable.ts";
export type {
  ActionInstance,
  Layer,
  Model,
  SpentBudget,
  Start,
  State,
  Step,
  Successors,
} from "./checker/model.ts";
export type { Lists, Place } from "./checker/place.ts";
export type { Progress, Stopped } from "./checker/search.ts";
export { copy, type Value } from "./checker/value.ts";
export { walk } from "./checker/walk.ts";
export type { WalkedProperty, WalkOptions, WalkProgress, WalkReport } from "./checker/walk.ts";
export { cluster } from "./dsl/cluster.ts";
export type { ClusterDefinition, ClusterView, Envelope, Happening, Network, Outcome } from "./dsl/cluster.ts";
export { strong, weak } from "./dsl/fairness.ts";
export type { Demand, Fairness } from "./dsl/fairness.ts";
export { always, sometimes, steps } from "./dsl/property.ts";
export type { Always, Judgement, Property, Sometimes, Steps } from "./dsl/property.ts";
export { each, spec } from "./dsl/spec.ts";
export type { Action, Definition, Draft, Each, Perform, Widened } from "./dsl/spec.ts";
export { SpecError } from "./dsl/specification.ts";
export type { Parameter, Parameters, Specification } from "./dsl/specification.ts";
export { replaySpec as replay } from "./trace/replay.ts";
export type { Replay, ReplayOptions, Violation } from "./trace/replay.ts";
export type { Run } from "./trace/run.ts";
