/** Reads the log from the records of the Deno KV storage, and refuses whatever does not fit together. */
import { decodeEntry } from "../codec.ts";
import type { LogEntry } from "../core/mod.ts";
import type { RaftError } from "../error.ts";
import {
  decodePart,
  entryKey,
  type Head,
  type Key,
  partKey,
  type Position,
  positionOf,
} from "./kv_records.ts";

/** One record of the database. */
export interface KvRecord {
  /** Where it is. */
  readonly key: Key;
  /** What is there. */
  readonly value: unknown;
}

/** Makes the error that says what is wrong with which key. */
export type Damaged = (key: Key, what: string) => RaftError;

/** The parts of an entry of which more are to come. */
interface Begun {
  readonly position: Position;
  readonly parts: number;
  readonly chunks: Uint8Array[];
}

/**
 * The log that `records`, all those under the log's key and in its order, are for this head.
 *
 * There must be nothing else: the index goes up by one, each entry has all of its parts, neither terms nor
 * revisions go down along the log, none is above the head's.
 *
 * @throws what `damaged` makes of the first thing that is wrong.
 */
export async function readLog(
  records: AsyncIterable<KvRecord>,
  { root, head, damaged }: { root: Key; head: Head; damaged: Damaged },
): Promise<LogEntry[]> {
  const { currentTerm, lastIndex } = head.state ?? { currentTerm: 0, lastIndex: 0 };
  const { compactedIndex = 0, compactedTerm = 0 } = head.compaction ?? {};
  const log: LogEntry[] = [];
  let begun: Begun | null = null;
  let revision = 0;
  for await (const { key, value } of records) {
    const position = positionOf(root, key);
    if (position === null) throw damaged(key, "this is no key of the log");
    if (position.index > lastIndex) {
      throw damaged(key, `the log ends at index ${lastIndex}, before this entry`);
    }
    if (position.index <= compactedIndex + log.length) {
      throw damaged(key, "there is another entry at this index");
    }
    const next: Position = begun === null
      ? { ...position, index: compactedIndex + log.length + 1, part: 0 }
      : { ...begun.position, part: begun.chunks.length };
    if (position.index !== next.index && begun === null) {
      throw damaged(entryKey(root, next.index), "it is missing");
    }
    if (!isSame(position, next)) throw damaged(partKey(root, next), "it is missing");
    if (position.revision < revision || position.revision > head.revision) {
      throw damaged(
        key,
        `its write can't be between those of its neighbours, ${revision} and ${head.revision}`,
      );
    }
    revision = position.revision;
    const read = decodePart(value, position);
    if (read.type === "damaged") throw damaged(key, read.reason);
    begun ??= { position, parts: read.parts, chunks: [] };
    if (read.parts !== begun.parts) throw damaged(key, "its parts do not agree on how many they are");
    begun.chunks.push(read.bytes);
    if (begun.chunks.length < begun.parts) continue;
    const entry = decode(begun.chunks, (what) => damaged(key, what));
    const previousTerm = log.at(-1)?.term ?? compactedTerm;
    if (entry.term < previousTerm || entry.term > currentTerm) {
      throw damaged(
        key,
        `its term ${entry.term} is not between ${previousTerm}, the last one's, and ${currentTerm}`,
      );
    }
    log.push(entry);
    begun = null;
  }
  if (begun !== null) {
    throw damaged(
      partKey(root, { ...begun.position, part: begun.chunks.length }),
      "it is missing",
    );
  }
  if (compactedIndex + log.length !== lastIndex) {
    throw damaged(
      entryKey(root, compactedIndex + log.length + 1),
      `it is missing: the log goes up to index ${lastIndex}`,
    );
  }
  return log;
}

function isSame(a: Position, b: Position): boolean {
  return a.index === b.index && a.revision === b.revision && a.part === b.part;
}

function decode(chunks: readonly Uint8Array[], damaged: (what: string) => RaftError): LogEntry {
  try {
    return decodeEntry(join(chunks));
  } catch (error) {
    throw damaged(`it is no log entry: ${error instanceof Error ? error.message : error}`);
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const [first, ...more] = chunks;
  if (first !== undefined && more.length === 0) return first;
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
