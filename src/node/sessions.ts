/** Sessions that are opened at a node, for who runs it. */
import type { SessionCommand, SessionOpening } from "../core/mod.ts";
import { RaftError, type RaftErrorCode } from "../error.ts";
import { show } from "../options.ts";
import {
  type ClientSession,
  lazySession,
  type OpenedSession,
  openPersistently,
  type SessionHost,
  type SessionOptions,
  within,
} from "../session.ts";
import { parseSessionOptions, type Settings } from "./options.ts";
import type { Outcome } from "./proposals.ts";
import type { Patience } from "./waiting.ts";

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
  /** Aborts when the node ends. */
  readonly ended: AbortSignal;
}

/** Opens a session. One that was opened, but whose id was never heard, is closed in time as others are used. */
export async function openSession(
  { settings, submit, ended }: SessionsHost,
  options: SessionOptions,
): Promise<ClientSession> {
  const { clock, random, heartbeatMs, electionTimeoutMs, proposalTimeoutMs } = settings;
  const { maxSessions, maxSessionAnswers: maxAnswers } = settings;
  // A proposal on its way to a leader that is lost is answered by nobody; one election later there is another.
  const attemptMs = 2 * electionTimeoutMs[1];
  const opening: SessionOpening = { type: "open", maxSessions, maxAnswers };
  let opened: OpenedSession;
  const host: SessionHost<unknown> = {
    timeoutMs: proposalTimeoutMs,
    ends: [ended],
    pacing: { clock, random, pauseMs: heartbeatMs, isFinal },
    async open(signal) {
      const { index: id } = await submit(new Uint8Array(), { timeoutMs: attemptMs, signal }, opening);
      return opened = { id, maxAnswers };
    },
    attempt: async (command, request, signal) =>
      (await submit(command, { timeoutMs: attemptMs, signal }, request)).answer,
  };
  const { timeoutMs = proposalTimeoutMs, signal } = parseSessionOptions(options);
  opened = await openPersistently({ ...host, timeoutMs, ends: endsOf(ended, signal) });
  const session = lazySession(host, opened);
  return {
    get id() {
      return opened.id;
    },
    maxAnswers,
    propose: async (command, options = {}) => {
      const { timeoutMs = proposalTimeoutMs, signal } = parseSessionOptions(options);
      if (!(command instanceof Uint8Array)) {
        throw new RaftError("InvalidOptions", `the command: expected a Uint8Array, got ${show(command)}`);
      }
      const copy = new Uint8Array(command);
      return await within(clock, timeoutMs, endsOf(ended, signal), (signal) => session.send(copy, signal));
    },
  };
}

function endsOf(ended: AbortSignal, signal: AbortSignal | undefined): readonly AbortSignal[] {
  return signal === undefined ? [ended] : [signal, ended];
}

function isFinal(code: RaftErrorCode): boolean {
  return code !== "Overloaded" && code !== "Timeout";
}
