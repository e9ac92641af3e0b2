/** The proposals made at this node that wait for their outcome. Each settles exactly once, and none hangs. */
import type { Command, LogIndex, NodeId, Proposal, ProposalId, Refuse, SessionRequest } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Clock } from "../ports.ts";
import type { Result } from "./replica.ts";

/** What a proposal came to: its entry is committed, and applied on this node. */
export interface Outcome {
  /** Where in the log its entry is. */
  readonly index: LogIndex;
  /** What the state machine returned. */
  readonly answer: unknown;
}

/** How long to wait for a proposal. */
export interface Patience {
  /** The deadline, in milliseconds from now. */
  readonly timeoutMs: number;
  /** Gives up when it aborts. */
  readonly signal: AbortSignal | undefined;
}

/** What the table of proposals acts on. */
export interface ProposalsHost {
  /** The own node. */
  readonly node: NodeId;
  /** Which start of the node this is. */
  readonly incarnation: number;
  /** Measures the deadlines. */
  readonly clock: Clock;
  /** The most proposals that wait at a time. */
  readonly maxPending: number;
  /** The most bytes of their commands together. */
  readonly maxPendingBytes: number;
  /** Hands a proposal to the core. */
  readonly propose: (proposal: Proposal) => void;
  /** Takes it back, if the core has not seen it. */
  readonly withdraw: (id: ProposalId) => boolean;
}

interface Pending {
  readonly id: ProposalId;
  /** The length of the command. */
  readonly bytes: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: RaftError) => void;
  /** Releases the deadline and the listener. */
  readonly release: () => void;
}

/** The proposals that wait, by sequence, and who they act on. */
export interface Proposals {
  readonly host: ProposalsHost;
  readonly pending: Map<number, Pending>;
  /** The bytes of their commands together. */
  pendingBytes: number;
  /** The sequence of the last proposal. */
  lastSequence: number;
}

/** An empty table. */
export function createProposals(host: ProposalsHost): Proposals {
  return { host, pending: new Map(), pendingBytes: 0, lastSequence: 0 };
}

/** Proposes a command, which nobody may change any more, and waits for its outcome. */
export function submit(
  table: Proposals,
  command: Uint8Array,
  patience: Patience,
  session?: SessionRequest,
): Promise<Outcome> {
  const { host, pending } = table;
  const { timeoutMs, signal } = patience;
  if (signal?.aborted) return Promise.reject(abortError("no", signal));
  if (pending.size >= host.maxPending) {
    return Promise.reject(overloadError("no", `${pending.size} proposals wait here already`));
  }
  const bytes = command.byteLength;
  if (table.pendingBytes + bytes > host.maxPendingBytes) {
    return Promise.reject(overloadError("no", `${table.pendingBytes} bytes of proposals wait here already`));
  }
  const sequence = ++table.lastSequence;
  const id: ProposalId = { node: host.node, incarnation: host.incarnation, sequence };
  return new Promise((resolve, reject) => {
    const giveUp = (error: (outcome: "no" | "unknown") => RaftError) =>
      settle(table, sequence, (waiting) => waiting.reject(error(host.withdraw(id) ? "no" : "unknown")));
    const cancel = host.clock.after(timeoutMs, () => giveUp((outcome) => timeoutError(outcome, timeoutMs)));
    const onAbort = () => giveUp((outcome) => abortError(outcome, signal));
    signal?.addEventListener("abort", onAbort);
    const release = () => {
      cancel();
      signal?.removeEventListener("abort", onAbort);
    };
    table.pendingBytes += bytes;
    pending.set(sequence, { id, bytes, resolve, reject, release });
    host.propose(session === undefined ? { id, command } : { id, command, session });
  });
}

/** Answers who proposed this entry, if it was proposed here and still waits. */
export function onApplied(table: Proposals, { id }: Command, result: Result): void {
  if (id.node !== table.host.node || id.incarnation !== table.host.incarnation) return;
  settle(table, id.sequence, (waiting) => {
    if (result.type === "answer") waiting.resolve(result);
    else waiting.reject(result.error);
  });
}

/** Tells who proposed that there was no room. */
export function onRefused(table: Proposals, { ids, outcome }: Refuse): void {
  for (const id of ids) {
    if (id.incarnation !== table.host.incarnation) continue;
    settle(table, id.sequence, (waiting) => waiting.reject(overloadError(outcome, "no server took it")));
  }
}

/** Rejects all that wait: the node has stopped. */
export function rejectAll(table: Proposals, errorOf: (id: ProposalId) => RaftError): void {
  for (const [sequence, { id }] of [...table.pending]) {
    settle(table, sequence, (waiting) => waiting.reject(errorOf(id)));
  }
}

function settle(table: Proposals, sequence: number, how: (waiting: Pending) => void): void {
  const waiting = table.pending.get(sequence);
  if (waiting === undefined) return;
  table.pending.delete(sequence);
  table.pendingBytes -= waiting.bytes;
  waiting.release();
  how(waiting);
}

/** Says what `outcome` means for the one who must decide whether to propose again. */
export function meaning(outcome: "no" | "unknown"): string {
  return outcome === "no" ? "it will not take effect" : "it may have taken effect, or may yet";
}

function overloadError(outcome: "no" | "unknown", why: string): RaftError {
  return new RaftError("Overloaded", `the proposal was not taken: ${why}; ${meaning(outcome)}`, { outcome });
}

function timeoutError(outcome: "no" | "unknown", timeoutMs: number): RaftError {
  const message = `the proposal was not applied here within ${timeoutMs} ms; ${meaning(outcome)}`;
  return new RaftError("Timeout", message, { outcome });
}

function abortError(outcome: "no" | "unknown", signal: AbortSignal | undefined): RaftError {
  const message = `the caller's signal aborted the wait for the proposal; ${meaning(outcome)}`;
  return new RaftError("Aborted", message, { outcome, cause: signal?.reason });
}
