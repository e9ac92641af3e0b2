/** Sessions that are opened at a node, for who runs it. */
import type { SessionCommand, SessionOpening } from "../core/mod.ts";
import { RaftError, type RaftErrorCode } from "../error.ts";
import { show } from "../options.ts";
import {
  type ClientSession,
  lazySession,
  type OpenedSession,
  type Pacing,
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
}

/** Opens a session. One that was opened, but whose id was never heard, is closed in time as others are used. */
export async function openSession(
  { settings, submit }: SessionsHost,
  options: SessionOptions,
): Promise<ClientSession> {
  const { clock, random, heartbeatMs, electionTimeoutMs, proposalTimeoutMs } = settings;
  const { maxSessions, maxSessionAnswers: maxAnswers } = settings;
  const pacing: Pacing = { clock, random, pauseMs: heartbeatMs, isFinal };
  // A proposal on its way to a leader that is lost is answered by nobody; one election later there is another.
  const timeoutMs = 2 * electionTimeoutMs[1];
  const opening: SessionOpening = { type: "open", maxSessions, maxAnswers };
  let opened: OpenedSession;
  const session = lazySession({
    timeoutMs: proposalTimeoutMs,
    closed: undefined,
    pacing,
    async open(signal) {
      const { index: id } = await submit(new Uint8Array(), { timeoutMs, signal }, opening);
      return opened = { id, maxAnswers };
    },
    attempt: async (command, request, signal) =>
      (await submit(command, { timeoutMs, signal }, request)).answer,
  });
  const patience = parseSessionOptions(options);
  opened = await within(clock, patience.timeoutMs ?? proposalTimeoutMs, patience.signal, session.opened);
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
      return await within(clock, timeoutMs, signal, (signal) => session.send(copy, signal));
    },
  };
}

function isFinal(code: RaftErrorCode): boolean {
  return code !== "Overloaded" && code !== "Timeout";
}
