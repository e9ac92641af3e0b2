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

/** A timer that runs, or ran out a moment ago. */
interface Running {
  /** Which of its runs this is. */
  run: number;
  /** When it runs out. */
  dueAt: number;
  /** When the clock calls; infinite, if it has called. */
  callAt: number;
  readonly cancel: () => void;
}

/**
 * No timer runs yet. `durationMs` is asked at every start; `onFire` is told of each that runs out. Most are started again
 * before that, with every message: then the clock, which calls at the earlier moment, is asked for another call only there.
 */
export function createTimers(
  clock: Clock,
  durationMs: (timer: Timer) => number,
  onFire: (firing: Firing) => void,
): Timers {
  const current: { [timer in Timer]?: Running | undefined } = {};
  let runs = 0;

  /** `ms` from now it runs out, which is at `dueAt`. */
  function begin(timer: Timer, run: number, dueAt: number, ms: number): void {
    const running: Running = {
      run,
      dueAt,
      callAt: dueAt,
      cancel: clock.after(ms, () => {
        const { run, dueAt, callAt } = running;
        const rest = dueAt > callAt ? dueAt - clock.now() : 0;
        // A runtime takes whole milliseconds, and must not call early.
        if (rest > 0) return begin(timer, run, dueAt, Math.ceil(rest));
        running.callAt = Infinity;
        onFire({ timer, run });
      }),
    };
    current[timer] = running;
  }
  function stop(timer: Timer): void {
    current[timer]?.cancel();
    current[timer] = undefined;
  }

  return {
    start(timer) {
      const run = ++runs;
      const ms = durationMs(timer);
      const dueAt = clock.now() + ms;
      const running = current[timer];
      if (running === undefined || dueAt < running.callAt) {
        running?.cancel();
        begin(timer, run, dueAt, ms);
      } else {
        running.run = run;
        running.dueAt = dueAt;
      }
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
