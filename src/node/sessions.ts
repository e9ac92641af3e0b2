/** Sessions that are opened at a node, for who runs it. */
import type { SessionCommand, SessionOpening } from "../core/mod.ts";
import type { RaftErrorCode } from "../error.ts";
import { type ClientSession, createSession, type Pacing, persist, within } from "../session.ts";
import type { Settings } from "./options.ts";
import type { Outcome, Patience } from "./proposals.ts";

/** What sessions of a node act on. */
export interface SessionsHost {
  /** The options of the node. */
  readonly settings: Settings;
  /** Proposes once. Rejects with a RaftError. */
  readonly submit: (
    command: Uint8Array,
    patience: Patience,
    session: SessionOpening | SessionCommand,
  ) => Promise<Outcome>;
}

/** Opens a session. One that was opened, but whose id was never heard, is closed in time as others are used. */
export async function openSession(
  { settings, submit }: SessionsHost,
  { timeoutMs = settings.proposalTimeoutMs, signal }: Partial<Patience>,
): Promise<ClientSession> {
  const { clock, random, heartbeatMs, electionTimeoutMs, maxSessions, maxSessionAnswers: maxAnswers } =
    settings;
  const pacing: Pacing = { clock, random, pauseMs: heartbeatMs, isFinal };
  // A proposal on its way to a leader that is lost is answered by nobody; one election later there is another.
  const attemptMs = 2 * electionTimeoutMs[1];
  const opening: SessionOpening = { type: "open", maxSessions, maxAnswers };
  const { index } = await within(
    clock,
    timeoutMs,
    signal,
    (signal) =>
      persist(pacing, signal, () => submit(new Uint8Array(), { timeoutMs: attemptMs, signal }, opening)),
  );
  return createSession({
    id: index,
    maxAnswers,
    timeoutMs: settings.proposalTimeoutMs,
    pacing,
    async attempt(command, request, signal) {
      return (await submit(command, { timeoutMs: attemptMs, signal }, request)).answer;
    },
  });
}

function isFinal(code: RaftErrorCode): boolean {
  return code !== "Overloaded" && code !== "Timeout";
}
