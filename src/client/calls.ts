/**
 * Requests and their responses on one connection that carries messages both ways, such as a WebSocket: each begins with
 * four bytes, the most significant first, by which the client recognises its response. They may come in any order.
 */
import { RaftError } from "../error.ts";

/** The bytes before a request or a response. */
const headerBytes = 4;

/** A message with its number. */
export function numbered(number: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(headerBytes + body.byteLength);
  new DataView(message.buffer).setUint32(0, number);
  message.set(body, headerBytes);
  return message;
}

/** The number of a message, and what follows; null if it is too short to have one. */
export function unnumbered(
  message: Uint8Array,
): { readonly number: number; readonly body: Uint8Array } | null {
  if (message.byteLength < headerBytes) return null;
  const number = new DataView(message.buffer, message.byteOffset, headerBytes).getUint32(0);
  return { number, body: message.subarray(headerBytes) };
}

/** The client's end of a connection. */
export interface Calls {
  /** Sends a request. Rejects when the signal aborts, or the connection ends. */
  call(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** Takes a message that arrived. */
  receive(message: Uint8Array): void;
  /** The connection has ended: rejects all that wait. */
  end(why: string): void;
  /** How many requests wait. */
  readonly waiting: number;
}

/** Calls over a connection, which `send` sends on. */
export function createCalls(send: (message: Uint8Array<ArrayBuffer>) => void): Calls {
  const pending = new Map<
    number,
    { readonly resolve: (body: Uint8Array) => void; readonly fail: (error: unknown) => void }
  >();
  let last = 0;
  let ended: string | null = null;
  return {
    call(request, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (ended !== null) return Promise.reject(connectionError(ended));
      const number = last = (last + 1) % 2 ** 32;
      return new Promise((resolve, reject) => {
        const onAbort = () => fail(signal.reason);
        const settle = () => {
          pending.delete(number);
          signal.removeEventListener("abort", onAbort);
        };
        const fail = (error: unknown) => {
          settle();
          reject(error);
        };
        signal.addEventListener("abort", onAbort);
        pending.set(number, {
          fail,
          resolve(body) {
            settle();
            resolve(body);
          },
        });
        send(numbered(number, request));
      });
    },
    receive(message) {
      const parts = unnumbered(message);
      // What nobody waits for any more is no error.
      if (parts !== null) pending.get(parts.number)?.resolve(parts.body);
    },
    end(why) {
      ended ??= why;
      for (const { fail } of [...pending.values()]) fail(connectionError(why));
    },
    get waiting() {
      return pending.size;
    },
  };
}

/** The other end can't be reached any more: what was asked may have happened. */
export function connectionError(why: string): RaftError {
  return new RaftError("Unavailable", why, { outcome: "unknown" });
}
