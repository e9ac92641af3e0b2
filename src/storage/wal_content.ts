/** What the records of the write-ahead log say. Pure: bytes and plain values, no files. */
import { decodeEntries, decodeSnapshot, encodeSnapshot, viewOfEntries } from "../codec.ts";
import type { Compaction, LogEntry, LogIndex, NodeId, Term, Write } from "../core/mod.ts";
import type { Identity } from "../ports.ts";
import { type ByteReader, byteReader, BytesError, type ByteWriter } from "./bytes.ts";

/** The first byte of a content. Never give a number a new meaning. */
const kind = { head: 1, write: 2, end: 3 } as const;

/** What a head may have besides: the bits of one byte. */
const has = { summary: 1, backup: 2 } as const;

/** What was written, but for the entries: what the first record of a segment repeats, so that earlier ones can go. */
export interface Summary {
  /** Figure 2's currentTerm. */
  readonly currentTerm: Term;
  /** Figure 2's votedFor. */
  readonly votedFor: NodeId | null;
  /** The index of the last entry. */
  readonly lastIndex: LogIndex;
  /** What of the log a snapshot has replaced; null if nothing. */
  readonly compaction: Compaction | null;
}

/** The first record of a segment. */
export interface Head {
  /** Tells contents apart. */
  readonly type: "head";
  /** The number of the segment, from 1 on. */
  readonly segment: number;
  /** How many bytes the file has had since it was made. */
  readonly size: number;
  /** Whose log it is. */
  readonly owner: Identity;
  /** What was written before this segment; null if nothing. */
  readonly before: Summary | null;
}

/** A write, as it is stored. */
export interface StoredWrite {
  /** Tells contents apart. */
  readonly type: "write";
  /** Figure 2's currentTerm. */
  readonly currentTerm: Term;
  /** Figure 2's votedFor. */
  readonly votedFor: NodeId | null;
  /** The first index that it replaces. */
  readonly from: LogIndex;
  /** The entries. */
  readonly entries: readonly LogEntry[];
  /** What of the log a snapshot has replaced: null for nothing, "same" for what had been replaced before. */
  readonly compaction: Compaction | null | "same";
}

/** The last record of a segment that is full. It is written once the next segment is durable, and before that is used. */
export interface SegmentEnd {
  /** Tells contents apart. */
  readonly type: "end";
}

/** Puts the content of a segment's first record. */
export function putHead(writer: ByteWriter, { segment, size, owner, before }: Head): void {
  writer.byte(kind.head);
  writer.integer(segment);
  writer.integer(size);
  writer.text(owner.id);
  writer.text(owner.clusterId);
  writer.word(owner.servers.length);
  for (const server of owner.servers) writer.text(server);
  writer.byte((before === null ? 0 : has.summary) | (owner.backup === undefined ? 0 : has.backup));
  if (owner.backup !== undefined) writer.text(owner.backup);
  if (before === null) return;
  putVote(writer, before);
  writer.integer(before.lastIndex);
  putCompaction(writer, before.compaction);
}

/** Puts the content of a full segment's last record. */
export function putSegmentEnd(writer: ByteWriter): void {
  writer.byte(kind.end);
}

/** Puts the content of a write's record. */
export function putWrite(writer: ByteWriter, write: Write, before: Compaction | null): void {
  writer.byte(kind.write);
  putVote(writer, write);
  const { compaction = null } = write;
  putCompaction(writer, isSameCompaction(compaction, before) ? "same" : compaction);
  writer.integer(write.from);
  writer.bytes(viewOfEntries(write.entries));
}

/**
 * What the content of a record says.
 *
 * @throws {BytesError} or `CodecError` if it is none of ours.
 */
export function readContent(content: Uint8Array): Head | StoredWrite | SegmentEnd {
  const reader = byteReader(content);
  const read = readKind(reader.byte(), reader);
  if (!reader.isAtEnd()) throw new BytesError("it is too long");
  return read;
}

function readKind(found: number, reader: ByteReader): Head | StoredWrite | SegmentEnd {
  if (found === kind.head) return readHead(reader);
  if (found === kind.write) return readWrite(reader);
  if (found === kind.end) return { type: "end" };
  throw new BytesError(`there is no record of kind ${found}`);
}

function readHead(reader: ByteReader): Head {
  const [segment, size] = [reader.integer(), reader.integer()];
  const [id, clusterId] = [reader.text(), reader.text()];
  const servers = Array.from({ length: reader.word() }, () => reader.text());
  const parts = reader.byte();
  const backup = (parts & has.backup) === 0 ? {} : { backup: reader.text() };
  const before = (parts & has.summary) === 0 ? null : readSummary(reader);
  return { type: "head", segment, size, owner: { id, clusterId, servers, ...backup }, before };
}

function readSummary(reader: ByteReader): Summary {
  const vote = readVote(reader);
  const lastIndex = reader.integer();
  const compaction = readCompaction(reader);
  if (compaction === "same") throw new BytesError("a segment begins with the same compaction as before");
  return { ...vote, lastIndex, compaction };
}

function readWrite(reader: ByteReader): StoredWrite {
  const vote = readVote(reader);
  const compaction = readCompaction(reader);
  const from = reader.integer();
  return { type: "write", ...vote, compaction, from, entries: decodeEntries(reader.bytes()) };
}

function putVote(
  writer: ByteWriter,
  { currentTerm, votedFor }: Pick<Summary, "currentTerm" | "votedFor">,
): void {
  writer.integer(currentTerm);
  // No name is empty.
  writer.text(votedFor ?? "");
}

function readVote(reader: ByteReader): Pick<Summary, "currentTerm" | "votedFor"> {
  const currentTerm = reader.integer();
  return { currentTerm, votedFor: reader.text() || null };
}

const compactionKind = { none: 0, same: 1, given: 2 } as const;

function putCompaction(writer: ByteWriter, compaction: Compaction | null | "same"): void {
  if (compaction === null) return writer.byte(compactionKind.none);
  if (compaction === "same") return writer.byte(compactionKind.same);
  writer.byte(compactionKind.given);
  writer.bytes(encodeSnapshot(compaction.snapshot));
  writer.integer(compaction.compactedIndex);
  writer.integer(compaction.compactedTerm);
}

function readCompaction(reader: ByteReader): Compaction | null | "same" {
  const found = reader.byte();
  if (found === compactionKind.none) return null;
  if (found === compactionKind.same) return "same";
  if (found !== compactionKind.given) throw new BytesError(`there is no compaction of kind ${found}`);
  const snapshot = decodeSnapshot(reader.bytes());
  return { snapshot, compactedIndex: reader.integer(), compactedTerm: reader.integer() };
}

/** Compactions never go back, and a snapshot of one index has one configuration. */
function isSameCompaction(a: Compaction | null, b: Compaction | null): boolean {
  return a?.compactedIndex === b?.compactedIndex && a?.snapshot.index === b?.snapshot.index;
}

/** What a log is that nothing was ever written to. */
export const emptySummary: Summary = { currentTerm: 0, votedFor: null, lastIndex: 0, compaction: null };
