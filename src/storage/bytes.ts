/** Fields one after the other in a buffer: little-endian numbers, and texts and bytes that say how long they are. */

/** Puts fields into a buffer, which grows. */
export interface ByteWriter {
  /** Forgets all that was put, and leaves so many bytes free at the beginning. */
  reset(free: number): void;
  /** An integer from 0 to 255. */
  byte(value: number): void;
  /** An integer from 0 to 2^32 - 1. */
  word(value: number): void;
  /** Any safe integer. */
  integer(value: number): void;
  /** A text. */
  text(value: string): void;
  /** Bytes. */
  bytes(value: Uint8Array): void;
  /** Zeros, up to this length in all. */
  pad(length: number): void;
  /** How many bytes there are, the free ones included. */
  length(): number;
  /** The bytes themselves, until the next `reset`: not a copy. */
  view(): Uint8Array;
}

/** A buffer that grew past this many bytes is not kept. */
const maxKeptBytes = 1 << 20;

const encoder = new TextEncoder();

/** A writer with an empty buffer. */
export function byteWriter(): ByteWriter {
  let buffer = new Uint8Array(1 << 12);
  let view = new DataView(buffer.buffer);
  let end = 0;

  /** Makes room, and returns where it begins. */
  function room(length: number): number {
    const at = end;
    end += length;
    if (end > buffer.length) {
      const larger = new Uint8Array(Math.max(end, buffer.length * 2));
      larger.set(buffer.subarray(0, at));
      buffer = larger;
      view = new DataView(buffer.buffer);
    }
    return at;
  }

  const self: ByteWriter = {
    reset(free) {
      if (buffer.length > maxKeptBytes) {
        buffer = new Uint8Array(1 << 12);
        view = new DataView(buffer.buffer);
      }
      end = 0;
      self.pad(free);
    },
    byte(value) {
      const at = room(1);
      view.setUint8(at, value);
    },
    word(value) {
      const at = room(4);
      view.setUint32(at, value, true);
    },
    integer(value) {
      const at = room(8);
      view.setFloat64(at, value, true);
    },
    text: (value) => self.bytes(encoder.encode(value)),
    bytes(value) {
      self.word(value.length);
      const at = room(value.length);
      buffer.set(value, at);
    },
    pad(length) {
      if (length <= end) return;
      const at = room(length - end);
      buffer.fill(0, at, end);
    },
    length: () => end,
    view: () => buffer.subarray(0, end),
  };
  return self;
}

/** Takes fields out of bytes, in the order in which they were put. */
export interface ByteReader {
  /** An integer from 0 to 255. */
  byte(): number;
  /** An integer from 0 to 2^32 - 1. */
  word(): number;
  /** A safe integer from 0 on. */
  integer(): number;
  /** A text. */
  text(): string;
  /** Bytes: a view of those that are read. */
  bytes(): Uint8Array;
  /** Whether nothing is left. */
  isAtEnd(): boolean;
}

/** Bytes that don't hold the fields that they should; the message says what is wrong. */
export class BytesError extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "BytesError";
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A reader of these bytes. All that it reads may throw {@linkcode BytesError}. */
export function byteReader(bytes: Uint8Array): ByteReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (length: number): number => {
    if (at + length > bytes.length) throw new BytesError("it ends too early");
    at += length;
    return at - length;
  };
  const self: ByteReader = {
    byte: () => view.getUint8(take(1)),
    word: () => view.getUint32(take(4), true),
    integer() {
      const value = view.getFloat64(take(8), true);
      if (Number.isSafeInteger(value) && value >= 0) return value;
      throw new BytesError(`${value} is no safe integer from 0 on`);
    },
    text() {
      try {
        return decoder.decode(self.bytes());
      } catch (error) {
        throw error instanceof BytesError ? error : new BytesError("a text is not UTF-8");
      }
    },
    bytes() {
      const length = self.word();
      const from = take(length);
      return bytes.subarray(from, from + length);
    },
    isAtEnd: () => at === bytes.length,
  };
  return self;
}
