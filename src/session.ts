/**
 * A client's end of a session (thesis 6.3): numbers commands, sends each until it is answered, and says which answers
 * it has. The same for who runs a node and for who is somewhere else.
 */
import type { SessionCommand } from "./core/mod.ts";
import { RaftError, type RaftErrorCode } from "./error.ts";
import type { Clock, Random } from "./ports.ts";

/** How long to wait for what a session was asked. */
export interface SessionOptions {
  /** How many milliseconds to go on trying. Default: as for who opened the session. */
  readonly timeoutMs?: number;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal;
}

/** A session, in which each command takes effect once at most, however often it has to be sent. */
export interface ClientSession<Answer = unknown> {
  /** The session's id: the index of the entry that opened it. Another one, once this has taken the place of one that expired. */
  readonly id: number;
  /** How many of its commands may be unanswered at a time; more wait here. */
  readonly maxAnswers: number;
  /**
   * Proposes a command, and sends it again and again until there is an answer: it is executed once. Resolves to what the
   * state machine answered. Commands that are proposed at the same time may take effect in any order. If the session has
   * expired, as others were used later, a command that was not executed in it goes on in a new one.
   *
   * @throws {RaftError} with code `Timeout` or `Aborted`, and `outcome` "unknown" unless nothing was sent: whoever proposes
   * the command again may have it executed twice. With code `SessionExpired` the session has expired after the command was
   * sent, and nobody can say any more whether it was executed.
   */
  propose(command: Uint8Array, options?: SessionOptions): Promise<Answer>;
}

/** What is known of a session when it has been opened. */
export interface OpenedSession {
  /** Its id. */
  readonly id: number;
  /** How many commands may be unanswered at a time. */
  readonly maxAnswers: number;
}

/** What a session acts on. */
export interface SessionHost<Answer> {
  /** Opens one, once. Rejects with a RaftError, also when the signal aborts. */
  readonly open: (signal: AbortSignal) => Promise<OpenedSession>;
  /** Sends a command once. Rejects with a RaftError, also when the signal aborts. */
  readonly attempt: (command: Uint8Array, session: SessionCommand, signal: AbortSignal) => Promise<Answer>;
  /** How long to go on with opening, in milliseconds. */
  readonly timeoutMs: number;
  /** End that, too, when one of them aborts. */
  readonly ends: readonly AbortSignal[];
  /** How to pause between attempts. */
  readonly pacing: Pacing;
}

/** How long to wait before trying again: twice as long each time, up to 16 times as long, and not all at once. */
export interface Pacing {
  /** Measures the time. */
  readonly clock: Clock;
  /** Draws by how much a pause differs. */
  readonly random: Random;
  /** The shortest pause, in milliseconds. */
  readonly pauseMs: number;
  /** The errors after which it is no use to try again. */
  readonly isFinal: (code: RaftErrorCode) => boolean;
}

/** A session, and how far its commands are numbered. */
interface Numbering extends OpenedSession {
  /** The number of the last command. */
  last: number;
  /** The numbers of those that wait for an answer, in order. */
  readonly unanswered: Set<number>;
  /** Those that wait for room, the first one first. */
  readonly waiters: Set<() => void>;
  /** How many of them have room now, and no number yet. */
  woken: number;
}

/** A session that is opened when it is first needed. */
export interface LazySession<Answer> {
  /** Sends a command until it is answered or the signal aborts. */
  send(command: Uint8Array, signal: AbortSignal): Promise<Answer>;
}

/** A session: the `first` one, if it is open already. */
export function lazySession<Answer>(
  host: SessionHost<Answer>,
  first: OpenedSession | null = null,
): LazySession<Answer> {
  let current = first === null ? null : Promise.resolve(numberingOf(first));
  /** What kept the last attempt from opening one. */
  let trouble: RaftError | null = null;

  async function open(signal: AbortSignal): Promise<OpenedSession> {
    try {
      return await host.open(signal);
    } catch (error) {
      if (error instanceof RaftError && !signal.aborted) trouble = error;
      throw error;
    }
  }

  /** Whoever can wait no longer hears why there is no session. */
  async function ready(session: Promise<Numbering>, signal: AbortSignal): Promise<Numbering> {
    try {
      return await unlessAborted(session, signal);
    } catch (error) {
      throw signal.aborted ? afterAll(reasonOf(signal), trouble) : error;
    }
  }

  function forget(session: Promise<Numbering>): void {
    if (current === session) current = null;
  }

  /** One opening for all that wait for it: it goes on if one of them gives up. */
  function numbering(): Promise<Numbering> {
    if (current !== null) return current;
    const session = current = openPersistently({ ...host, open }).then(numberingOf);
    session.catch(() => forget(session));
    return session;
  }

  return {
    async send(command, signal) {
      for (;;) {
        const session = numbering();
        const opened = await ready(session, signal);
        try {
          return await sendIn(opened, host, command, signal);
        } catch (error) {
          if (!(error instanceof RaftError) || error.code !== "SessionExpired") throw error;
          forget(session);
          // It was not executed in the session that is no more, so it may be in another one.
          if (error.outcome === "unknown") throw error;
        }
      }
    },
  };
}

/** Opens a session, and tries again and again. */
export function openPersistently(
  { open, timeoutMs, ends, pacing }: Pick<SessionHost<never>, "open" | "timeoutMs" | "ends" | "pacing">,
): Promise<OpenedSession> {
  return within(pacing.clock, timeoutMs, ends, (signal) => persist(pacing, signal, () => open(signal)));
}

function numberingOf(opened: OpenedSession): Numbering {
  return { ...opened, last: 0, unanswered: new Set(), waiters: new Set(), woken: 0 };
}

async function sendIn<Answer>(
  session: Numbering,
  { attempt, pacing }: Pick<SessionHost<Answer>, "attempt" | "pacing">,
  command: Uint8Array,
  signal: AbortSignal,
): Promise<Answer> {
  const { id, maxAnswers, unanswered, waiters } = session;
  const firstUnanswered = () => unanswered.values().next().value ?? session.last + 1;
  const room = () => firstUnanswered() + maxAnswers - session.last - 1 - session.woken;
  if (room() <= 0) {
    await wakened(waiters, signal);
    session.woken--;
  }
  const sequence = ++session.last;
  unanswered.add(sequence);
  try {
    return await persist(pacing, signal, () => {
      const request = { type: "command", session: id, sequence, firstUnanswered: firstUnanswered() } as const;
      return attempt(command, request, signal);
    });
  } finally {
    // Also when nobody waits for the answer any more: it will never be asked for again.
    unanswered.delete(sequence);
    wakeSome(session, room());
  }
}

/**
 * Tries until it succeeds, the signal aborts, or it is no use. What it rejects with tells by `outcome` whether any of the
 * attempts may have had an effect.
 */
export async function persist<T>(
  { clock, random, pauseMs, isFinal }: Pacing,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  let outcome: "no" | "unknown" = "no";
  let last: RaftError | null = null;
  for (let attempts = 0;; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RaftError)) throw error;
      if (error.outcome === "unknown") outcome = "unknown";
      if (signal.aborted) throw withOutcome(afterAll(reasonOf(signal), last), outcome);
      if (isFinal(error.code)) throw withOutcome(error, outcome);
      last = error;
    }
    const factor = 2 ** Math.min(attempts, 4) * (0.5 + random.next());
    await paused(clock, pauseMs * factor, signal);
    if (signal.aborted) throw withOutcome(afterAll(reasonOf(signal), last), outcome);
  }
}

/** Why nothing came of it: the last attempt that failed before the time was over tells more than that it was over. */
function afterAll(reason: RaftError, last: RaftError | null): RaftError {
  if (last === null) return reason;
  const cause = reason.cause ?? last;
  return new RaftError(reason.code, `${reason.message}; before that: ${last.code}: ${last.message}`, {
    cause,
  });
}

/** Runs with a deadline, and until one of the outer signals aborts; what ends it is the reason of the inner one. */
export async function within<T>(
  clock: Clock,
  timeoutMs: number,
  outer: readonly AbortSignal[],
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const cancel = clock.after(timeoutMs, () => {
    controller.abort(new RaftError("Timeout", `there was no answer within ${timeoutMs} ms`));
  });
  const onAbort = () => {
    const reason = outer.find(({ aborted }) => aborted)?.reason;
    const error = new RaftError("Aborted", "the caller's signal aborted the wait", { cause: reason });
    controller.abort(reason instanceof RaftError ? reason : error);
  };
  if (outer.some(({ aborted }) => aborted)) onAbort();
  for (const signal of outer) signal.addEventListener("abort", onAbort);
  try {
    if (controller.signal.aborted) throw reasonOf(controller.signal);
    return await run(controller.signal);
  } finally {
    cancel();
    for (const signal of outer) signal.removeEventListener("abort", onAbort);
  }
}

/** Why a signal of `within` has aborted. */
export function reasonOf({ reason }: AbortSignal): RaftError {
  return reason instanceof RaftError
    ? reason
    : new RaftError("Aborted", "the wait was aborted", { cause: reason });
}

/** Waits, but only until the signal aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => onAbort = () => reject(reasonOf(signal)));
  if (signal.aborted) throw reasonOf(signal);
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

const never = "it will not take effect";
const perhaps = "it may have taken effect, or may yet";

/** The error, with this outcome and what it means. */
export function withOutcome(error: RaftError, outcome: "no" | "unknown"): RaftError {
  if (error.outcome === outcome && outcome === "no") return error;
  const [meaning, other] = outcome === "no" ? [never, perhaps] : [perhaps, never];
  const message = error.message.replace(`; the proposal: ${other}`, "").replace(`; ${other}`, "");
  const options = { outcome, ...(error.cause === undefined ? {} : { cause: error.cause }) };
  return new RaftError(error.code, message.includes(meaning) ? message : `${message}; ${meaning}`, options);
}

function paused(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener("abort", end);
  });
}

/** Whoever gives up while he waits leaves his place to the next one. */
function wakened(waiters: Numbering["waiters"], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      waiters.delete(wake);
      reject(reasonOf(signal));
    };
    const wake = () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    signal.addEventListener("abort", onAbort);
    waiters.add(wake);
  });
}

/** Wakes as many as there is room for: to wake all of many for each answer would cost them dearly. */
function wakeSome(session: Numbering, room: number): void {
  let left = room;
  for (const wake of session.waiters) {
    if (left-- <= 0) return;
    session.waiters.delete(wake);
    session.woken++;
    wake();
  }
}
