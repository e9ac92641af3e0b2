/**
 * A transport over WebSockets, for places that have no TCP. Knows no runtime: any server that upgrades requests hands its
 * WebSockets in.
 */
import type { NodeId } from "../core/mod.ts";
import { checked, fields, isUrl, that } from "../options.ts";
import type { Transport, TransportContext } from "../ports.ts";
import { arrivals } from "./arrivals.ts";
import type { Socket } from "./frame.ts";
import { consistent, limitFields, openStreams, placesSchema, type StreamLimits } from "./streams.ts";

/** How to carry messages over WebSockets. */
export interface WebSocketOptions extends StreamLimits {
  /**
   * The URLs of the peers, `ws://` or `wss://`: a record, which may name the node itself as well, or a function that is
   * asked again at each attempt to connect, and whose undefined means "not known yet". Who isn't among them is looked for
   * at the URL that the change of members said.
   */
  readonly peers: Readonly<Record<NodeId, string>> | ((peer: NodeId) => string | undefined);
  /**
   * What all nodes of the cluster know, and nobody else; at least 16 characters, better 32 random ones. Each end proves to
   * the other that it knows it, without telling it. Who knows it can be any node; and it doesn't encrypt what follows: that
   * is what `wss://` is for.
   */
  readonly secret: string;
}

/** A transport over WebSockets. */
export interface WebSocketTransport extends Transport {
  /**
   * Takes a WebSocket that a peer has opened, perhaps. Closes it if no node is served.
   *
   * @param remote Who is at the other end, for the log.
   */
  accept(socket: WebSocket, remote?: string): void;
}

const isPlace = (value: unknown) => isUrl(value, ["ws", "wss"]);
const url = that<string>("a URL that begins with ws:// or wss://", isPlace);

/** The shortest secret, in characters. */
const minSecretLength = 16;

const optionsSchema = (peers: unknown) =>
  consistent(fields({
    peers: placesSchema(peers, url),
    secret: that<string>(
      `a text of at least ${minSecretLength} characters`,
      (value) => typeof value === "string" && value.length >= minSecretLength,
    ),
    ...limitFields,
  }));

/**
 * A transport over WebSockets. Each node dials each peer for what it has to say to it, so each must be reachable: a browser
 * can't be a member.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming the option and what was expected.
 *
 * @example
 * ```ts ignore
 * const transport = webSocket({ peers: { b: "wss://b.example/raft", c: "wss://c.example/raft" }, secret });
 * // Wherever a request is upgraded:
 * transport.accept(socket);
 * ```
 */
export function webSocket(options: WebSocketOptions): WebSocketTransport {
  const settings = checked("webSocket: options", optionsSchema(options?.peers), options);
  const listeners = new Set<(socket: Socket) => void>();
  return {
    accept(socket, remote = "a WebSocket") {
      const arrive = () => {
        const [first] = listeners;
        if (first === undefined) socket.close();
        else first(socketOf(socket, remote));
      };
      // Deno's is open only when the response is on its way.
      if (socket.readyState === WebSocket.OPEN) arrive();
      else socket.addEventListener("open", arrive, { once: true });
    },
    open: (context: TransportContext) =>
      openStreams(
        {
          name: "webSocket",
          places: settings.peers,
          secret: settings.secret,
          parse: (text) => isPlace(text) ? text : undefined,
          textOf: (place) => place,
          listen: () => Promise.resolve(listenerOf(listeners)),
          connect: dial,
        },
        settings,
        context,
      ),
  };
}

/** Takes what arrives until it is closed. */
function listenerOf(listeners: Set<(socket: Socket) => void>) {
  const { add, accept, close } = arrivals();
  listeners.add(add);
  return {
    accept,
    close() {
      listeners.delete(add);
      close();
    },
  };
}

function dial(place: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(place);
    const abort = () => {
      socket.close();
      reject(new Error("aborted"));
    };
    socket.addEventListener("open", () => {
      signal.removeEventListener("abort", abort);
      if (!signal.aborted) resolve(socketOf(socket, place));
    }, { once: true });
    socket.addEventListener("error", (event) => reject(new Error(errorTextOf(event))));
    socket.addEventListener("close", () => reject(new Error("it closed the connection")));
    signal.addEventListener("abort", abort, { once: true });
  });
}

/** Browsers say nothing, so that pages can't explore networks. */
function errorTextOf(event: Event): string {
  return "message" in event && typeof event.message === "string" && event.message !== ""
    ? event.message
    : "can't connect";
}

/** How many bytes may wait to be sent before a write waits. */
const maxBufferedBytes = 1024 * 1024;

/** How often to look whether they are sent, in milliseconds: nothing tells. */
const drainPollMs = 5;

/** The most bytes of one WebSocket message. */
const maxWriteBytes = 256 * 1024;

/** A stream of bytes, carried by binary messages; where one ends says nothing. */
function socketOf(socket: WebSocket, remote: string): Socket {
  socket.binaryType = "arraybuffer";
  const chunks: Uint8Array[] = [];
  let ended = socket.readyState !== WebSocket.OPEN;
  let wake = () => {};
  const end = () => {
    ended = true;
    wake();
  };
  socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    // Text is nobody's who speaks the protocol.
    if (!(data instanceof ArrayBuffer)) socket.close();
    else if (data.byteLength > 0) chunks.push(new Uint8Array(data));
    wake();
  });
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);
  return {
    remote,
    async read(buffer) {
      for (;;) {
        const [chunk] = chunks;
        if (chunk !== undefined) {
          const part = chunk.subarray(0, buffer.length);
          buffer.set(part);
          if (part.length === chunk.length) chunks.shift();
          else chunks[0] = chunk.subarray(part.length);
          return part.length;
        }
        if (ended) return null;
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    async write(bytes) {
      if (ended) throw new Error("the connection is closed");
      const part = bytes.slice(0, maxWriteBytes);
      socket.send(part);
      while (socket.bufferedAmount > maxBufferedBytes) {
        await new Promise((resolve) => setTimeout(resolve, drainPollMs));
        if (ended) throw new Error("the connection is closed");
      }
      return part.length;
    },
    close() {
      end();
      chunks.length = 0;
      if (socket.readyState < WebSocket.CLOSING) socket.close();
    },
  };
}
