/** The reads asked for at this node that wait. Each settles exactly once, and none hangs. */
import type { NodeId, ProposalId } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Clock } from "../ports.ts";
import {
  createWaiting,
  isWaiting,
  nextSequence,
  type Patience,
  take,
  takeAll,
  wait,
  type Waiting,
} from "./waiting.ts";

/** What the table of reads acts on. */
export interface ReadsHost {
  /** The own node. */
  readonly node: NodeId;
  /** Which start of the node this is. */
  readonly incarnation: number;
  /** Measures the deadlines. */
  readonly clock: Clock;
  /** The most reads that wait at a time. */
  readonly maxPending: number;
  /** Hands a read to the core. */
  readonly read: (id: ProposalId) => void;
  /** Tells the core that nobody waits for a read any more. */
  readonly abandon: (id: ProposalId) => void;
  /** The reads about which another server was asked in this term, and has not answered. */
  readonly unanswered: () => readonly ProposalId[];
  /** Asks about them once more. */
  readonly askAgain: (ids: readonly ProposalId[]) => void;
  /** Within how many milliseconds an answer is to be expected, or it is looked for again. */
  readonly answerMs: number;
  /** Asks the state machine. */
  readonly query: (query: Uint8Array) => unknown;
}

/** A read that waits. */
interface Asked {
  readonly id: ProposalId;
  readonly query: Uint8Array;
}

/** The reads that wait, and who they act on. */
export interface Reads {
  readonly host: ReadsHost;
  readonly waiting: Waiting<Asked, unknown>;
  /** Those that were unanswered when it was last looked. */
  overdue: ReadonlySet<ProposalId>;
  /** Cancels the next look; null if none is to come. */
  cancelLook: (() => void) | null;
}

/** An empty table. */
export function createReads(host: ReadsHost): Reads {
  const waiting = createWaiting<Asked, unknown>(host.clock, {
    givenUp({ content: { id }, patience: { timeoutMs, signal } }, code) {
      host.abandon(id);
      return code === "Timeout" ? timeoutError(timeoutMs) : abortError(signal);
    },
  });
  return { host, waiting, overdue: new Set(), cancelLook: null };
}

/** Asks the state machine, once it is known to be up to date. */
export function read(reads: Reads, query: Uint8Array, patience: Patience): Promise<unknown> {
  const { host, waiting } = reads;
  if (patience.signal?.aborted) return Promise.reject(abortError(patience.signal));
  if (waiting.count >= host.maxPending) return Promise.reject(overloadError());
  const sequence = nextSequence(waiting);
  const id = { node: host.node, incarnation: host.incarnation, sequence };
  host.read(id);
  watch(reads);
  return wait(waiting, sequence, { id, query }, patience);
}

/**
 * As long as any read waits, asks again about those that have been unanswered for a whole look: the question may be lost,
 * or the answer. Whichever answer comes first counts, as each was given after the read began.
 */
function watch(reads: Reads): void {
  const { host, waiting } = reads;
  reads.cancelLook ??= host.clock.after(host.answerMs, () => {
    reads.cancelLook = null;
    // The core may not have heard yet of one that was given up.
    const unanswered = host.unanswered().filter(({ sequence }) => isWaiting(waiting, sequence));
    const lost = unanswered.filter((id) => reads.overdue.has(id));
    reads.overdue = new Set(unanswered.filter((id) => !reads.overdue.has(id)));
    if (lost.length > 0) host.askAgain(lost);
    if (waiting.count > 0) watch(reads);
  });
}

/** Asks the state machine as it is, up to date or not. What a query throws is the trouble of who asks. */
export async function readStale(
  { host }: Reads,
  query: Uint8Array,
  restored: Promise<void> | null,
): Promise<unknown> {
  // A machine that is being restored is nothing in between.
  await restored;
  return host.query(query);
}

/** What the state machine has applied is new enough for these: asks it. */
export function onReady({ host, waiting }: Reads, ids: readonly ProposalId[]): void {
  for (const { sequence } of ids) {
    const pending = take(waiting, sequence);
    // A query that throws is the trouble of who asked it: it changes nothing.
    try {
      pending?.resolve(host.query(pending.content.query));
    } catch (error) {
      pending?.reject(error);
    }
  }
}

/** There was no room for these. */
export function onRefused({ waiting }: Reads, ids: readonly ProposalId[]): void {
  for (const { sequence } of ids) take(waiting, sequence)?.reject(overloadError());
}

/** Rejects all that wait: the node has stopped. */
export function rejectAll(reads: Reads, error: RaftError): void {
  reads.cancelLook?.();
  for (const { reject } of takeAll(reads.waiting)) reject(error);
}

function overloadError(): RaftError {
  return new RaftError("Overloaded", "too many reads wait here already: try again later");
}

function timeoutError(timeoutMs: number): RaftError {
  return new RaftError("Timeout", `no leader confirmed the read within ${timeoutMs} ms`);
}

function abortError(signal: AbortSignal | undefined): RaftError {
  return new RaftError("Aborted", "the caller's signal aborted the wait for the read", {
    cause: signal?.reason,
  });
}
