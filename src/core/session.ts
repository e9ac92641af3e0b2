/**
 * Sessions of clients (thesis 6.3): a command that is sent again, as its first answer was lost, is executed once.
 *
 * The table of sessions is replicated state, like the state machine: every server derives the same one from the log,
 * and keeps it in its snapshots. Nothing else decides, no clock above all. The table itself is the host's; this file
 * says, purely, what an entry does to it.
 */
import type { LogIndex } from "./log.ts";

/** Opens a session. Its id is the index of this entry. */
export interface SessionOpening {
  /** Tells requests apart. */
  readonly type: "open";
  /** The most sessions from here on: of more, those go that were not used for the longest part of the log. */
  readonly maxSessions: number;
  /** How many commands of this session may be unanswered at a time, so that so many answers are kept. */
  readonly maxAnswers: number;
}

/** What a command of a session carries. */
export interface SessionCommand {
  /** Tells requests apart. */
  readonly type: "command";
  /** The session's id. */
  readonly session: LogIndex;
  /** The command's number in its session, from 1 on; the same when it is sent again. */
  readonly sequence: number;
  /** The first number whose answer the client still waits for, at most `sequence`: no answer before it is needed. */
  readonly firstUnanswered: number;
}

/** What a proposal, and then its entry, has to do with sessions. */
export type SessionRequest = SessionOpening | SessionCommand;

/** An answer that its client may not have received. */
export interface KeptAnswer {
  /** The number of the command in its session. */
  readonly sequence: number;
  /** What the state machine answered; null until it has. Nobody may change these bytes. */
  readonly answer: Uint8Array | null;
}

/** What is known of an open session. */
export interface Session {
  /** The index of the entry that opened it. */
  readonly id: LogIndex;
  /** The index of the last entry that belongs to it. */
  readonly lastUsed: LogIndex;
  /** The first number whose answer the client waits for, as far as it has said. */
  readonly firstUnanswered: number;
  /** How many commands may be unanswered at a time. */
  readonly maxAnswers: number;
  /** The answers from `firstUnanswered` on, by their number. */
  readonly answers: readonly KeptAnswer[];
}

/** The open sessions, by id. */
export type Sessions = ReadonlyMap<LogIndex, Session>;

/**
 * What becomes of an entry with a {@linkcode SessionRequest}:
 * - `opened`: there is a new session.
 * - `execute`: the state machine applies it, and its answer is kept.
 * - `repeat`: it was executed before; this is the answer.
 * - `answered`: it was executed before, and the client has said that it has the answer.
 * - `crowded`: too many commands of the session are unanswered. It is not executed.
 * - `expired`: there is no such session, any more. It is not executed, as it may have been before.
 */
export type Verdict =
  | { readonly type: "opened" | "execute" | "answered" | "crowded" | "expired" }
  | { readonly type: "repeat"; readonly answer: Uint8Array | null };

/** A verdict, and how the table changes with it. */
export interface Judgement {
  /** What becomes of the entry. */
  readonly verdict: Verdict;
  /** The session as it is from here on; null if none was touched. */
  readonly session: Session | null;
  /** The ids of sessions that are no more. */
  readonly evicted: readonly LogIndex[];
}

/** What the entry at `index` comes to, in the order of the log. */
export function judgeRequest(sessions: Sessions, request: SessionRequest, index: LogIndex): Judgement {
  if (request.type === "open") return open(sessions, request, index);
  const session = sessions.get(request.session);
  if (session === undefined) return { verdict: { type: "expired" }, session: null, evicted: [] };
  return judgeCommand(session, request, index);
}

/** The session with the answer of a command that was executed; as it is, if nobody needs the answer any more. */
export function withAnswer(session: Session, sequence: number, answer: Uint8Array): Session {
  const answers = session.answers.map((kept) => kept.sequence === sequence ? { sequence, answer } : kept);
  return { ...session, answers };
}

/** What a snapshot holds of the table: all of it, in its one canonical order. */
export function sessionsInOrder(sessions: Sessions): readonly Session[] {
  return [...sessions.values()].sort((a, b) => a.id - b.id);
}

function open(sessions: Sessions, { maxSessions, maxAnswers }: SessionOpening, index: LogIndex): Judgement {
  const session: Session = { id: index, lastUsed: index, firstUnanswered: 1, maxAnswers, answers: [] };
  return { verdict: { type: "opened" }, session, evicted: leastRecentlyUsed(sessions, maxSessions - 1) };
}

/** Those that must go so that `kept` stay. By the log, not by a clock: else servers would disagree on what is executed. */
function leastRecentlyUsed(sessions: Sessions, kept: number): readonly LogIndex[] {
  if (sessions.size <= kept) return [];
  const oldestFirst = [...sessions.values()].sort((a, b) => a.lastUsed - b.lastUsed);
  return oldestFirst.slice(0, sessions.size - kept).map(({ id }) => id);
}

function judgeCommand(before: Session, { sequence, ...request }: SessionCommand, index: LogIndex): Judgement {
  const firstUnanswered = Math.max(before.firstUnanswered, request.firstUnanswered);
  const answers = before.answers.filter((kept) => kept.sequence >= firstUnanswered);
  const session: Session = { ...before, lastUsed: index, firstUnanswered, answers };
  const verdict = verdictOf(session, sequence);
  if (verdict.type !== "execute") return { verdict, session, evicted: [] };
  const executed = [...answers, { sequence, answer: null }].sort((a, b) => a.sequence - b.sequence);
  return { verdict, session: { ...session, answers: executed }, evicted: [] };
}

function verdictOf({ firstUnanswered, maxAnswers, answers }: Session, sequence: number): Verdict {
  // A message may have waited in the network until the client had the answer of another one.
  if (sequence < firstUnanswered) return { type: "answered" };
  const known = answers.find((kept) => kept.sequence === sequence);
  if (known !== undefined) return { type: "repeat", answer: known.answer };
  return { type: sequence < firstUnanswered + maxAnswers ? "execute" : "crowded" };
}
