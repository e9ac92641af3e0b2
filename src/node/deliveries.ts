/** The total order as an async iterable. It reads the log by index, so that a slow consumer costs no memory. */
import type { Command, LogEntry, LogIndex } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Clock } from "../ports.ts";
import { promised } from "./promised.ts";

/** A command, delivered in the total order. */
export interface Delivery {
  /** Its position in the log. Grows, but not always by one: the log also holds entries that are no commands. */
  readonly index: LogIndex;
  /** The command: a copy that belongs to the consumer. */
  readonly bytes: Uint8Array;
}

/** From where on, and until when. */
export interface DeliveriesOptions {
  /** The index of the first entry to deliver; at least 1, the default. */
  readonly from?: LogIndex;
  /** Ends the iteration when it aborts. */
  readonly signal?: AbortSignal;
}

/** Where deliveries come from. */
export interface Source {
  /** The entry at `index`, if it has been applied here. */
  readonly applied: (index: LogIndex) => LogEntry | undefined;
  /** Whether the state machine has executed it; repeated commands of sessions, and what is no command, it has not. */
  readonly isExecuted: (entry: LogEntry, index: LogIndex) => entry is Command;
  /** The last index of what the log has no more. */
  readonly compactedIndex: () => LogIndex;
  /** Null while the node runs; then how it ended: closed, or failed with an error. */
  readonly ended: () => { readonly error: RaftError | null } | null;
  /** Those who wait for a change of the above. They throw nothing, and take themselves out. */
  readonly waiters: Set<() => void>;
  /** Measures pauses. */
  readonly clock: Clock;
}

/** How many entries are delivered at a stretch before the runtime may do other work, such as heartbeats. */
const maxEntriesAtAStretch = 1024;

/** Delivers what has been applied, in order, then what will be. */
export function deliver(
  source: Source,
  { from, signal }: { readonly from: LogIndex; readonly signal?: AbortSignal | undefined },
): AsyncIterableIterator<Delivery, undefined> {
  let left = false;
  let wake = () => {};
  const isOver = () => left || signal?.aborted === true;
  const wait = (ms: number | null) => waitFor(source, signal, ms, (resolve) => wake = resolve);
  const generator = follow(source, from, isOver, wait);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => generator.next(),
    return() {
      left = true;
      // A generator queues `return` behind a `next` that waits: that one must settle first.
      wake();
      return generator.return(undefined);
    },
  };
}

/** Tells all who wait that something has changed. */
export function wakeAll(source: Source): void {
  for (const waiter of source.waiters) waiter();
}

async function* follow(
  source: Source,
  from: LogIndex,
  isOver: () => boolean,
  wait: (ms: number | null) => Promise<void>,
): AsyncGenerator<Delivery, undefined> {
  for (let index = from; !isOver();) {
    const end = source.ended();
    if (end !== null) {
      if (end.error !== null) throw end.error;
      return;
    }
    if (index <= source.compactedIndex()) throw compactedError(index, source.compactedIndex());
    const entry = source.applied(index);
    if (entry === undefined) {
      await wait(null);
      continue;
    }
    if (source.isExecuted(entry, index)) yield { index, bytes: new Uint8Array(entry.command) };
    if (index++ % maxEntriesAtAStretch === 0) await wait(0);
  }
}

function compactedError(index: LogIndex, compactedIndex: LogIndex): RaftError {
  const message = `the log begins at index ${
    compactedIndex + 1
  }: what was delivered at ${index} is in a snapshot`;
  return new RaftError("Compacted", `${message}; ask the state machine, and go on from there`);
}

/** Waits for a change, for the signal, or for `ms` milliseconds unless null. Leaves nothing behind. */
async function waitFor(
  source: Source,
  signal: AbortSignal | undefined,
  ms: number | null,
  expose: (wake: () => void) => void,
): Promise<void> {
  const { promise, resolve } = promised<void>();
  // All that the node's loop runs of a consumer: whatever fails, fails out here, not there.
  const wake = () => resolve();
  const cancel = ms === null ? null : source.clock.after(ms, wake);
  try {
    source.waiters.add(wake);
    signal?.addEventListener("abort", wake);
    expose(wake);
    await promise;
  } finally {
    source.waiters.delete(wake);
    signal?.removeEventListener("abort", wake);
    cancel?.();
  }
}
