/**
 * The segments of the write-ahead log: files `log-NUMBER`, of one size, full of zeros before they are used. The next one is
 * made while the last one fills. Each begins with what was written before it, so that the oldest can go once a snapshot
 * has replaced all its entries, and a full one ends with a record that says so, so that the newest can't be lost unnoticed.
 */
import { type LogEntry, type LogIndex, unreachable } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Report } from "../logging.ts";
import type { Identity } from "../ports.ts";
import { BytesError, byteWriter } from "./bytes.ts";
import { CodecError } from "../codec.ts";
import type { Files, OpenFile } from "./files.ts";
import {
  emptySummary,
  type Head,
  putHead,
  putSegmentEnd,
  readContent,
  type SegmentEnd,
  type StoredWrite,
  type Summary,
} from "./wal_content.ts";
import { alignment, beginRecord, endRecord, isZero, readRecord } from "./wal_records.ts";

/** The version of the format described here and in `wal_records.ts` and `wal_content.ts`. */
export const FORMAT = 2;

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

/** The last segment, as it was found. */
export interface FoundTail extends Omit<Tail, "file"> {
  /** Where its last record begins, in bytes. */
  readonly last: number;
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
  /** The numbers of older segments, of which nothing is needed. */
  readonly unneeded: readonly number[];
  /** The number of the next record. */
  readonly number: number;
  /** Where it goes. */
  readonly tail: FoundTail;
}

const unfinishedName = "segment.new";

/** An empty file that is there as soon as a segment is: a folder with it, and without any segment, isn't new. */
const begunName = "begun";
const pathOf = ({ path }: WalFolder, number: number) => `${path}/log-${String(number).padStart(10, "0")}`;

function numberOf(file: string): number | null {
  const [, digits] = file.match(/^log-(\d{10})$/) ?? [];
  return digits === undefined ? null : Number(digits);
}

async function markBegun({ files, path }: WalFolder): Promise<void> {
  await (await files.open(`${path}/${begunName}`, "create")).close();
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
  file.write(bytes, 0);
  await file.sync();
  await folder.files.rename(`${folder.path}/${unfinishedName}`, pathOf(folder, head.segment));
  await folder.files.syncFolder(folder.path);
  if (head.segment === 1) {
    await markBegun(folder);
    await folder.files.syncFolder(folder.path);
  }
  return { file, size, begins: bytes.length, position: bytes.length };
}

/** Says at the end of a full segment that there is a next one. */
export async function endSegment({ file, position }: Tail, number: number): Promise<void> {
  const writer = byteWriter();
  beginRecord(writer);
  putSegmentEnd(writer);
  file.write(endRecord(writer, { number, position }), position);
  await file.sync();
}

/**
 * Opens the last segment, to go on with it. What an unfinished write has left there goes.
 *
 * The last record was read, and yet it may not be on the disk: the process was killed before it was synced, or the sync
 * has failed, and some systems take what they could not write for written. Once loaded it counts, so it is written again.
 */
export async function reopenSegment(
  folder: WalFolder,
  found: Found,
  report: Report = () => {},
): Promise<Tail> {
  const { files, path } = folder;
  const { number } = found.segments.at(-1)!;
  const { size, begins, position, last } = found.tail;
  const file = await files.open(pathOf(folder, number), "existing");
  try {
    const bytes = new Uint8Array(Math.max(position, await file.size()) - last);
    await file.read(bytes, last);
    const rest = bytes.subarray(position - last);
    const isClean = isZero(rest, 0, rest.length);
    if (!isClean) {
      const message = `dropped what a write that was never acknowledged left in ${
        pathOf(folder, number)
      } from byte ${position} on`;
      report({ level: "info", event: "unfinishedWriteDropped", message });
    }
    rest.fill(0);
    file.write(isClean ? bytes.subarray(0, position - last) : bytes, last);
    await file.sync();
    // Again, in case that a crash came between the first segment and this.
    await markBegun(folder);
    await files.syncFolder(path);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { file, size, begins, position };
}

/** How many of the oldest segments are not needed, as a snapshot has replaced all their entries. */
export function countUnneeded(segments: readonly Segment[], compactedIndex: LogIndex): number {
  return segments.findIndex(({ lastIndex }, at) => lastIndex > compactedIndex || at === segments.length - 1);
}

/** Removes the segments of these numbers. Whether they are gone after a crash doesn't matter. */
export async function removeSegments(folder: WalFolder, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) await folder.files.remove(pathOf(folder, number));
}

/** What is in a folder; null if nothing was ever written. */
export async function readSegments(folder: WalFolder): Promise<Found | null> {
  const names = await folder.files.list(folder.path);
  const all = names.map(numberOf).filter((number) => number !== null).sort((a, b) => a - b);
  if (all.length === 0) {
    if (names.includes(begunName)) throw lost(folder.path);
    return null;
  }
  // Before a gap: removed once, but a crash has brought some back. Whether they are needed is seen below.
  const start = all.findLastIndex((number, at) => at === 0 || all[at - 1] !== number - 1);
  const numbers = all.slice(start);
  const replay: Replay = {
    head: null,
    summary: null,
    first: 1,
    log: [],
    segments: [],
    number: null,
    begins: 0,
    last: 0,
    position: 0,
    isEnded: false,
  };
  for (const number of numbers) await readSegment(folder, number, number === numbers.at(-1), replay);
  const { head, summary, first, log, segments, begins, last, position } = replay;
  const compacted = summary?.compaction?.compactedIndex ?? 0;
  if (first > compacted + 1) {
    const what = `the log begins at index ${first}, the snapshot ends at ${compacted}`;
    throw missing(pathOf(folder, numbers[0]! - 1), what);
  }
  if (replay.isEnded) {
    throw missing(pathOf(folder, numbers.at(-1)! + 1), "the segment before it says that it is there");
  }
  return {
    owner: head!.owner,
    summary,
    log,
    segments,
    unneeded: all.slice(0, start),
    number: replay.number!,
    tail: { size: head!.size, begins, last, position },
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
  /** Where the first record of the segment ends, the last one begins, and the next one will. */
  begins: number;
  last: number;
  position: number;
  /** Whether the last record says that there is another segment. */
  isEnded: boolean;
}

/** What to do where something that was acknowledged isn't there. */
export const advice =
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
  replay.segments.push({ number, lastIndex: 0 });
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
    if (isFirst !== (content.type === "head") || (replay.isEnded && !isFirst)) {
      throw damaged(path, position, `a record "${content.type}" has no place here`);
    }
    takeRecord(path, number, content, replay);
    if (isFirst) replay.begins = found.end;
    // The end has the number of the record after it: whether it is there or not, the next segment follows on.
    if (content.type !== "end") replay.number = found.number + 1 >>> 0;
    replay.last = position;
    replay.position = found.end;
  }
}

function takeRecord(path: string, segment: number, content: Head | StoredWrite | SegmentEnd, replay: Replay) {
  replay.isEnded = false;
  switch (content.type) {
    case "head":
      return begin(path, segment, content, replay);
    case "write":
      return take(path, content, replay);
    case "end":
      replay.isEnded = true;
      return;
    default:
      return unreachable(content);
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

function contentOf(path: string, position: number, bytes: Uint8Array): Head | StoredWrite | SegmentEnd {
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
function take(path: string, write: StoredWrite, replay: Replay): void {
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
  const segment = replay.segments.at(-1)!;
  segment.lastIndex = Math.max(segment.lastIndex, lastIndex);
  replay.summary = { currentTerm, votedFor, lastIndex, compaction };
}

function lost(path: string): RaftError {
  const what = `${path} has no file log-..., and there was one, as the file ${begunName} tells`;
  return new RaftError("Corrupt", `${what}; ${advice}`);
}

function missing(path: string, reason: string): RaftError {
  return new RaftError("Corrupt", `${path} is missing: ${reason}; ${advice}`);
}

function damaged(path: string, position: number, reason: string): RaftError {
  return new RaftError("Corrupt", `${path} is damaged at byte ${position}: ${reason}; ${advice}`);
}
