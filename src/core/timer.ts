/**
 * Time, as the core knows it: named timers. The core asks to start or stop one, the host draws the duration
 * and reports when it fires. How long that takes never matters for safety (§5.6).
 */
import { unreachable } from "./assert.ts";
import type { Event } from "./event.ts";
import type { Effect } from "./effect.ts";
import type { ServerState } from "./state.ts";

/**
 * `election`: nothing was heard of a leader (§5.2). `heartbeat`: followers must hear from this leader (§5.2). `quorum`:
 * this leader must have heard from a majority (thesis 6.2). `transfer`: it should have handed over (thesis 3.10). `lease`:
 * others may soon stand for election (thesis 6.4.1); shorter than any election timer, whatever the clocks do.
 */
export type Timer = "election" | "heartbeat" | "quorum" | "transfer" | "lease";

/** The timers that run in this state. A host starts these when it starts the server. */
export function timersOf(state: ServerState): readonly Timer[] {
  switch (state.role.type) {
    case "follower":
    case "preCandidate":
    case "candidate":
      return ["election"];
    case "leader": {
      const timers: Timer[] = ["heartbeat"];
      if (state.config.checkQuorum) timers.push("quorum");
      if (state.role.transfer !== null) timers.push("transfer");
      if (state.role.reads.leaseRound > 0) timers.push("lease");
      return timers;
    }
    default:
      return unreachable(state.role);
  }
}

/** Starts and stops what a change of role, or a timer that fired, calls for. No handler can forget it. */
export function timerEffects(before: ServerState, event: Event, after: ServerState): readonly Effect[] {
  const fired = event.type === "timerFired" ? event.timer : null;
  if (fired === null && before.role === after.role) return [];
  const running = timersOf(before).filter((timer) => timer !== fired);
  const wanted = timersOf(after);
  return [
    ...running.filter((timer) => !wanted.includes(timer)).map((timer) =>
      ({ type: "stopTimer", timer }) as const
    ),
    ...wanted.filter((timer) => !running.includes(timer)).map((timer) =>
      ({ type: "startTimer", timer }) as const
    ),
  ];
}
