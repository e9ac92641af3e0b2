/** Deadlines of many that wait about as long: one timer of the runtime for all that begin at about the same time. */
import type { Clock } from "../ports.ts";

/** A deadline of all who have begun to wait at about the same time, and as long. */
export interface Deadline {
  /** How long they wait, in milliseconds. */
  readonly ms: number;
  /** How many of them still do. */
  waiters: number;
  /** Cancels its timers. */
  readonly cancel: () => void;
}

/** Deadlines that mostly don't come: a timer for each proposal costs more than the proposal. */
export interface Deadlines {
  /** One more waits, for so many milliseconds. */
  join(ms: number): Deadline;
  /** One of them no longer waits. */
  leave(deadline: Deadline): void;
}

/** A deadline comes early by at most this part of its time. */
const precision = 1 / 1000;

/** No deadlines yet. `onOver` is told of each that has come while somebody waited. */
export function createDeadlines(clock: Clock, onOver: (deadline: Deadline) => void): Deadlines {
  /** By milliseconds: those that others may still join. */
  const open = new Map<number, Deadline>();

  function begin(ms: number): Deadline {
    const close = () => {
      if (open.get(ms) === deadline) open.delete(ms);
    };
    const cancelClose = clock.after(ms * precision, close);
    const cancelEnd = clock.after(ms, () => {
      close();
      onOver(deadline);
    });
    const deadline: Deadline = {
      ms,
      waiters: 0,
      cancel() {
        close();
        cancelClose();
        cancelEnd();
      },
    };
    open.set(ms, deadline);
    return deadline;
  }

  return {
    join(ms) {
      const deadline = open.get(ms) ?? begin(ms);
      deadline.waiters++;
      return deadline;
    },
    leave(deadline) {
      // The last one to go takes the timers with it.
      if (--deadline.waiters === 0) deadline.cancel();
    },
  };
}
