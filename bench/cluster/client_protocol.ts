/**
 * What clients of the benchmark and the servers say to each other; `go/load/main.go` is the other end. A request is its
 * length in four bytes and so many bytes; a length of 0 asks whether this server leads. An answer is one byte: 1 for
 * committed and applied, or yes; 0 for failed, or no.
 */

/** An answer. */
export const yes = new Uint8Array([1]);

/** An answer. */
export const no = new Uint8Array([0]);

/** What answers clients. */
export interface ClientHandler {
  /** Whether this server leads. */
  readonly leads: () => boolean;
  /** Answers on the connection, some time. The command is valid until it returns. */
  readonly propose: (command: Uint8Array, connection: Deno.TcpConn) => void;
}

/** An address of the form `host:port`. */
export function placeOf(address: string): { readonly hostname: string; readonly port: number } {
  const [hostname = "", port = ""] = address.split(":");
  return { hostname, port: Number(port) };
}

/** Sends an answer; to whom has gone away it can't be told. */
export function answer(connection: Deno.TcpConn, isGood: boolean): void {
  connection.write(isGood ? yes : no).catch(() => {});
}

/** Serves clients for ever. */
export async function serveClients(address: string, handler: ClientHandler): Promise<void> {
  for await (const connection of Deno.listen(placeOf(address))) serve(connection, handler).catch(() => {});
}

async function serve(connection: Deno.TcpConn, { leads, propose }: ClientHandler): Promise<void> {
  connection.setNoDelay(true);
  let buffer = new Uint8Array(4096);
  let filled = 0;
  for (let read; (read = await connection.read(buffer.subarray(filled))) !== null;) {
    filled += read;
    let at = 0;
    const view = new DataView(buffer.buffer);
    while (filled - at >= 4) {
      const length = view.getUint32(at);
      if (filled - at < 4 + length) break;
      if (length === 0) answer(connection, leads());
      else propose(buffer.subarray(at + 4, at + 4 + length), connection);
      at += 4 + length;
    }
    if (at === 0 && filled === buffer.length) {
      const larger = new Uint8Array(buffer.length * 2);
      larger.set(buffer);
      buffer = larger;
    } else buffer.copyWithin(0, at, filled);
    filled -= at;
  }
}
