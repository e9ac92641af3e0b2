/** What a node is told at its start: defaults, and what is wrong. */
import { z } from "zod";
import {
  type Config,
  type Event,
  type NodeId,
  type ServerState,
  type SessionCommand,
  type Step,
  step,
  type Timer,
} from "../core/mod.ts";
import {
  checked,
  fields,
  functionOf,
  integer,
  maxMs,
  milliseconds,
  numberFrom,
  objectWith,
  that,
} from "../options.ts";
import type { Logger } from "../logging.ts";
import type { Clock, Random, StateMachine, Storage, Transport } from "../ports.ts";
import type { TraceWriter } from "../trace/record.ts";
import type { SessionOptions } from "../session.ts";
import type { DeliveriesOptions } from "./deliveries.ts";
import type { Observer } from "./observing.ts";
import { systemClock, systemRandom } from "./system.ts";

/** What a node is told at its start. */
export interface RaftNodeOptions<Answer = unknown> {
  /** The node's own name: 1 to 255 characters. Never use it again for another node. */
  readonly id: NodeId;
  /** The cluster's name. Nodes of different clusters refuse to talk to each other. Default: `"default"`. */
  readonly clusterId?: string;
  /**
   * The names of the other servers of the cluster, or of all servers: whether `id` is among them is all the same. With
   * `bootstrap`, those with which the cluster begins, the same at each of them: nodes that disagree refuse each other.
   * With `join`, those of a cluster that runs. Later the log knows better: change them with `changeMembership`.
   */
  readonly peers: readonly NodeId[];
  /**
   * Whether an empty storage may start a new cluster. Ignored if the storage is not empty. Leave it out once the
   * cluster has started: a node that lost its disk would vote again in a term in which it has voted already.
   * Default: false.
   */
  readonly bootstrap?: boolean;
  /**
   * Whether an empty storage may belong to a new server of a cluster that runs: it waits until a leader sends it the log.
   * Ignored if the storage is not empty. Default: false.
   */
  readonly join?: boolean;
  /**
   * What `backup` of another node gave: the new cluster begins with it. Needs `bootstrap`, another `clusterId` than the
   * old cluster's, and the same backup at all of its servers. Ignored if the storage is not empty. Default: none.
   */
  readonly restore?: ReadableStream<Uint8Array>;
  /** Carries messages to the other nodes. */
  readonly transport: Transport;
  /** Keeps what must survive a crash. */
  readonly storage: Storage;
  /**
   * What committed commands do. It starts empty at every start of the node, and is given the whole log again.
   * Default: nothing; then `propose` resolves to undefined.
   */
  readonly stateMachine?: StateMachine<Answer>;
  /** The consensus core. Tests put another in. Default: {@linkcode step}. */
  readonly step?: (state: ServerState, event: Event) => Step;
  /** Measures time. Default: the runtime's timers. */
  readonly clock?: Clock;
  /**
   * Where randomness comes from. The first number names this start of the node, so a source with a seed must go
   * on where it was when the node starts again. Default: the runtime's cryptographic randomness.
   */
  readonly random?: Random;
  /**
   * From and to how many milliseconds without a word of a leader pass before a server stands for election; drawn
   * anew each time, so that not all stand at once. Default: `[300, 600]`: twice the paper's, as it must also cover
   * a pause of the garbage collector and a slow fsync, and a needless election costs more than a late one.
   */
  readonly electionTimeoutMs?: readonly [min: number, max: number];
  /**
   * How many milliseconds apart a leader's heartbeats are. Default: 50: several may be lost before the shortest
   * election timeout.
   */
  readonly heartbeatMs?: number;
  /**
   * Whether to ask for pre-votes, so that a node that was cut off deposes nobody when it comes back (thesis 9.6).
   * Default: true.
   */
  readonly preVote?: boolean;
  /**
   * Whether a leader without a majority steps down, and followers ignore those who want the place of a leader that they
   * hear (thesis 6.2, 4.2.3). Default: true.
   */
  readonly checkQuorum?: boolean;
  /**
   * Whether a leader answers reads by a lease, without asking the others: faster, but only as right as the clocks. No
   * node's clock may run at less than nine tenths of another's speed. The same at all nodes; needs `checkQuorum`.
   * Default: false.
   */
  readonly leaseReads?: boolean;
  /** How much this node should rather lead than others, from 0 on. Default: 0. */
  readonly priority?: number;
  /** How many milliseconds a proposal waits for its outcome, if the call doesn't say. Default: 10,000. */
  readonly proposalTimeoutMs?: number;
  /** The most proposals, and the most reads, of this node that wait at a time; more are `Overloaded`. Default: 4,096. */
  readonly maxPendingProposals?: number;
  /**
   * The most bytes of all commands of this node that wait at a time; more are `Overloaded`. At least
   * `maxCommandBytes`, and well below what the transport takes for one peer: it would drop the oldest, in silence.
   * Default: 16,777,216 (16 MiB).
   */
  readonly maxPendingBytes?: number;
  /** The most proposals, of all nodes, that this one holds while no leader is known, and the most reads. Default: 4,096. */
  readonly maxHeldProposals?: number;
  /** The most sessions in the cluster, from when one is opened at this node: the least used go. Default: 1,024. */
  readonly maxSessions?: number;
  /** How many commands of a session that is opened at this node may be unanswered at a time. Default: 128. */
  readonly maxSessionAnswers?: number;
  /** The most bytes of one command. Default: 1,048,576 (1 MiB). */
  readonly maxCommandBytes?: number;
  /** The most entries that one message to a follower carries. Default: 512. */
  readonly maxEntriesPerAppend?: number;
  /** The most bytes of commands that one message carries; a longer command travels alone. Default: 1,048,576. */
  readonly maxBytesPerAppend?: number;
  /** The most messages with entries on their way to one follower. Default: 64. */
  readonly maxInFlightMessages?: number;
  /** The most bytes of commands on their way to one follower, but for the last message. Default: 8,388,608 (8 MiB). */
  readonly maxInFlightBytes?: number;
  /** The most bytes of commands that wait at a leader to be committed; more are `Overloaded`. Default: 67,108,864 (64 MiB). */
  readonly maxUncommittedBytes?: number;
  /** How many entries of the log before a snapshot stay, for nodes that lag a little. Default: 1,024. */
  readonly keptEntries?: number;
  /**
   * After how many entries since the last snapshot the node takes one by itself, so that its log stays short. Needs a state
   * machine with `snapshot` and `restore`. Default: never; then call `snapshot()`.
   */
  readonly snapshotAfterEntries?: number;
  /** The most bytes of a snapshot that one message carries. Default: 262,144 (256 KiB). */
  readonly maxSnapshotChunkBytes?: number;
  /**
   * Takes what happens, such as `(record) => console.error(logLine(record))`. Default: nobody; `status()` tells why a
   * node stopped.
   */
  readonly log?: Logger;
  /** Measures the node; see `openTelemetry` of `@quorate/raft/telemetry`. Default: nobody. */
  readonly observer?: Observer;
  /** Takes every event and what came of it, to be replayed later; see {@linkcode replayTrace}. Default: nobody. */
  readonly trace?: TraceWriter;
}

/** How long a proposal, or a read, may take. */
export interface ProposeOptions {
  /** How many milliseconds to wait for the outcome. Default: the node's `proposalTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Gives up waiting when it aborts. The proposal itself can't be called back once it has left. */
  readonly signal?: AbortSignal;
  /**
   * For a client somewhere else that has a session of its own: its number, and which one waits longest. None for `read`.
   * Who runs the node has `openSession`, which does the counting.
   */
  readonly session?: Omit<SessionCommand, "type">;
}

/** How long a read may take, and how new its answer must be. */
export interface ReadOptions extends Omit<ProposeOptions, "session"> {
  /** Whether what this node has applied so far is good enough: answers at once, also without a leader. Default: false. */
  readonly stale?: boolean;
}

/** The members that a cluster is to have. */
export interface MembershipChange {
  /** The names of those who vote, at least one. Who is new receives the log first, and votes once it has caught up. */
  readonly voters: readonly NodeId[];
  /** The names of those who receive the log but don't vote. Default: none. */
  readonly learners?: readonly NodeId[];
  /** Where new members are found, in the words of the transport: for TCP, `host:port`. */
  readonly addresses?: Readonly<Record<NodeId, string>>;
}

/** How long to wait for what was asked. */
export interface RequestOptions {
  /** How many milliseconds to wait. Default: the node's `proposalTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** How to close a node. */
export interface CloseOptions {
  /**
   * For how many milliseconds at most to wait for what waits, and for another node to take over the lead. Default: 0: what
   * waits is told so at once.
   */
  readonly drainMs?: number;
}

/** Whether this applies commands, one by one or many at a time, but not both. */
function isStateMachine(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { apply, applyBatch } = value as Partial<Record<string, unknown>>;
  return (typeof apply === "function" && applyBatch === undefined) ||
    (typeof applyBatch === "function" && apply === undefined);
}

/** The options with all defaults filled in. */
export type Settings = Readonly<z.infer<typeof schema>>;

/**
 * Whether a node, or a cluster, can have this name: what the codec can carry. The core keeps records by name, so it can't be
 * one that every object has, such as "constructor".
 */
export function isName(value: unknown): boolean {
  return typeof value === "string" && value.length >= 1 && value.length <= 255 && value.isWellFormed() &&
    !(value in Object.prototype);
}

const peersExpected = "a list of different names of 1 to 255 characters each";
const timeoutExpected = "[min, max] in milliseconds, with heartbeatMs < min < max";
const name = that<string>("a name of 1 to 255 characters", isName);
const count = integer(1);
const machineExpected = "a StateMachine: an object with either a method apply or a method applyBatch";

const schema = fields({
  id: name,
  clusterId: name.default("default"),
  peers: z.array(name, peersExpected)
    .refine((peers) => new Set(peers).size === peers.length, peersExpected),
  bootstrap: z.boolean("true or false").default(false),
  join: z.boolean("true or false").default(false),
  restore: that<ReadableStream<Uint8Array>>("a ReadableStream", (value) => value instanceof ReadableStream)
    .optional(),
  transport: objectWith<Transport>("a Transport, such as memoryNetwork().transport()", "open"),
  storage: objectWith<Storage>("a Storage, such as memoryStorage()", "open"),
  stateMachine: that<StateMachine>(machineExpected, isStateMachine).default({ apply: () => undefined }),
  step: functionOf<(state: ServerState, event: Event) => Step>().default(() => step),
  clock: objectWith<Clock>("a Clock: an object with the methods now and after", "now", "after").default(
    systemClock,
  ),
  random: objectWith<Random>("a Random: an object with a method next", "next").default(systemRandom),
  electionTimeoutMs: z.tuple([milliseconds(), milliseconds()], timeoutExpected).default([300, 600]),
  heartbeatMs: milliseconds().default(50),
  preVote: z.boolean("true or false").default(true),
  checkQuorum: z.boolean("true or false").default(true),
  leaseReads: z.boolean("true or false").default(false),
  priority: integer(0).default(0),
  proposalTimeoutMs: milliseconds().default(10_000),
  maxPendingProposals: count.default(4096),
  maxPendingBytes: count.default(16 << 20),
  maxHeldProposals: integer(0).default(4096),
  maxSessions: count.default(1024),
  maxSessionAnswers: count.default(128),
  maxCommandBytes: count.default(1 << 20),
  maxEntriesPerAppend: count.default(512),
  maxBytesPerAppend: count.default(1 << 20),
  maxInFlightMessages: count.default(64),
  maxInFlightBytes: count.default(8 << 20),
  maxUncommittedBytes: count.default(64 << 20),
  keptEntries: integer(0).default(1024),
  snapshotAfterEntries: count.optional(),
  maxSnapshotChunkBytes: count.default(1 << 18),
  log: functionOf<Logger>().default(() => () => {}),
  observer: objectWith<Observer>("an Observer, such as openTelemetry()", "started", "begin", "stepped")
    .optional(),
  trace: functionOf<TraceWriter>().optional(),
}).refine(({ electionTimeoutMs: [min, max], heartbeatMs }) => heartbeatMs < min && min < max, {
  path: ["electionTimeoutMs"],
  error: ({ input }) => {
    const { heartbeatMs } = input as { readonly heartbeatMs: number };
    return `${timeoutExpected}, where heartbeatMs is ${heartbeatMs}`;
  },
}).refine(
  ({ snapshotAfterEntries, stateMachine }) =>
    snapshotAfterEntries === undefined || (stateMachine.snapshot && stateMachine.restore),
  { path: ["snapshotAfterEntries"], error: "a state machine with the methods snapshot and restore" },
).refine(({ restore, bootstrap }) => bootstrap || restore === undefined, {
  path: ["restore"],
  error: "nothing, or bootstrap as well: a cluster that runs does not go back to a backup",
}).refine(({ bootstrap, join }) => !bootstrap || !join, {
  path: ["join"],
  error: "false, as bootstrap is true: a server either begins a cluster or joins one",
}).refine(({ leaseReads, checkQuorum }) => checkQuorum || !leaseReads, {
  path: ["leaseReads"],
  error: "false, or checkQuorum as well",
}).refine(({ maxPendingBytes, maxCommandBytes }) => maxPendingBytes >= maxCommandBytes, {
  path: ["maxPendingBytes"],
  error: "an integer of at least maxCommandBytes",
});

const signal = that<AbortSignal>("an AbortSignal", (value) => value instanceof AbortSignal).optional();
const requestSchema = fields({ timeoutMs: milliseconds().optional() });
const names = z.array(name, peersExpected)
  .refine((servers) => new Set(servers).size === servers.length, peersExpected);
const changeSchema = fields({
  voters: names.min(1, "at least one server"),
  learners: names.default([]),
  addresses: z.record(name, z.string("text"), "an object of addresses by name").default({}),
}).refine(
  ({ voters, learners, addresses }) =>
    Object.keys(addresses).every((server) => [...voters, ...learners].includes(server)),
  {
    path: ["addresses"],
    error: "only addresses of servers that are among the voters or the learners",
  },
);
const transferSchema = fields({ to: name.optional() });
const sessionSchema = fields({ session: count, sequence: count, firstUnanswered: count }).refine(
  ({ sequence, firstUnanswered }) => firstUnanswered <= sequence,
  { path: ["firstUnanswered"], error: "an integer of at most sequence" },
);
const proposeSchema = fields({
  timeoutMs: milliseconds().optional(),
  signal,
  session: sessionSchema.optional(),
});
const sessionOptionsSchema = fields({ timeoutMs: milliseconds().optional(), signal });
const readSchema = fields({
  timeoutMs: milliseconds().optional(),
  signal,
  stale: z.boolean("true or false").default(false),
});
const closeSchema = fields({ drainMs: numberFrom(0, maxMs).default(0) });
const deliveriesSchema = fields({ from: count.default(1), signal });

/**
 * Fills in the defaults.
 *
 * @throws {RaftError} with code `InvalidOptions` that names the option, and what was expected.
 */
export function parseOptions<Answer>(options: RaftNodeOptions<Answer>): Settings {
  return checked("RaftNode.start: options", schema, options);
}

/** @throws {RaftError} like {@linkcode parseOptions}. */
export function parseProposeOptions(options: ProposeOptions): z.infer<typeof proposeSchema> {
  // Most calls have none, and there are many.
  return options === none ? none : checked("options", proposeSchema, options);
}

/** What a call is given that says nothing. */
export const none = {};

/** @throws {RaftError} like {@linkcode parseOptions}. */
export function parseSessionOptions(options: SessionOptions): z.infer<typeof sessionOptionsSchema> {
  return checked("options", sessionOptionsSchema, options);
}

/** @throws {RaftError} like {@linkcode parseOptions}. */
export function parseReadOptions(options: ReadOptions): z.infer<typeof readSchema> {
  return checked("options", readSchema, options);
}

/** @throws {RaftError} like {@linkcode parseOptions}. */
export function parseRequestOptions(options: RequestOptions): z.infer<typeof requestSchema> {
  return checked("options", requestSchema, options);
}

/** @throws {RaftError} like {@linkcode parseOptions}. */
export function parseCloseOptions(options: CloseOptions): z.infer<typeof closeSchema> {
  return checked("options", closeSchema, options);
}

/** @throws {RaftError} like {@linkcode parseOptions}. */
export function parseTransfer(to: NodeId | undefined): NodeId | null {
  return checked("transferLeadership", transferSchema, { to }).to ?? null;
}

/** @throws {RaftError} like {@linkcode parseOptions}. */
export function parseChange(change: MembershipChange): z.infer<typeof changeSchema> {
  return checked("change", changeSchema, change);
}

/** @throws {RaftError} like {@linkcode parseOptions}. */
export function parseDeliveriesOptions(options: DeliveriesOptions): z.infer<typeof deliveriesSchema> {
  return checked("options", deliveriesSchema, options);
}

/** What the core is told. `servers` are those with which the cluster begins. */
export function configOf(settings: Settings, servers: readonly NodeId[]): Config {
  const { id, maxEntriesPerAppend, maxBytesPerAppend, maxHeldProposals, keptEntries } = settings;
  const { preVote, checkQuorum, leaseReads, priority } = settings;
  const { maxInFlightMessages, maxInFlightBytes, maxUncommittedBytes } = settings;
  return {
    id,
    servers,
    maxEntriesPerAppend,
    maxBytesPerAppend,
    maxHeldProposals,
    keptEntries,
    maxInFlightMessages,
    maxInFlightBytes,
    maxUncommittedBytes,
    preVote,
    checkQuorum,
    leaseReads,
    priority,
  };
}

/** How long this run of a timer takes. */
export function durationMs(
  { heartbeatMs, electionTimeoutMs: [min, max], random }: Settings,
  timer: Timer,
): number {
  switch (timer) {
    case "heartbeat":
      return heartbeatMs;
    case "election":
      return min + random.next() * (max - min);
    case "quorum":
    case "transfer":
      return max;
    case "lease":
      // Shorter than any election timeout, as clocks differ.
      return min * 0.9;
  }
}
