/**
 * A server of a Raft cluster: feeds what happens to the consensus core and performs what it asks for, on the
 * transport, the storage, the clock and the randomness that it is given. Needs no particular runtime.
 */
import { type LogIndex, type Message, type NodeId, type PersistentState, restart } from "./core/mod.ts";
import { RaftError } from "./error.ts";
import type { Identity, OpenStorage } from "./ports.ts";
import { available, load, openStorage, openTransport } from "./node/adapters.ts";
import { type Backup, beginWith, openBackup } from "./node/backup.ts";
import * as calls from "./node/calls.ts";
import { deliver, type DeliveriesOptions, type Delivery } from "./node/deliveries.ts";
import { close } from "./node/ending.ts";
import * as loops from "./node/loop.ts";
import { tell } from "./node/observing.ts";
import {
  type CloseOptions,
  configOf,
  type MembershipChange,
  parseCloseOptions,
  parseDeliveriesOptions,
  parseOptions,
  type ProposeOptions,
  type RaftNodeOptions,
  type ReadOptions,
  type RequestOptions,
  type Settings,
} from "./node/options.ts";
import { reportTo } from "./node/reporting.ts";
import { peersOf } from "./node/peers.ts";
import { createReplica } from "./node/replica.ts";
import { assemble, type Running } from "./node/running.ts";
import { openSession } from "./node/sessions.ts";
import { restoreFrom } from "./node/snapshots.ts";
import { type Health, type Status, statusOf } from "./node/status.ts";
import type { ClientSession, SessionOptions } from "./session.ts";

export type { Observed, Observer, Operation } from "./node/observing.ts";
export { isLive, isReady } from "./node/status.ts";
export type { Health, PeerProgress, Status } from "./node/status.ts";
export type { DeliveriesOptions, Delivery } from "./node/deliveries.ts";
export type {
  CloseOptions,
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
  openSession(options?: SessionOptions): Promise<ClientSession<Answer>>;
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
   * Hands leadership over, to a voter of the cluster or, of those that are heard from, to the one that has most of the log.
   * Proposals made meanwhile are held. Resolves when the other node leads.
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
  /**
   * Takes a snapshot, and gives it away: all that this node has applied, for `restore` of a new cluster. Works without a
   * leader too: then what this node has not heard of is missing.
   *
   * @throws {RaftError} like `snapshot`.
   */
  backup(): Promise<ReadableStream<Uint8Array>>;
  /** Resolves when the node no longer runs, whether closed or failed, and says which. Never rejects. */
  readonly stopped: Promise<Health>;
  /**
   * Stops the node and releases its transport and its storage. Idempotent. What waits is told so at once; or, with
   * `drainMs`, the node first takes nothing new, hands leadership over and lets what waits come to its end. Resolves only
   * when the write in progress has settled: for as long as `write` of the storage hangs, so does this.
   *
   * @throws {RaftError} with code `InvalidOptions`.
   */
  close(options?: CloseOptions): Promise<void>;
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

async function start<Answer>(options: RaftNodeOptions<Answer>): Promise<RaftNode<Answer>> {
  const settings = parseOptions(options);
  const { restore } = settings;
  const backup = restore === undefined ? null : openBackup(restore);
  try {
    // What `propose` resolves to comes from the state machine in the same options.
    return await serve(settings, backup) as RaftNode<Answer>;
  } finally {
    backup?.cancel();
  }
}

async function serve(settings: Settings, backup: Backup | null): Promise<RaftNode> {
  const { id, clusterId, transport } = settings;
  const given: Identity = {
    id,
    clusterId,
    servers: settings.join ? [] : [...new Set([...settings.peers, id])].sort(),
    backup: await backup?.head.then((head) => head.id, () => undefined),
  };
  let node: Running | null = null;
  const report = reportTo(settings.log, id, () => node?.loop.state.currentTerm ?? 0);
  const opened = await openStorage(settings.storage, given, report);
  try {
    const persisted = await loadOrBootstrap(settings, opened, backup, given);
    // What the storage says beats the options: the log goes on from there.
    const identity = opened.owner ?? given;
    const replica = createReplica(settings.stateMachine);
    if (persisted.compaction !== undefined) {
      const { index } = persisted.compaction.snapshot;
      await restoreFrom(opened, replica, index);
    }
    const state = restart(configOf(settings, identity.servers), persisted);
    node = assemble(settings, { storage: opened, report, replica }, state);
    const { loop } = node;
    const onMessage = (message: Message) => loops.receive(loop, message);
    const peers = peersOf(state, settings.peers);
    const context = { ...identity, ...peers, log: report, onMessage };
    node.connection = await openTransport(transport, context);
    loops.begin(loop);
    const { log: { lastIndex } } = loop.state;
    report({
      level: "info",
      event: "started",
      message: `node ${id} serves; its log ends at index ${lastIndex}`,
    });
    const face = facade(node);
    const { observer } = settings;
    const { status, stopped } = face;
    if (observer !== undefined) tell(() => observer.started({ status, stopped }));
    return face;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function loadOrBootstrap(
  settings: Settings,
  storage: OpenStorage,
  backup: Backup | null,
  identity: Identity,
): Promise<PersistentState> {
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
  if (backup !== null) return await available("the backup", () => beginWith(storage, backup, identity));
  const initial: PersistentState = { currentTerm: 0, votedFor: null, log: [] };
  // Durable before anything else, so that a storage that lost its content can be told from a new one.
  const write = () => storage.write({ currentTerm: 0, votedFor: null, from: 1, entries: [] });
  await available("the storage", write);
  return initial;
}

function facade(node: Running): RaftNode {
  return {
    id: node.settings.id,
    broadcast: (bytes, options) => calls.propose(node, bytes, options, ({ index }) => ({ index })),
    propose: (command, options) => calls.propose(node, command, options, ({ answer }) => answer),
    openSession: async (options = {}) =>
      await openSession({
        settings: node.settings,
        ended: node.ended.signal,
        submit: async (command, patience, session) =>
          await calls.submit(node, command, { patience, wanted: (outcome) => outcome, session }),
      }, options),
    read: (query, options) => calls.read(node, query, options),
    deliveries: (options = {}) => deliver(node.source, parseDeliveriesOptions(options)),
    status: () =>
      statusOf(node.loop.state, {
        clusterId: node.settings.clusterId,
        health: node.health,
        pendingProposals: node.table.waiting.count,
        pendingReads: node.reads.waiting.count,
      }),
    snapshot: () => calls.takeSnapshot(node),
    backup: () => calls.backup(node),
    transferLeadership: (to, options = {}) => calls.transferLeadership(node, to, options),
    changeMembership: (change, options = {}) => calls.changeMembership(node, change, options),
    stopped: node.stopped,
    close: async (options = {}) => await close(node, parseCloseOptions(options)),
    [Symbol.asyncDispose]: () => close(node),
  };
}
