/**
 * What clients of the benchmark and the servers say to each other; `go/load/main.go` is the other end. A request is its
 * length in four bytes and so many bytes; a length of 0 asks whether this server leads. An answer is one byte: 1 for
 * committed and applied, or yes; 0 for failed, or no.
 */

const yes = new Uint8Array([1]);
const no = new Uint8Array([0]);

/** How a client is answered. */
export interface Answer {
  /** Committed and applied, or yes. */
  readonly yes: () => void;
  /** Failed, or no. */
  readonly no: () => void;
}

/** What answers clients. */
export interface ClientHandler {
  /** Whether this server leads. */
  readonly leads: () => boolean;
  /** Answers, some time. The command is valid until it returns. */
  readonly propose: (command: Uint8Array, answer: Answer) => void;
}

/** An address of the form `host:port`. */
export function placeOf(address: string): { readonly hostname: string; readonly port: number } {
  const [hostname = "", port = ""] = address.split(":");
  return { hostname, port: Number(port) };
}

/** Serves clients for ever. */
export async function serveClients(address: string, handler: ClientHandler): Promise<void> {
  for await (const connection of Deno.listen(placeOf(address))) serve(connection, handler).catch(ignore);
}

/** To whom has gone away nothing can be told. */
function ignore(): void {}

async function serve(connection: Deno.TcpConn, { leads, propose }: ClientHandler): Promise<void> {
  connection.setNoDelay(true);
  const answer: Answer = {
    yes: () => void connection.write(yes).catch(ignore),
    no: () => void connection.write(no).catch(ignore),
  };
  let buffer = new Uint8Array(4096);
  let filled = 0;
  for (;;) {
    const read = await connection.read(filled === 0 ? buffer : buffer.subarray(filled));
    if (read === null) return;
    filled += read;
    let at = 0;
    while (filled - at >= 4) {
      const length = lengthAt(buffer, at);
      if (filled - at < 4 + length) break;
      if (length > 0) propose(buffer.subarray(at + 4, at + 4 + length), answer);
      else if (leads()) answer.yes();
      else answer.no();
      at += 4 + length;
    }
    if (at === 0 && filled === buffer.length) {
      const larger = new Uint8Array(buffer.length * 2);
      larger.set(buffer);
      buffer = larger;
    } else if (at < filled) buffer.copyWithin(0, at, filled);
    filled -= at;
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
