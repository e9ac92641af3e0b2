/** Streams of `node:stream`, such as TLS connections, as sockets. */
import type { Duplex } from "node:stream";
import type { Socket } from "./frame.ts";

/** The most bytes that are handed over at a time, so that progress can be seen. */
const maxWriteBytes = 64 * 1024;

/** The stream as a socket. It must not be read by anybody else. */
export function duplexSocket(stream: Duplex, remote: string): Omit<Socket, "doubt"> {
  let failure: Error | null = null;
  let ended = false;
  let wakeReader = () => {};
  let failWriter = (_error: Error) => {};
  const end = (error: Error | null) => {
    failure ??= error;
    ended = true;
    wakeReader();
    failWriter(failure ?? new Error("the connection is closed"));
  };
  stream.on("readable", () => wakeReader());
  stream.on("end", () => {
    ended = true;
    wakeReader();
  });
  stream.on("error", end);
  stream.on("close", () => end(null));
  return {
    remote,
    async read(buffer) {
      for (;;) {
        const available = Math.min(stream.readableLength, buffer.length);
        const chunk: Uint8Array | null = available > 0 ? stream.read(available) : null;
        if (chunk !== null) {
          buffer.set(chunk);
          return chunk.length;
        }
        if (failure !== null) throw failure;
        if (ended) return null;
        // Asks for more: without it nothing is read that nobody waits for.
        stream.read(0);
        await new Promise<void>((resolve) => wakeReader = resolve);
      }
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (ended && stream.destroyed) return reject(failure ?? new Error("the connection is closed"));
        failWriter = reject;
        const part = bytes.subarray(0, maxWriteBytes);
        stream.write(part, (error) => error ? reject(error) : resolve(part.length));
      }),
    close: () => void stream.destroy(),
  };
}
