/** A network inside of one process, with faults on demand. Runs on every runtime. */
import type { z } from "zod";
import { decodeMessage, encodeMessage } from "../codec.ts";
import type { Message, NodeId } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import { disagreement } from "../identity.ts";
import { checked, fields, integer, numberFrom, objectWith } from "../options.ts";
import type { Clock, Connection, Transport, TransportContext } from "../ports.ts";

/** What the network does to messages. */
export interface NetworkFaults {
  /** How many of the messages are lost, from 0 (none) to 1 (all). 0 if not given. */
  readonly lossRate?: number;
  /** How many of the messages that arrive do so twice, from 0 (none) to 1 (all). 0 if not given. */
  readonly duplicationRate?: number;
  /** The shortest delay, in milliseconds. 0 if not given. */
  readonly minDelayMs?: number;
  /** The longest delay, in milliseconds; where it exceeds `minDelayMs`, messages overtake each other. `minDelayMs` if not given. */
  readonly maxDelayMs?: number;
}

/** How the network behaves at first, and what it runs on. */
export interface MemoryNetworkOptions extends NetworkFaults {
  /** Determines which messages are lost, doubled and delayed: an integer from 0 to 4,294,967,295. 0 if not given. */
  readonly seed?: number;
  /** What delays run on. The system's timers if not given. */
  readonly clock?: Pick<Clock, "after">;
}

/** A network in memory. Unless told otherwise it is reliable, and keeps the order of messages. */
export interface MemoryNetwork {
  /** A transport on this network. One serves any number of nodes. */
  transport(): Transport;
  /** Changes what happens to messages from now on. What is not given is as if there were no faults. */
  setFaults(faults: NetworkFaults): void;
  /** Only nodes of the same group reach each other; a node that is in none reaches nobody. Undone by `heal`. */
  partition(...groups: readonly (readonly NodeId[])[]): void;
  /** This node reaches nobody, and nobody reaches it, until `heal`. The others are not affected. */
  isolate(node: NodeId): void;
  /** Undoes every `partition` and `isolate`. What was lost stays lost. */
  heal(): void;
}

const rate = numberFrom(0, 1).default(0);
const delay = numberFrom(0, 2 ** 31 - 1);
const faultFields = {
  lossRate: rate,
  duplicationRate: rate,
  minDelayMs: delay.default(0),
  maxDelayMs: delay.optional(),
};
type Faults = z.output<z.ZodObject<typeof faultFields>>;
const isRange = ({ minDelayMs, maxDelayMs = minDelayMs }: Faults) => maxDelayMs >= minDelayMs;
const noRange = { path: ["maxDelayMs"], error: "a number of at least minDelayMs" };
const faultsSchema = fields(faultFields).refine(isRange, noRange);
const optionsSchema = fields({
  ...faultFields,
  seed: integer(0, 2 ** 32 - 1).default(0),
  clock: objectWith<Pick<Clock, "after">>("a Clock: an object with a method after", "after").default(() =>
    systemClock
  ),
}).refine(isRange, noRange);

/** A node on the network. */
interface Endpoint {
  readonly context: TransportContext;
  /** The other servers of the cluster, as far as it knows. */
  peers: readonly NodeId[];
  /** Cancels the deliveries to it that are under way. */
  readonly underWay: Set<() => void>;
  closed: boolean;
}

/**
 * A network inside of one process. Messages travel encoded, so that no node can alter what another one holds.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming the option and what was expected.
 *
 * @example
 * ```ts ignore
 * const network = memoryNetwork();
 * const connection = await network.transport().open(context);
 * network.isolate("a");
 * ```
 */
export function memoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  const { seed, clock, ...givenFaults } = checked("memoryNetwork: options", optionsSchema, options);
  const random = randomFrom(seed);
  let faults: Faults = givenFaults;
  let groups: readonly (readonly NodeId[])[] | null = null;
  const isolated = new Set<NodeId>();
  const endpoints = new Map<NodeId, Endpoint>();

  const reaches = (from: NodeId, to: NodeId) => {
    if (isolated.has(from) || isolated.has(to)) return false;
    return groups === null || groups.some((group) => group.includes(from) && group.includes(to));
  };

  const deliver = (receiver: Endpoint, message: Message) => {
    // What is under way when a link is cut is lost too.
    if (!receiver.closed && reaches(message.from, message.to)) receiver.context.onMessage(message);
  };

  const carry = (receiver: Endpoint, message: Message) => {
    const { minDelayMs, maxDelayMs = minDelayMs } = faults;
    const delayMs = minDelayMs + random() * (maxDelayMs - minDelayMs);
    if (delayMs === 0) return queueMicrotask(() => deliver(receiver, message));
    const cancel = clock.after(delayMs, () => {
      receiver.underWay.delete(cancel);
      deliver(receiver, message);
    });
    receiver.underWay.add(cancel);
  };

  const send = (sender: Endpoint, message: Message) => {
    const { context, closed } = sender;
    const receiver = endpoints.get(message.to);
    if (closed || receiver === undefined || !mayTalk(sender, receiver)) return;
    const bytes = bytesFrom(context, message);
    if (bytes === null || !reaches(message.from, message.to) || random() < faults.lossRate) return;
    carry(receiver, decodeMessage(bytes));
    if (random() < faults.duplicationRate) carry(receiver, decodeMessage(bytes));
  };

  const open = (context: TransportContext): Connection => {
    if (endpoints.has(context.id)) {
      throw new RaftError("Unavailable", `node ${context.id} is on this network already; close it first`);
    }
    for (const other of endpoints.values()) reportDisagreement(context, other.context);
    const endpoint: Endpoint = { context, peers: context.peers, underWay: new Set(), closed: false };
    endpoints.set(context.id, endpoint);
    return {
      send: (message) => send(endpoint, message),
      setPeers: (peers) => void (endpoint.peers = [...peers]),
      close() {
        if (!endpoint.closed) endpoints.delete(context.id);
        endpoint.closed = true;
        for (const cancel of endpoint.underWay) cancel();
        endpoint.underWay.clear();
        return Promise.resolve();
      },
    };
  };

  return {
    // async, so that a refusal is a rejection.
    // deno-lint-ignore require-await
    transport: () => ({ open: async (context) => open(context) }),
    setFaults: (next) => faults = checked("setFaults: faults", faultsSchema, next),
    partition: (...next) => groups = next.map((group) => [...group]),
    isolate: (node) => isolated.add(node),
    heal() {
      groups = null;
      isolated.clear();
    },
  };
}

/** Nobody hears a node of another cluster, or of one of other servers, or one that is not a peer. */
function mayTalk(sender: Endpoint, receiver: Endpoint): boolean {
  return disagreement(sender.context, receiver.context) === null &&
    sender.peers.includes(receiver.context.id) && receiver.peers.includes(sender.context.id);
}

/** Of two nodes that would talk if they agreed, each reports why they don't. */
function reportDisagreement(one: TransportContext, other: TransportContext): void {
  if (!one.peers.includes(other.id) && !other.peers.includes(one.id)) return;
  for (const [own, their] of [[one, other], [other, one]] as const) {
    const reason = disagreement(their, own);
    if (reason === null) continue;
    const message = `not connected to ${their.id}: ${reason}`;
    own.log({ level: "warn", event: "peerUnreachable", peer: their.id, message });
  }
}

/** The bytes of a message; null, and a report, if it is none or names another sender. */
function bytesFrom({ id, log }: TransportContext, message: Message): Uint8Array | null {
  const drop = (why: string) =>
    log({ level: "warn", event: "messageDropped", message: `dropped a message: ${why}` });
  if (message.from !== id) {
    drop(`it is from ${JSON.stringify(message.from)}, not from us`);
    return null;
  }
  try {
    const bytes = encodeMessage(message);
    decodeMessage(bytes);
    return bytes;
  } catch (error) {
    drop(error instanceof Error ? error.message : String(error));
    return null;
  }
}

const systemClock: Pick<Clock, "after"> = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Mulberry32: small, and the same on every runtime. Numbers from 0 (included) to 1 (excluded). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
