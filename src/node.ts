/**
 * A server of a Raft cluster: feeds what happens to the consensus core and performs what it asks for, on the
 * transport, the storage, the clock and the randomness that it is given. Needs no particular runtime.
 */
import {
  entryAt,
  type Event,
  latestConfiguration,
  type LogIndex,
  type Message,
  type NodeId,
  type PersistentState,
  restart,
  type ServerState,
  type SessionRequest,
} from "./core/mod.ts";
import { RaftError } from "./error.ts";
import { show } from "./options.ts";
import type { Clock, Connection, OpenStorage } from "./ports.ts";
import { available, load, openStorage, openTransport, reason } from "./node/adapters.ts";
import { deliver, type DeliveriesOptions, type Delivery, type Source, wakeAll } from "./node/deliveries.ts";
import * as loops from "./node/loop.ts";
import {
  configOf,
  durationMs,
  type MembershipChange,
  parseChange,
  parseDeliveriesOptions,
  parseOptions,
  parseProposeOptions,
  parseReadOptions,
  parseRequestOptions,
  type ProposeOptions,
  type RaftNodeOptions,
  type ReadOptions,
  type RequestOptions,
  type Settings,
} from "./node/options.ts";
import { peersOf, watchPeers } from "./node/peers.ts";
import * as proposals from "./node/proposals.ts";
import { type Health, type Status, statusOf } from "./node/status.ts";
import * as readTable from "./node/reads.ts";
import { applyEntries, createReplica, forgetUpTo, isExecuted, type Replica } from "./node/replica.ts";
import { openSession } from "./node/sessions.ts";
import type { ClientSession } from "./session.ts";
import * as requests from "./node/requests.ts";
import * as snapshots from "./node/snapshots.ts";

export type { Health, Status } from "./node/status.ts";
export type { DeliveriesOptions, Delivery } from "./node/deliveries.ts";
export type {
  MembershipChange,
  ProposeOptions,
  RaftNodeOptions,
  ReadOptions,
  RequestOptions,
} from "./node/options.ts";
export type { ClientSession, SessionOptions } from "./session.ts";

/** A server of a cluster. */
export interface RaftNode<Answer = unknown> extends AsyncDisposable {
  /** The node's own name. */
  readonly id: NodeId;
  /**
   * Broadcasts bytes to all nodes in one total order, from any node. Resolves when they are committed, and
   * applied on this node.
   *
   * @throws {RaftError} with `outcome`: "no" if the bytes will never be delivered, "unknown" if they may be, or
   * have been. To broadcast them again after "unknown" may deliver them twice.
   */
  broadcast(bytes: Uint8Array, options?: ProposeOptions): Promise<{
    /** Where in the total order they are. */
    readonly index: LogIndex;
  }>;
  /**
   * Like `broadcast`, but resolves to what the state machine's `apply` returned on this node.
   *
   * @throws {RaftError} like `broadcast`.
   */
  propose(command: Uint8Array, options?: ProposeOptions): Promise<Answer>;
  /**
   * Opens a session (thesis 6.3): each command that is proposed in it takes effect once at most, though it be sent again
   * and again, to one leader after another. Costs an entry in the log.
   *
   * @throws {RaftError} like `broadcast`. Without an effect that matters, whatever `outcome` says.
   */
  openSession(options?: ProposeOptions): Promise<ClientSession<Answer>>;
  /**
   * Asks the state machine of this node, when it is known to hold all that was acknowledged anywhere, or read, before the
   * call (linearizable), or at once, if a `stale` answer is good enough. Puts nothing into the log. Resolves to what
   * `query` of the state machine returned.
   *
   * @throws {RaftError} with `outcome` "no", as a read has no effect; or what `query` threw.
   */
  read(query: Uint8Array, options?: ReadOptions): Promise<unknown>;
  /**
   * The total order: every committed command from index `from` on, in order, without gaps, the same on all nodes.
   * Read from the log, so any number of consumers may be as slow as they like. After a restart of the node it
   * starts again: who must see each command once stores its index together with its effect. A command of a session
   * stands in the order once; any other one twice, if a transport repeats messages. Ends when the node is closed.
   *
   * @throws {RaftError} with code `InvalidOptions`, at once; from the iterator, if the node fails.
   */
  deliveries(options?: DeliveriesOptions): AsyncIterableIterator<Delivery, undefined>;
  /** What the node knows of itself. */
  status(): Status;
  /**
   * Hands leadership over, to a voter of the cluster or to the one whose log has come furthest. Proposals made meanwhile
   * are held. Resolves when the other node leads.
   *
   * @throws {RaftError} with code `NotLeader`, `Pending`, `InvalidOptions` or, if the other node doesn't take over,
   * `Timeout`: then this node leads on.
   */
  transferLeadership(to?: NodeId, options?: RequestOptions): Promise<void>;
  /**
   * Changes the members of the cluster, at its leader. New voters receive the log first. Resolves when the new members
   * are committed. Names are never used again: a server that was removed comes back as a new one.
   *
   * @throws {RaftError} with code `NotLeader`, `Pending`, `InvalidOptions` or `Timeout`. Unless `outcome` is "no", the
   * change may yet take effect: see `status().members`.
   */
  changeMembership(change: MembershipChange, options?: RequestOptions): Promise<void>;
  /**
   * Writes a snapshot of this node's state machine to its storage, and compacts the log: what is in the snapshot is not
   * needed any more, but for the last `keptEntries`. Resolves when the snapshot is durable.
   *
   * @throws {RaftError} with code `Pending` or `InvalidOptions`; or what the state machine or the storage threw.
   */
  snapshot(): Promise<{
    /** The index of the last entry that it holds. */
    readonly index: LogIndex;
  }>;
  /** Resolves when the node no longer runs, whether closed or failed, and says which. Never rejects. */
  readonly stopped: Promise<Health>;
  /**
   * Stops the node and releases its transport and its storage. What waits is told so at once. Resolves only when the
   * write in progress has settled: for as long as `write` of the storage hangs, so does this. Idempotent.
   */
  close(): Promise<void>;
}

/** Starts nodes. */
export const RaftNode: {
  /**
   * Starts a server of a cluster. Resolves when it serves; there may be no leader yet.
   *
   * @throws {RaftError} with code `InvalidOptions`, `NotBootstrapped`, `Mismatch`, `Corrupt` or `Unavailable`; the
   * message says what to do.
   */
  readonly start: <Answer = unknown>(options: RaftNodeOptions<Answer>) => Promise<RaftNode<Answer>>;
} = { start };

/** All that a running node consists of. */
interface Running {
  readonly settings: Settings;
  readonly loop: loops.Loop;
  readonly table: proposals.Proposals;
  readonly reads: readTable.Reads;
  readonly snapshots: snapshots.Snapshots;
  readonly requests: requests.Requests;
  readonly source: Source;
  readonly replica: Replica;
  readonly storage: OpenStorage;
  readonly stopped: Promise<Health>;
  readonly resolveStopped: (health: Health) => void;
  /** Null until the transport is open. */
  connection: Connection | null;
  health: Health;
  /** The end of `close`, once it has begun. */
  closing: Promise<void> | null;
}

async function start<Answer>(options: RaftNodeOptions<Answer>): Promise<RaftNode<Answer>> {
  const settings = parseOptions(options);
  const { id, clusterId, log, transport } = settings;
  const given = settings.join ? [] : [...new Set([...settings.peers, id])].sort();
  const opened = await openStorage(settings.storage, { id, clusterId, servers: given });
  try {
    const persisted = await loadOrBootstrap(settings, opened);
    // What the storage says beats the options: the log goes on from there.
    const servers = opened.servers ?? given;
    const replica = createReplica(settings.stateMachine);
    if (persisted.compaction !== undefined) {
      const { index } = persisted.compaction.snapshot;
      await snapshots.restoreFrom(opened, replica, index);
    }
    const state = restart(configOf(settings, servers), persisted);
    const node = assemble(settings, { storage: opened, replica, state });
    const onMessage = (message: Message) => loops.receive(node.loop, message);
    const context = { id, clusterId, servers, ...peersOf(node.loop.state, settings.peers), log, onMessage };
    node.connection = await openTransport(transport, context);
    loops.begin(node.loop);
    // What `propose` resolves to comes from the state machine in the same options.
    return facade(node) as RaftNode<Answer>;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function loadOrBootstrap(settings: Settings, storage: OpenStorage): Promise<PersistentState> {
  const persisted = await load(storage);
  if (persisted !== null) return persisted;
  if (!settings.bootstrap && !settings.join) {
    throw new RaftError(
      "NotBootstrapped",
      `the storage of node ${settings.id} is empty. If this is the first start of a new cluster, set ` +
        "`bootstrap: true`; if it is a new node of a cluster that runs, `join: true`. If the node has run before, its disk is lost: it must not come back under this " +
        "name, as it may have acknowledged what it no longer has.",
    );
  }
  const initial: PersistentState = { currentTerm: 0, votedFor: null, log: [] };
  // Durable before anything else, so that a storage that lost its content can be told from a new one.
  const write = () => storage.write({ currentTerm: 0, votedFor: null, from: 1, entries: [] });
  await available("the storage", write);
  return initial;
}

function assemble(
  settings: Settings,
  { storage, replica, state }: Pick<Running, "storage" | "replica"> & { readonly state: ServerState },
): Running {
  const { clock, step } = settings;
  const { table, reads, asked } = createTables(settings, () => loop);
  const loop = loops.createLoop(state, {
    step,
    clock,
    durationMs: (timer) => durationMs(settings, timer),
    write: (write) => storage.write(write),
    send: (message) => node.connection?.send(message),
    apply: (entries) =>
      applyEntries(replica, entries, (command, result) => {
        answers.push(() => proposals.onApplied(table, command, result));
      }),
    onApplied() {
      // Only now, so that whoever is answered finds its command applied in `status` and `deliveries`.
      for (const answer of answers.splice(0)) answer();
      snapshots.onApplied(content);
      wakeAll(source);
    },
    refuse: (refused) => proposals.onRefused(table, refused),
    readReady({ ids }) {
      // A machine that is being restored is nothing in between.
      if (content.restoring === null) readTable.onReady(reads, ids);
      else content.restoring.then(() => readTable.onReady(reads, ids), () => {});
    },
    readChunk: (chunk) => void snapshots.sendChunk(content, chunk),
    storeChunk: (message) => void snapshots.storeChunk(content, message),
    refuseReads: ({ ids }) => readTable.onRefused(reads, ids),
    refuseRequest: (refused) => requests.onRefused(asked, refused, loop.state),
    onState(state) {
      requests.onState(asked, state);
      snapshots.onState(content, state);
      forgetUpTo(replica, state.log.compactedIndex);
      onPeersOf(state);
    },
    onFailure: (error) => fail(node, error),
  });
  const content = createContent({ settings, storage, replica }, () => node);
  const onPeersOf = watchPeers(state, (after) => {
    const { peers, addresses } = peersOf(after, settings.peers);
    node.connection?.setPeers(peers, addresses);
  });
  const answers: (() => void)[] = [];
  const source = createSource(clock, () => node);
  let resolveStopped: (health: Health) => void = () => {};
  const node: Running = {
    settings,
    loop,
    table,
    reads,
    snapshots: content,
    requests: asked,
    source,
    replica,
    storage,
    stopped: new Promise((resolve) => resolveStopped = resolve),
    resolveStopped: (health) => resolveStopped(health),
    connection: null,
    health: { type: "running" },
    closing: null,
  };
  return node;
}

/** Where deliveries come from. */
function createSource(clock: Clock, node: () => Running): Source {
  const state = () => node().loop.state;
  return {
    applied: (index) => index <= state().lastApplied ? entryAt(state().log, index) : undefined,
    isExecuted: (entry, index) => isExecuted(node().replica, entry, index),
    compactedIndex: () => state().log.compactedIndex,
    ended: () => {
      const { health } = node();
      return health.type === "running" ? null : { error: errorOf(health) };
    },
    waiters: new Set(),
    clock,
  };
}

/** What keeps the content of snapshots. */
function createContent(
  { settings, storage, replica }: Pick<Running, "settings" | "storage" | "replica">,
  node: () => Running,
): snapshots.Snapshots {
  return snapshots.createSnapshots({
    node: settings.id,
    storage,
    replica,
    afterEntries: settings.snapshotAfterEntries ?? null,
    maxChunkBytes: settings.maxSnapshotChunkBytes,
    state: () => node().loop.state,
    send: (message) => node().connection?.send(message),
    submit: (event) => loops.submit(node().loop, event),
    pauseApplying: (isPaused) => loops.pauseApplying(node().loop, isPaused),
    applying: () => node().loop.applying,
    onFailure: (error) => fail(node(), error),
    log: settings.log,
  });
}

/** What waits for answers of the loop: proposals, reads, requests. */
function createTables(settings: Settings, loop: () => loops.Loop) {
  const { id: node, clock, random, stateMachine, maxPendingProposals: maxPending } = settings;
  const common = { node, clock, incarnation: Math.floor(random.next() * 2 ** 53), maxPending };
  const table = proposals.createProposals({
    ...common,
    maxPendingBytes: settings.maxPendingBytes,
    propose: (proposal) => loops.propose(loop(), proposal),
    withdraw: (id) => loops.withdraw(loop(), id),
  });
  const reads = readTable.createReads({
    ...common,
    read: (read) => loops.read(loop(), read),
    query: (query) => stateMachine.query!(query),
  });
  const asked = requests.createRequests(clock, (event) => loops.submit(loop(), event));
  return { table, reads, asked };
}

function facade(node: Running): RaftNode {
  return {
    id: node.settings.id,
    broadcast: async (bytes, options) => ({ index: (await propose(node, bytes, options)).index }),
    propose: async (command, options) => (await propose(node, command, options)).answer,
    openSession: async (options = {}) => {
      const patience = parseProposeOptions(options);
      return await openSession({ settings: node.settings, submit: (...given) => submit(node, ...given) }, {
        timeoutMs: patience.timeoutMs ?? node.settings.proposalTimeoutMs,
        signal: patience.signal,
      });
    },
    read: (query, options) => read(node, query, options),
    deliveries: (options = {}) => deliver(node.source, parseDeliveriesOptions(options)),
    status: () =>
      statusOf(node.loop.state, {
        clusterId: node.settings.clusterId,
        health: node.health,
        pendingProposals: node.table.pending.size,
        pendingReads: node.reads.pending.size,
      }),
    snapshot: () => takeSnapshot(node),
    transferLeadership: (to, options = {}) => transferLeadership(node, to, options),
    changeMembership: (change, options = {}) => changeMembership(node, change, options),
    stopped: node.stopped,
    close: () => close(node),
    [Symbol.asyncDispose]: () => close(node),
  };
}

async function propose(
  node: Running,
  bytes: Uint8Array,
  options: ProposeOptions = {},
): Promise<proposals.Outcome> {
  const { timeoutMs = node.settings.proposalTimeoutMs, signal, session } = parseProposeOptions(options);
  const request = session === undefined ? undefined : { type: "command" as const, ...session };
  return await submit(node, bytes, { timeoutMs, signal }, request);
}

async function submit(
  node: Running,
  bytes: Uint8Array,
  patience: proposals.Patience,
  session?: SessionRequest,
): Promise<proposals.Outcome> {
  const { maxCommandBytes } = node.settings;
  if (!(bytes instanceof Uint8Array)) {
    throw new RaftError("InvalidOptions", `the command: expected a Uint8Array, got ${show(bytes)}`);
  }
  if (bytes.byteLength > maxCommandBytes) {
    const message =
      `the command: expected at most ${maxCommandBytes} bytes (maxCommandBytes), got ${bytes.byteLength}`;
    throw new RaftError("TooLarge", message);
  }
  if (node.health.type !== "running") throw stoppedError(node, node.health, "no");
  // A copy: the caller may use its buffer again.
  return await proposals.submit(node.table, new Uint8Array(bytes), patience, session);
}

async function read(node: Running, query: Uint8Array, options: ReadOptions = {}): Promise<unknown> {
  const { stateMachine, proposalTimeoutMs } = node.settings;
  const { timeoutMs = proposalTimeoutMs, signal, stale } = parseReadOptions(options);
  if (!(query instanceof Uint8Array)) {
    throw new RaftError("InvalidOptions", `the query: expected a Uint8Array, got ${show(query)}`);
  }
  if (typeof stateMachine.query !== "function") {
    throw new RaftError("InvalidOptions", "read: the state machine has no method query");
  }
  if (node.health.type !== "running") throw stoppedError(node, node.health, "no");
  if (stale) return await readTable.readStale(node.reads, new Uint8Array(query), node.snapshots.restoring);
  return await readTable.read(node.reads, new Uint8Array(query), { timeoutMs, signal });
}

async function takeSnapshot(node: Running): Promise<{ readonly index: LogIndex }> {
  if (node.health.type !== "running") throw stoppedError(node, node.health, "no");
  return { index: await snapshots.take(node.snapshots) };
}

async function transferLeadership(node: Running, to: NodeId | undefined, options: RequestOptions) {
  const event: Event = { type: "transferRequested", to: to ?? null };
  await ask(node, event, requests.judgeTransfer(to), options);
}

async function changeMembership(node: Running, given: MembershipChange, options: RequestOptions) {
  const change = parseChange(given);
  const { index } = latestConfiguration(node.loop.state.log);
  await ask(node, { type: "changeRequested", change }, requests.judgeChange(index), options);
}

async function ask(node: Running, event: Event, judge: requests.Judge, options: RequestOptions) {
  const { timeoutMs = node.settings.proposalTimeoutMs } = parseRequestOptions(options);
  if (node.health.type !== "running") throw stoppedError(node, node.health, "no");
  await requests.request(node.requests, event, judge, timeoutMs);
}

function close(node: Running): Promise<void> {
  if (node.health.type === "running") end(node, { type: "closed" });
  node.closing ??= release(node);
  return node.closing;
}

function fail(node: Running, cause: unknown): void {
  const { id, log } = node.settings;
  const message = `node ${id} has stopped: ${reason(cause)}`;
  end(node, { type: "failed", error: new RaftError("Stopped", message, { outcome: "unknown", cause }) });
  node.closing = release(node);
  log(message);
}

/** Nothing happens any more, and all that wait hear of it. */
function end(node: Running, health: Health): void {
  node.health = health;
  loops.stop(node.loop);
  proposals.rejectAll(
    node.table,
    (id) => stoppedError(node, health, loops.neverLeft(node.loop, id) ? "no" : "unknown"),
  );
  readTable.rejectAll(node.reads, stoppedError(node, health, "no"));
  requests.rejectWaiting(node.requests, stoppedError(node, health, "unknown"));
  wakeAll(node.source);
  node.resolveStopped(health);
}

/** Whatever happens, both are closed, the storage when its last write has settled. */
async function release(node: Running): Promise<void> {
  await snapshots.close(node.snapshots);
  const results = await Promise.allSettled([
    node.connection?.close(),
    node.loop.applying,
    node.loop.writing?.then(() => node.storage.close()) ?? node.storage.close(),
  ]);
  for (const result of results) {
    // All that was acknowledged is durable, so this is no reason to fail.
    if (result.status === "rejected") node.settings.log(`node ${node.settings.id}: ${reason(result.reason)}`);
  }
}

function stoppedError(node: Running, health: Health, outcome: "no" | "unknown"): RaftError {
  const { id } = node.settings;
  const error = errorOf(health);
  const why = error === null ? `node ${id} was closed` : error.message;
  const options = error === null ? { outcome } : { outcome, cause: error.cause };
  return new RaftError("Stopped", `${why}; the proposal: ${proposals.meaning(outcome)}`, options);
}

function errorOf(health: Health): RaftError | null {
  return health.type === "failed" ? health.error : null;
}
