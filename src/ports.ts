/**
 * What a node needs of the world around it. Adapters implement these; `tests/conformance` holds the suite that
 * each must pass, and that you can run over an implementation of your own.
 */
import type { LogIndex, Message, NodeId, PersistentState, Write } from "./core/mod.ts";
import type { Report } from "./logging.ts";

/** Whom a transport or a storage serves. */
export interface Identity {
  /** The node's own name. */
  readonly id: NodeId;
  /** The cluster's name. Nodes of different clusters refuse to talk to each other. */
  readonly clusterId: string;
  /**
   * The names of the servers with which the cluster began, sorted; none for a node that joined. Nodes that disagree on
   * them count different majorities, and each could commit what the others never hear of.
   */
  readonly servers: readonly NodeId[];
  /** Which backup the cluster began with; left out if with none, or for a node that joined. */
  readonly backup?: string | undefined;
}

/** What a transport is told when the node starts. */
export interface TransportContext extends Identity {
  /**
   * The other servers of the cluster. Nobody else's messages are delivered, nor those of a node whose `clusterId`,
   * `servers` or `backup` are others: that is reported. A node that joined has no servers, and disagrees with nobody.
   */
  readonly peers: readonly NodeId[];
  /** Where peers are found, as far as the log says; none if left out. See `Connection.setPeers`. */
  readonly addresses?: Readonly<Record<NodeId, string>>;
  /** Takes each message that arrives. Never throws, never blocks. */
  readonly onMessage: (message: Message) => void;
  /** Where to report trouble, such as a stranger's bytes. */
  readonly log: Report;
}

/** A transport that serves one node. */
export interface Connection {
  /**
   * Sends a message to `message.to`. Never throws and never blocks: what can't be sent is dropped, the oldest
   * first, as a network would.
   */
  send(message: Message): void;
  /**
   * From now on these are the other servers of the cluster, and those that the log has an address for are found there.
   * Called whenever the members change.
   */
  setPeers(peers: readonly NodeId[], addresses: Readonly<Record<NodeId, string>>): void;
  /** Stops listening and closes all connections. Resolves when every resource is released. Idempotent. */
  close(): Promise<void>;
}

/**
 * Carries messages between nodes. It may lose, delay, repeat and reorder them; it must never alter one, nor
 * deliver one to another server than `message.to`, nor one whose `from` is not who sent it.
 */
export interface Transport {
  /**
   * Begins to serve a node.
   *
   * @throws if the node can't be served, such as when its port is in use; the message says what to do.
   */
  open(context: TransportContext): Promise<Connection>;
}

/** How a storage may make a write durable. */
export interface WriteOptions {
  /**
   * Whether it may hold up this thread, for as long as a quick disk takes. A follower has nothing else to do meanwhile, and
   * to wait for another thread takes longer than the disk; a leader gathers what comes next. False if left out.
   */
  readonly mayBlock?: boolean;
}

/** Storage that was opened for one node. */
export interface OpenStorage {
  /** The identity that this storage was opened with when it was empty; the present one if left out. */
  readonly owner?: Identity;
  /**
   * What was written last; null if nothing ever was.
   *
   * @throws {RaftError} with code `Corrupt`, naming what is damaged, rather than guess.
   */
  load(): Promise<PersistentState | null>;
  /**
   * Makes one write durable: resolves only when it is on stable storage, and then so are all earlier ones. All
   * or nothing: after a crash either all of it is there or none. The node never begins a write before the last
   * one has settled. After a rejection the storage must not be used any more.
   */
  write(write: Write, options?: WriteOptions): Promise<void>;
  /**
   * Stores the snapshot of an index, durably when it resolves; in place of one that has the same index. It counts only
   * once a write names it in its `compaction`: then all older ones may go, but those that are being read stay until they
   * are read. May be called while a write is in progress. If the stream fails, so does this, and nothing is kept.
   */
  writeSnapshot(index: LogIndex, content: ReadableStream<Uint8Array>): Promise<void>;
  /**
   * The content of a stored snapshot, as it is read.
   *
   * @throws {RaftError} with code `Corrupt` if it isn't there whole; so may the stream.
   */
  readSnapshot(index: LogIndex): Promise<ReadableStream<Uint8Array>>;
  /** Releases every resource. Idempotent. */
  close(): Promise<void>;
}

/** Keeps what must survive a crash. */
export interface Storage {
  /**
   * Opens what is stored for this node, or an empty storage.
   *
   * @param report Takes what an operator may want to know.
   * @throws {RaftError} with code `Mismatch` if it belongs to another node or cluster, or has another format.
   */
  open(identity: Identity, report?: Report): Promise<OpenStorage>;
}

/** Turns answers of a state machine into bytes, and back. */
export interface AnswerCodec<Answer> {
  /** The bytes of an answer. The same answer gives the same bytes at every node. */
  encode(answer: Answer): Uint8Array;
  /** The answer that these bytes are. */
  decode(bytes: Uint8Array): Answer;
}

/** What every state machine may have besides the way in which it applies commands. */
export interface StateMachineExtras<Answer = unknown> {
  /** Answers `read` from what has been applied, and changes nothing. Synchronous. Without it nobody can read. */
  query?(query: Uint8Array): unknown;
  /**
   * All that has been applied, for a snapshot: as it is at the call, whatever is applied while it is read. Without it the
   * log is never compacted.
   */
  snapshot?(): ReadableStream<Uint8Array>;
  /** Replaces all that has been applied by what a snapshot holds. In the meantime nothing is applied. */
  restore?(content: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void>;
  /**
   * How the answers to commands of sessions become bytes: they are kept until the client has them, in snapshots too.
   * Default: MessagePack, for answers that are plain data.
   */
  readonly answers?: AnswerCodec<Answer>;
}

/** A state machine that applies one command after the other: the simple form. */
export interface SingleStateMachine<Answer = unknown> extends StateMachineExtras<Answer> {
  /**
   * Applies a committed command. What it returns is what `propose` resolves to, at the node of the proposal.
   *
   * Synchronous: a promise, or anything else with a method `then`, stops the node, as commands would then take
   * effect in an order of their own. What takes time is for `applyBatch` or `deliveries`.
   */
  apply(command: Uint8Array, index: LogIndex): Answer;
  /** Not in this form. */
  readonly applyBatch?: never;
}

/** A command that is to be applied. */
export interface CommittedCommand {
  /** Where in the log it is. */
  readonly index: LogIndex;
  /** The command: a copy that belongs to the state machine. */
  readonly command: Uint8Array;
}

/** A state machine that applies many commands at a time, such as a database that commits once for all of them. */
export interface BatchStateMachine<Answer = unknown> extends StateMachineExtras<Answer> {
  /**
   * Applies committed commands, at least one, in this order; returns as many answers, at once or by a promise. Until then
   * it is not called again, nor is a snapshot taken or restored. A promise that rejects stops the node.
   */
  applyBatch(commands: readonly CommittedCommand[]): readonly Answer[] | Promise<readonly Answer[]>;
  /** Not in this form. */
  readonly apply?: never;
}

/** What committed commands do. Deterministic: the same commands in the same order give the same answers. */
export type StateMachine<Answer = unknown> = SingleStateMachine<Answer> | BatchStateMachine<Answer>;

/** Measures time for the node's timers and deadlines. */
export interface Clock {
  /** Milliseconds since some moment. Never goes back. */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds. The returned function cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** Where randomness comes from. */
export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  next(): number;
}
