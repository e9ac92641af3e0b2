/**
 * What clients and servers say to each other: each request and each response is one flat MessagePack array, its version
 * and its kind first. The same over every transport.
 *
 * Decoding is strict and total: any bytes give a valid value or a {@linkcode CodecError}.
 */
import {
  CodecError,
  end,
  readBoolean,
  readBytes,
  type Reader,
  readerOf,
  readInteger,
  readNodeId,
  readText,
  type Scalar,
} from "../codec_flat.ts";
import { encodeFlat } from "../codec_writer.ts";
import { type NodeId, type SessionCommand, unreachable } from "../core/mod.ts";
import { RaftError, type RaftErrorCode, raftErrorCodes } from "../error.ts";

/** The version of this protocol. */
const version = 1;

/** The longest text of an error, in UTF-16 code units: longer ones are cut. */
const maxMessageLength = 4096;

/** What a client asks. `timeoutMs` is how long it will wait, in milliseconds. */
export type ClientRequest =
  | {
    /** Opens a session. */
    readonly type: "open";
    readonly timeoutMs: number;
  }
  | {
    /** Proposes a command in a session. */
    readonly type: "propose";
    readonly timeoutMs: number;
    readonly session: Omit<SessionCommand, "type">;
    readonly command: Uint8Array;
  }
  | {
    /** Reads. */
    readonly type: "read";
    readonly timeoutMs: number;
    readonly stale: boolean;
    readonly query: Uint8Array;
  };

/** What a server answers. `leader` is who leads, as far as it knows. */
export type ClientResponse =
  | {
    /** A session is open. */
    readonly type: "opened";
    readonly leader: NodeId | null;
    readonly session: number;
    readonly maxAnswers: number;
  }
  | {
    /** What the state machine answered. */
    readonly type: "answer";
    readonly leader: NodeId | null;
    readonly answer: Uint8Array;
  }
  | {
    /** It failed. */
    readonly type: "failed";
    readonly leader: NodeId | null;
    readonly error: RaftError;
  };

/** The second value on the wire. Never give a number a new meaning. */
const requestKind = { open: 1, propose: 2, read: 3 } as const;
const responseKind = { opened: 1, answer: 2, failed: 3 } as const;

/** The bytes of a request. */
export function encodeRequest(request: ClientRequest): Uint8Array<ArrayBuffer> {
  const head = [version, requestKind[request.type], Math.ceil(request.timeoutMs)];
  switch (request.type) {
    case "open":
      return encodeFlat(head);
    case "propose": {
      const { session, sequence, firstUnanswered } = request.session;
      return encodeFlat([...head, session, sequence, firstUnanswered, request.command]);
    }
    case "read":
      return encodeFlat([...head, request.stale, request.query]);
    default:
      return unreachable(request);
  }
}

/**
 * The request that these bytes are.
 *
 * @throws {CodecError} if they are none.
 */
export function decodeRequest(bytes: Uint8Array): ClientRequest {
  const reader = begin(bytes, "request");
  const kind = readInteger(reader, "kind");
  const timeoutMs = readInteger(reader, "timeoutMs");
  const request = readRequest(reader, kind, timeoutMs);
  end(reader);
  return request;
}

function readRequest(reader: Reader, kind: number, timeoutMs: number): ClientRequest {
  switch (kind) {
    case requestKind.open:
      return { type: "open", timeoutMs };
    case requestKind.propose: {
      const session = {
        session: readInteger(reader, "session"),
        sequence: readInteger(reader, "sequence"),
        firstUnanswered: readInteger(reader, "firstUnanswered"),
      };
      return { type: "propose", timeoutMs, session, command: readBytes(reader, "command") };
    }
    case requestKind.read:
      return {
        type: "read",
        timeoutMs,
        stale: readBoolean(reader, "stale"),
        query: readBytes(reader, "query"),
      };
    default:
      throw new CodecError(`unknown kind of request: ${kind}`);
  }
}

/** The bytes of a response. */
export function encodeResponse(response: ClientResponse): Uint8Array<ArrayBuffer> {
  const { leader } = response;
  const head: Scalar[] = [version, responseKind[response.type], leader !== null];
  if (leader !== null) head.push(leader);
  switch (response.type) {
    case "opened":
      return encodeFlat([...head, response.session, response.maxAnswers]);
    case "answer":
      return encodeFlat([...head, response.answer]);
    case "failed": {
      const { code, outcome, message } = response.error;
      const text = message.slice(0, maxMessageLength).toWellFormed() || code;
      return encodeFlat([...head, code, outcome === "unknown", text]);
    }
    default:
      return unreachable(response);
  }
}

/**
 * The response that these bytes are.
 *
 * @throws {CodecError} if they are none.
 */
export function decodeResponse(bytes: Uint8Array): ClientResponse {
  const reader = begin(bytes, "response");
  const kind = readInteger(reader, "kind");
  const leader = readBoolean(reader, "leader") ? readNodeId(reader, "leader") : null;
  const response = readResponse(reader, kind, leader);
  end(reader);
  return response;
}

function readResponse(reader: Reader, kind: number, leader: NodeId | null): ClientResponse {
  switch (kind) {
    case responseKind.opened: {
      const session = readInteger(reader, "session");
      return { type: "opened", leader, session, maxAnswers: readInteger(reader, "maxAnswers") };
    }
    case responseKind.answer:
      return { type: "answer", leader, answer: readBytes(reader, "answer") };
    case responseKind.failed: {
      const code = readText(reader, "code", 64);
      const outcome = readBoolean(reader, "outcome") ? "unknown" : "no";
      const message = readText(reader, "message", maxMessageLength);
      if (!isCode(code)) throw new CodecError(`response: there is no code ${code}`);
      return { type: "failed", leader, error: new RaftError(code, message, { outcome }) };
    }
    default:
      throw new CodecError(`unknown kind of response: ${kind}`);
  }
}

function begin(bytes: Uint8Array, what: string): Reader {
  const reader = readerOf(bytes, what);
  const theirs = readInteger(reader, "version");
  if (theirs !== version) throw new CodecError(`${what}: version ${theirs}, but this end speaks ${version}`);
  return reader;
}

function isCode(text: string): text is RaftErrorCode {
  return (raftErrorCodes as readonly string[]).includes(text);
}
