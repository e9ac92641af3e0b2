/** The transport over WebSockets as a part of `Deno.serve`: it listens itself, or is mounted into a server. */
import { RaftError } from "../error.ts";
import { checked } from "../options.ts";
import type { Connection, Transport, TransportContext } from "../ports.ts";
import { listenSchema, type TcpAddress, textOfAddress } from "./address.ts";
import { webSocket, type WebSocketOptions } from "./websocket.ts";

export type { TcpAddress } from "./address.ts";
export type { StreamLimits } from "./streams.ts";
export type { WebSocketOptions } from "./websocket.ts";

/** How to carry messages over WebSockets on Deno. */
export interface DenoWebSocketOptions extends WebSocketOptions {
  /** Where to listen; if not given, a server of yours hands requests to `handle`. */
  readonly listen?: TcpAddress;
}

/** A connection over WebSockets. */
export interface DenoWebSocketConnection extends Connection {
  /** Where the node listens, if it listens itself; the port is the chosen one, if the options left the choice. */
  readonly address?: TcpAddress;
}

/** A transport over WebSockets on Deno. */
export interface DenoWebSocketTransport extends Transport {
  /**
   * Begins to dial the peers, and listens, if the options say so.
   *
   * @throws {RaftError} with code `Unavailable`, if it can't listen; with code `InvalidOptions`, if a peer has
   * no address or a name is too long.
   */
  open(context: TransportContext): Promise<DenoWebSocketConnection>;
  /**
   * Answers the request of a peer to open a WebSocket: for a server of yours, on whatever path the peers dial. Any other
   * request is answered with 426, and while no node is served, all with 503.
   *
   * @param remote Who asks, for the log.
   */
  handle(request: Request, remote?: string): Response;
}

/**
 * A transport over WebSockets on Deno.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming the option and what was expected.
 *
 * @example In a server that does other things, too
 * ```ts ignore
 * const transport = denoWebSocket({ peers: { b: "wss://b.example/raft", c: "wss://c.example/raft" }, secret });
 * Deno.serve((request) => new URL(request.url).pathname === "/raft" ? transport.handle(request) : answer(request));
 * ```
 */
export function denoWebSocket(options: DenoWebSocketOptions): DenoWebSocketTransport {
  const { listen, ...others } = options ?? {};
  const address = listen === undefined
    ? undefined
    : checked("webSocket: options.listen", listenSchema, listen);
  const transport = webSocket(others);
  let served = 0;
  const handle = (request: Request, remote?: string) => {
    if (served === 0) return new Response("no node is served here now\n", { status: 503 });
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("only WebSockets are spoken here\n", {
        status: 426,
        headers: { upgrade: "websocket" },
      });
    }
    // The protocol has signs of life of its own.
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    transport.accept(socket, remote);
    return response;
  };
  return {
    handle,
    async open(context) {
      const server = address === undefined ? undefined : serve(address, handle);
      try {
        const connection = await transport.open(context);
        served++;
        let closing: Promise<void> | undefined;
        const close = async () => {
          served--;
          await connection.close();
          await server?.close();
        };
        const common = { ...connection, close: () => closing ??= close() };
        return server === undefined ? common : { ...common, address: server.address };
      } catch (error) {
        await server?.close();
        throw error;
      }
    },
  };
}

function serve(address: TcpAddress, handle: (request: Request, remote: string) => Response) {
  const ending = new AbortController();
  try {
    const server = Deno.serve(
      { ...address, signal: ending.signal, onListen() {} },
      (request, { remoteAddr }) => handle(request, textOfAddress(remoteAddr)),
    );
    const { hostname, port } = server.addr;
    return {
      address: { hostname, port },
      async close() {
        ending.abort();
        await server.finished;
      },
    };
  } catch (error) {
    const reason = error instanceof Deno.errors.AddrInUse
      ? "the port is in use; stop whoever uses it (perhaps this node, running already) or choose another port"
      : `${error instanceof Error ? error.message : error}; check the hostname, the port and --allow-net`;
    throw new RaftError("Unavailable", `can't listen on ${textOfAddress(address)}: ${reason}`, {
      cause: error,
    });
  }
}
