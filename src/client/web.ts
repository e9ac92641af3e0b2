/** Transports of clients that need nothing but web standards: `fetch` and `WebSocket`. */
import { RaftError } from "../error.ts";
import { type Calls, connectionError, createCalls } from "./calls.ts";
import { isUrl } from "../options.ts";
import { unlessAborted } from "../session.ts";
import { mediaType } from "./media_type.ts";
import type { ClientTransport } from "./transport.ts";

/** The most bytes of one response. */
const maxResponseBytes = 256 << 20;

/** How to use `fetch`. */
export interface FetchTransportOptions {
  /** Headers for every request, such as `authorization`. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What sends requests. Default: the runtime's `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** One HTTP request for each of the client's. Addresses are URLs. */
export function fetchTransport(options: FetchTransportOptions = {}): ClientTransport {
  const send = options.fetch ?? ((request: Request) => fetch(request));
  return {
    async request(address, body, signal) {
      const headers = { ...options.headers, "content-type": mediaType };
      const request = new Request(address, { method: "POST", body: new Uint8Array(body), headers, signal });
      const response = await send(request).catch((error) => {
        throw signal.aborted ? signal.reason : connectionError(`${address}: ${error}`);
      });
      // A proxy's page, or another service.
      if (response.headers.get("content-type") !== mediaType) {
        const text = (await response.text().catch(() => "")).slice(0, 200).replaceAll(/\s+/g, " ");
        const why = `${address} answered ${response.status} ${text}`;
        // Who refuses to read it has not done it, and won't the next time.
        throw response.status === 413 ? new RaftError("TooLarge", why) : connectionError(why);
      }
      if (Number(response.headers.get("content-length") ?? 0) > maxResponseBytes) {
        await response.body?.cancel();
        throw connectionError(`${address} answered more than ${maxResponseBytes} bytes`);
      }
      return new Uint8Array(
        await response.arrayBuffer().catch((error) => {
          throw signal.aborted ? signal.reason : connectionError(`${address}: ${error}`);
        }),
      );
    },
    // Where there is a page, an address may leave out what is the page's.
    expects: (address) =>
      isUrl(address, ["http", "https"], globalThis.location?.href)
        ? null
        : "a URL that begins with http:// or https://",
    close: () => Promise.resolve(),
  };
}

/** A socket that is open, or opening. */
interface Line {
  readonly socket: WebSocket;
  readonly calls: Calls;
  /** Settles when the socket is open; rejects if it can't be opened. */
  readonly opened: Promise<void>;
  /** Resolves when it is closed. */
  readonly closed: Promise<void>;
}

/** One WebSocket for each server, for all requests. Addresses are URLs that begin with `ws:` or `wss:`. */
export function webSocketTransport(): ClientTransport {
  const lines = new Map<string, Line>();
  return {
    async request(address, body, signal) {
      const line = lines.get(address) ?? dial(lines, address);
      await unlessAborted(line.opened, signal);
      return await line.calls.call(body, signal);
    },
    expects: (address) => isUrl(address, ["ws", "wss"]) ? null : "a URL that begins with ws:// or wss://",
    async close() {
      const open = [...lines.values()];
      for (const { socket } of open) socket.close();
      await Promise.all(open.map(({ closed }) => closed));
    },
  };
}

function dial(lines: Map<string, Line>, address: string): Line {
  let socket: WebSocket;
  try {
    socket = new WebSocket(address);
  } catch (cause) {
    throw new RaftError("InvalidOptions", `${address} is no address of a WebSocket: ${cause}`, { cause });
  }
  socket.binaryType = "arraybuffer";
  const calls = createCalls((message) => socket.send(message));
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  opened.promise.catch(() => {});
  const end = () => {
    if (lines.get(address) === line) lines.delete(address);
    const why = `the connection to ${address} has ended`;
    opened.reject(connectionError(why));
    calls.end(why);
    closed.resolve();
  };
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("message", ({ data }) => {
    if (data instanceof ArrayBuffer) calls.receive(new Uint8Array(data));
  });
  socket.addEventListener("close", end);
  // A socket that breaks is closed as well, later; whoever waits for an answer needn't.
  socket.addEventListener("error", end);
  const line: Line = { socket, calls, opened: opened.promise, closed: closed.promise };
  lines.set(address, line);
  return line;
}
