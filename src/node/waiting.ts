/** Who waits at this node for something that is to come: each settles exactly once, and none hangs. */
import type { RaftError } from "../error.ts";
import type { Clock } from "../ports.ts";
import { createDeadlines, type Deadline, type Deadlines } from "./deadlines.ts";

/** How long to wait. */
export interface Patience {
  /** The deadline, in milliseconds from now. */
  readonly timeoutMs: number;
  /** Gives up when it aborts. */
  readonly signal: AbortSignal | undefined;
}

/** One that waits. */
export interface Pending<Content, Answer> {
  /** Its number. */
  readonly sequence: number;
  /** What it waits with. */
  readonly content: Content;
  /** How long it waits. */
  readonly patience: Patience;
  /** Answers it. */
  readonly resolve: (answer: Answer) => void;
  /** Disappoints it. */
  readonly reject: (error: unknown) => void;
  readonly deadline: Deadline;
  /** What listens to its signal; null if it has none. */
  readonly onAbort: (() => void) | null;
}

/**
 * All that wait, each in the slot that its number modulo the slots says. They are not in a Map: one that as much goes from as
 * comes to is made anew all the time, and in V8 each old table holds on to the next one, and to all that was in it, until the
 * garbage collector looks at everything.
 */
export interface Waiting<Content, Answer> {
  /** What to say to one that is given up. */
  readonly givenUp: (pending: Pending<Content, Answer>, code: "Timeout" | "Aborted") => RaftError;
  /** Called for each that waits no longer. */
  readonly onSettled: (content: Content) => void;
  readonly deadlines: Deadlines;
  /** As many as a power of 2, at most half of them taken. */
  slots: (Pending<Content, Answer> | undefined)[];
  /** How many wait. */
  count: number;
  /** The number of the last one. */
  lastSequence: number;
}

/** Nobody waits yet. */
export function createWaiting<Content, Answer>(
  clock: Clock,
  { givenUp, onSettled = () => {} }:
    & Pick<Waiting<Content, Answer>, "givenUp">
    & Partial<Pick<Waiting<Content, Answer>, "onSettled">>,
): Waiting<Content, Answer> {
  const waiting: Waiting<Content, Answer> = {
    givenUp,
    onSettled,
    deadlines: createDeadlines(clock, (deadline) => {
      for (const pending of allOf(waiting)) {
        if (pending.deadline === deadline) giveUp(waiting, pending.sequence, "Timeout");
      }
    }),
    slots: new Array(64).fill(undefined),
    count: 0,
    lastSequence: 0,
  };
  return waiting;
}

/** The number of the next one that will wait: no other ever had it. */
export function nextSequence<Content, Answer>(waiting: Waiting<Content, Answer>): number {
  if (2 * waiting.count >= waiting.slots.length) doubleSlots(waiting);
  const { slots } = waiting;
  // One who waits for long is passed by.
  do waiting.lastSequence++; while (slots[waiting.lastSequence & slots.length - 1] !== undefined);
  return waiting.lastSequence;
}

/** Waits, under a number that `nextSequence` has just given, until it is taken, or until the patience is over. */
export function wait<Content, Answer>(
  waiting: Waiting<Content, Answer>,
  sequence: number,
  content: Content,
  patience: Patience,
): Promise<Answer> {
  const { slots, deadlines } = waiting;
  const { timeoutMs, signal } = patience;
  return new Promise((resolve, reject) => {
    const onAbort = signal === undefined ? null : () => giveUp(waiting, sequence, "Aborted");
    if (onAbort !== null) signal!.addEventListener("abort", onAbort);
    const deadline = deadlines.join(timeoutMs);
    slots[sequence & slots.length - 1] = { sequence, content, patience, resolve, reject, deadline, onAbort };
    waiting.count++;
  });
}

/** Whether the one of this number still waits. */
export function isWaiting<Content, Answer>({ slots }: Waiting<Content, Answer>, sequence: number): boolean {
  return slots[sequence & slots.length - 1]?.sequence === sequence;
}

/** Takes one out, if it still waits, for whoever settles it. */
export function take<Content, Answer>(
  waiting: Waiting<Content, Answer>,
  sequence: number,
): Pending<Content, Answer> | undefined {
  const { slots, deadlines, onSettled } = waiting;
  const place = sequence & slots.length - 1;
  const pending = slots[place];
  if (pending?.sequence !== sequence) return undefined;
  slots[place] = undefined;
  waiting.count--;
  deadlines.leave(pending.deadline);
  const { onAbort, patience: { signal } } = pending;
  if (onAbort !== null) signal!.removeEventListener("abort", onAbort);
  onSettled(pending.content);
  return pending;
}

/** Takes all out, in the order in which they came. Nobody will wait any more. */
export function takeAll<Content, Answer>(waiting: Waiting<Content, Answer>): Pending<Content, Answer>[] {
  const all = allOf(waiting);
  for (const { sequence } of all) take(waiting, sequence);
  waiting.deadlines.stop();
  return all;
}

function allOf<Content, Answer>({ slots }: Waiting<Content, Answer>): Pending<Content, Answer>[] {
  return slots.filter((pending) => pending !== undefined).sort((a, b) => a.sequence - b.sequence);
}

function giveUp<Content, Answer>(
  waiting: Waiting<Content, Answer>,
  sequence: number,
  code: "Timeout" | "Aborted",
): void {
  const pending = take(waiting, sequence);
  pending?.reject(waiting.givenUp(pending, code));
}

/** Who had a slot alone has one of twice as many alone. */
function doubleSlots<Content, Answer>(waiting: Waiting<Content, Answer>): void {
  const all = allOf(waiting);
  const length = 2 * waiting.slots.length;
  waiting.slots = new Array(length).fill(undefined);
  for (const pending of all) waiting.slots[pending.sequence & length - 1] = pending;
}
