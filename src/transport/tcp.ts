/** A transport over TCP, for Deno. Neither encrypted nor authenticated: for networks that only the cluster is on. */
import { z } from "zod";
import { encodeMessage } from "../codec.ts";
import type { Message, NodeId } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import { checked, fields, functionOf, integer, milliseconds, that } from "../options.ts";
import type { Connection, Transport, TransportContext } from "../ports.ts";
import { headerBytes, type Socket } from "./frame.ts";
import { helloFrame, maxClusterIdLength, maxHelloBytes } from "./hello.ts";
import { incoming } from "./incoming.ts";
import { type Outgoing, outgoing } from "./outgoing.ts";

/** Where a node listens. */
export interface TcpAddress {
  /** A name or an IP address. */
  readonly hostname: string;
  /** The port, from 1 to 65535; where a node listens also 0, for any that is free. */
  readonly port: number;
}

/** How to carry messages over TCP. */
export interface TcpOptions {
  /** Where to listen. */
  readonly listen: TcpAddress;
  /**
   * Where the peers listen: a record, which may name the node itself as well, or a function that is asked
   * again at each attempt to connect, and whose undefined means "not known yet". Who isn't among them is looked for where
   * the change of members said, as `host:port`.
   */
  readonly peers: Readonly<Record<NodeId, TcpAddress>> | ((peer: NodeId) => TcpAddress | undefined);
  /** The longest message, in bytes; a longer one is dropped. The same on all nodes. 16 MiB (16,777,216) if not given. */
  readonly maxFrameBytes?: number;
  /** The most messages that wait for one peer; the oldest are dropped. 1,024 if not given. */
  readonly maxQueuedMessages?: number;
  /** The most bytes that wait for one peer, at least `maxFrameBytes`; the oldest are dropped. 32 MiB if not given. */
  readonly maxQueuedBytes?: number;
  /** The pause after the first failure to connect, in milliseconds; it doubles with each further one. 50 if not given. */
  readonly minReconnectMs?: number;
  /** The longest pause between attempts to connect, in milliseconds. 2,000 if not given. */
  readonly maxReconnectMs?: number;
  /** How long connecting and the exchange of hellos may take, in milliseconds. 5,000 if not given. */
  readonly handshakeTimeoutMs?: number;
  /** How often to ask a peer for a sign of life, and how long to wait for it, in milliseconds. 5,000 if not given. */
  readonly keepAliveMs?: number;
  /** How many connections from others may be in their handshake at once. 64 if not given. */
  readonly maxHandshakes?: number;
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

const hostname = that<string>(
  "a name or an IP address",
  (value) => typeof value === "string" && value !== "",
);
const peerAddress = fields({ hostname, port: integer(1, 65535) });
type AddressOf = (peer: NodeId) => TcpAddress | undefined;

/** A function or a record, but not a union of both: its error would not say which field is wrong. */
const optionsSchema = (givesFunction: boolean) =>
  fields({
    listen: fields({ hostname, port: integer(0, 65535) }),
    peers: givesFunction
      ? functionOf<AddressOf>()
      : z.record(z.string(), peerAddress, "a record of addresses, or a function"),
    maxFrameBytes: integer(1, 2 ** 31 - 1).default(16 * 1024 * 1024),
    maxQueuedMessages: integer(1).default(1024),
    maxQueuedBytes: integer(1).default(32 * 1024 * 1024),
    minReconnectMs: milliseconds().default(50),
    maxReconnectMs: milliseconds().default(2000),
    handshakeTimeoutMs: milliseconds().default(5000),
    keepAliveMs: milliseconds().default(5000),
    maxHandshakes: integer(1).default(64),
  }).refine(({ maxQueuedBytes, maxFrameBytes }) => maxQueuedBytes >= maxFrameBytes, {
    path: ["maxQueuedBytes"],
    error: "an integer of at least maxFrameBytes",
  }).refine(({ minReconnectMs, maxReconnectMs }) => maxReconnectMs >= minReconnectMs, {
    path: ["maxReconnectMs"],
    error: "a number of milliseconds of at least minReconnectMs",
  });

type CheckedOptions = z.output<ReturnType<typeof optionsSchema>>;

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
  const settings = checked("tcp: options", optionsSchema(typeof options?.peers === "function"), options);
  // async, so that all that is wrong comes as a rejection.
  // deno-lint-ignore require-await
  return { open: async (context) => open(settings, context) };
}

function open(options: CheckedOptions, context: TransportContext): TcpConnection {
  let addresses = context.addresses ?? {};
  const given = addressBook(options, context);
  const addressOf = (peer: NodeId) => given(peer) ?? parseAddress(addresses[peer]);
  const listener = listen(options.listen);
  const ways = new Map<NodeId, Outgoing>();
  const leaving = new Set<Promise<void>>();
  const setPeers = (peers: readonly NodeId[]) => {
    for (const [peer, way] of ways) {
      if (peers.includes(peer)) continue;
      ways.delete(peer);
      const left = way.close().finally(() => leaving.delete(left));
      leaving.add(left);
    }
    for (const peer of peers) if (!ways.has(peer)) ways.set(peer, wayTo(peer, addressOf, options, context));
  };
  setPeers(context.peers);
  const received = incoming({
    context,
    accept: async () => socketOf(await listener.accept()),
    isPeer: (node) => ways.has(node),
    onPeer: (peer) => ways.get(peer)?.retryNow(),
    maxFrameBytes: options.maxFrameBytes,
    handshakeTimeoutMs: options.handshakeTimeoutMs,
    maxHandshakes: options.maxHandshakes,
  });
  let closing: Promise<void> | null = null;
  const close = async () => {
    listener.close();
    await Promise.all([received.close(), ...leaving, ...[...ways.values()].map((way) => way.close())]);
  };
  const { hostname, port } = listener.addr;
  return {
    address: { hostname, port },
    send: sender(options, context, ways),
    setPeers(peers, found) {
      if (closing !== null) return;
      addresses = found;
      setPeers(peers);
    },
    close: () => closing ??= close(),
  };
}

/** What can't be sent is dropped; why, is logged once for each reason, or a retry would fill the log. */
function sender(
  { maxFrameBytes }: CheckedOptions,
  context: TransportContext,
  ways: ReadonlyMap<NodeId, Outgoing>,
): (message: Message) => void {
  const reported = new Set<string>();
  const drop = (reason: string, line: string) => {
    if (!reported.has(reason)) {
      context.log({ level: "warn", event: "messageDropped", message: `dropped a message: ${line}` });
    }
    reported.add(reason);
  };
  return (message) => {
    const way = ways.get(message.to);
    if (way === undefined) return drop("to", `${JSON.stringify(message.to)} is not a peer`);
    if (message.from !== context.id) {
      return drop("from", `it is from ${JSON.stringify(message.from)}, not from us`);
    }
    try {
      const body = encodeMessage(message);
      if (body.length <= maxFrameBytes) return way.send(body);
      drop("length", `${body.length} bytes are more than maxFrameBytes, ${maxFrameBytes}`);
    } catch (error) {
      drop("codec", error instanceof Error ? error.message : String(error));
    }
  };
}

function addressBook({ peers }: CheckedOptions, context: TransportContext): AddressOf {
  const { id, clusterId, peers: ids } = context;
  if (clusterId.length > maxClusterIdLength) {
    throw new RaftError("InvalidOptions", `clusterId: must have at most ${maxClusterIdLength} characters`);
  }
  const helloBytes = helloFrame(context).length - headerBytes;
  if (helloBytes > maxHelloBytes) {
    const what = `the names of the cluster and its servers take ${helloBytes} bytes`;
    throw new RaftError("InvalidOptions", `tcp: ${what}, more than the ${maxHelloBytes} of a hello`);
  }
  if (ids.includes(id)) {
    throw new RaftError("InvalidOptions", `peers: must not include the node itself, ${JSON.stringify(id)}`);
  }
  if (typeof peers === "function") return peers;
  for (const peer of ids) {
    if (Object.hasOwn(peers, peer) || parseAddress(context.addresses?.[peer]) !== undefined) continue;
    throw new RaftError("InvalidOptions", `tcp: peers: an address of ${JSON.stringify(peer)} is missing`);
  }
  return (peer) => Object.hasOwn(peers, peer) ? peers[peer] : undefined;
}

/** An address as the log holds it: `host:port` or `[host]:port`. Undefined if it is none. */
function parseAddress(text: string | undefined): TcpAddress | undefined {
  const [, inBrackets, plain, port] = text?.match(/^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/) ?? [];
  const hostname = inBrackets ?? plain;
  return hostname === undefined ? undefined : { hostname, port: Number(port) };
}

function wayTo(
  peer: NodeId,
  addressOf: AddressOf,
  options: CheckedOptions,
  context: TransportContext,
): Outgoing {
  return outgoing({
    own: context,
    peer,
    connect: async (signal) => {
      const address = addressOf(peer);
      if (address === undefined) throw new Error("its address is not known yet");
      const { hostname, port } = address;
      try {
        return socketOf(await Deno.connect({ hostname, port, signal }));
      } catch (error) {
        throw new Error(`${textOf(address)}: ${error instanceof Error ? error.message : error}`);
      }
    },
    log: context.log,
    queue: { maxMessages: options.maxQueuedMessages, maxBytes: options.maxQueuedBytes },
    minReconnectMs: options.minReconnectMs,
    maxReconnectMs: options.maxReconnectMs,
    handshakeTimeoutMs: options.handshakeTimeoutMs,
    keepAliveMs: options.keepAliveMs,
  });
}

function listen(address: TcpAddress): Deno.TcpListener {
  const { hostname, port } = address;
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    throw new RaftError("Unavailable", `can't listen on ${textOf(address)}: ${adviceOn(error)}`, {
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
    remote: textOf(connection.remoteAddr),
    read: (buffer) => connection.read(buffer),
    write: (bytes) => connection.write(bytes),
    close() {
      if (closed) return;
      closed = true;
      connection.close();
    },
  };
}

function textOf({ hostname, port }: TcpAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
