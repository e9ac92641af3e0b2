/** The order in which a storage does what it is asked for: one thing after the other, until it stops. */
import { RaftError } from "../error.ts";

/** Who does what when. */
export interface Turns {
  /** Does this once all that was asked for before is done. Rejects if the storage has stopped. */
  inTurn<T>(what: () => Promise<T>): Promise<T>;
  /** Does this at once, beside what is done in turn. Rejects if the storage has stopped. */
  beside<T>(what: () => Promise<T>): Promise<T>;
  /**
   * The same for a write. If it fails, nothing more is done: the storage now holds what was before or what comes after, and
   * nobody knows which until it is opened again.
   */
  write(what: () => Promise<void>): Promise<void>;
  /** Waits for all that is under way, releases what is open, and lets nothing more be done. Idempotent. */
  close(release: () => Promise<void> | void): Promise<void>;
}

/** Turns of the storage that messages call `name`. */
export function turns(name: string): Turns {
  const busy = new Set<Promise<unknown>>();
  let stopped: RaftError | null = null;
  let closing: Promise<void> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let unfinished = 0;

  const closed = () => new RaftError("Stopped", `${name} was closed`);

  function inTurn<T>(what: () => Promise<T>): Promise<T> {
    if (closing !== null) return Promise.reject(closed());
    const begin = () => stopped === null ? what() : Promise.reject(stopped);
    // At once, if it can be: whoever writes has something else to do meanwhile.
    const done = unfinished === 0 ? begin() : last.then(begin);
    const finish = () => void unfinished--;
    unfinished++;
    last = done.then(finish, finish);
    return done;
  }

  return {
    inTurn,
    write: (what) =>
      inTurn(async () => {
        try {
          await what();
        } catch (error) {
          if (error instanceof RaftError) stopped = error;
          throw error;
        }
      }),
    beside(what) {
      if (closing !== null) return Promise.reject(closed());
      const done = stopped === null ? what() : Promise.reject(stopped);
      const ended = done.then(() => {}, () => {}).finally(() => busy.delete(ended));
      busy.add(ended);
      return done;
    },
    close: (release) => closing ??= last.then(() => Promise.all(busy)).then(() => release()),
  };
}
