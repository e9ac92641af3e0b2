/**
 * Clients over TCP, for Deno: frames as between nodes, each with the number of a request and its body. Neither encrypted
 * nor authenticated.
 */
import { RaftError } from "../error.ts";
import { checked, fields, integer } from "../options.ts";
import { unlessAborted } from "../session.ts";
import { listenSchema, parseAddress } from "../transport/address.ts";
import { frameReader, framesOf, lineOf, ProtocolError, type Socket, writeAll } from "../transport/frame.ts";
import { makePause } from "../transport/pause.ts";
import { type Calls, connectionError, createCalls } from "./calls.ts";
import type { ClientService } from "./service.ts";
import type { ClientTransport } from "./transport.ts";

/** The most bytes of one response. */
const maxResponseBytes = 256 << 20;

/** The most bytes that wait for an end that doesn't read, or so slowly: then the connection is closed. */
const maxWaitingBytes = 256 << 20;

/** The bytes of a request's number. */
const numberBytes = 4;

/** The pause after a failure to accept, in milliseconds. */
const acceptPauseMs = 100;

/** Where to listen for clients, and how many to let in. */
export interface ListenForClientsOptions {
  /** A name or an IP address. */
  readonly hostname: string;
  /** The port, from 1 to 65535, or 0 for any that is free. */
  readonly port: number;
  /** The most clients at a time; more are turned away. Default: 1,024. */
  readonly maxConnections?: number;
}

/** Listens for clients. */
export interface ClientListener extends AsyncDisposable {
  /** The port, also if the options left the choice. */
  readonly port: number;
  /** Stops listening, and closes all connections. */
  close(): Promise<void>;
}

const optionsSchema = fields({ ...listenSchema.shape, maxConnections: integer(1).default(1024) });

/**
 * Answers clients over TCP.
 *
 * @throws {RaftError} with code `InvalidOptions`, or with `Unavailable` if it can't listen there.
 */
export function listenForClients(service: ClientService, options: ListenForClientsOptions): ClientListener {
  const { hostname, port, maxConnections } = checked("listenForClients: options", optionsSchema, options);
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname, port });
  } catch (cause) {
    throw new RaftError("Unavailable", `can't listen on ${hostname}:${port}: ${lineOf(cause)}`, { cause });
  }
  const serving = new Map<Deno.TcpConn, Promise<void>>();
  const pause = makePause();
  let isClosed = false;
  const accepting = (async () => {
    while (!isClosed) {
      try {
        const conn = await listener.accept();
        if (serving.size >= maxConnections) conn.close();
        else serving.set(conn, serve(service, conn).finally(() => serving.delete(conn)));
      } catch {
        // Such as for too many open files: later there may be room.
        if (!isClosed) await pause.wait(acceptPauseMs);
      }
    }
  })();
  const close = async () => {
    isClosed = true;
    listener.close();
    pause.end();
    await accepting;
    for (const conn of serving.keys()) closeQuietly(conn);
    await Promise.all(serving.values());
  };
  let closing: Promise<void> | null = null;
  return {
    port: listener.addr.port,
    close: () => closing ??= close(),
    [Symbol.asyncDispose]: () => closing ??= close(),
  };
}

/** Serves a client until it goes, or says what is no request. Never rejects. */
async function serve(service: ClientService, conn: Deno.TcpConn): Promise<void> {
  conn.setNoDelay(true);
  const socket = socketOf(conn);
  const write = writer(socket);
  const connection = service.connect(write);
  await readFrames(socket, service.maxRequestBytes + numberBytes, (frame) => connection.receive(frame));
  connection.end();
  socket.close();
}

/** Reads until the end, or a frame that is too long, or that nobody wants. Never rejects. */
async function readFrames(
  socket: Socket,
  maxBytes: number,
  onFrame: (frame: Uint8Array) => boolean,
): Promise<void> {
  const frames = frameReader(socket);
  try {
    do {
      for (let frame = frames.next(maxBytes); frame !== null; frame = frames.next(maxBytes)) {
        if (!onFrame(frame)) return;
      }
    } while (await frames.more());
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

/** A connection that is open, or opening. */
interface Line {
  readonly calls: Calls;
  readonly close: () => void;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

/** One connection for each server, for all requests. Addresses are `host:port`. */
export function tcpClientTransport(): ClientTransport {
  const lines = new Map<string, Promise<Line>>();
  return {
    async request(address, body, signal) {
      let line = lines.get(address);
      if (line === undefined) {
        line = dial(address, () => lines.delete(address));
        line.catch(() => lines.delete(address));
        lines.set(address, line);
      }
      return await (await unlessAborted(line, signal)).calls.call(body, signal);
    },
    expects: (address) => parseAddress(address) === undefined ? "host:port" : null,
    async close() {
      const open = await Promise.allSettled(lines.values());
      await Promise.all(open.map(async (result) => {
        if (result.status === "rejected") return;
        result.value.close();
        await result.value.ended;
      }));
    },
  };
}

async function dial(address: string, onEnd: () => void): Promise<Line> {
  const place = parseAddress(address);
  if (place === undefined) {
    throw new RaftError("InvalidOptions", `${address} is no address: expected host:port`);
  }
  const { hostname, port } = place;
  const conn = await Deno.connect({ hostname, port }).catch((error) => {
    throw connectionError(`${address}: ${lineOf(error)}`);
  });
  conn.setNoDelay(true);
  const socket = socketOf(conn);
  const calls = createCalls(writer(socket));
  const ended = readFrames(socket, maxResponseBytes, (frame) => {
    // A copy: the reader uses its buffer again.
    calls.receive(new Uint8Array(frame));
    return true;
  }).finally(() => {
    onEnd();
    socket.close();
    calls.end(`the connection to ${address} has ended`);
  });
  return { calls, close: () => socket.close(), ended };
}

/** Writes one message after the other, all that wait in one piece. A socket that breaks ends its reader, too. */
function writer(socket: Socket): (message: Uint8Array<ArrayBuffer>) => void {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let isWriting = false;
  async function write() {
    isWriting = true;
    // What comes in the same turn goes out together.
    await Promise.resolve();
    try {
      for (let bodies = waiting; bodies.length > 0; bodies = waiting) {
        waiting = [];
        waitingBytes = 0;
        await writeAll(socket, framesOf(bodies));
      }
    } catch {
      socket.close();
    } finally {
      isWriting = false;
    }
  }
  return (message) => {
    waiting.push(message);
    waitingBytes += message.byteLength;
    if (waitingBytes > maxWaitingBytes) socket.close();
    if (!isWriting) void write();
  };
}

function socketOf(conn: Deno.TcpConn): Socket {
  const { hostname, port } = conn.remoteAddr;
  return {
    remote: `${hostname}:${port}`,
    read: (buffer) => conn.read(buffer),
    write: (bytes) => conn.write(bytes),
    close: () => closeQuietly(conn),
  };
}

function closeQuietly(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It was closed before.
  }
}
