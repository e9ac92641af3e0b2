/** Deadlines of many that wait about as long: one timer of the runtime for all that begin at about the same time. */
import type { Clock } from "../ports.ts";

/** All whose deadline is the same. */
interface Group {
  readonly callbacks: Set<() => void>;
  /** Cancels the timers. */
  readonly cancel: () => void;
}

/** A deadline comes early by at most this part of its time. */
const precision = 1 / 1000;

/** A clock on another one, for deadlines that mostly don't come: a timer for each proposal costs more than the proposal. */
export function sharedDeadlines(clock: Clock): Clock {
  /** By milliseconds: those that others may still join. */
  const open = new Map<number, Group>();

  function begin(ms: number): Group {
    const callbacks = new Set<() => void>();
    const close = () => {
      if (open.get(ms) === group) open.delete(ms);
    };
    const cancelClose = clock.after(ms * precision, close);
    const cancelEnd = clock.after(ms, () => {
      close();
      for (const callback of [...callbacks]) callback();
    });
    const group: Group = {
      callbacks,
      cancel() {
        close();
        cancelClose();
        cancelEnd();
      },
    };
    open.set(ms, group);
    return group;
  }

  return {
    after(ms, callback) {
      const group = open.get(ms) ?? begin(ms);
      // Of its own, as somebody may wait twice with one callback.
      const own = () => callback();
      group.callbacks.add(own);
      return () => {
        // The last one to go takes the timers with it.
        if (group.callbacks.delete(own) && group.callbacks.size === 0) group.cancel();
      };
    },
  };
}
