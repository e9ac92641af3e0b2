/** Who waits at this node for something that is to come: each settles exactly once, and none hangs. */
import type { RaftError } from "../error.ts";
import type { Clock } from "../ports.ts";

/** How long to wait. */
export interface Patience {
  /** The deadline, in milliseconds from now. */
  readonly timeoutMs: number;
  /** Gives up when it aborts. */
  readonly signal: AbortSignal | undefined;
}

/** One that waits. */
export interface Pending<Content, Answer> {
  /** What it waits with. */
  readonly content: Content;
  /** Answers it. */
  readonly resolve: (answer: Answer) => void;
  /** Disappoints it. */
  readonly reject: (error: unknown) => void;
  /** Releases the deadline and the listener. */
  readonly release: () => void;
}

/** All that wait, by sequence. */
export interface Waiting<Content, Answer> {
  readonly clock: Clock;
  readonly pending: Map<number, Pending<Content, Answer>>;
  /** Called for each that waits no longer. */
  readonly onSettled: (content: Content) => void;
  /** The sequence of the last one. */
  lastSequence: number;
}

/** Nobody waits yet. */
export function createWaiting<Content, Answer>(
  clock: Clock,
  onSettled: (content: Content) => void = () => {},
): Waiting<Content, Answer> {
  return { clock, pending: new Map(), onSettled, lastSequence: 0 };
}

/** What is done for one that waits. */
export interface Wish<Content> {
  /** Asks for what is to come, under this sequence; returns what to remember. */
  readonly begin: (sequence: number) => Content;
  /** What to say if it doesn't come. */
  readonly givenUp: (content: Content, code: "Timeout" | "Aborted") => RaftError;
}

/** Waits until it is settled, or until the patience is over. The signal must not have aborted yet. */
export function wait<Content, Answer>(
  waiting: Waiting<Content, Answer>,
  { timeoutMs, signal }: Patience,
  { begin, givenUp }: Wish<Content>,
): Promise<Answer> {
  const sequence = ++waiting.lastSequence;
  return new Promise((resolve, reject) => {
    const giveUp = (code: "Timeout" | "Aborted") =>
      settle(waiting, sequence, ({ content, reject }) => reject(givenUp(content, code)));
    const cancel = waiting.clock.after(timeoutMs, () => giveUp("Timeout"));
    const onAbort = () => giveUp("Aborted");
    signal?.addEventListener("abort", onAbort);
    const release = () => {
      cancel();
      signal?.removeEventListener("abort", onAbort);
    };
    waiting.pending.set(sequence, { content: begin(sequence), resolve, reject, release });
  });
}

/** Settles one that waits, if it still does. */
export function settle<Content, Answer>(
  waiting: Waiting<Content, Answer>,
  sequence: number,
  how: (pending: Pending<Content, Answer>) => void,
): void {
  const pending = waiting.pending.get(sequence);
  if (pending === undefined) return;
  waiting.pending.delete(sequence);
  pending.release();
  waiting.onSettled(pending.content);
  how(pending);
}
