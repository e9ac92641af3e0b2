/**
 * The segments of the write-ahead log: files `log-NUMBER`, of one size, full of zeros before they are used. The next one is
 * made while the last one fills. Each begins with what was written before it, so that the oldest can go once a snapshot
 * has replaced all its entries.
 */
import type { LogEntry, LogIndex } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Identity } from "../ports.ts";
import { BytesError, byteWriter } from "./bytes.ts";
import { CodecError } from "../codec.ts";
import type { Files, OpenFile } from "./files.ts";
import {
  emptySummary,
  type Head,
  putHead,
  readContent,
  type StoredWrite,
  type Summary,
} from "./wal_content.ts";
import { alignment, beginRecord, endRecord, isZero, readRecord } from "./wal_records.ts";

/** The version of the format described here and in `wal_records.ts` and `wal_content.ts`. */
export const FORMAT = 1;

/** The first bytes of a segment, before the format's version. */
const magic = new TextEncoder().encode("Quorate WAL\n");

/** Where the log is kept, and in what pieces. */
export interface WalFolder {
  /** The file system. */
  readonly files: Files;
  /** The path of the folder. */
  readonly path: string;
  /** How many bytes a segment has, at least. */
  readonly segmentBytes: number;
}

/** A segment that is there. */
export interface Segment {
  /** Its number, from 1 on. */
  readonly number: number;
  /** The highest index of an entry in it; 0 if it holds none. */
  lastIndex: LogIndex;
}

/** Where the next record goes. */
export interface Tail {
  /** The segment's file. */
  readonly file: OpenFile;
  /** How many bytes of it were made. */
  readonly size: number;
  /** Where its first record ends, which is no write. */
  readonly begins: number;
  /** Where the next record begins, in bytes. */
  position: number;
}

/** All that was found in a folder. */
export interface Found {
  /** Whose log it is. */
  readonly owner: Identity;
  /** What was written, but for the entries; null if nothing was. */
  readonly summary: Summary | null;
  /** The entries, from the first one on that no snapshot has replaced. */
  readonly log: readonly LogEntry[];
  /** The segments, the oldest first. */
  readonly segments: readonly Segment[];
  /** The number of the next record. */
  readonly number: number;
  /** Where it goes. */
  readonly tail: Omit<Tail, "file">;
}

const unfinishedName = "segment.new";
const pathOf = ({ path }: WalFolder, number: number) => `${path}/log-${String(number).padStart(10, "0")}`;

function numberOf(file: string): number | null {
  const [, digits] = file.match(/^log-(\d{10})$/) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** Makes a segment without content, which has no number yet. */
export async function makeSegment({ files, path, segmentBytes }: WalFolder): Promise<OpenFile> {
  const file = await files.open(`${path}/${unfinishedName}`, "create");
  try {
    await file.fill(segmentBytes);
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

/** Gives a segment that was made its number and its first record, durably. */
export async function beginSegment(
  folder: WalFolder,
  file: OpenFile,
  head: Omit<Head, "type" | "size">,
  number: number,
): Promise<Tail> {
  const writer = byteWriter();
  beginRecord(writer);
  const size = folder.segmentBytes;
  putHead(writer, { type: "head", size, ...head });
  const record = endRecord(writer, { number, position: alignment });
  const bytes = new Uint8Array(alignment + record.length);
  bytes.set(magic);
  new DataView(bytes.buffer).setUint32(magic.length, FORMAT, true);
  bytes.set(record, alignment);
  await file.write(bytes, 0);
  await file.sync();
  await folder.files.rename(`${folder.path}/${unfinishedName}`, pathOf(folder, head.segment));
  await folder.files.syncFolder(folder.path);
  return { file, size, begins: bytes.length, position: bytes.length };
}

/** Opens the last segment, to go on with it. What an unfinished write has left there goes. */
export async function reopenSegment(folder: WalFolder, found: Found): Promise<Tail> {
  const { number } = found.segments.at(-1)!;
  const file = await folder.files.open(pathOf(folder, number), "existing");
  const { size, begins, position } = found.tail;
  const rest = new Uint8Array(Math.max(0, await file.size() - position));
  await file.read(rest, position);
  if (!isZero(rest, 0, rest.length)) {
    await file.write(rest.fill(0), position);
    await file.sync();
  }
  return { file, size, begins, position };
}

/** Removes segments of which nothing is needed, and returns the others. */
export async function removeSegments(
  folder: WalFolder,
  segments: readonly Segment[],
  compactedIndex: LogIndex,
): Promise<Segment[]> {
  const needed = segments.findIndex(({ lastIndex }, at) =>
    lastIndex > compactedIndex || at === segments.length - 1
  );
  for (const { number } of segments.slice(0, needed)) await folder.files.remove(pathOf(folder, number));
  return segments.slice(needed);
}

/** What is in a folder; null if nothing was ever written. */
export async function readSegments(folder: WalFolder): Promise<Found | null> {
  const numbers = (await folder.files.list(folder.path)).map(numberOf).filter((number) => number !== null);
  numbers.sort((a, b) => a - b);
  if (numbers.length === 0) return null;
  const replay: Replay = {
    head: null,
    summary: null,
    first: 1,
    log: [],
    segments: [],
    number: null,
    begins: 0,
    position: 0,
  };
  for (const [at, number] of numbers.entries()) {
    if (number !== numbers[0]! + at) {
      throw new RaftError("Corrupt", `${pathOf(folder, number - 1)} is missing: ${advice}`);
    }
    await readSegment(folder, number, number === numbers.at(-1), replay);
  }
  const { head, summary, first, log, segments, position } = replay;
  const compacted = summary?.compaction?.compactedIndex ?? 0;
  if (first > compacted + 1) {
    const what = `${
      pathOf(folder, numbers[0]! - 1)
    } is missing: the log begins at index ${first}, the snapshot ends at ${compacted}`;
    throw new RaftError("Corrupt", `${what}; ${advice}`);
  }
  return {
    owner: head!.owner,
    summary,
    log,
    segments,
    number: replay.number!,
    tail: { size: head!.size, begins: replay.begins, position },
  };
}

/** What has been read so far. */
interface Replay {
  head: Head | null;
  summary: Summary | null;
  /** The index of the first entry in `log`. */
  first: LogIndex;
  readonly log: LogEntry[];
  readonly segments: Segment[];
  /** The number of the next record; null if any will do. */
  number: number | null;
  /** Where the first record of the segment ends, and where the next record begins. */
  begins: number;
  position: number;
}

const advice =
  "what this node has acknowledged may be lost, so restore the folder as it was, or bring the node back " +
  "under another name, as a new learner (docs/storage.md)";

async function readSegment(
  folder: WalFolder,
  number: number,
  isLast: boolean,
  replay: Replay,
): Promise<void> {
  const path = pathOf(folder, number);
  const bytes = await readFile(folder.files, path);
  checkFormat(path, bytes);
  const segment: Segment = { number, lastIndex: 0 };
  replay.segments.push(segment);
  replay.position = alignment;
  for (;;) {
    const { position } = replay;
    const isFirst = position === alignment;
    const found = readRecord(bytes, { number: replay.number, position });
    if (found.type === "damaged") throw damaged(path, position, found.reason);
    if (found.type !== "record") {
      if (isFirst) throw damaged(path, position, "its first record is missing");
      // Whether one is missing in an older segment, the number of the first record in the next one tells.
      if (isLast && bytes.length < replay.head!.size) {
        throw damaged(path, bytes.length, `${replay.head!.size - bytes.length} bytes are missing`);
      }
      return;
    }
    const content = contentOf(path, position, found.content);
    if (isFirst !== (content.type === "head")) {
      throw damaged(path, position, `a ${content.type} has no place here`);
    }
    if (content.type === "head") {
      begin(path, number, content, replay);
      replay.begins = found.end;
    } else take(path, content, segment, replay);
    replay.number = found.number + 1 >>> 0;
    replay.position = found.end;
  }
}

async function readFile(files: Files, path: string): Promise<Uint8Array> {
  const file = await files.open(path, "existing");
  try {
    const bytes = new Uint8Array(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

function checkFormat(path: string, bytes: Uint8Array): void {
  if (bytes.length < alignment || !magic.every((byte, at) => bytes[at] === byte)) {
    throw damaged(path, 0, "it doesn't begin as a segment does");
  }
  const format = new DataView(bytes.buffer, bytes.byteOffset).getUint32(magic.length, true);
  if (format === FORMAT) return;
  const what = `${path} has format ${format}; this version reads format ${FORMAT}`;
  throw new RaftError("Mismatch", `${what}: use the version of Quorate that wrote it`);
}

function contentOf(path: string, position: number, bytes: Uint8Array): Head | StoredWrite {
  try {
    return readContent(bytes);
  } catch (error) {
    if (error instanceof BytesError || error instanceof CodecError) {
      throw damaged(path, position, error.message);
    }
    throw error;
  }
}

function begin(path: string, number: number, head: Head, replay: Replay): void {
  const { before } = head;
  if (head.segment !== number) throw damaged(path, alignment, `it is segment ${head.segment}`);
  if (replay.head === null) replay.first = (before?.lastIndex ?? 0) + 1;
  replay.head = head;
  replay.summary = before;
}

/** Applies a write to what has been read. */
function take(path: string, write: StoredWrite, segment: Segment, replay: Replay): void {
  const { currentTerm, votedFor, from, entries } = write;
  const { lastIndex: before, compaction: earlier } = replay.summary ?? emptySummary;
  const compaction = write.compaction === "same" ? earlier : write.compaction;
  const kept = (compaction?.compactedIndex ?? 0) + 1;
  const { log, first } = replay;
  if (from <= (earlier?.compactedIndex ?? 0) || (from > before + 1 && from !== kept)) {
    throw damaged(path, replay.position, `it writes from index ${from}, and the log ends at ${before}`);
  }
  // Either nothing of the log stays, or what it follows on was in segments that are gone.
  if (from < first || from > first + log.length) {
    log.length = 0;
    replay.first = from;
  }
  log.length = from - replay.first;
  for (const entry of entries) log.push(entry);
  if (kept > replay.first) {
    log.splice(0, kept - replay.first);
    replay.first = kept;
  }
  const lastIndex = from - 1 + entries.length;
  segment.lastIndex = Math.max(segment.lastIndex, lastIndex);
  replay.summary = { currentTerm, votedFor, lastIndex, compaction };
}

function damaged(path: string, position: number, reason: string): RaftError {
  return new RaftError("Corrupt", `${path} is damaged at byte ${position}: ${reason}; ${advice}`);
}
