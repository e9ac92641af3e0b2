/** Properties: what a spec claims, each with a sentence for people, as plain functions. */
import { encode } from "../checker/value.ts";
import type { Fairness } from "./fairness.ts";
import type { Parameter, Specification } from "./specification.ts";

/** True, or who and what is at fault, in words. */
export type Judgement = true | string;

/** Holds in every state. */
export interface Always<View> {
  /** Tells properties apart. */
  readonly kind: "always";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
  /** Judges one state. */
  readonly holds: (state: View) => Judgement;
  /** Where it claims anything: if that is nowhere, it is vacuous, and the report says so. Everywhere if left out. */
  readonly when?: (state: View) => boolean;
}

/** Holds for every two successive states that differ, be it in what the property doesn't look at. */
export interface Steps<View> {
  /** Tells properties apart. */
  readonly kind: "steps";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
  /** Judges one step. */
  readonly holds: (before: View, after: View) => Judgement;
  /** Judges what a step does to one server, if it asks of each one that changes by itself; see `serverSteps`. */
  readonly ofServer?: (before: unknown, after: unknown) => Judgement;
}

/** Holds in some state: what the spec must be able to do, lest all else holds because nothing happens. */
export interface Sometimes<View> {
  /** Tells properties apart. */
  readonly kind: "sometimes";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
  /** Whether this is such a state. */
  readonly reached: (state: View) => boolean;
}

/** What is taken for granted of a behaviour besides fairness: only such behaviours count. */
export type Assumption<View> =
  | {
    /** A state of this kind comes again and again. */
    readonly kind: "recurs";
    /** Whether this is such a state. */
    readonly holds: (state: View) => boolean;
  }
  | {
    /** From some time on none of these actions happens. */
    readonly kind: "ceases";
    /** The actions, named as for fairness. */
    readonly actions: readonly string[];
  };

/** Of which behaviours something is claimed. */
export interface Behaviours<View> {
  /** What they obey besides the fairness of the spec. */
  readonly fair?: readonly Fairness[];
  /** What else is taken for granted. */
  readonly assuming?: readonly Assumption<View>[];
}

/** A claim about one kind of state in every behaviour. */
export interface OfState<View> extends Behaviours<View> {
  /** Whether this is such a state. */
  readonly holds: (state: View) => boolean;
}

/** Such a state comes some day. */
export interface Eventually<View> extends OfState<View> {
  /** Tells properties apart. */
  readonly kind: "eventually";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
}

/** Such a state comes again and again. */
export interface InfinitelyOften<View> extends OfState<View> {
  /** Tells properties apart. */
  readonly kind: "infinitely-often";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
}

/** From some time on there are only such states. */
export interface EventuallyAlways<View> extends OfState<View> {
  /** Tells properties apart. */
  readonly kind: "eventually-always";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
}

/** What follows what, and in which behaviours. */
export interface Consequence<View> extends Behaviours<View> {
  /** The states that must have a consequence. If there are none the property is vacuous, and the report says so. */
  readonly when: (state: View) => boolean;
  /** The consequence: in the same state, or some day after it. */
  readonly then: (state: View) => boolean;
}

/** After one kind of state another one comes some day. */
export interface LeadsTo<View> extends Consequence<View> {
  /** Tells properties apart. */
  readonly kind: "leads-to";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
}

/** Every behaviour is, seen through a mapping, one of another spec. */
export interface Refines<View> {
  /** Tells properties apart. */
  readonly kind: "refines";
  /** Unique within the spec. */
  readonly name: string;
  /** What it claims, with its source in parentheses at the end. */
  readonly sentence: string;
  /** The other spec. */
  readonly spec: Specification;
  /** Values of its parameters. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** The state of the other spec that a state stands for: an object of all of its variables. */
  readonly mapping: (state: View) => object;
}

/** In every state something can happen, or the spec says that it may end there. No spec need claim it. */
export interface Deadlock {
  /** Tells it from properties. */
  readonly kind: "deadlock";
  /** How it is called. */
  readonly name: string;
  /** What it claims. */
  readonly sentence: string;
}

/** What every spec claims. */
export const noDeadlock: Deadlock = {
  kind: "deadlock",
  name: "No Deadlock",
  sentence: "in every state something can happen, or the spec says that it may end there (ends)",
};

/** What is wrong in a deadlock. */
export const stuck = "nothing can happen any more, and the spec doesn't say that it may end there";

/** A claim about whole behaviours, which can be judged only when all reachable states are known. */
export type Temporal<View> =
  | Eventually<View>
  | LeadsTo<View>
  | InfinitelyOften<View>
  | EventuallyAlways<View>;

/** A claim about a spec. */
export type Property<View> = Always<View> | Steps<View> | Sometimes<View> | Temporal<View> | Refines<View>;

/**
 * Claims something of every state.
 *
 * @example
 * ```ts
 * import { always } from "@quorate/raft/spec";
 *
 * always<{ big: number }>(
 *   "the jug never holds 4 litres",
 *   "big # 4",
 *   ({ big }) => big !== 4 || `it holds ${big}`,
 * );
 * ```
 */
export function always<View>(name: string, sentence: string, holds: Always<View>["holds"]): Always<View>;
/** Claims something of every state in which a condition is met. If it never is, the report calls that vacuous. */
export function always<View>(
  name: string,
  sentence: string,
  claim: Required<Pick<Always<View>, "when" | "holds">>,
): Always<View>;
export function always<View>(
  name: string,
  sentence: string,
  claim: Always<View>["holds"] | Required<Pick<Always<View>, "when" | "holds">>,
): Always<View> {
  if (typeof claim !== "object") return { kind: "always", name, sentence, holds: claim };
  const { when, holds } = claim;
  return { kind: "always", name, sentence, when, holds: (state) => !when(state) || holds(state) };
}

/** Claims something of every step: of every two successive states that differ. */
export function steps<View>(name: string, sentence: string, holds: Steps<View>["holds"]): Steps<View> {
  return { kind: "steps", name, sentence, holds };
}

/** What `serverSteps` sees of a cluster: its servers, each with its name. */
export interface ServersSeen<Seen> {
  /** Each server, in order. */
  readonly servers: readonly Seen[];
}

/**
 * Claims something of every change of what is seen of a server: of what it was, and what it has become. In a `cluster()`
 * that takes less time than `steps`, as each change of a server is judged once, whatever the others are like.
 *
 * @example
 * ```ts
 * import { serverSteps } from "@quorate/raft/spec";
 *
 * serverSteps<{ id: string; term: number }>(
 *   "Never Back",
 *   "term' >= term",
 *   (before, after) => after.term >= before.term || `${after.id} went back to term ${after.term}`,
 * );
 * ```
 */
export function serverSteps<Seen>(
  name: string,
  sentence: string,
  holds: (before: Seen, after: Seen) => Judgement,
): Steps<ServersSeen<Seen>> {
  return {
    kind: "steps",
    name,
    sentence,
    ofServer: holds as Required<Steps<unknown>>["ofServer"],
    holds({ servers }, after) {
      for (const [index, before] of servers.entries()) {
        const now = after.servers[index]!;
        const judgement = before === now || encode(before) === encode(now) || holds(before, now);
        if (judgement !== true) return judgement;
      }
      return true;
    },
  };
}

/** Claims that some state is reached. */
export function sometimes<View>(
  name: string,
  sentence: string,
  reached: Sometimes<View>["reached"],
): Sometimes<View> {
  return { kind: "sometimes", name, sentence, reached };
}

/**
 * Claims that in every behaviour such a state comes some day.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { check, eventually, spec, weak } from "@quorate/raft/spec";
 *
 * const kettle = spec<{ degrees: number }>("kettle", () => ({
 *   init: { degrees: 97 },
 *   actions: { Heat: (s) => s.degrees < 100 && void s.degrees++ },
 *   ends: ({ degrees }) => degrees === 100,
 *   properties: [
 *     eventually("it boils", "some day it boils", {
 *       holds: ({ degrees }) => degrees === 100,
 *       fair: [weak("Heat")],
 *     }),
 *     eventually("it boils by itself", "wrong: nobody need heat it", ({ degrees }) => degrees === 100),
 *   ],
 * }));
 * const report = await check(kettle);
 * assertEquals(report.properties.map(({ result }) => result), ["holds", "violated"]);
 * assertEquals(report.properties[1]?.loop, []); // nothing happens for ever
 * ```
 */
export function eventually<View>(
  name: string,
  sentence: string,
  claim: OfState<View>["holds"] | OfState<View>,
): Eventually<View> {
  return { kind: "eventually", name, sentence, ...ofState(claim) };
}

/** Claims that in every behaviour such a state comes again and again, TLA+'s []<>. */
export function infinitelyOften<View>(
  name: string,
  sentence: string,
  claim: OfState<View>["holds"] | OfState<View>,
): InfinitelyOften<View> {
  return { kind: "infinitely-often", name, sentence, ...ofState(claim) };
}

/** Claims that every behaviour consists only of such states from some time on, TLA+'s <>[]. */
export function eventuallyAlways<View>(
  name: string,
  sentence: string,
  claim: OfState<View>["holds"] | OfState<View>,
): EventuallyAlways<View> {
  return { kind: "eventually-always", name, sentence, ...ofState(claim) };
}

function ofState<View>(claim: OfState<View>["holds"] | OfState<View>): OfState<View> {
  return typeof claim === "function" ? { holds: claim } : claim;
}

/**
 * Claims that in every behaviour one kind of state is followed by another, in the same state or some day.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { check, each, leadsTo, spec, weak } from "@quorate/raft/spec";
 *
 * const bells = spec<{ waiting: readonly boolean[] }>("bells", () => ({
 *   init: { waiting: [false, false] },
 *   actions: {
 *     Ring: each([0, 1], (s, door) => !s.waiting[door] && (s.waiting[door] = true)),
 *     Open: each([0, 1], (s, door) => s.waiting[door] === true && !(s.waiting[door] = false)),
 *   },
 *   properties: [
 *     leadsTo("who rings is let in", "some day the door is opened", {
 *       when: ({ waiting }) => waiting[1] === true,
 *       then: ({ waiting }) => waiting[1] === false,
 *       fair: [weak.each("Open")],
 *     }),
 *   ],
 * }));
 * assertEquals((await check(bells)).properties[0]?.result, "holds");
 * ```
 */
export function leadsTo<View>(name: string, sentence: string, claim: Consequence<View>): LeadsTo<View> {
  return { kind: "leads-to", name, sentence, ...claim };
}

/** Takes for granted that such a state comes again and again. */
export function recurs<View>(holds: (state: View) => boolean): Assumption<View> {
  return { kind: "recurs", holds };
}

/** Takes for granted that from some time on none of these actions happens; they are named as for fairness. */
export function ceases(...actions: readonly string[]): Assumption<unknown> {
  return { kind: "ceases", actions };
}

/**
 * Claims that every behaviour, seen through a mapping, is one of another spec: that its initial states are initial
 * there, that each step is one there or changes nothing there, and that it is as fair as that spec demands.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { check, refines, spec } from "@quorate/raft/spec";
 *
 * const hours = spec<{ hour: number }>("hours", () => ({
 *   init: { hour: 0 },
 *   actions: { Strike: (s) => { s.hour = (s.hour + 1) % 12; } },
 *   properties: [],
 * }));
 * const minutes = spec<{ minute: number }>("minutes", () => ({
 *   init: { minute: 0 },
 *   actions: { Tick: (s) => { s.minute = (s.minute + 1) % 720; } },
 *   properties: [
 *     refines<{ minute: number }>("minutes make hours", "every sixtieth minute strikes the hour", hours, (s) => ({
 *       hour: Math.floor(s.minute / 60),
 *     })),
 *   ],
 * }));
 * assertEquals((await check(minutes)).verdict, "holds");
 * ```
 */
export function refines<View>(
  name: string,
  sentence: string,
  spec: Specification,
  mapping: Refines<View>["mapping"],
  parameters: Refines<View>["parameters"] = {},
): Refines<View> {
  return { kind: "refines", name, sentence, spec, parameters, mapping };
}
