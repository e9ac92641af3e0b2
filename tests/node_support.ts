/** Doubles of the ports, for the tests of the node. */
import { setImmediate } from "node:timers";
import type { LogEntry, Message, NodeId, PersistentState, Write } from "../src/core/mod.ts";
import type { Clock, OpenStorage, Random, Storage, Transport } from "../src/ports.ts";
import { assertRejects } from "@std/assert";
import { RaftError } from "../src/error.ts";
import { RaftNode, type RaftNodeOptions } from "../src/node.ts";

/** Text as bytes. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Bytes as text. */
export const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** Lets everything that waits for no timer run. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A clock that stands still until told how far to go. */
export interface FakeClock extends Clock {
  /** Lets the time pass, and fires each timer at its moment. */
  advance(ms: number): Promise<void>;
  /** Lets the time pass until the promise has settled; fails after so many milliseconds. */
  until<T>(promise: Promise<T>, ms?: number): Promise<T>;
  /** How many milliseconds from now each timer that runs will fire, the next one first. */
  waiting(): number[];
}

export function fakeClock(): FakeClock {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const next = () => [...timers].sort((a, b) => a.at - b.at)[0];
  const self: FakeClock = {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const end = now + ms;
      await turn();
      for (let first = next(); first !== undefined && first.at <= end; first = next()) {
        now = first.at;
        // What is due at one moment happens before anybody can react to any of it.
        for (const timer of [...timers].filter(({ at }) => at === now)) {
          if (timers.delete(timer)) timer.callback();
        }
        await turn();
      }
      now = end;
    },
    async until(promise, ms = 60_000) {
      let settled = false;
      const settle = () => void (settled = true);
      promise.then(settle, settle);
      await turn();
      for (let waited = 0; !settled; waited += 5) {
        if (waited > ms) throw new Error(`nothing came of it in ${ms} ms`);
        await self.advance(5);
      }
      return await promise;
    },
    waiting: () => [...timers].map(({ at }) => at - now).sort((a, b) => a - b),
  };
  return self;
}

/** Numbers from a seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

/** A transport without a network: the test sees what is sent, and says what arrives. */
export interface Wire extends Transport {
  /** All that was sent. */
  readonly sent: Message[];
  /** Whom the node knows as the other servers. */
  peers: readonly NodeId[];
  /** Whether the node has closed it. */
  closed: boolean;
  /** Lets a message arrive. */
  arrive(message: Message): void;
}

export function wire(): Wire {
  let onMessage: (message: Message) => void = () => {};
  const self: Wire = {
    sent: [],
    peers: [],
    closed: false,
    arrive: (message) => onMessage(message),
    open(context) {
      onMessage = context.onMessage;
      self.peers = context.peers;
      return Promise.resolve({
        send: (message) => void self.sent.push(message),
        setPeers: (peers) => void (self.peers = peers),
        close() {
          self.closed = true;
          return Promise.resolve();
        },
      });
    },
  };
  return self;
}

/** A disk that the test can slow down and break. */
export interface Disk extends Storage {
  /** All writes that were begun, the first (bootstrap) included. */
  readonly writes: Write[];
  /** What the disk holds. */
  content: PersistentState | null;
  /** The snapshots that the disk holds, by index. */
  readonly snapshots: Map<number, Uint8Array<ArrayBuffer>>;
  /** Whether writes wait for `release`. */
  held: boolean;
  /** How long a write takes, by which clock; null for no time. */
  slowness: (() => Promise<void>) | null;
  /** Whether the node has closed it. */
  closed: boolean;
  /** Ends the write in progress; with an error, if one is given. */
  release(error?: Error): Promise<void>;
}

export function disk(): Disk {
  let waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;
  let generation = 0;
  const self: Disk = {
    writes: [],
    content: null,
    snapshots: new Map(),
    held: false,
    slowness: null,
    closed: false,
    async release(error) {
      const write = waiting;
      waiting = null;
      if (error === undefined) write?.resolve();
      else write?.reject(error);
      await turn();
    },
    open() {
      const mine = ++generation;
      self.closed = false;
      const opened: OpenStorage = {
        load: () => Promise.resolve(self.content),
        async write(write) {
          if (waiting !== null) throw new Error("two writes at a time");
          self.writes.push(write);
          if (self.held) await new Promise<void>((resolve, reject) => waiting = { resolve, reject });
          await self.slowness?.();
          if (mine !== generation) throw new Error("the process that wrote is gone");
          self.content = written(self.content, write);
        },
        async writeSnapshot(index, content) {
          self.snapshots.set(index, new Uint8Array(await new Response(content).arrayBuffer()));
        },
        readSnapshot(index) {
          const bytes = self.snapshots.get(index);
          return bytes === undefined
            ? Promise.reject(new RaftError("Corrupt", `there is no snapshot of index ${index}`))
            : Promise.resolve(new Blob([bytes]).stream());
        },
        close() {
          self.closed = true;
          return Promise.resolve();
        },
      };
      return Promise.resolve(opened);
    },
  };
  return self;
}

function written(content: PersistentState | null, write: Write): PersistentState {
  const log: readonly LogEntry[] = content?.log ?? [];
  const { currentTerm, votedFor, from, entries, compaction } = write;
  const first = (content?.compaction?.compactedIndex ?? 0) + 1;
  const kept = (compaction?.compactedIndex ?? 0) + 1;
  if (from > first + log.length && from !== kept) throw new Error("a write left a gap in the log");
  const stays = log.slice(Math.max(0, kept - first), Math.max(0, from - first));
  return {
    currentTerm,
    votedFor,
    log: [...stays, ...entries],
    ...(compaction === undefined ? {} : { compaction }),
  };
}

/** A node with doubles of all its ports. Alone, unless it has peers. */
export async function lab(
  options: Partial<RaftNodeOptions> & { readonly disk?: Disk; readonly peers?: readonly NodeId[] } = {},
) {
  const { disk: storage = disk(), ...rest } = options;
  const clock = fakeClock();
  const network = wire();
  const lines: string[] = [];
  const node = await RaftNode.start({
    id: "a",
    peers: [],
    bootstrap: true,
    transport: network,
    storage,
    clock,
    random: seeded(1),
    // What these tests look at is the paper's protocol.
    preVote: false,
    checkQuorum: false,
    log: ({ level, message }) => {
      if (level !== "info") lines.push(message);
    },
    ...rest,
  });
  return { node, clock, network, storage, lines };
}

/** A lab whose node leads a cluster of its own. */
export async function leaderLab(options: Parameters<typeof lab>[0] = {}) {
  const all = await lab(options);
  await all.clock.advance(600);
  return all;
}

/** The error that a promise rejects with: a RaftError, or the test fails. */
export async function errorOf(
  promise: Promise<unknown>,
): Promise<{ code: string; outcome: string; error: RaftError }> {
  const error = await assertRejects(() => promise, RaftError);
  return { code: error.code, outcome: error.outcome, error };
}
