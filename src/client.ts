/**
 * A client of a cluster, somewhere else: it finds the leader, and sends each command until it is answered, in a session,
 * so that it is executed once. Over `fetch` or WebSockets wherever there are web standards; over TCP by
 * `@quorate/raft/deno`. The server's end is `clientService` of `@quorate/raft`.
 *
 * @example
 * ```ts ignore
 * import { fetchTransport, RaftClient } from "@quorate/raft/client";
 *
 * const servers = { a: "http://10.0.0.1:8000/", b: "http://10.0.0.2:8000/", c: "http://10.0.0.3:8000/" };
 * await using client = RaftClient.create({ servers, transport: fetchTransport() });
 * await client.propose(new TextEncoder().encode("x = 1"));
 * ```
 *
 * @module
 */
import { z } from "zod";
import { plainAnswers } from "./answers.ts";
import { createAsker } from "./client/asker.ts";
import type { ClientTransport } from "./client/transport.ts";
import { RaftError, type RaftErrorCode } from "./error.ts";
import { systemClock, systemRandom } from "./node/system.ts";
import { checked, fields, milliseconds, objectWith, show, that } from "./options.ts";
import type { AnswerCodec, Clock, Random } from "./ports.ts";
import { lazySession, type Pacing, persist, type SessionOptions, within } from "./session.ts";

export { fetchTransport, type FetchTransportOptions, webSocketTransport } from "./client/web.ts";
export type { ClientTransport } from "./client/transport.ts";
export { RaftError, type RaftErrorCode, raftErrorCodes } from "./error.ts";
export type { AnswerCodec, Clock, Random } from "./ports.ts";
export type { SessionOptions } from "./session.ts";

/** What a client is told. */
export interface RaftClientOptions {
  /** Where each server of the cluster answers clients, by its name: in the words of the transport. At least one. */
  readonly servers: Readonly<Record<string, string>>;
  /** Carries requests. */
  readonly transport: ClientTransport;
  /** How many milliseconds to go on trying, if the call doesn't say. Default: 10,000. */
  readonly timeoutMs?: number;
  /** How many milliseconds to wait for one server, before another one is asked. Default: 2,000. */
  readonly attemptTimeoutMs?: number;
  /** How answers become bytes: as `clientService` has it. Default: MessagePack. */
  readonly answers?: AnswerCodec<unknown>;
  /** Measures time. Default: the runtime's timers. */
  readonly clock?: Clock;
  /** Where randomness comes from. Default: the runtime's cryptographic randomness. */
  readonly random?: Random;
}

/** How long a read may take, and how new its answer must be. */
export interface ClientReadOptions extends SessionOptions {
  /** Whether what the server has applied so far is good enough. Default: false. */
  readonly stale?: boolean;
}

/** A client of a cluster. */
export interface RaftClient<Answer = unknown> extends AsyncDisposable {
  /**
   * Proposes a command, and sends it again and again until there is an answer: it is executed once. Resolves to what the
   * state machine answered. The first call opens a session.
   *
   * @throws {RaftError} with `outcome` "no" if the command will never take effect; "unknown" if it may have, or may yet.
   */
  propose(command: Uint8Array, options?: SessionOptions): Promise<Answer>;
  /**
   * Asks the state machine: what was acknowledged anywhere before the call is in the answer, unless a `stale` one will do.
   *
   * @throws {RaftError} with `outcome` "no", as a read has no effect.
   */
  read(query: Uint8Array, options?: ClientReadOptions): Promise<unknown>;
  /** Closes all connections. What waits is told so. */
  close(): Promise<void>;
}

/** Makes clients. */
export const RaftClient: {
  /**
   * Makes a client; it connects when it is first asked for something.
   *
   * @throws {RaftError} with code `InvalidOptions`, naming the option and what was expected.
   */
  readonly create: <Answer = unknown>(options: RaftClientOptions) => RaftClient<Answer>;
} = { create };

const serversExpected = "a record of addresses by the name of the server, at least one";
const optionsSchema = fields({
  servers: that<Readonly<Record<string, string>>>(serversExpected, isRecordOfTexts),
  transport: objectWith<ClientTransport>("a ClientTransport, such as fetchTransport()", "request", "close"),
  timeoutMs: milliseconds().default(10_000),
  attemptTimeoutMs: milliseconds().default(2_000),
  answers: objectWith<AnswerCodec<unknown>>(
    "an object with the methods encode and decode",
    "encode",
    "decode",
  )
    .default(plainAnswers),
  clock: objectWith<Clock>("a Clock: an object with the methods now and after", "now", "after").default(
    systemClock,
  ),
  random: objectWith<Random>("a Random: an object with a method next", "next").default(systemRandom),
}).superRefine(({ servers, transport }, { addIssue }) => {
  for (const [id, address] of Object.entries(servers)) {
    const message = transport.expects?.(address) ?? null;
    if (message !== null) addIssue({ code: "custom", path: ["servers", id], message });
  }
});

const patience = {
  timeoutMs: milliseconds().optional(),
  signal: that<AbortSignal>("an AbortSignal", (value) => value instanceof AbortSignal).optional(),
};
const proposeSchema = fields(patience);
const readSchema = fields({ ...patience, stale: z.boolean("true or false").default(false) });

function isRecordOfTexts(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const addresses = Object.values(value);
  return addresses.length > 0 && addresses.every((address) => typeof address === "string");
}

/** The shortest pause between attempts, in milliseconds. */
const pauseMs = 20;

function create<Answer>(options: RaftClientOptions): RaftClient<Answer> {
  const settings = checked("RaftClient.create: options", optionsSchema, options);
  const { transport, answers, clock, random } = settings;
  const pacing: Pacing = { clock, random, pauseMs, isFinal };
  const asker = createAsker(settings);
  const closed = new AbortController();
  const session = lazySession<Answer>({
    timeoutMs: settings.timeoutMs,
    ends: [closed.signal],
    pacing,
    async open(signal) {
      const { session: id, maxAnswers } = await asker.ask({ type: "open" }, signal);
      return { id, maxAnswers };
    },
    async attempt(command, { type: _, ...session }, signal) {
      const { answer } = await asker.ask({ type: "propose", session, command }, signal);
      return answers.decode(answer) as Answer;
    },
  });

  async function read(query: Uint8Array, stale: boolean, signal: AbortSignal): Promise<unknown> {
    const ask = () => asker.ask({ type: "read", stale, query }, signal);
    return answers.decode((await persist(pacing, signal, ask)).answer);
  }

  const patiently = <T>(
    { timeoutMs, signal }: z.infer<typeof proposeSchema>,
    run: (signal: AbortSignal) => Promise<T>,
  ) => {
    const ends = signal === undefined ? [closed.signal] : [signal, closed.signal];
    return within(clock, timeoutMs ?? settings.timeoutMs, ends, run);
  };
  const close = async () => {
    closed.abort(new RaftError("Stopped", "the client was closed"));
    await transport.close();
  };
  return {
    propose: async (command, options = {}) => {
      const copy = new Uint8Array(bytesOf("the command", command));
      return await patiently(
        checked("options", proposeSchema, options),
        (signal) => session.send(copy, signal),
      );
    },
    read: async (query, options = {}) => {
      const copy = new Uint8Array(bytesOf("the query", query));
      const { stale, ...patience } = checked("options", readSchema, options);
      return await patiently(patience, (signal) => read(copy, stale, signal));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function bytesOf(what: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new RaftError("InvalidOptions", `${what}: expected a Uint8Array, got ${show(value)}`);
}

/** After these another attempt, perhaps at another server, may succeed. */
function isFinal(code: RaftErrorCode): boolean {
  return !["Overloaded", "Timeout", "Aborted", "Stopped", "Unavailable", "NotLeader", "Pending"].includes(
    code,
  );
}
