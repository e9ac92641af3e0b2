/**
 * The way to one peer: a connection that this node dials, again and again, and that carries its messages. What
 * the peer has to say comes on a connection of its own, so there are never two of which one has to go.
 * Knows no runtime.
 */
import { unreachable } from "../core/mod.ts";
import type { NodeId } from "../core/mod.ts";
import type { Report } from "../logging.ts";
import {
  type FrameReader,
  frameReader,
  framesOf,
  lineOf,
  ProtocolError,
  type Socket,
  writeAll,
} from "./frame.ts";
import { type Greeter, greetListener } from "./handshake.ts";
import { makePause } from "./pause.ts";
import { type QueueLimits, type SendQueue, sendQueue } from "./queue.ts";

/** How to reach a peer, and how patiently. */
export interface OutgoingOptions {
  /** Who we are. */
  readonly own: Greeter;
  /** Whom to reach. */
  readonly peer: NodeId;
  /** Connects to it. When `signal` aborts it must give up soon, and release what it has. */
  readonly connect: (signal: AbortSignal) => Promise<Socket>;
  /** Where to report a change between connected and not. */
  readonly log: Report;
  /** How much may wait to be sent. */
  readonly queue: QueueLimits;
  /** The pause after the first failure, in milliseconds. It doubles with every further one. */
  readonly minReconnectMs: number;
  /** The longest pause, in milliseconds. */
  readonly maxReconnectMs: number;
  /** How long connecting and the exchange of hellos may take together, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** How often to ask for a sign of life, and how long to wait for it, in milliseconds. */
  readonly keepAliveMs: number;
}

/** The way to one peer. */
export interface Outgoing {
  /**
   * Queues an encoded message. Never throws; drops the oldest messages when there is no room, and a heartbeat that waits
   * when there is a newer one.
   */
  send(body: Uint8Array, isHeartbeat: boolean): void;
  /** The peer is known to be up: if this is a pause after it could not be reached, end it. */
  retryNow(): void;
  /** Ends the connection, if there is one, and dials anew at once. Who asks for it reports it. */
  renew(): void;
  /** Resolves when every socket and timer is released. Idempotent. */
  close(): Promise<void>;
}

/** The most bytes that one write carries, unless the first message alone is longer. */
const maxBatchBytes = 256 * 1024;

/** The answer to an empty frame is one, so this is all that a peer may send here after its hello. */
const maxAnswerBytes = 0;

/** Begins to dial, at once. */
export function outgoing(options: OutgoingOptions): Outgoing {
  const { peer, log } = options;
  const queue = sendQueue(options.queue);
  const pause = makePause();
  let closed = false;
  let thrownOut = false;
  let renewed = false;
  let connected = false;
  let overflowing = false;
  let current: Session | null = null;

  const dialUntilClosed = async () => {
    let failures = 0;
    let reported = "";
    while (!closed) {
      current = session(options, queue, () => {
        reported = "";
        connected = true;
        log({ level: "info", event: "peerConnected", peer, message: `connected to ${peer}` });
      });
      const { reason, connectedMs } = await current.ended;
      current = null;
      connected = false;
      if (closed) return;
      if (renewed) {
        renewed = false;
        reported = "";
        continue;
      }
      // The same trouble again and again is one line.
      if (reason !== reported) reportUnreachable(options, reason);
      reported = reason;
      // Who lets us in only to throw us out again is not dialled without a pause: two nodes that do so to each
      // other would never rest.
      thrownOut = connectedMs !== null && connectedMs < options.maxReconnectMs;
      failures = connectedMs === null || thrownOut ? failures + 1 : 0;
      await pause.wait(pauseMs(options, failures));
    }
  };
  const finished = dialUntilClosed();

  return {
    send(body, isHeartbeat) {
      if (closed) return;
      // Whoever was told hears of it again only after the queue has been empty.
      if (queue.length === 0) overflowing = false;
      // That a peer is out of reach was told already, and what waits for it then is of little use.
      const dropped = queue.push(body, isHeartbeat) && connected;
      if (dropped && !overflowing) reportOverflow(options);
      overflowing ||= dropped;
      current?.wake();
    },
    retryNow() {
      if (!thrownOut) pause.end();
    },
    renew() {
      if (current === null) return pause.end();
      renewed = true;
      current.stop("closed here");
    },
    close() {
      closed = true;
      current?.stop("closed here");
      pause.end();
      return finished;
    },
  };
}

function reportUnreachable({ log, peer }: OutgoingOptions, reason: string): void {
  const message = `not connected to ${peer}: ${reason}; will try again`;
  log({ level: "warn", event: "peerUnreachable", peer, message });
}

function reportOverflow({ log, peer }: OutgoingOptions): void {
  const message = `the queue to ${peer} is full: the oldest messages are dropped`;
  log({ level: "warn", event: "queueOverflowed", peer, message });
}

/** Exponential, and half of it random, so that the nodes of a cluster don't dial in step. */
function pauseMs({ minReconnectMs, maxReconnectMs }: OutgoingOptions, failures: number): number {
  const longest = Math.min(maxReconnectMs, minReconnectMs * 2 ** Math.max(0, failures - 1));
  return longest * (0.5 + Math.random() / 2);
}

/** One attempt to connect, and the connection that comes of it. */
interface Session {
  /** Resolves, when all is released, to why it ended, and how long it was connected, if it was. Never rejects. */
  readonly ended: Promise<{ readonly reason: string; readonly connectedMs: number | null }>;
  /** Something waits in the queue. */
  wake(): void;
  /** Ends it. The first reason counts. */
  stop(reason: string): void;
}

function session(
  options: OutgoingOptions,
  queue: SendQueue,
  onConnected: () => void,
): Session {
  const { handshakeTimeoutMs } = options;
  const attempt = new AbortController();
  let socket: Socket | null = null;
  let reason: string | null = null;
  let connectedAt: number | null = null;
  let wakeWriter = () => {};

  const stop = (why: string) => {
    reason ??= why;
    attempt.abort();
    socket?.close();
    wakeWriter();
  };
  const alive = keepAlive(options.keepAliveMs, () => wakeWriter(), stop);

  const write = async (to: Socket) => {
    while (reason === null) {
      const bodies = queue.take(maxBatchBytes);
      const asks = alive.takeQuestion();
      if (asks) bodies.push(new Uint8Array(0));
      if (bodies.length > 0) {
        await writeAll(to, framesOf(bodies), alive.onProgress);
        if (asks) alive.onAsked();
      } else {
        await new Promise<void>((resolve) => wakeWriter = resolve);
      }
    }
  };

  const run = async () => {
    const timer = setTimeout(() => stop(`no answer within ${handshakeTimeoutMs} ms`), handshakeTimeoutMs);
    try {
      socket = await options.connect(attempt.signal);
      if (reason !== null) return;
      const frames = frameReader(socket);
      await greet(options, socket, frames);
      clearTimeout(timer);
      if (reason !== null) return;
      connectedAt = performance.now();
      onConnected();
      alive.start();
      const writing = write(socket).catch((error) => stop(lineOf(error)));
      await readAnswers(frames, alive.onAnswer).catch((error) => stop(lineOf(error)));
      stop("it closed the connection");
      await writing;
    } catch (error) {
      stop(lineOf(error));
    } finally {
      clearTimeout(timer);
      alive.stop();
      socket?.close();
    }
  };

  const summary = () => ({
    reason: reason ?? "closed",
    connectedMs: connectedAt === null ? null : performance.now() - connectedAt,
  });
  return { ended: run().then(summary), wake: () => wakeWriter(), stop };
}

/** Resolves when the peer has presented itself, and fits. */
async function greet({ own, peer }: OutgoingOptions, socket: Socket, frames: FrameReader): Promise<void> {
  const node = await greetListener(own, socket, frames);
  if (node !== peer) throw new ProtocolError(`there is ${JSON.stringify(node)} instead`);
}

async function readAnswers(frames: FrameReader, onAnswer: () => void): Promise<void> {
  do {
    while (frames.next(maxAnswerBytes) !== null) onAnswer();
  } while (await frames.more());
}

/**
 * Notices that the peer is gone though nobody said so, as when its cable is cut: then writing goes on for
 * minutes into the buffers of the operating system, and TCP takes as long to try again once the cable is back.
 */
interface KeepAlive {
  start(): void;
  stop(): void;
  /** Whether the writer shall ask for a sign of life now. */
  takeQuestion(): boolean;
  onAsked(): void;
  onAnswer(): void;
  /** Some bytes were taken by the operating system. */
  readonly onProgress: () => void;
}

/** How much longer to wait for a sign of life that is overdue, in milliseconds. */
const graceMs = 100;

function keepAlive(ms: number, wakeWriter: () => void, fail: (reason: string) => void): KeepAlive {
  let state: "quiet" | "due" | "asking" | "asked" | "overdue" = "quiet";
  let progress = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const restart = (afterMs = ms) => {
    clearTimeout(timer);
    timer = setTimeout(tick, afterMs);
  };
  const tick = () => {
    restart();
    switch (state) {
      case "quiet":
        state = "due";
        progress = false;
        return wakeWriter();
      case "due":
      case "asking":
        // The question waits behind much data. As long as that moves, the peer is there.
        if (!progress) fail(`nothing could be written for ${ms} ms`);
        progress = false;
        return;
      case "asked":
        // Perhaps this process stood still, and the answer is there but has not been read: let it.
        state = "overdue";
        return restart(Math.min(ms, graceMs));
      case "overdue":
        return fail(`no sign of life for ${ms} ms`);
      default:
        return unreachable(state);
    }
  };

  return {
    start: () => restart(),
    stop: () => clearTimeout(timer),
    takeQuestion() {
      if (state !== "due") return false;
      state = "asking";
      return true;
    },
    onAsked() {
      // The answer may have overtaken the end of the write.
      if (state !== "asking") return;
      state = "asked";
      restart();
    },
    onAnswer() {
      state = "quiet";
      restart();
    },
    onProgress: () => progress = true,
  };
}
