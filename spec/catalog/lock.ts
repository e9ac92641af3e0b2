/**
 * A lock as a black box: two processes take it and give it back, and at most one has it.
 *
 * `peterson` is a way to make one of nothing but variables that are read and written.
 *
 *     deno task check lock
 */
import { always, type Draft, each, sometimes, spec, type Specification } from "../mod.ts";

/** Where a process is. */
export type Place = "idle" | "waiting" | "inside" | "leaving";

/** The processes, and the lock. */
export interface Locked {
  /** Where each process is. */
  readonly at: readonly Place[];
  /** Whether some process has the lock. */
  readonly taken: boolean;
}

function step(from: Place, to: Place, effect: (s: Draft<Locked>) => boolean) {
  return each([0, 1], (s: Draft<Locked>, self) => {
    if (s.at[self] !== from || !effect(s)) return false;
    s.at[self] = to;
    return true;
  });
}

/** The spec. */
export const lock: Specification = spec<Locked>("lock", () => ({
  init: { at: ["idle", "idle"], taken: false },
  actions: {
    Want: step("idle", "waiting", () => true),
    Take: step("waiting", "inside", (s) => !s.taken && (s.taken = true)),
    Leave: step("inside", "leaving", () => true),
    GiveBack: step("leaving", "idle", (s) => {
      s.taken = false;
      return true;
    }),
  },
  properties: [
    always("Mutual Exclusion", "at most one process has the lock, and only if it is taken", {
      when: ({ at }) => at.some(hasLock),
      holds: ({ at, taken }) => (taken && !at.every(hasLock)) || "both have it, or it isn't taken",
    }),
    sometimes("one is in", "a process can take it", ({ at }) => at.includes("inside")),
  ],
}));

function hasLock(place: Place): boolean {
  return place === "inside" || place === "leaving";
}

export default lock;
