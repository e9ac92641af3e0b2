/** A transport over TCP, for Deno. Neither encrypted nor authenticated: for networks that only the cluster is on. */
import type { NodeId } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import { checked, fields } from "../options.ts";
import type { Connection, Transport, TransportContext } from "../ports.ts";
import { listenSchema, parseAddress, peerSchema, type TcpAddress, textOfAddress } from "./address.ts";
import type { Socket } from "./frame.ts";
import { consistent, limitFields, openStreams, placesSchema, type StreamLimits } from "./streams.ts";

export type { TcpAddress } from "./address.ts";
export type { StreamLimits } from "./streams.ts";

/** How to carry messages over TCP. */
export interface TcpOptions extends StreamLimits {
  /** Where to listen. */
  readonly listen: TcpAddress;
  /**
   * Where the peers listen: a record, which may name the node itself as well, or a function that is asked
   * again at each attempt to connect, and whose undefined means "not known yet". Who isn't among them is looked for where
   * the change of members said, as `host:port`.
   */
  readonly peers: Readonly<Record<NodeId, TcpAddress>> | ((peer: NodeId) => TcpAddress | undefined);
}

/** A connection over TCP. */
export interface TcpConnection extends Connection {
  /** Where the node listens; the port is the chosen one, if the options left the choice. */
  readonly address: TcpAddress;
}

/** A transport over TCP. */
export interface TcpTransport extends Transport {
  /**
   * Listens, and begins to dial the peers.
   *
   * @throws {RaftError} with code `Unavailable`, if it can't listen; with code `InvalidOptions`, if a peer has
   * no address or a name is too long.
   */
  open(context: TransportContext): Promise<TcpConnection>;
}

const optionsSchema = (peers: unknown) =>
  consistent(fields({ listen: listenSchema, peers: placesSchema(peers, peerSchema), ...limitFields }));

/**
 * A transport over TCP. Each node listens, and dials each peer for what it has to say to it.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming the option and what was expected.
 *
 * @example
 * ```ts ignore
 * const transport = tcp({
 *   listen: { hostname: "0.0.0.0", port: 7001 },
 *   peers: { b: { hostname: "10.0.0.2", port: 7001 }, c: { hostname: "10.0.0.3", port: 7001 } },
 * });
 * ```
 */
export function tcp(options: TcpOptions): TcpTransport {
  const settings = checked("tcp: options", optionsSchema(options?.peers), options);
  return {
    async open(context) {
      let address = settings.listen;
      const connection = await openStreams(
        {
          name: "tcp",
          places: settings.peers,
          parse: parseAddress,
          textOf: textOfAddress,
          listen() {
            const listener = listen(settings.listen);
            const { hostname, port } = listener.addr;
            address = { hostname, port };
            return Promise.resolve({
              accept: async () => socketOf(await listener.accept()),
              close: () => listener.close(),
            });
          },
          connect: async ({ hostname, port }, signal) =>
            socketOf(await Deno.connect({ hostname, port, signal })),
        },
        settings,
        context,
      );
      return { ...connection, address };
    },
  };
}

function listen(address: TcpAddress): Deno.TcpListener {
  const { hostname, port } = address;
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    throw new RaftError("Unavailable", `can't listen on ${textOfAddress(address)}: ${adviceOn(error)}`, {
      cause: error,
    });
  }
}

function adviceOn(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "the port is in use; stop whoever uses it (perhaps this node, running already) or choose another port";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "the permission is missing; run deno with --allow-net";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "the operating system forbids it; choose a port from 1024 on";
  }
  return `${error instanceof Error ? error.message : error}; check the hostname and the port`;
}

function socketOf(connection: Deno.TcpConn): Socket {
  // Without this a small frame waits for the acknowledgement of the last one, some 40 ms.
  connection.setNoDelay(true);
  let closed = false;
  return {
    remote: textOfAddress(connection.remoteAddr),
    read: (buffer) => connection.read(buffer),
    write: (bytes) => connection.write(bytes),
    close() {
      if (closed) return;
      closed = true;
      connection.close();
    },
  };
}
