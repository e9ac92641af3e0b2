/**
 * The head of every snapshot, before the state machine's own bytes: four bytes of its length, the most significant first,
 * then the table of sessions as a flat array.
 */
import { end, readBytes, readCounted, type Reader, readerOf, readInteger } from "../codec_flat.ts";
import { encodeFlat } from "../codec_writer.ts";
import type { Scalar } from "../codec_flat.ts";
import { type KeptAnswer, type LogIndex, type Session, sessionsInOrder } from "../core/mod.ts";
import { RaftError } from "../error.ts";

/** What a snapshot holds besides the state machine. */
export interface Head {
  /** The open sessions. */
  readonly sessions: Map<LogIndex, Session>;
  /** The indexes of proposals in the log that were no command to the state machine. */
  readonly skipped: Set<LogIndex>;
}

/** The version of this layout. */
const format = 1;

/** The head, then the content. */
export function withHead(
  { sessions, skipped }: Head,
  content: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const values: Scalar[] = [format, sessions.size];
  for (const session of sessionsInOrder(sessions)) pushSession(values, session);

  values.push(skipped.size);
  for (const index of skipped) values.push(index);
  const body = encodeFlat(values);
  const head = new Uint8Array(4 + body.byteLength);
  new DataView(head.buffer).setUint32(0, body.byteLength);
  head.set(body, 4);
  let isHead = true;
  const reader = content.getReader();
  return new ReadableStream({
    async pull(controller) {
      if (isHead) {
        isHead = false;
        return controller.enqueue(head);
      }
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/**
 * Parts a snapshot into its head and the state machine's own content.
 *
 * @throws {RaftError} with code `Corrupt` if it has no such head.
 */
export async function readHead(
  snapshot: ReadableStream<Uint8Array>,
): Promise<{ readonly head: Head; readonly rest: ReadableStream<Uint8Array<ArrayBuffer>> }> {
  const reader = snapshot.getReader();
  let bytes = new Uint8Array();
  const fill = async (length: number) => {
    const parts = [bytes];
    let total = bytes.byteLength;
    while (total < length) {
      const { done, value } = await reader.read();
      if (done) throw damaged("it ends before its table of sessions does");
      parts.push(new Uint8Array(value));
      total += value.byteLength;
    }
    bytes = joined(parts, total);
  };
  try {
    await fill(4);
    const length = 4 + new DataView(bytes.buffer).getUint32(0);
    await fill(length);
    const head = decodeHead(bytes.subarray(4, length));
    return { head, rest: following(bytes.slice(length), reader) };
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** What was read too much, and then the rest. */
function following(
  first: Uint8Array<ArrayBuffer>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      if (first.byteLength > 0) controller.enqueue(first);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      // No storage reads into shared memory.
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function pushSession(values: Scalar[], session: Session): void {
  const { id, lastUsed, firstUnanswered, maxAnswers, answers } = session;
  values.push(id, lastUsed, firstUnanswered, maxAnswers, answers.length);
  for (const { sequence, answer } of answers) values.push(sequence, answer ?? new Uint8Array());
}

function decodeHead(bytes: Uint8Array): Head {
  try {
    const reader = readerOf(bytes, "snapshot");
    const found = readInteger(reader, "format");
    if (found !== format) throw new Error(`its format is ${found}, expected ${format}`);
    const sessions = readCounted(reader, "sessions", () => readSession(reader));
    const skipped = readCounted(reader, "skipped", () => readInteger(reader, "skipped"));
    end(reader);
    return { sessions: new Map(sessions.map((session) => [session.id, session])), skipped: new Set(skipped) };
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error));
  }
}

function readSession(reader: Reader): Session {
  return {
    id: readInteger(reader, "id"),
    lastUsed: readInteger(reader, "lastUsed"),
    firstUnanswered: readInteger(reader, "firstUnanswered"),
    maxAnswers: readInteger(reader, "maxAnswers"),
    answers: readCounted(reader, "answers", (): KeptAnswer => ({
      sequence: readInteger(reader, "sequence"),
      answer: readBytes(reader, "answer"),
    })),
  };
}

function damaged(what: string): RaftError {
  return new RaftError("Corrupt", `the snapshot is damaged: ${what}`);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
