/**
 * Peterson's lock: two processes take turns in a critical section, with nothing but reads and writes.
 *
 * A process says that it wants in, then politely gives the turn to the other one, and waits until the other one
 * wants nothing or has given the turn back. Each read or write is a step of its own; in between the other process
 * may do anything.
 *
 *     deno task check peterson
 */
import {
  always,
  type Draft,
  each,
  leadsTo,
  refines,
  sometimes,
  spec,
  type Specification,
  weak,
} from "../mod.ts";
import { lock, type Locked } from "./lock.ts";

/** Where a process is in its program. */
export type Label = "idle" | "raise flag" | "give turn" | "wait" | "critical" | "lower flag";

/** The shared variables, and where each process is. */
export interface Lock {
  /** Where each process is: what it does next. */
  readonly at: readonly Label[];
  /** Who wants to enter, or has entered. */
  readonly flag: readonly boolean[];
  /** Who goes first if both want to enter. */
  readonly turn: number;
}

const processes = [0, 1];

/** A step of each process: where it starts, where it leads, and what else it does; false where it must wait. */
function step(
  from: Label,
  to: Label,
  effect: (s: Draft<Lock>, self: number) => boolean,
) {
  return each(processes, (s: Draft<Lock>, self) => {
    if (s.at[self] !== from || !effect(s, self)) return false;
    s.at[self] = to;
    return true;
  });
}

/** The spec. */
export const peterson: Specification = spec<Lock>("peterson", () => ({
  init: { at: ["idle", "idle"], flag: [false, false], turn: 0 },
  actions: {
    // The process goes on with something else, and some day wants to enter.
    Want: step("idle", "raise flag", () => true),
    RaiseFlag: step("raise flag", "give turn", (s, self) => {
      s.flag[self] = true;
      return true;
    }),
    GiveTurn: step("give turn", "wait", (s, self) => {
      s.turn = 1 - self;
      return true;
    }),
    // Two reads would be two steps in a program; that both are done at once is a simplification of the algorithm.
    Enter: step("wait", "critical", (s, self) => !s.flag[1 - self] || s.turn === self),
    Leave: step("critical", "lower flag", () => true),
    LowerFlag: step("lower flag", "idle", (s, self) => {
      s.flag[self] = false;
      return true;
    }),
  },
  properties: [
    always(
      "Mutual Exclusion",
      "the two processes are never both in the critical section",
      ({ at }) => !at.every(isInside) || "both are in",
    ),
    always(
      "Flags Tell",
      "a process has raised its flag exactly while it wants in or is in",
      ({ at, flag }) => {
        const odd = processes.find((self) =>
          flag[self] === (at[self] === "idle" || at[self] === "raise flag")
        );
        return odd === undefined ||
          `process ${odd} is at ${at[odd]}, its flag is ${flag[odd] ? "up" : "down"}`;
      },
    ),
    always(
      "Inside By Right",
      "who is in has the turn, or the other one hasn't given it away yet",
      ({ at, turn }) => {
        const early = ["idle", "raise flag", "give turn"];
        const odd = processes.find((self) =>
          isInside(at[self]!) && turn !== self && !early.includes(at[1 - self]!)
        );
        return odd === undefined || `process ${odd} is in, but it is the turn of the other one, which waits`;
      },
    ),
    sometimes("one is in", "a process can enter", ({ at }) => at.some(isInside)),
    refines<Lock>("It Is A Lock", "the two processes use it like a lock", lock, ({ at }): Locked => ({
      at: at.map(placeOf),
      taken: at.some(isInside),
    })),
    ...processes.map((self) =>
      leadsTo<Lock>(`Process ${self} Gets In`, "who wants in gets in, if nobody stops on the way", {
        when: ({ at }) => at[self] === "raise flag",
        then: ({ at }) => at[self] === "critical",
        fair: [weak.each("RaiseFlag", "GiveTurn", "Enter", "Leave", "LowerFlag")],
      })
    ),
  ],
}));

function isInside(label: Label): boolean {
  return label === "critical" || label === "lower flag";
}

/** How somebody who uses it like a lock sees a process. */
function placeOf(label: Label): Locked["at"][number] {
  switch (label) {
    case "idle":
      return "idle";
    case "raise flag":
    case "give turn":
    case "wait":
      return "waiting";
    case "critical":
      return "inside";
    case "lower flag":
      return "leaving";
  }
}

export default peterson;
