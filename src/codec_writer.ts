/**
 * Flat arrays of MessagePack scalars to bytes: the other half of `codec_flat.ts`. Values are written where they are to be,
 * one after the other, without an array of them.
 */
import { head, type Scalar } from "./codec_flat.ts";

/** An array that is being written. */
export interface Writer {
  /** Where it is written, from `headRoom` on. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the next value begins. */
  at: number;
  /** How many values were written. */
  count: number;
}

/** Room for the first bytes of the array, which say how many values it has. */
const headRoom = 5;

/** A buffer is used again and again; one that grew past this many bytes goes. */
const maxKeptBytes = 1 << 20;
const encoder = new TextEncoder();

/** A writer of one array after the other. */
export function createWriter(): Writer {
  return { bytes: new Uint8Array(1 << 12), at: headRoom, count: 0 };
}

/** Begins an array. */
export function begin(writer: Writer): void {
  if (writer.bytes.length > maxKeptBytes) writer.bytes = new Uint8Array(1 << 12);
  writer.at = headRoom;
  writer.count = 0;
}

/** The bytes of the array, valid until the next one begins: for who copies them at once. */
export function viewOf(writer: Writer): Uint8Array<ArrayBuffer> {
  const { bytes, at, count } = writer;
  const from = count < 16 ? headRoom - 1 : count <= 0xffff ? headRoom - 3 : 0;
  writer.at = from;
  putLength(writer, count, head.array16);
  return bytes.subarray(from, at);
}

const shared = createWriter();

/** The bytes of an array. */
export function encodeFlat(values: readonly Scalar[]): Uint8Array<ArrayBuffer> {
  begin(shared);
  putAll(shared, values);
  return viewOf(shared).slice();
}

/** Writes values. */
export function putAll(writer: Writer, values: readonly Scalar[]): void {
  for (const value of values) put(writer, value);
}

/** Writes a value. */
export function put(writer: Writer, value: Scalar): void {
  writer.count++;
  switch (typeof value) {
    case "number":
      reserve(writer, 9);
      return putNumber(writer, value);
    case "string":
      reserve(writer, 5 + 3 * value.length);
      return putText(writer, value);
    case "boolean":
      reserve(writer, 1);
      writer.bytes[writer.at++] = value ? head.true : head.false;
      return;
    default:
      reserve(writer, 5 + value.length);
      putLength(writer, value.length, head.bytes16);
      return copyTo(writer, value);
  }
}

/** Writes values that are written already, somewhere else. */
export function putWritten(writer: Writer, bytes: Uint8Array, count: number): void {
  reserve(writer, bytes.length);
  writer.count += count;
  copyTo(writer, bytes);
}

/** Makes room for so many bytes. */
function reserve(writer: Writer, length: number): void {
  const { bytes, at } = writer;
  if (at + length <= bytes.length) return;
  writer.bytes = new Uint8Array(2 * (at + length));
  writer.bytes.set(bytes.subarray(0, at));
}

function copyTo(writer: Writer, bytes: Uint8Array): void {
  writer.bytes.set(bytes, writer.at);
  writer.at += bytes.length;
}

function putNumber(writer: Writer, value: number): void {
  const { bytes, at } = writer;
  if (value < 0x80 && value >= 0 && Number.isInteger(value)) {
    bytes[at] = value;
    writer.at = at + 1;
    return;
  }
  if (!Number.isSafeInteger(value) || value < 0) {
    bytes[at] = head.float64;
    new DataView(bytes.buffer).setFloat64(at + 1, value);
    writer.at = at + 9;
    return;
  }
  if (value <= 0xff) {
    bytes[at] = head.unsigned8;
    bytes[at + 1] = value;
    writer.at = at + 2;
    return;
  }
  if (value <= 0xffff) {
    bytes[at] = head.unsigned16;
    writer.at = putWord16(bytes, at + 1, value);
    return;
  }
  if (value <= 0xffffffff) {
    bytes[at] = head.unsigned32;
    writer.at = putWord32(bytes, at + 1, value);
    return;
  }
  bytes[at] = head.unsigned64;
  writer.at = putWord32(bytes, putWord32(bytes, at + 1, Math.floor(value / 2 ** 32)), value % 2 ** 32);
}

function putWord16(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
  return at + 2;
}

function putWord32(bytes: Uint8Array, at: number, value: number): number {
  putWord16(bytes, at, value >>> 16);
  return putWord16(bytes, at + 2, value);
}

function putText(writer: Writer, text: string): void {
  const { bytes, at } = writer;
  const { length } = text;
  if (length >= 32) return putLongText(writer, text);
  for (let position = 0; position < length; position++) {
    const code = text.charCodeAt(position);
    if (code >= 0x80) return putLongText(writer, text);
    bytes[at + 1 + position] = code;
  }
  bytes[at] = head.fixText + length;
  writer.at = at + 1 + length;
}

function putLongText(writer: Writer, text: string): void {
  const encoded = encoder.encode(text);
  putLength(writer, encoded.length, head.text16);
  copyTo(writer, encoded);
}

/** How long what follows is. The first byte for 16 bits tells what it is: the others are beside it. */
function putLength(writer: Writer, length: number, head16: number): void {
  const { bytes, at } = writer;
  if (head16 !== head.bytes16 && length < (head16 === head.array16 ? 16 : 32)) {
    bytes[at] = (head16 === head.array16 ? head.fixArray : head.fixText) + length;
    writer.at = at + 1;
    return;
  }
  if (length <= 0xff && head16 !== head.array16) {
    bytes[at] = head16 - 1;
    bytes[at + 1] = length;
    writer.at = at + 2;
    return;
  }
  bytes[at] = length <= 0xffff ? head16 : head16 + 1;
  writer.at = length <= 0xffff ? putWord16(bytes, at + 1, length) : putWord32(bytes, at + 1, length);
}
