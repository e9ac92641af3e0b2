/** The proposals made at this node that wait for their outcome. Each settles exactly once, and none hangs. */
import type { Command, LogIndex, NodeId, Proposal, ProposalId, Refuse, SessionRequest } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Clock } from "../ports.ts";
import type { Result } from "./replica.ts";
import { createWaiting, nextSequence, type Patience, take, takeAll, wait, type Waiting } from "./waiting.ts";

/** What a proposal came to: its entry is committed, and applied on this node. */
export interface Outcome {
  /** Where in the log its entry is. */
  readonly index: LogIndex;
  /** What the state machine returned. */
  readonly answer: unknown;
}

/** How a command is proposed. */
export interface Asked<Wanted> {
  /** How long to wait. */
  readonly patience: Patience;
  /** What of its outcome is asked for. */
  readonly wanted: (outcome: Outcome) => Wanted;
  /** What it has to do with sessions. */
  readonly session?: SessionRequest | undefined;
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

/** What is known of a proposal that waits. */
interface Pending {
  readonly id: ProposalId;
  /** What of its outcome is asked for. */
  readonly wanted: (outcome: Outcome) => unknown;
  /** The length of the command. */
  readonly bytes: number;
}

/** The proposals that wait, and who they act on. */
export interface Proposals {
  readonly host: ProposalsHost;
  readonly waiting: Waiting<Pending, unknown>;
  /** The bytes of their commands together. */
  pendingBytes: number;
}

/** An empty table. */
export function createProposals(host: ProposalsHost): Proposals {
  const waiting = createWaiting<Pending, unknown>(host.clock, {
    givenUp({ content: { id }, patience: { timeoutMs, signal } }, code) {
      const outcome = host.withdraw(id) ? "no" : "unknown";
      return code === "Timeout" ? timeoutError(outcome, timeoutMs) : abortError(outcome, signal);
    },
    onSettled: ({ bytes }) => table.pendingBytes -= bytes,
  });
  const table: Proposals = { host, waiting, pendingBytes: 0 };
  return table;
}

/** Proposes a command, which nobody may change any more, and waits for what is `wanted` of its outcome. */
export function submit<Wanted>(
  table: Proposals,
  command: Uint8Array,
  { patience, wanted, session }: Asked<Wanted>,
): Promise<Wanted> {
  const { host, waiting } = table;
  if (patience.signal?.aborted) return Promise.reject(abortError("no", patience.signal));
  if (waiting.count >= host.maxPending) {
    return Promise.reject(overloadError("no", `${waiting.count} proposals wait here already`));
  }
  const bytes = command.byteLength;
  if (table.pendingBytes + bytes > host.maxPendingBytes) {
    return Promise.reject(overloadError("no", `${table.pendingBytes} bytes of proposals wait here already`));
  }
  const sequence = nextSequence(waiting);
  const id: ProposalId = { node: host.node, incarnation: host.incarnation, sequence };
  table.pendingBytes += bytes;
  host.propose(session === undefined ? { id, command } : { id, command, session });
  // What it resolves to is what `wanted` returns, and nothing else.
  return wait(waiting, sequence, { id, wanted, bytes }, patience) as Promise<Wanted>;
}

/** Whether this start of this node has proposed it. */
export function isOwn({ host }: Proposals, { id }: Command): boolean {
  return id.node === host.node && id.incarnation === host.incarnation;
}

/** Answers who proposed this entry here, if that still waits. */
export function onApplied({ waiting }: Proposals, { id }: Command, result: Result): void {
  const pending = take(waiting, id.sequence);
  if (result.type === "answer") pending?.resolve(pending.content.wanted(result));
  else pending?.reject(result.error);
}

/** Tells who proposed that there was no room. */
export function onRefused({ host, waiting }: Proposals, { ids, outcome }: Refuse): void {
  for (const { incarnation, sequence } of ids) {
    if (incarnation !== host.incarnation) continue;
    take(waiting, sequence)?.reject(overloadError(outcome, "no server took it"));
  }
}

/** Rejects all that wait: the node has stopped. */
export function rejectAll({ waiting }: Proposals, errorOf: (id: ProposalId) => RaftError): void {
  for (const { content: { id }, reject } of takeAll(waiting)) reject(errorOf(id));
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
