/**
 * Frames on a stream of bytes: four bytes of length, the most significant first, then as many bytes of body.
 * An empty one asks for a sign of life, and is one. Knows no runtime.
 */

import type { NodeId } from "../core/mod.ts";

/** A stream of bytes to another process, such as a TCP connection. */
export interface Socket {
  /** Who is at the other end, for the log. */
  readonly remote: string;
  /** Reads up to `buffer.length` bytes; null at the end. Rejects when the socket breaks or is closed here. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes at least one byte and resolves to how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Why the other end can't be this node, by what it has proven of itself; null if it can. Left out if nothing is proven. */
  readonly doubt?: (node: NodeId) => string | null;
  /** Releases the socket; whatever reads or writes then rejects. Never throws, also the second time. */
  close(): void;
}

/** The other end does not speak the protocol, or not to us. The message says how, on one line. */
export class ProtocolError extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "ProtocolError";
}

/** What an error says, on one line. */
export function lineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll(/\s+/g, " ");
}

/** The length of the header of a frame, in bytes. */
export const headerBytes = 4;

/** The most bytes that a reader keeps while it waits for the next frame. */
const maxIdleBytes = 1024 * 1024;

/** Writes a header at `at`. */
function writeHeader(target: Uint8Array, at: number, length: number): void {
  target[at] = length >>> 24;
  target[at + 1] = length >>> 16;
  target[at + 2] = length >>> 8;
  target[at + 3] = length;
}

function readHeader(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}

/** Frames, headers and bodies in one piece, for one write: written apart they would wait for each other. */
export function framesOf(bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let total = 0;
  for (const body of bodies) total += headerBytes + body.length;
  const frames = new Uint8Array(total);
  let at = 0;
  for (const body of bodies) {
    writeHeader(frames, at, body.length);
    frames.set(body, at + headerBytes);
    at += headerBytes + body.length;
  }
  return frames;
}

/** Writes all of it. Rejects when the socket breaks. */
export async function writeAll(socket: Socket, bytes: Uint8Array, onProgress?: () => void): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await socket.write(written === 0 ? bytes : bytes.subarray(written));
    onProgress?.();
  }
}

/** Cuts what a socket brings into frames. */
export interface FrameReader {
  /**
   * The next body, if all of it has arrived; null if not. Valid until the next call of any method.
   *
   * @throws {ProtocolError} if it is longer than `maxBytes`.
   */
  next(maxBytes: number): Uint8Array | null;
  /** Waits for more bytes. False at the end of the stream, also if it broke or was closed here. Never rejects. */
  more(): Promise<boolean>;
  /** Whether anything ever arrived. */
  readonly started: boolean;
}

/** A reader of frames with a buffer of its own, which it uses again and again. */
export function frameReader(socket: Socket): FrameReader {
  const initialBytes = 64 * 1024;
  let buffer = new Uint8Array(initialBytes);
  let start = 0;
  let end = 0;
  let started = false;

  /** Makes room for more of a frame of `needed` bytes, header included, that has not arrived as a whole. */
  const reserve = (needed: number) => {
    const held = end - start;
    const fits = held > 0 && start + needed <= buffer.length;
    if (fits) return;
    if (held === 0 && buffer.length > maxIdleBytes) {
      buffer = new Uint8Array(initialBytes);
    } else if (held === buffer.length) {
      // At most twice what has arrived, whatever is announced: an announcement costs nothing.
      const larger = new Uint8Array(Math.min(needed, 2 * held));
      larger.set(buffer);
      buffer = larger;
    } else if (start > 0) {
      buffer.copyWithin(0, start, end);
    }
    start = 0;
    end = held;
  };

  const announced = () => end - start < headerBytes ? null : readHeader(buffer, start);

  return {
    next(maxBytes) {
      const length = announced();
      if (length === null) return null;
      if (length > maxBytes) {
        throw new ProtocolError(`a frame of ${length} bytes, longer than the ${maxBytes} bytes allowed`);
      }
      if (end - start < headerBytes + length) return null;
      const body = buffer.subarray(start + headerBytes, start + headerBytes + length);
      start += headerBytes + length;
      return body;
    },
    async more() {
      reserve(headerBytes + (announced() ?? 0));
      try {
        const count = await socket.read(end === 0 ? buffer : buffer.subarray(end));
        if (count === null) return false;
        end += count;
        started ||= count > 0;
        return true;
      } catch {
        return false;
      }
    },
    get started() {
      return started;
    },
  };
}
