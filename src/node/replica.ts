/**
 * What a node replicates: its state machine, and beside it the table of sessions (thesis 6.3). Both change only by what
 * the log says, in its order, and both are in every snapshot.
 */
import { createCopier } from "../copies.ts";
import { plainAnswers } from "../answers.ts";
import {
  type Command,
  judgeRequest,
  type LogEntry,
  type LogIndex,
  type Session,
  type SessionCommand,
  unreachable,
  type Verdict,
  withAnswer,
} from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type {
  AnswerCodec,
  BatchStateMachine,
  CommittedCommand,
  SingleStateMachine,
  StateMachine,
} from "../ports.ts";
import { reason } from "./adapters.ts";
import { readHead, withHead } from "./snapshot_head.ts";

/** What became of a proposal. */
export type Result =
  | { readonly type: "answer"; readonly index: LogIndex; readonly answer: unknown }
  | { readonly type: "refused"; readonly error: RaftError };

/** What is replicated. Only the functions of this file change it. */
export interface Replica {
  readonly machine: StateMachine;
  readonly answers: AnswerCodec<unknown>;
  /** Copies commands: the log's bytes go on to other servers, so nobody may change them. */
  readonly copy: (bytes: Uint8Array) => Uint8Array;
  sessions: Map<LogIndex, Session>;
  /** The indexes of proposals that were no command to the state machine, as far as the log has them, in order. */
  skipped: Set<LogIndex>;
}

/** A command that is being applied. */
interface Work {
  readonly index: LogIndex;
  readonly command: Command;
  readonly verdict: Verdict;
}

/** A state machine to which nothing was applied yet, and no sessions. */
export function createReplica(machine: StateMachine): Replica {
  const answers = machine.answers ?? plainAnswers;
  return { machine, answers, copy: createCopier(), sessions: new Map(), skipped: new Set() };
}

/** Who waits for what becomes of proposals. */
export interface Audience {
  /** Whether anybody waits for this one. */
  readonly awaits: (command: Command) => boolean;
  /** Told, in the order of the log; the state machine may not have applied all yet that it is given. */
  readonly onResult: (command: Command, result: Result) => void;
}

/**
 * Applies entries, the first of which has index `first`. Until a returned promise resolves nothing else may be done to the
 * replica.
 */
export function applyEntries(
  replica: Replica,
  entries: readonly LogEntry[],
  first: LogIndex,
  audience: Audience,
): void | Promise<void> {
  const { machine, copy } = replica;
  if (machine.applyBatch !== undefined) return applyTogether(replica, machine, { entries, first }, audience);
  const kept: Kept = new Map();
  let index = first;
  for (const command of entries) {
    if (command.type === "command") {
      const verdict = judge(replica, command, index);
      const answer = verdict.type === "execute" ? execute(machine, copy(command.command), index) : undefined;
      settle(replica, { index, command, verdict }, { answer, kept }, audience);
    }
    index++;
  }
}

/** The same for a machine that takes many commands at once. */
function applyTogether(
  replica: Replica,
  machine: BatchStateMachine,
  { entries, first }: { readonly entries: readonly LogEntry[]; readonly first: LogIndex },
  audience: Audience,
): void | Promise<void> {
  const works = entries.flatMap((command, position): readonly Work[] => {
    const index = first + position;
    return command.type === "command" ? [{ index, command, verdict: judge(replica, command, index) }] : [];
  });
  const executed = works.filter(({ verdict }) => verdict.type === "execute");
  const finish = (answers: readonly unknown[]) => {
    const kept: Kept = new Map();
    let next = 0;
    for (const work of works) {
      const answer = work.verdict.type === "execute" ? answers[next++] : undefined;
      settle(replica, work, { answer, kept }, audience);
    }
  };
  if (executed.length === 0) return finish([]);
  const answers = executeAll(machine, replica.copy, executed);
  return answers instanceof Promise ? answers.then(finish) : finish(answers);
}

/** Whether the state machine has executed this entry of the log. */
export function isExecuted({ skipped }: Replica, entry: LogEntry, index: LogIndex): entry is Command {
  return entry.type === "command" && !skipped.has(index);
}

/** Forgets of entries that the log has no more. */
export function forgetUpTo({ skipped }: Replica, compactedIndex: LogIndex): void {
  for (const index of skipped) {
    if (index > compactedIndex) return;
    skipped.delete(index);
  }
}

/** All of it, for a snapshot. */
export function snapshotOf({ machine, sessions, skipped }: Replica): ReadableStream<Uint8Array> {
  if (machine.snapshot === undefined) {
    throw new RaftError("InvalidOptions", "snapshot: the state machine has no method snapshot");
  }
  return withHead({ sessions, skipped }, machine.snapshot());
}

/** Replaces all of it by what a snapshot holds. */
export async function restoreReplica(replica: Replica, content: ReadableStream<Uint8Array>): Promise<void> {
  const { machine } = replica;
  if (machine.restore === undefined) {
    const message = "there is a snapshot, but the state machine has no method restore";
    throw new RaftError("InvalidOptions", `options.stateMachine: ${message}`);
  }
  const { head, rest } = await readHead(content);
  await machine.restore(rest);
  replica.sessions = head.sessions;
  replica.skipped = head.skipped;
}

const execution: Verdict = { type: "execute" };

function judge(replica: Replica, { session: request }: Command, index: LogIndex): Verdict {
  if (request === undefined) return execution;
  const { verdict, session, evicted } = judgeRequest(replica.sessions, request, index);
  for (const id of evicted) replica.sessions.delete(id);
  if (session !== null) replica.sessions.set(session.id, session);
  if (verdict.type !== "execute") replica.skipped.add(index);
  return verdict;
}

function execute(machine: SingleStateMachine, command: Uint8Array, index: LogIndex): unknown {
  let answer: unknown;
  try {
    answer = machine.apply(command, index);
  } catch (cause) {
    throw thrown("apply", `the command at index ${index}`, cause);
  }
  forbidPromise(answer, index);
  return answer;
}

function executeAll(
  machine: BatchStateMachine,
  copy: Replica["copy"],
  works: readonly Work[],
): readonly unknown[] | Promise<readonly unknown[]> {
  const commands = works.map(({ index, command }): CommittedCommand => ({
    index,
    command: copy(command.command),
  }));
  return expectAll(machine.applyBatch(commands), commands.length);
}

function expectAll(
  answers: readonly unknown[] | Promise<readonly unknown[]>,
  count: number,
): readonly unknown[] | Promise<readonly unknown[]> {
  if (answers instanceof Promise) return answers.then((given) => expectAll(given, count));
  if (Array.isArray(answers) && answers.length === count) return answers;
  const got = Array.isArray(answers) ? `${answers.length} answers` : `${answers}`;
  throw new TypeError(`applyBatch must return an answer for each of ${count} commands, but returned ${got}`);
}

/** It will do so again at every other node, and after every start: what is committed stays. */
function thrown(method: string, what: string, cause: unknown): Error {
  const advice = "every node stops there, at each start, until the state machine can take it";
  return new Error(`stateMachine.${method} threw at ${what}: ${reason(cause)}; ${advice}`, { cause });
}

/** What is promised comes in an order of its own, and nobody is there to hear that it failed. */
function forbidPromise(answer: unknown, index: LogIndex): void {
  if (typeof (answer as Partial<PromiseLike<unknown>> | null | undefined)?.then !== "function") return;
  // If it rejects as well, that must not end the process.
  Promise.resolve(answer).catch(() => {});
  throw new TypeError(`apply must be synchronous, but returned a promise for the command at index ${index}`);
}

/** The answers, as bytes, to commands of sessions that are being applied together. */
type Kept = Map<string, Uint8Array>;

function settle(
  replica: Replica,
  { index, command, verdict }: Work,
  { answer, kept }: { readonly answer: unknown; readonly kept: Kept },
  { awaits, onResult }: Audience,
): void {
  const { session } = command;
  let told = answer;
  if (session?.type === "command") {
    const key = `${session.session}/${session.sequence}`;
    if (verdict.type === "execute") kept.set(key, keep(replica, session, answer));
    // What was executed a moment ago has no answer in the table yet.
    const bytes = verdict.type === "repeat" ? verdict.answer ?? kept.get(key) : kept.get(key);
    // Also the first time: who sends a command again must get the very same.
    if (bytes !== undefined) told = replica.answers.decode(bytes);
  }
  if (awaits(command)) onResult(command, resultOf(command, verdict, index, told));
}

/** Keeps the answer to a command of a session as bytes, for as long as its client may not have it. */
function keep(replica: Replica, { session: id, sequence }: SessionCommand, answer: unknown): Uint8Array {
  const bytes = encodeAnswer(replica.answers, answer);
  const session = replica.sessions.get(id);
  if (session !== undefined) replica.sessions.set(id, withAnswer(session, sequence, bytes));
  return bytes;
}

function encodeAnswer(codec: AnswerCodec<unknown>, answer: unknown): Uint8Array {
  try {
    // A copy: the state machine may use its buffer again.
    return new Uint8Array(codec.encode(answer));
  } catch (cause) {
    const advice =
      "answers of sessions must be plain data, or stateMachine.answers must turn them into bytes";
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`an answer of the state machine can't be kept: ${why}; ${advice}`, { cause });
  }
}

function resultOf({ session }: Command, verdict: Verdict, index: LogIndex, answer: unknown): Result {
  const what = session?.type === "command" ? `command ${session.sequence} of session ${session.session}` : "";
  switch (verdict.type) {
    case "opened":
    case "execute":
    case "repeat":
      return { type: "answer", index, answer };
    case "expired": {
      const why = "there is no such session any more; it was not executed by this call: open a new session";
      return { type: "refused", error: new RaftError("SessionExpired", `${what}: ${why}`) };
    }
    case "answered": {
      const why = "it was executed and answered before, and its answer is gone";
      const error = new RaftError("SessionExpired", `${what}: ${why}`, { outcome: "unknown" });
      return { type: "refused", error };
    }
    case "crowded": {
      const why = "too many commands of the session are unanswered; it will not take effect";
      return { type: "refused", error: new RaftError("Overloaded", `${what}: ${why}`) };
    }
    default:
      return unreachable(verdict);
  }
}
