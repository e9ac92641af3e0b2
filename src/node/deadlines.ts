/** Deadlines of many that wait about as long: one timer of the runtime for all that begin at about the same time. */
import type { Clock } from "../ports.ts";

/** A deadline of all who have begun to wait at about the same time, and as long. */
export interface Deadline {
  /** How many of them still wait. */
  waiters: number;
  /** Cancels the call of the clock when nobody can join any more; null as long as somebody may. */
  cancel: (() => void) | null;
}

/** Deadlines that mostly don't come: a timer for each proposal costs more than the proposal. */
export interface Deadlines {
  /** One more waits, for so many milliseconds. */
  join(ms: number): Deadline;
  /** One of them no longer waits. */
  leave(deadline: Deadline): void;
  /** Nobody will wait any more. */
  stop(): void;
}

/** A deadline comes early by at most this part of its time. */
const precision = 1 / 1000;

/** No deadlines yet. `onOver` is told of each that has come while somebody waited. */
export function createDeadlines(clock: Clock, onOver: (deadline: Deadline) => void): Deadlines {
  /** By milliseconds: those that others may still join, until when, and what closes them. */
  const open = new Map<
    number,
    { readonly deadline: Deadline; readonly until: number; readonly close: () => void }
  >();

  function begin(ms: number): Deadline {
    const deadline: Deadline = { waiters: 0, cancel: null };
    const cancelEnd = clock.after(ms, () => {
      close();
      onOver(deadline);
    });
    const cancelClose = clock.after(ms * precision, () => close());
    const close = () => {
      if (deadline.cancel !== null) return;
      open.delete(ms);
      cancelClose();
      deadline.cancel = cancelEnd;
      if (deadline.waiters === 0) cancelEnd();
    };
    open.set(ms, { deadline, until: clock.now() + ms * precision, close });
    return deadline;
  }

  return {
    join(ms) {
      const known = open.get(ms);
      // The clock's call comes late where something holds up this thread.
      const isOver = known !== undefined && clock.now() > known.until;
      if (isOver) known.close();
      const deadline = known === undefined || isOver ? begin(ms) : known.deadline;
      deadline.waiters++;
      return deadline;
    },
    leave(deadline) {
      // The last one to go takes the clock's call with it.
      if (--deadline.waiters === 0) deadline.cancel?.();
    },
    stop() {
      for (const { close } of [...open.values()]) close();
    },
  };
}
