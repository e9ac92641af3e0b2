/**
 * The records of the write-ahead log: one for each write, so that a write is there whole or not at all. Pure.
 *
 * A record begins at a multiple of 16 bytes; numbers are little-endian:
 *
 *     0   length of the content; its CRC-32C; number of the record, modulo 2^32; CRC-32C of these twelve bytes, begun with
 *         the record's position, so that bytes of a command that look like a record are none
 *     16  the content
 *     ..  zeros; at the end, in eight bytes: a mark; how many whole sectors of the record are all zeros
 *
 * Behind the last record there are only zeros: segments are written full of them before they are used. So what a crash
 * left of a write that was under way can be told from a record that was damaged later. A disk writes a sector whole or not
 * at all, in any order: of an unfinished write the beginning is missing, or the end, or a sector in between, and there are
 * zeros in its place. A record of which nothing is missing, but whose content is wrong, was whole once, and may have been
 * acknowledged. So was everything before a record that is whole.
 */
import { crc32c } from "./checksum.ts";
import type { ByteWriter } from "./bytes.ts";

/** Records begin at multiples of this many bytes, so that no header lies in two sectors. */
export const alignment = 16;

const headerBytes = 16;
const trailerBytes = 8;
const mark = 0x0ddba115;

/** What a disk writes whole or not at all, in bytes; a multiple of this may be so too. */
export const sectorBytes = 512;

/** Makes room in a writer for the header of a record, and after it for the content. */
export function beginRecord(writer: ByteWriter): void {
  writer.reset(headerBytes);
}

/** Puts the header before the content, and what belongs behind it. The record is to be written at `position` of the file. */
export function endRecord(writer: ByteWriter, { number, position }: Placing): Uint8Array {
  const contentEnd = writer.length();
  writer.pad(totalLength(contentEnd - headerBytes));
  const record = writer.view();
  const view = viewOf(record);
  view.setUint32(0, contentEnd - headerBytes, true);
  view.setUint32(4, crc32c(record.subarray(headerBytes, contentEnd)), true);
  view.setUint32(8, number >>> 0, true);
  view.setUint32(12, headerChecksum(record, position), true);
  view.setUint32(record.length - trailerBytes, mark, true);
  view.setUint32(record.length - 4, zeroSectors(record, position), true);
  return record;
}

/** Where a record stands. */
export interface Placing {
  /** Its number: one more than that of the record before. */
  readonly number: number;
  /** Where it begins in its file, in bytes. */
  readonly position: number;
}

/** What is found where a record may begin. */
export type ReadRecord =
  | { readonly type: "record"; readonly number: number; readonly content: Uint8Array; readonly end: number }
  /** There are only zeros from here on. */
  | { readonly type: "end" }
  /** What a write that was never finished has left. */
  | { readonly type: "unfinished" }
  | { readonly type: "damaged"; readonly reason: string };

/** Reads the record that begins at `position` of a file's bytes; `number` is null if it may have any. */
export function readRecord(
  file: Uint8Array,
  { number, position }: { readonly number: number | null; readonly position: number },
): ReadRecord {
  const found = readWhole(file, position);
  if (found !== null && (number === null || found.number === number >>> 0)) {
    return { type: "record", ...found, end: position + totalLength(found.content.length) };
  }
  if (found !== null) {
    return { type: "damaged", reason: `record ${found.number} is there in place of ${number}` };
  }
  if (isZero(file, position, file.length)) return { type: "end" };
  const later = laterRecord(file, position);
  if (later !== null) return { type: "damaged", reason: `it is not whole, but record ${later} behind it is` };
  return judgeLast(file, position);
}

/** Nothing whole is behind: was it ever whole? */
function judgeLast(file: Uint8Array, position: number): ReadRecord {
  const header = headerAt(file, position);
  if (header === null) {
    const isMissing = isZero(file, position, position + headerBytes);
    // A header that breaks off, and nothing after it.
    const isBroken = isZero(file, position + headerBytes - 4, file.length);
    return isMissing || isBroken
      ? { type: "unfinished" }
      : { type: "damaged", reason: "its header is wrong" };
  }
  const end = position + totalLength(header.length);
  if (end > file.length || isZero(file, end - trailerBytes, end)) return { type: "unfinished" };
  const view = viewOf(file);
  if (view.getUint32(end - trailerBytes, true) !== mark) {
    return { type: "damaged", reason: "its end is wrong" };
  }
  const missing = zeroSectors(file.subarray(position, end), position) > view.getUint32(end - 4, true);
  return missing ? { type: "unfinished" } : { type: "damaged", reason: "its checksum is wrong" };
}

interface Header {
  readonly length: number;
  readonly checksum: number;
  readonly number: number;
}

/** The header at this position; null if there is none, or a wrong one. */
function headerAt(file: Uint8Array, position: number): Header | null {
  if (position + headerBytes > file.length) return null;
  const view = viewOf(file);
  const header = file.subarray(position, position + headerBytes);
  if (view.getUint32(position + 12, true) !== headerChecksum(header, position)) return null;
  return {
    length: view.getUint32(position, true),
    checksum: view.getUint32(position + 4, true),
    number: view.getUint32(position + 8, true),
  };
}

/** The record that is whole at this position, whatever its number; null if there is none. */
function readWhole(
  file: Uint8Array,
  position: number,
): { readonly number: number; readonly content: Uint8Array } | null {
  const header = headerAt(file, position);
  if (header === null) return null;
  const { length, checksum, number } = header;
  const content = file.subarray(position + headerBytes, position + headerBytes + length);
  return content.length === length && crc32c(content) === checksum ? { number, content } : null;
}

/** The number of a record that is whole, somewhere behind this position; null if there is none. */
function laterRecord(file: Uint8Array, position: number): number | null {
  for (let at = position + alignment; at < file.length; at += alignment) {
    const found = readWhole(file, at);
    if (found !== null) return found.number;
  }
  return null;
}

/** How many bytes a record takes whose content is so long. */
function totalLength(contentLength: number): number {
  const length = headerBytes + contentLength + trailerBytes;
  return Math.ceil(length / alignment) * alignment;
}

/** Never zero, so that a header is not mistaken for none. */
function headerChecksum(header: Uint8Array, position: number): number {
  return crc32c(header.subarray(0, 12), position) || 1;
}

/** How many whole sectors of a record that begins at `position` hold nothing but zeros. */
function zeroSectors(record: Uint8Array, position: number): number {
  let count = 0;
  const first = (sectorBytes - position % sectorBytes) % sectorBytes;
  for (let at = first; at + sectorBytes <= record.length; at += sectorBytes) {
    if (isZero(record, at, at + sectorBytes)) count++;
  }
  return count;
}

/** Whether there is nothing but zeros from one position to another; what is beyond the end counts as zeros. */
export function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(to, bytes.length);
  for (let at = from; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
