/**
 * The server's end of clients: answers their requests by a node. Over HTTP by a handler of web-standard requests, over
 * WebSockets, and over any other connection that carries messages. Knows no runtime, and asks nobody who they are: put
 * that before it.
 */
import { plainAnswers } from "../answers.ts";
import { CodecError } from "../codec_flat.ts";
import { RaftError, type RaftErrorCode } from "../error.ts";
import type { RaftNode } from "../node.ts";
import { checked, fields, integer, milliseconds, objectWith } from "../options.ts";
import type { AnswerCodec } from "../ports.ts";
import { mediaType } from "./media_type.ts";
import { numbered, unnumbered } from "./calls.ts";
import { type ClientRequest, type ClientResponse, decodeRequest, encodeResponse } from "./wire.ts";

/** Limits for clients. */
export interface ClientServiceOptions {
  /** The most bytes of one request; a longer one is refused. Default: 2,097,152 (2 MiB). */
  readonly maxRequestBytes?: number;
  /** The most requests that are being answered at a time; more are `Overloaded`. Default: 4,096. */
  readonly maxConcurrentRequests?: number;
  /** The longest that a request may wait, in milliseconds, whatever the client says. Default: 30,000. */
  readonly maxTimeoutMs?: number;
  /** How answers, of proposals and of reads, become bytes: the client needs the same. Default: MessagePack. */
  readonly answers?: AnswerCodec<unknown>;
}

/** A connection of a client that carries messages. */
export interface ClientConnection {
  /** Takes a message that arrived. False if it is too long, or none: then the connection should be closed. */
  receive(message: Uint8Array): boolean;
  /** The connection has ended: nobody waits for answers any more. */
  end(): void;
}

/** Answers clients. */
export interface ClientService {
  /** Answers over HTTP: POST, with a request as its body. Never rejects. */
  fetch(request: Request): Promise<Response>;
  /** Answers on a WebSocket that was just accepted, for as long as it is open. */
  serveWebSocket(socket: WebSocket): void;
  /** Answers on any other connection; `send` takes messages for the client. */
  connect(send: (message: Uint8Array<ArrayBuffer>) => void): ClientConnection;
  /** The most bytes of one request. */
  readonly maxRequestBytes: number;
}

/** What the HTTP status of each failure is; the body says more. */
const statusOf: Readonly<Partial<Record<RaftErrorCode, number>>> = {
  InvalidOptions: 400,
  SessionExpired: 410,
  TooLarge: 413,
  Overloaded: 429,
  Timeout: 504,
};

/** The most bytes that may wait for a client that doesn't read: then its connection is closed. */
const maxBufferedBytes = 64 << 20;

const optionsSchema = fields({
  maxRequestBytes: integer(64).default(2 << 20),
  maxConcurrentRequests: integer(1).default(4096),
  maxTimeoutMs: milliseconds().default(30_000),
  answers: objectWith<AnswerCodec<unknown>>(
    "an object with the methods encode and decode",
    "encode",
    "decode",
  )
    .default(plainAnswers),
});

/**
 * Answers clients by a node.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming the option and what was expected.
 *
 * @example
 * ```ts ignore
 * const service = clientService(node);
 * Deno.serve({ port: 8000 }, (request) => service.fetch(request));
 * ```
 */
export function clientService<Answer>(
  node: RaftNode<Answer>,
  options: ClientServiceOptions = {},
): ClientService {
  const settings = checked("clientService: options", optionsSchema, options);
  const { maxRequestBytes, maxConcurrentRequests } = settings;
  let concurrent = 0;

  /** The response to a request. Never rejects. */
  const respond = async (bytes: Uint8Array, signal: AbortSignal): Promise<ClientResponse> => {
    concurrent++;
    try {
      if (concurrent > maxConcurrentRequests) {
        throw new RaftError("Overloaded", "too many clients wait here already: try again later");
      }
      return await perform(node, settings, decodeRequest(bytes), signal);
    } catch (error) {
      return { type: "failed", leader: node.status().leaderId, error: failureOf(error) };
    } finally {
      concurrent--;
    }
  };

  const service: ClientService = {
    maxRequestBytes,
    // Not until `request.signal` aborts, which not every runtime does only when the client is gone.
    fetch: (request) =>
      answerHttp(request, maxRequestBytes, (bytes) => respond(bytes, new AbortController().signal)),
    serveWebSocket: (socket) => serveWebSocket(service, socket),
    connect(send) {
      const gone = new AbortController();
      return {
        receive(message) {
          const parts = unnumbered(message);
          if (parts === null || parts.body.byteLength > maxRequestBytes) return false;
          // A copy: the connection may use its buffer again.
          respond(new Uint8Array(parts.body), gone.signal).then((response) => {
            if (!gone.signal.aborted) send(numbered(parts.number, encodeResponse(response)));
          });
          return true;
        },
        end: () => gone.abort(),
      };
    },
  };
  return service;
}

async function perform<Answer>(
  node: RaftNode<Answer>,
  { answers, maxTimeoutMs }: { readonly answers: AnswerCodec<unknown>; readonly maxTimeoutMs: number },
  request: ClientRequest,
  signal: AbortSignal,
): Promise<ClientResponse> {
  const options = { timeoutMs: Math.max(1, Math.min(request.timeoutMs, maxTimeoutMs)), signal };
  switch (request.type) {
    case "open": {
      const { id: session, maxAnswers } = await node.openSession(options);
      return { type: "opened", leader: node.status().leaderId, session, maxAnswers };
    }
    case "propose": {
      const { command, session } = request;
      const answer = encodeAnswer(answers, await node.propose(command, { ...options, session }));
      return { type: "answer", leader: node.status().leaderId, answer };
    }
    case "read": {
      const { query, stale } = request;
      const answer = answers.encode(await node.read(query, { ...options, stale }));
      return { type: "answer", leader: node.status().leaderId, answer };
    }
  }
}

/** By now the command was executed: whoever hears that it was not would send it again. */
function encodeAnswer(answers: AnswerCodec<unknown>, answer: unknown): Uint8Array {
  try {
    return answers.encode(answer);
  } catch (cause) {
    const what = `the answer can't be encoded: ${cause instanceof Error ? cause.message : String(cause)}`;
    const advice = "give clientService the `answers` of the state machine";
    throw new RaftError("InvalidOptions", `${what}; the command was executed; ${advice}`, {
      outcome: "unknown",
      cause,
    });
  }
}

function failureOf(error: unknown): RaftError {
  if (error instanceof RaftError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const what = error instanceof CodecError ? "the request" : "the state machine refused it";
  return new RaftError("InvalidOptions", `${what}: ${text}`);
}

async function answerHttp(
  request: Request,
  maxBytes: number,
  respond: (bytes: Uint8Array) => Promise<ClientResponse>,
): Promise<Response> {
  if (request.method !== "POST") {
    const headers = { allow: "POST" };
    return new Response("a request of a client comes by POST\n", { status: 405, headers });
  }
  let body: Uint8Array | null;
  try {
    body = await readBody(request, maxBytes);
  } catch {
    return new Response("the request broke off\n", { status: 400 });
  }
  if (body === null) return new Response(`a request has at most ${maxBytes} bytes\n`, { status: 413 });
  const response = await respond(body);
  const status = response.type === "failed" ? statusOf[response.error.code] ?? 503 : 200;
  return new Response(encodeResponse(response), { status, headers: { "content-type": mediaType } });
}

/** All of the body; null if it is too long: then no more of it is read. */
async function readBody({ body }: Request, maxBytes: number): Promise<Uint8Array | null> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  if (body === null) return new Uint8Array();
  for await (const part of body) {
    length += part.byteLength;
    if (length > maxBytes) return null;
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function serveWebSocket(service: ClientService, socket: WebSocket): void {
  socket.binaryType = "arraybuffer";
  const connection = service.connect((message) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > maxBufferedBytes) socket.close(1008, "answers are not read");
    else socket.send(message);
  });
  socket.addEventListener("message", ({ data }) => {
    const isTaken = data instanceof ArrayBuffer && connection.receive(new Uint8Array(data));
    if (!isTaken) socket.close(1008, "no request, or too long a one");
  });
  socket.addEventListener("close", () => connection.end());
  socket.addEventListener("error", () => connection.end());
}
