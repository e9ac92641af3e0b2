/** The reads asked for at this node that wait. Each settles exactly once, and none hangs. */
import type { NodeId, ProposalId } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Clock } from "../ports.ts";
import { createWaiting, type Patience, settle, wait, type Waiting } from "./waiting.ts";

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
  /** Asks the state machine. */
  readonly query: (query: Uint8Array) => unknown;
}

/** The reads that wait, each with its query, and who they act on. */
export interface Reads {
  readonly host: ReadsHost;
  readonly waiting: Waiting<Uint8Array, unknown>;
}

/** An empty table. */
export function createReads(host: ReadsHost): Reads {
  return { host, waiting: createWaiting(host.clock) };
}

/** Asks the state machine, once it is known to be up to date. */
export function read({ host, waiting }: Reads, query: Uint8Array, patience: Patience): Promise<unknown> {
  const { timeoutMs, signal } = patience;
  if (signal?.aborted) return Promise.reject(abortError(signal));
  if (waiting.pending.size >= host.maxPending) return Promise.reject(overloadError());
  return wait(waiting, patience, {
    begin(sequence) {
      host.read({ node: host.node, incarnation: host.incarnation, sequence });
      return query;
    },
    givenUp: (_query, code) => code === "Timeout" ? timeoutError(timeoutMs) : abortError(signal),
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
export function onReady(reads: Reads, ids: readonly ProposalId[]): void {
  for (const { sequence } of ids) {
    settle(reads.waiting, sequence, ({ content: query, resolve, reject }) => {
      // A query that throws is the trouble of who asked it: it changes nothing.
      try {
        resolve(reads.host.query(query));
      } catch (error) {
        reject(error);
      }
    });
  }
}

/** There was no room for these. */
export function onRefused(reads: Reads, ids: readonly ProposalId[]): void {
  for (const { sequence } of ids) settle(reads.waiting, sequence, ({ reject }) => reject(overloadError()));
}

/** Rejects all that wait: the node has stopped. */
export function rejectAll(reads: Reads, error: RaftError): void {
  for (const sequence of [...reads.waiting.pending.keys()]) {
    settle(reads.waiting, sequence, ({ reject }) => reject(error));
  }
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
