/** The connections that peers dial, and strangers: whoever can't say a valid hello is gone soon. Knows no runtime. */
import { decodeMessage } from "../codec.ts";
import type { NodeId } from "../core/mod.ts";
import type { Report } from "../logging.ts";
import type { TransportContext } from "../ports.ts";
import {
  type FrameReader,
  frameReader,
  framesOf,
  lineOf,
  ProtocolError,
  type Socket,
  writeAll,
} from "./frame.ts";
import { greetDialler, type Greeter } from "./handshake.ts";
import { dishonesty } from "./honesty.ts";
import { newsOnly } from "./news.ts";
import { makePause } from "./pause.ts";

/** Whom to let in. */
export interface IncomingOptions {
  /** The node that is served. */
  readonly context: TransportContext;
  /** Who we are. */
  readonly own: Greeter;
  /** Waits for the next connection. Rejects when the listener is closed. */
  readonly accept: () => Promise<Socket>;
  /** Whether this is one of the other servers of the cluster, as far as is known now. */
  readonly isPeer: (node: NodeId) => boolean;
  /** Called when a peer's hello was accepted. */
  readonly onPeer: (peer: NodeId) => void;
  /** The longest frame, in bytes without its header. */
  readonly maxFrameBytes: number;
  /** How long the exchange of hellos may take, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** How many connections may be in their handshake at once. */
  readonly maxHandshakes: number;
  /** After how long without a byte a peer is taken for gone, in milliseconds: it asks for signs of life more often. */
  readonly silenceMs: number;
}

/** The connections that others dial. */
export interface Incoming {
  /** Ends all of them: who is still welcome dials anew. */
  renew(): void;
  /** Ends that of a peer that is one no more: if it dials anew, it is told so. */
  dismiss(peer: NodeId): void;
  /** Resolves when all are released. The listener must be closed first. Idempotent. */
  close(): Promise<void>;
}

/** The pause after a failure to accept, such as for too many open files, in milliseconds. */
const acceptPauseMs = 100;

/** Begins to accept connections, at once. */
export function incoming(options: IncomingOptions): Incoming {
  const { context, maxHandshakes } = options;
  const { log } = context;
  const sockets = new Set<Socket>();
  const serving = new Set<Promise<void>>();
  const socketOf = new Map<NodeId, Socket>();
  let handshakes = 0;
  let crowded = false;
  const isNews = newsOnly();
  let closed = false;

  const admit = async (socket: Socket, frames: FrameReader) => {
    handshakes++;
    try {
      return await shakeHands(options, socket, frames);
    } finally {
      handshakes--;
      if (handshakes === 0) crowded = false;
    }
  };

  const serve = async (socket: Socket) => {
    sockets.add(socket);
    let peer: NodeId | null = null;
    try {
      const frames = frameReader(socket);
      peer = await admit(socket, frames);
      // Who was removed since it was welcomed is told so when it dials anew.
      if (peer === null || closed || !options.isPeer(peer)) return;
      // A peer that dials again has lost its last connection, even if we have not noticed yet.
      socketOf.get(peer)?.close();
      socketOf.set(peer, socket);
      options.onPeer(peer);
      await receive(options, peer, socket, frames, () => sockets.has(socket));
    } catch (error) {
      const trouble = lineOf(error);
      const tells = !closed && (peer !== null || isNews(trouble));
      if (tells) reportClosed(log, { peer, remote: socket.remote, trouble });
    } finally {
      socket.close();
      sockets.delete(socket);
      if (peer !== null && socketOf.get(peer) === socket) socketOf.delete(peer);
    }
  };

  const serveOrRefuse = (socket: Socket) => {
    if (handshakes >= maxHandshakes) {
      socket.close();
      if (!crowded) reportRefused(log, socket.remote, handshakes);
      crowded = true;
      return;
    }
    const served = serve(socket).finally(() => serving.delete(served));
    serving.add(served);
  };

  const acceptor = accepting(options, serveOrRefuse);

  return {
    renew() {
      for (const socket of sockets) socket.close();
    },
    dismiss: (peer) => socketOf.get(peer)?.close(),
    async close() {
      closed = true;
      for (const socket of sockets) socket.close();
      sockets.clear();
      await acceptor.close();
      await Promise.all(serving);
    },
  };
}

function reportClosed(
  log: Report,
  { peer, remote, trouble }: {
    readonly peer: NodeId | null;
    readonly remote: string;
    readonly trouble: string;
  },
): void {
  const common = { level: "warn", event: "connectionClosed" } as const;
  if (peer === null) log({ ...common, message: `closed a connection from ${remote}: ${trouble}` });
  else log({ ...common, peer, message: `closed a connection from ${peer} at ${remote}: ${trouble}` });
}

function reportRefused(log: Report, remote: string, handshakes: number): void {
  const message = `refused a connection from ${remote}: ${handshakes} others have not said hello yet`;
  log({ level: "warn", event: "connectionRefused", message });
}

/** Accepts connections until closed, also after a failure to. */
function accepting(
  { accept, context }: IncomingOptions,
  onSocket: (socket: Socket) => void,
): { close(): Promise<void> } {
  const pause = makePause();
  let closed = false;
  let reported = "";
  const acceptUntilClosed = async () => {
    while (!closed) {
      try {
        const socket = await accept();
        reported = "";
        if (closed) socket.close();
        else onSocket(socket);
      } catch (error) {
        if (closed) return;
        const trouble = lineOf(error);
        // The same trouble again and again is one line.
        if (trouble !== reported) {
          const message = `can't accept connections: ${trouble}; will try again`;
          context.log({ level: "error", event: "acceptFailed", message });
        }
        reported = trouble;
        await pause.wait(acceptPauseMs);
      }
    }
  };
  const finished = acceptUntilClosed();
  return {
    close() {
      closed = true;
      pause.end();
      return finished;
    },
  };
}

/**
 * Exchanges hellos within the time limit.
 *
 * @returns the peer; null if the connection ended without a word.
 */
async function shakeHands(
  { own, isPeer, handshakeTimeoutMs }: IncomingOptions,
  socket: Socket,
  frames: FrameReader,
): Promise<NodeId | null> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    socket.close();
  }, handshakeTimeoutMs);
  try {
    const peer = await greetDialler(own, socket, frames, isPeer);
    if (peer === null && late) throw new ProtocolError("");
    return peer;
  } catch (error) {
    throw late ? new ProtocolError(`no hello within ${handshakeTimeoutMs} ms`) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Delivers what a peer sends, until the connection ends or is closed here. */
async function receive(
  { context, maxFrameBytes, silenceMs }: IncomingOptions,
  peer: NodeId,
  socket: Socket,
  frames: FrameReader,
  isOpen: () => boolean,
): Promise<void> {
  let answering = false;
  const answer = async () => {
    // One answer at a time: who asks without listening must not fill our memory.
    if (answering) return;
    answering = true;
    await writeAll(socket, framesOf([new Uint8Array(0)])).catch(() => {});
    answering = false;
  };
  const silence = noticeSilence(silenceMs, () => socket.close());
  try {
    do {
      silence.onBytes();
      while (isOpen()) {
        const body = frames.next(maxFrameBytes);
        if (body === null) break;
        if (body.length === 0) answer();
        else context.onMessage(checkedMessage(body, peer, context.id));
      }
    } while (isOpen() && await frames.more());
    if (silence.isOver) throw new ProtocolError(`no byte for ${silenceMs} ms`);
  } finally {
    silence.stop();
  }
}

/** Notices that a peer is gone though nobody said so. Looks twice as often as that, so that bytes cost no timer. */
function noticeSilence(ms: number, onSilence: () => void) {
  let silentLooks = 0;
  let isOver = false;
  const timer = setInterval(() => {
    if (++silentLooks <= 2) return;
    isOver = true;
    onSilence();
  }, ms / 2);
  return {
    onBytes: () => silentLooks = 0,
    stop: () => clearInterval(timer),
    get isOver() {
      return isOver;
    },
  };
}

function checkedMessage(body: Uint8Array, peer: NodeId, own: NodeId) {
  const message = decodeMessage(body);
  if (message.from !== peer) {
    throw new ProtocolError(`a ${message.type} from ${JSON.stringify(message.from)}, who is somebody else`);
  }
  if (message.to !== own) {
    throw new ProtocolError(`a ${message.type} to ${JSON.stringify(message.to)}, which is another node`);
  }
  const reason = dishonesty(message);
  if (reason !== null) {
    throw new ProtocolError(`a ${message.type} that no honest server sends: ${reason}`);
  }
  return message;
}
