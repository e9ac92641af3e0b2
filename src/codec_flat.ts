/**
 * Flat arrays of MessagePack scalars, and what their bytes say: the layer below `codec.ts`; `codec_writer.ts` makes them.
 *
 * The array is flat so that what a decoder allocates is bounded by the bytes it got: a nested array could announce in
 * five bytes that it needs gigabytes. Every byte that servers exchange and every entry that they store goes through here, so
 * this part of MessagePack is written for speed: values are read where they are, none is made that isn't wanted.
 */
import { createCopier, pieceBytes } from "./copies.ts";
import type { NodeId } from "./core/mod.ts";

/** Bytes that are no message, or no log entry; the message of the error names what is wrong. */
export class CodecError extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "CodecError";
}

/** The longest name of a node, in UTF-16 code units (what `length` counts). The shortest has one. */
export const maxNodeIdLength = 255;

/** The longest address of a member, in UTF-16 code units. The shortest has one. */
export const maxAddressLength = 1024;

/** What an array can hold. */
export type Scalar = number | string | boolean | Uint8Array;

/** The first bytes of values, also for `codec_writer.ts`. What is shorter than a `fix` limit says so in its first byte. */
export const head = {
  fixArray: 0x90,
  fixText: 0xa0,
  nil: 0xc0,
  false: 0xc2,
  true: 0xc3,
  bytes8: 0xc4,
  bytes16: 0xc5,
  bytes32: 0xc6,
  float32: 0xca,
  float64: 0xcb,
  unsigned8: 0xcc,
  unsigned16: 0xcd,
  unsigned32: 0xce,
  unsigned64: 0xcf,
  signed8: 0xd0,
  signed16: 0xd1,
  signed32: 0xd2,
  signed64: 0xd3,
  text8: 0xd9,
  text16: 0xda,
  text32: 0xdb,
  array16: 0xdc,
  array32: 0xdd,
  negative: 0xe0,
} as const;

/** An array that is being read. */
export interface Reader {
  readonly bytes: Uint8Array;
  /** How many values the array has. */
  readonly count: number;
  /** Where the next value begins. */
  at: number;
  /** How many values were read. */
  next: number;
  /** What is being read, for the error. */
  what: string;
  /** Whether the bytes stay as they are for ever: then what is read is a part of them, and no copy. */
  readonly isKept: boolean;
}

/** Reads an array. Its bytes must stay as they are until the end. */
export function readerOf(bytes: Uint8Array, what: string): Reader {
  const { count, start } = arrayHeader(bytes);
  let at = start;
  let values = 0;
  for (; values < count && at < bytes.length; values++) at = endOfScalar(bytes, at);
  if (at > bytes.length) throw new CodecError("not MessagePack scalars: the last one is cut off");
  if (values < count) throw new CodecError(`truncated: ${values} of ${count} values`);
  if (at < bytes.length) throw new CodecError(`trailing bytes after ${count} values`);
  return { bytes, count, at: start, next: 0, what, isKept: false };
}

/** How many values the array announces, and where the first one starts. */
function arrayHeader(bytes: Uint8Array): { readonly count: number; readonly start: number } {
  const first = bytes[0];
  if (first === undefined) throw new CodecError("truncated: no bytes");
  if (first >= head.fixArray && first < head.fixText) return { count: first - head.fixArray, start: 1 };
  if (first !== head.array16 && first !== head.array32) {
    throw new CodecError(`not a MessagePack array: it starts with 0x${first.toString(16).padStart(2, "0")}`);
  }
  const start = first === head.array16 ? 3 : 5;
  if (bytes.length < start) throw new CodecError("truncated: no room for the length of the array");
  return { count: start === 3 ? word16(bytes, 1) : word32(bytes, 1), start };
}

/** Where the value at `at` ends; past the end, if it is cut off. Whatever could nest or run code is refused. */
function endOfScalar(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80 || first >= head.negative) return at + 1;
  if (first >= head.fixText && first < head.nil) return at + 1 + first - head.fixText;
  const size = sizes[first] ?? 0;
  if (size === 0) {
    throw new CodecError(`not MessagePack scalars: 0x${first.toString(16)} begins something else`);
  }
  const isLength = (first >= head.bytes8 && first <= head.bytes32) || first >= head.text8;
  return isLength ? at + size + lengthAt(bytes, at, size) : at + size;
}

/** How many bytes begin a value: all of a number, the first byte and the length of others. */
const sizes: Readonly<Record<number, number>> = {
  [head.nil]: 1,
  [head.false]: 1,
  [head.true]: 1,
  [head.bytes8]: 2,
  [head.bytes16]: 3,
  [head.bytes32]: 5,
  [head.float32]: 5,
  [head.float64]: 9,
  [head.unsigned8]: 2,
  [head.unsigned16]: 3,
  [head.unsigned32]: 5,
  [head.unsigned64]: 9,
  [head.signed8]: 2,
  [head.signed16]: 3,
  [head.signed32]: 5,
  [head.signed64]: 9,
  [head.text8]: 2,
  [head.text16]: 3,
  [head.text32]: 5,
};

/** The length of a text, or of bytes, whose first byte and length take `size` bytes. Beyond the end there are zeros. */
function lengthAt(bytes: Uint8Array, at: number, size: number): number {
  if (size === 2) return bytes[at + 1] ?? 0;
  return size === 3 ? word16(bytes, at + 1) : word32(bytes, at + 1);
}

function word16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 0x100 + (bytes[at + 1] ?? 0);
}

function word32(bytes: Uint8Array, at: number): number {
  return word16(bytes, at) * 0x10000 + word16(bytes, at + 2);
}

/** Takes the next value: returns where it begins. */
function take(reader: Reader, field: string): number {
  const { at } = reader;
  if (reader.next >= reader.count) throw new CodecError(`${reader.what}: ends before ${field}`);
  reader.next++;
  reader.at = endOfScalar(reader.bytes, at);
  return at;
}

/** All that is left. Ends, since every item reads at least one value. */
export function readList<Item>(reader: Reader, readItem: (reader: Reader) => Item): Item[] {
  const items: Item[] = [];
  while (reader.next < reader.count) items.push(readItem(reader));
  return items;
}

/** As many as announced. Ends, since every item reads at least one value. */
export function readCounted<Item>(reader: Reader, field: string, readItem: () => Item): Item[] {
  const items: Item[] = [];
  for (let count = readInteger(reader, field); count > 0; count--) items.push(readItem());
  return items;
}

/** The next value, a safe integer from 0 on. */
export function readInteger(reader: Reader, field: string): number {
  const { bytes } = reader;
  const at = take(reader, field);
  const first = bytes[at]!;
  if (first < 0x80) return first;
  if (first === head.unsigned8) return bytes[at + 1]!;
  if (first === head.unsigned16) return word16(bytes, at + 1);
  if (first === head.unsigned32) return word32(bytes, at + 1);
  // Where the upper half is below 2^21, the whole is a safe integer.
  const upper = first === head.unsigned64 ? word32(bytes, at + 1) : 2 ** 21;
  if (upper < 2 ** 21) return upper * 2 ** 32 + word32(bytes, at + 5);
  const value = valueAt(bytes, at, reader.at);
  // MessagePack has a negative zero. It is equal to zero and yet not the same: two states would differ by it.
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) {
    return value;
  }
  return wrong(reader, field, "a safe integer from 0 on", value);
}

/** The next value, true or false. */
export function readBoolean(reader: Reader, field: string): boolean {
  const at = take(reader, field);
  const value = valueAt(reader.bytes, at, reader.at);
  return typeof value === "boolean" ? value : wrong(reader, field, "true or false", value);
}

/** The next value, a name. The core keeps records by name: one that every object has would be found where nothing is. */
export function readNodeId(reader: Reader, field: string): NodeId {
  const name = readText(reader, field, maxNodeIdLength);
  return name in Object.prototype ? wrong(reader, field, "a name that no object has", name) : name;
}

/** Texts that were read before: the same few names stand in every message. By length and two of their bytes. */
const knownTexts: ({ readonly bytes: Uint8Array; readonly text: string } | undefined)[] = new Array(256);
const maxKnownBytes = 31;

/** The next value, a text. */
export function readText(reader: Reader, field: string, maxLength: number): string {
  const { bytes } = reader;
  const at = take(reader, field);
  const length = reader.at - at - 1;
  const isShort = bytes[at] === head.fixText + length && length > 0;
  if (!isShort) return checkedText(reader, field, maxLength, valueAt(bytes, at, reader.at));
  const place = (length + 31 * bytes[at + 1]! + 7 * bytes[at + length]!) & 255;
  const known = knownTexts[place];
  if (known !== undefined && isAt(bytes, at + 1, known.bytes, length)) return known.text;
  const text = checkedText(reader, field, maxLength, valueAt(bytes, at, reader.at));
  if (length <= maxKnownBytes) knownTexts[place] = { bytes: bytes.slice(at + 1, at + 1 + length), text };
  return text;
}

function isAt(bytes: Uint8Array, at: number, known: Uint8Array, length: number): boolean {
  if (known.length !== length) return false;
  for (let position = 0; position < length; position++) {
    if (bytes[at + position] !== known[position]) return false;
  }
  return true;
}

function checkedText(reader: Reader, field: string, maxLength: number, value: Value): string {
  const isText = typeof value === "string" && value.length >= 1 && value.length <= maxLength;
  return isText ? value : wrong(reader, field, `well-formed text of 1 to ${maxLength} characters`, value);
}

const copy = createCopier();

/** The next value, bytes. */
export function readBytes(reader: Reader, field: string): Uint8Array {
  const at = take(reader, field);
  const value = valueAt(reader.bytes, at, reader.at);
  if (!(value instanceof Uint8Array)) return wrong(reader, field, "bytes", value);
  // A copy: the caller may reuse its buffer, and a small command must not keep a large one in memory.
  return reader.isKept ? value : copy(value);
}

/** All that is left, from one copy of its bytes where they are few: that costs less than a copy for each of many values. */
export function readKept<Item>(reader: Reader, readItems: (kept: Reader) => Item): Item {
  const { at, bytes } = reader;
  if (bytes.length - at > pieceBytes) return readItems(reader);
  const kept: Reader = { ...reader, bytes: copy(bytes.subarray(at)), at: 0, isKept: true };
  const items = readItems(kept);
  reader.at = at + kept.at;
  reader.next = kept.next;
  return items;
}

/** Refuses values that nobody has read. */
export function end(reader: Reader): void {
  const left = reader.count - reader.next;
  if (left > 0) throw new CodecError(`${reader.what}: ${left} values too many`);
}

/** What a value can be; a text that isn't well-formed is none. */
type Value = Scalar | null | IllFormed;

interface IllFormed {
  /** Tells it apart. */
  readonly illFormedBytes: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The value of any kind from `at` to `end`. */
function valueAt(bytes: Uint8Array, at: number, end: number): Value {
  const first = bytes[at]!;
  if (first < 0x80) return first;
  if (first >= head.negative) return first - 0x100;
  if (first < head.nil) return textOf(bytes.subarray(at + 1, end));
  switch (first) {
    case head.nil:
      return null;
    case head.false:
    case head.true:
      return first === head.true;
    case head.bytes8:
    case head.bytes16:
    case head.bytes32:
      return bytes.subarray(at + sizes[first]!, end);
    case head.text8:
    case head.text16:
    case head.text32:
      return textOf(bytes.subarray(at + sizes[first]!, end));
    default:
      return numberAt(new DataView(bytes.buffer, bytes.byteOffset + at + 1, end - at - 1), first);
  }
}

function textOf(bytes: Uint8Array): string | IllFormed {
  try {
    return decoder.decode(bytes);
  } catch {
    return { illFormedBytes: bytes.length };
  }
}

function numberAt(view: DataView, first: number): number {
  switch (first) {
    case head.float32:
      return view.getFloat32(0);
    case head.float64:
      return view.getFloat64(0);
    case head.unsigned8:
      return view.getUint8(0);
    case head.unsigned16:
      return view.getUint16(0);
    case head.unsigned32:
      return view.getUint32(0);
    case head.unsigned64:
      return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
    case head.signed8:
      return view.getInt8(0);
    case head.signed16:
      return view.getInt16(0);
    case head.signed32:
      return view.getInt32(0);
    default:
      return view.getInt32(0) * 2 ** 32 + view.getUint32(4);
  }
}

function wrong(reader: Reader, field: string, expected: string, value: Value): never {
  throw new CodecError(`${reader.what}: ${field} must be ${expected}, not ${describe(value)}`);
}

/** Short, and on one line, whatever the value. */
function describe(value: Value): string {
  if (typeof value === "string") return `text of ${value.length} characters`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "object" && value !== null) return `${value.illFormedBytes} bytes of ill-formed text`;
  return Object.is(value, -0) ? "-0" : String(value);
}
