/** Sockets that have arrived, until somebody accepts them. */
import type { Socket } from "./frame.ts";

/** Who waits on both sides. */
export interface Arrivals {
  /** A socket has arrived. */
  add(socket: Socket): void;
  /** The next socket. Rejects once all is closed. */
  accept(): Promise<Socket>;
  /** Closes those that wait. */
  close(): void;
}

/** Nobody has arrived yet. */
export function arrivals(): Arrivals {
  const waiting: Socket[] = [];
  let closed = false;
  let wake = () => {};
  return {
    add(socket) {
      waiting.push(socket);
      wake();
    },
    async accept() {
      for (;;) {
        const socket = waiting.shift();
        if (socket !== undefined) return socket;
        if (closed) throw new Error("the listener is closed");
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    close() {
      closed = true;
      for (const socket of waiting) socket.close();
      wake();
    },
  };
}
