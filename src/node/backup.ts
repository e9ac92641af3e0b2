/**
 * Backups: what a state machine holds at one index, as bytes that tell when they are not whole. A new cluster can begin with
 * one; a cluster that runs can't go back to it.
 *
 * Format 2: a line of JSON, `{"backup":2,"id":"b1f0…","clusterId":"orders","index":42,"term":3}`; then frames of a length and
 * a CRC-32C, in four bytes each, little-endian, and so many bytes; at the end one of length 0, whose checksum is the sum of
 * all others modulo 2^32.
 */
import CRC32C from "crc-32/crc32c.js";
import { configurationOfVoters, type LogIndex, type PersistentState, type Term } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Identity, OpenStorage } from "../ports.ts";

const format = 2;
const frameHeaderBytes = 8;
const maxFrameBytes = 1 << 16;
const maxLineBytes = 1024;

/** Of which cluster a backup was made, and where in its log. */
interface Origin {
  readonly clusterId: string;
  readonly index: LogIndex;
  readonly term: Term;
}

/** What a backup says first. */
interface BackupHead extends Origin {
  /** No other backup has it, so that servers can tell whether they began with the same one. */
  readonly id: string;
}

/** A backup that is being read. */
export interface Backup {
  /** Rejects if it is none. */
  readonly head: Promise<BackupHead>;
  /** All that follows. */
  readonly content: () => ReadableStream<Uint8Array>;
  /** Lets go of it. */
  readonly cancel: () => void;
}

/** A backup with this content. */
export function backupOf(
  { clusterId, index, term }: Origin,
  content: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  let sum = 0;
  const frame = (bytes: Uint8Array, checksum: number) => {
    const framed = new Uint8Array(frameHeaderBytes + bytes.byteLength);
    const view = new DataView(framed.buffer);
    view.setUint32(0, bytes.byteLength, true);
    view.setUint32(4, checksum, true);
    framed.set(bytes, frameHeaderBytes);
    return framed;
  };
  return content.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start(controller) {
        const head = { backup: format, id: crypto.randomUUID(), clusterId, index, term };
        controller.enqueue(new TextEncoder().encode(`${JSON.stringify(head)}\n`));
      },
      transform(chunk, controller) {
        for (let at = 0; at < chunk.byteLength; at += maxFrameBytes) {
          const bytes = chunk.subarray(at, at + maxFrameBytes);
          const checksum = CRC32C.buf(bytes) >>> 0;
          sum = (sum + checksum) >>> 0;
          controller.enqueue(frame(bytes, checksum));
        }
      },
      flush(controller) {
        controller.enqueue(frame(new Uint8Array(), sum));
      },
    }),
  );
}

/** Begins to read a backup. */
export function openBackup(stream: ReadableStream<Uint8Array>): Backup {
  const source = byteSource(stream);
  const head = readHead(source);
  // Nobody may want it: a storage that isn't empty needs no backup.
  head.catch(() => {});
  return { head, content: () => contentOf(source), cancel: source.cancel };
}

/**
 * Lets an empty storage begin with a backup, as one of the servers of a new cluster. Durable when it resolves.
 *
 * @throws {RaftError} with code `Corrupt` or `Mismatch`; then the storage is as empty as before.
 */
export async function beginWith(
  storage: OpenStorage,
  { head, content }: Backup,
  { clusterId, servers }: Identity,
): Promise<PersistentState> {
  const { index, term, clusterId: old } = await head;
  if (old === clusterId) throw sameCluster(clusterId);
  await storage.writeSnapshot(index, content());
  const snapshot = { index, term, configuration: configurationOfVoters(servers) };
  const compaction = { snapshot, compactedIndex: index, compactedTerm: term };
  await storage.write({ currentTerm: term, votedFor: null, from: index + 1, entries: [], compaction });
  return { currentTerm: term, votedFor: null, log: [], compaction };
}

/** A server of the old cluster that is still up, or comes back, would take the new servers for its own, and have them follow it. */
function sameCluster(clusterId: string): RaftError {
  return new RaftError(
    "Mismatch",
    `the backup is of cluster "${clusterId}", and so is this node: a cluster that begins with it needs another clusterId`,
  );
}

async function readHead(source: ByteSource): Promise<BackupHead> {
  const line: number[] = [];
  for (;;) {
    const [byte] = await source.take(1);
    if (byte === 10) break;
    if (byte === undefined || line.push(byte) > maxLineBytes) throw corrupt("it does not begin as one");
  }
  const { backup, id, clusterId, index, term } = headOf(new TextDecoder().decode(Uint8Array.from(line)));
  if (backup !== format) {
    const message = `the backup: expected format ${format}, got ${JSON.stringify(backup)}`;
    throw new RaftError("Mismatch", `${message}; use the version of the library that has written it`);
  }
  if (typeof id !== "string" || typeof clusterId !== "string" || !isCount(index) || !isCount(term)) {
    throw corrupt("it does not begin as one");
  }
  return { id, clusterId, index, term };
}

function headOf(line: string): Partial<Record<keyof BackupHead | "backup", unknown>> {
  try {
    return Object(JSON.parse(line));
  } catch {
    throw corrupt("it does not begin as one");
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 1;
}

/** The content, frame by frame, as it is read. Fails where it is not what was written. */
function contentOf(source: ByteSource): ReadableStream<Uint8Array> {
  let sum = 0;
  let bytesRead = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const header = await source.take(frameHeaderBytes);
      if (header.byteLength < frameHeaderBytes) {
        throw corrupt(`it ends early, after ${bytesRead} bytes of content`);
      }
      const view = new DataView(header.buffer, header.byteOffset);
      const [length, checksum] = [view.getUint32(0, true), view.getUint32(4, true)];
      if (length > maxFrameBytes) throw corrupt(`it is damaged after ${bytesRead} bytes of content`);
      if (length === 0) {
        if (checksum !== sum) throw corrupt("a part of it is missing");
        return controller.close();
      }
      const bytes = await source.take(length);
      if (bytes.byteLength < length || CRC32C.buf(bytes) >>> 0 !== checksum) {
        throw corrupt(`it is damaged, or ends early, after ${bytesRead} bytes of content`);
      }
      sum = (sum + checksum) >>> 0;
      bytesRead += length;
      controller.enqueue(bytes);
    },
  });
}

/** The bytes of a stream, as many at a time as one asks for. */
interface ByteSource {
  /** The next so many; fewer only at the end. */
  take(count: number): Promise<Uint8Array>;
  /** Lets go of the stream. */
  cancel(): void;
}

function byteSource(stream: ReadableStream<Uint8Array>): ByteSource {
  const reader = stream.getReader();
  let rest = new Uint8Array();
  return {
    async take(count) {
      while (rest.byteLength < count) {
        const { done, value } = await reader.read();
        if (done) break;
        const joined = new Uint8Array(rest.byteLength + value.byteLength);
        joined.set(rest);
        joined.set(value, rest.byteLength);
        rest = joined;
      }
      const taken = rest.slice(0, count);
      rest = rest.subarray(count);
      return taken;
    },
    cancel: () => void reader.cancel().catch(() => {}),
  };
}

function corrupt(what: string): RaftError {
  return new RaftError("Corrupt", `this is no whole backup: ${what}; take another one`);
}
