/** The order in which a storage does what it is asked for: one thing after the other, until it stops. */
import { RaftError } from "../error.ts";

/** Who does what when. */
export interface Turns {
  /** Does this once all that was asked for before is done. Rejects if the storage has stopped. */
  inTurn<T>(what: () => Promise<T>): Promise<T>;
  /** Does this at once, beside what is done in turn. Rejects if the storage has stopped. */
  beside<T>(what: () => Promise<T>): Promise<T>;
  /** Lets nothing more be done, for this reason. */
  stop(reason: RaftError): void;
  /** Waits for all that is under way, releases what is open, and lets nothing more be done. Idempotent. */
  close(release: () => Promise<void> | void): Promise<void>;
}

/** Turns of the storage that messages call `name`. */
export function turns(name: string): Turns {
  const busy = new Set<Promise<unknown>>();
  let stopped: RaftError | null = null;
  let closing: Promise<void> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  return {
    inTurn(what) {
      const done = last.then(() => {
        if (stopped !== null) throw stopped;
        return what();
      });
      last = done.catch(() => {});
      return done;
    },
    beside(what) {
      const done = stopped === null ? what() : Promise.reject(stopped);
      const ended = done.then(() => {}, () => {}).finally(() => busy.delete(ended));
      busy.add(ended);
      return done;
    },
    stop: (reason) => void (stopped = reason),
    close: (release) =>
      closing ??= last.then(() => Promise.all(busy)).then(() => {
        stopped = new RaftError("Stopped", `${name} was closed`);
        return release();
      }),
  };
}
