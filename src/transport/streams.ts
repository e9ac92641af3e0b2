/**
 * A transport over streams of bytes, whatever carries them. Each node listens, and dials each peer for what it has to say
 * to it. Knows no runtime.
 */
import { z } from "zod";
import { encodeMessage } from "../codec.ts";
import type { Message, NodeId } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import { functionOf, integer, milliseconds } from "../options.ts";
import type { Report } from "../logging.ts";
import type { Connection, TransportContext } from "../ports.ts";
import { headerBytes, type Socket } from "./frame.ts";
import type { Greeter } from "./handshake.ts";
import { helloFrame, maxClusterIdLength, maxHelloBytes } from "./hello.ts";
import { incoming } from "./incoming.ts";
import { type Outgoing, outgoing } from "./outgoing.ts";

/** What bounds the memory, the connections and the patience of a transport. */
export interface StreamLimits {
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
  /**
   * How often to ask a peer for a sign of life, and how long to wait for it, in milliseconds; who dialled us and brings no
   * byte for three times as long is taken for gone. About the same on all nodes. 5,000 if not given.
   */
  readonly keepAliveMs?: number;
  /**
   * How many connections from others may be in their handshake at once. With one of each peer, these are all that there
   * can be. 64 if not given.
   */
  readonly maxHandshakes?: number;
}

/** The limits, as fields of a transport's options. */
export const limitFields = {
  maxFrameBytes: integer(1, 2 ** 31 - 1).default(16 * 1024 * 1024),
  maxQueuedMessages: integer(1).default(1024),
  maxQueuedBytes: integer(1).default(32 * 1024 * 1024),
  minReconnectMs: milliseconds().default(50),
  maxReconnectMs: milliseconds().default(2000),
  handshakeTimeoutMs: milliseconds().default(5000),
  keepAliveMs: milliseconds().default(5000),
  maxHandshakes: integer(1).default(64),
};

/** The limits with all defaults filled in. */
export type Limits = Required<StreamLimits>;

/** Limits that contradict each other are refused. */
export function consistent<Schema extends z.ZodType<Limits>>(schema: Schema): Schema {
  return schema.refine(({ maxQueuedBytes, maxFrameBytes }) => maxQueuedBytes >= maxFrameBytes, {
    path: ["maxQueuedBytes"],
    error: "an integer of at least maxFrameBytes",
  }).refine(({ minReconnectMs, maxReconnectMs }) => maxReconnectMs >= minReconnectMs, {
    path: ["maxReconnectMs"],
    error: "a number of milliseconds of at least minReconnectMs",
  });
}

/** Where peers are found, by name, or a function that is asked at each attempt to connect. */
export type Places<Place> = Readonly<Record<NodeId, Place>> | ((peer: NodeId) => Place | undefined);

/** A function or a record, but not a union of both: its error would not say which field is wrong. */
export function placesSchema<Place>(given: unknown, place: z.ZodType<Place>) {
  return typeof given === "function"
    ? functionOf<(peer: NodeId) => Place | undefined>()
    : z.record(z.string(), place, "a record of addresses, or a function");
}

/** Where connections arrive. */
export interface StreamListener {
  /** Waits for the next one. Rejects when the listener is closed. */
  accept(): Promise<Socket>;
  /** Takes no more. Never throws. */
  close(): void;
}

/** What carries streams of bytes. */
export interface Medium<Place> {
  /** What errors call it, such as "tcp". */
  readonly name: string;
  /** Where peers are found, as the options say. */
  readonly places: Places<Place>;
  /** The secret of the cluster, if there is one. */
  readonly secret?: string;
  /** A place as the log of the cluster holds it. Undefined if it is none. */
  readonly parse: (text: string) => Place | undefined;
  /** A place as text, for the log. */
  readonly textOf: (place: Place) => string;
  /**
   * Begins to listen.
   *
   * @throws {RaftError} with code `Unavailable` if it can't.
   */
  readonly listen: (log: Report) => Promise<StreamListener>;
  /** Connects to a peer. When `signal` aborts it must give up soon, and release what it has. */
  readonly connect: (place: Place, signal: AbortSignal) => Promise<Socket>;
}

/** A connection over streams. */
export interface StreamConnection extends Connection {
  /** Ends all that is connected, and connects anew. */
  renew(): void;
}

/**
 * Listens, and begins to dial the peers.
 *
 * @throws {RaftError} with code `Unavailable`, if it can't listen; with code `InvalidOptions`, if a peer has
 * no address or a name is too long.
 */
export async function openStreams<Place>(
  medium: Medium<Place>,
  limits: Limits,
  context: TransportContext,
): Promise<StreamConnection> {
  let addresses = context.addresses ?? {};
  checkContext(medium, context);
  const own: Greeter = medium.secret === undefined ? context : { ...context, secret: medium.secret };
  const listener = await medium.listen(context.log);
  const ways = new Map<NodeId, Outgoing>();
  const leaving = new Set<Promise<void>>();
  const setPeers = (peers: readonly NodeId[]) => {
    for (const [peer, way] of ways) {
      if (peers.includes(peer)) continue;
      ways.delete(peer);
      received.dismiss(peer);
      const left = way.close().finally(() => leaving.delete(left));
      leaving.add(left);
    }
    for (const peer of peers) {
      if (ways.has(peer)) continue;
      const connect = (signal: AbortSignal) =>
        connectTo(medium, placeOf(medium, peer, addresses[peer]), signal);
      ways.set(peer, wayTo(peer, own, connect, limits, context.log));
    }
  };
  setPeers(context.peers);
  const received = incoming({
    context,
    own,
    accept: () => listener.accept(),
    isPeer: (node) => ways.has(node),
    onPeer: (peer) => ways.get(peer)?.retryNow(),
    maxFrameBytes: limits.maxFrameBytes,
    handshakeTimeoutMs: limits.handshakeTimeoutMs,
    maxHandshakes: limits.maxHandshakes,
    silenceMs: 3 * limits.keepAliveMs,
  });
  let closing: Promise<void> | null = null;
  const close = async () => {
    listener.close();
    await Promise.all([received.close(), ...leaving, ...[...ways.values()].map((way) => way.close())]);
  };
  return {
    send: sender(limits, context, ways),
    setPeers(peers, found) {
      if (closing !== null) return;
      addresses = found;
      setPeers(peers);
    },
    renew() {
      for (const way of ways.values()) way.renew();
      received.renew();
    },
    close: () => closing ??= close(),
  };
}

/** What can't be sent is dropped; why, is logged once for each reason, or a retry would fill the log. */
function sender(
  { maxFrameBytes }: Limits,
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
      if (body.length <= maxFrameBytes) return way.send(body, isHeartbeat(message));
      drop("length", `${body.length} bytes are more than maxFrameBytes, ${maxFrameBytes}`);
    } catch (error) {
      drop("codec", error instanceof Error ? error.message : String(error));
    }
  };
}

function isHeartbeat(message: Message): boolean {
  return message.type === "AppendEntries" && message.entries.length === 0;
}

function checkContext<Place>(medium: Medium<Place>, context: TransportContext): void {
  const { id, clusterId, peers } = context;
  if (clusterId.length > maxClusterIdLength) {
    throw new RaftError("InvalidOptions", `clusterId: must have at most ${maxClusterIdLength} characters`);
  }
  const nonce = medium.secret === undefined ? {} : { nonce: crypto.randomUUID() };
  const helloBytes = helloFrame({ ...context, ...nonce }).length - headerBytes;
  if (helloBytes > maxHelloBytes) {
    const what = `the names of the cluster and its servers take ${helloBytes} bytes`;
    const limit = `more than the ${maxHelloBytes} of a hello`;
    throw new RaftError("InvalidOptions", `${medium.name}: ${what}, ${limit}`);
  }
  if (peers.includes(id)) {
    throw new RaftError("InvalidOptions", `peers: must not include the node itself, ${JSON.stringify(id)}`);
  }
  if (typeof medium.places === "function") return;
  for (const peer of peers) {
    if (givenPlace(medium, peer) !== undefined || context.addresses?.[peer] !== undefined) continue;
    const missing = `peers: an address of ${JSON.stringify(peer)} is missing`;
    throw new RaftError("InvalidOptions", `${medium.name}: ${missing}`);
  }
}

function givenPlace<Place>({ places }: Medium<Place>, peer: NodeId): Place | undefined {
  if (typeof places === "function") return places(peer);
  return Object.hasOwn(places, peer) ? places[peer] : undefined;
}

/** Where a peer is: by the options, or else by what the log says. */
function placeOf<Place>(medium: Medium<Place>, peer: NodeId, text: string | undefined): Place {
  const given = givenPlace(medium, peer);
  if (given !== undefined) return given;
  if (text === undefined) throw new Error("its address is not known yet");
  const place = medium.parse(text);
  if (place !== undefined) return place;
  const advice = "change the members again, with its address";
  throw new Error(`its address in the log, ${JSON.stringify(text)}, is none for ${medium.name}: ${advice}`);
}

async function connectTo<Place>(medium: Medium<Place>, place: Place, signal: AbortSignal): Promise<Socket> {
  try {
    return await medium.connect(place, signal);
  } catch (error) {
    throw new Error(`${medium.textOf(place)}: ${error instanceof Error ? error.message : error}`);
  }
}

function wayTo(
  peer: NodeId,
  own: Greeter,
  connect: (signal: AbortSignal) => Promise<Socket>,
  limits: Limits,
  log: Report,
): Outgoing {
  return outgoing({
    own,
    peer,
    connect,
    log,
    queue: { maxMessages: limits.maxQueuedMessages, maxBytes: limits.maxQueuedBytes },
    minReconnectMs: limits.minReconnectMs,
    maxReconnectMs: limits.maxReconnectMs,
    handshakeTimeoutMs: limits.handshakeTimeoutMs,
    keepAliveMs: limits.keepAliveMs,
  });
}
