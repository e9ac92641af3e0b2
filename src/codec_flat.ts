/**
 * Flat arrays of MessagePack scalars to bytes and back: the layer below `codec.ts`.
 *
 * The array is flat so that what a decoder allocates is bounded by the bytes it got: a nested array could announce in
 * five bytes that it needs gigabytes.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { createCopier } from "./copies.ts";
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

/** An encoder keeps a buffer of the largest thing it ever encoded: one that grew past this many bytes goes. */
const maxKeptBytes = 1 << 20;
let encoder = new Encoder();

/** The bytes of an array. */
export function encodeFlat(values: readonly Scalar[]): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(values);
  if (bytes.length > maxKeptBytes) encoder = new Encoder();
  return bytes;
}

/** Takes scalars only: whatever could nest or run code is longer than allowed. */
const decoder = new Decoder({ maxArrayLength: 0, maxMapLength: 0, maxExtLength: 0 });

/** The array that these bytes are. */
export function decodeFlat(bytes: Uint8Array): unknown[] {
  const { count, start } = arrayHeader(bytes);
  const values: unknown[] = [];
  try {
    for (const value of decoder.decodeMulti(bytes.subarray(start))) {
      values.push(value);
      if (values.length > count) break;
    }
  } catch (error) {
    throw new CodecError(`not MessagePack scalars: ${error instanceof Error ? error.message : error}`);
  }
  if (values.length > count) throw new CodecError(`trailing bytes after ${count} values`);
  if (values.length < count) throw new CodecError(`truncated: ${values.length} of ${count} values`);
  return values;
}

/** How many values the array announces, and where the first one starts. */
function arrayHeader(bytes: Uint8Array): { readonly count: number; readonly start: number } {
  const [head, b1, b2, b3, b4] = bytes;
  if (head === undefined) throw new CodecError("truncated: no bytes");
  if (head >= 0x90 && head <= 0x9f) return { count: head - 0x90, start: 1 };
  if (head === 0xdc && b1 !== undefined && b2 !== undefined) return { count: b1 * 0x100 + b2, start: 3 };
  if (head === 0xdd && b1 !== undefined && b2 !== undefined && b3 !== undefined && b4 !== undefined) {
    return { count: ((b1 * 0x100 + b2) * 0x100 + b3) * 0x100 + b4, start: 5 };
  }
  if (head === 0xdc || head === 0xdd) throw new CodecError("truncated: no room for the length of the array");
  throw new CodecError(`not a MessagePack array: it starts with 0x${head.toString(16).padStart(2, "0")}`);
}

/** Decoded values, and how far they were read. */
export interface Reader {
  readonly values: readonly unknown[];
  next: number;
  /** What is being read, for the error. */
  what: string;
}

/** All that is left. Ends, since every item reads at least one value. */
export function readList<Item>(reader: Reader, readItem: (reader: Reader) => Item): Item[] {
  const items: Item[] = [];
  while (reader.next < reader.values.length) items.push(readItem(reader));
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
  const value = reader.values[reader.next++];
  // MessagePack has a negative zero. It is equal to zero and yet not the same: two states would differ by it.
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) {
    return value;
  }
  return wrong(reader, field, "a safe integer from 0 on", value);
}

/** The next value, true or false. */
export function readBoolean(reader: Reader, field: string): boolean {
  const value = reader.values[reader.next++];
  return typeof value === "boolean" ? value : wrong(reader, field, "true or false", value);
}

/** The next value, a name. The core keeps records by name: one that every object has would be found where nothing is. */
export function readNodeId(reader: Reader, field: string): NodeId {
  const name = readText(reader, field, maxNodeIdLength);
  return name in Object.prototype ? wrong(reader, field, "a name that no object has", name) : name;
}

/** The next value, a text. */
export function readText(reader: Reader, field: string, maxLength: number): string {
  const value = reader.values[reader.next++];
  if (typeof value === "string" && value.length >= 1 && value.length <= maxLength && value.isWellFormed()) {
    return value;
  }
  return wrong(reader, field, `well-formed text of 1 to ${maxLength} characters`, value);
}

const copy = createCopier();

/** The next value, bytes. */
export function readBytes(reader: Reader, field: string): Uint8Array {
  const value = reader.values[reader.next++];
  // A copy: the caller may reuse its buffer, and a small command must not keep a large one in memory.
  return value instanceof Uint8Array ? copy(value) : wrong(reader, field, "bytes", value);
}

/** Refuses values that nobody has read. */
export function end(reader: Reader): void {
  const left = reader.values.length - reader.next;
  if (left > 0) throw new CodecError(`${reader.what}: ${left} values too many`);
}

function wrong(reader: Reader, field: string, expected: string, value: unknown): never {
  if (reader.next > reader.values.length) throw new CodecError(`${reader.what}: ends before ${field}`);
  throw new CodecError(`${reader.what}: ${field} must be ${expected}, not ${describe(value)}`);
}

/** Short, and on one line, whatever the value. */
function describe(value: unknown): string {
  if (typeof value === "string") return `text of ${value.length} characters`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "object" && value !== null) return "an object";
  return Object.is(value, -0) ? "-0" : String(value);
}
