/** The named timers of the core, on a clock. */
import type { Timer } from "../core/mod.ts";
import type { Clock } from "../ports.ts";

/** A timer that ran out. Between that and its step it may be stopped, or started again: then it never fired. */
export interface Firing {
  /** Which timer. */
  readonly timer: Timer;
  /** Which of its runs. */
  readonly run: number;
}

/** The timers of one node. */
export interface Timers {
  /** Starts a timer, or starts it again if it runs. */
  start(timer: Timer): void;
  /** Stops a timer. */
  stop(timer: Timer): void;
  /** Stops all timers. */
  stopAll(): void;
  /** Whether this firing still counts. It does so once. */
  take(firing: Firing): boolean;
}

/** No timer runs yet. `durationMs` is asked at every start; `onFire` is told of each that runs out. */
export function createTimers(
  clock: Clock,
  durationMs: (timer: Timer) => number,
  onFire: (firing: Firing) => void,
): Timers {
  const current: { [timer in Timer]?: { readonly run: number; readonly cancel: () => void } | undefined } = {};
  let runs = 0;
  function stop(timer: Timer): void {
    current[timer]?.cancel();
    current[timer] = undefined;
  }
  return {
    start(timer) {
      stop(timer);
      const run = ++runs;
      current[timer] = { run, cancel: clock.after(durationMs(timer), () => onFire({ timer, run })) };
    },
    stop,
    stopAll() {
      for (const timer of Object.keys(current)) stop(timer as Timer);
    },
    take({ timer, run }) {
      if (current[timer]?.run !== run) return false;
      current[timer] = undefined;
      return true;
    },
  };
}
