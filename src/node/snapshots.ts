/**
 * The content of snapshots (§7): takes them of the state machine, sends them to followers in chunks, and stores and
 * restores those that a leader sends. Never holds more of one in memory than a chunk at either end.
 */
import type {
  Event,
  InstallSnapshot,
  LogIndex,
  Message,
  NodeId,
  ReadChunk,
  ServerState,
} from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Report } from "../logging.ts";
import type { OpenStorage } from "../ports.ts";
import { reason } from "./adapters.ts";
import { type Replica, restoreReplica, snapshotOf } from "./replica.ts";

/** What snapshots act on. */
export interface SnapshotsHost {
  /** The own node. */
  readonly node: NodeId;
  /** Keeps them. */
  readonly storage: OpenStorage;
  /** What they are of. */
  readonly replica: Replica;
  /** After how many entries to take one; null for never. */
  readonly afterEntries: number | null;
  /** The most bytes of a chunk. */
  readonly maxChunkBytes: number;
  /** The state of the server after the last step. */
  readonly state: () => ServerState;
  /** Hands a message to the network. */
  readonly send: (message: Message) => void;
  /** Tells the core. */
  readonly submit: (event: Event) => void;
  /** While true, nothing may be applied. */
  readonly pauseApplying: (isPaused: boolean) => void;
  /** Settles when what is being applied has been; null if nothing is. */
  readonly applying: () => Promise<void> | null;
  /** The storage, or the state machine, has failed: the node must stop. */
  readonly onFailure: (error: unknown) => void;
  /** Where to report trouble. */
  readonly report: Report;
}

/** A snapshot that is being read for a follower. */
interface Outgoing {
  readonly index: LogIndex;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What was read, but not sent yet. */
  rest: Uint8Array;
  isEnded: boolean;
  /** The last chunk: it may be asked for again. */
  last: { readonly offset: number; readonly data: Uint8Array; readonly isLast: boolean } | null;
}

/** A snapshot that is being stored. */
interface Incoming {
  readonly index: LogIndex;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Settles when the storage has all of it, or has failed. */
  readonly stored: Promise<void>;
}

/** The snapshots of a node. Only the functions of this file change it. */
export interface Snapshots {
  readonly host: SnapshotsHost;
  readonly outgoing: Map<NodeId, Outgoing>;
  /** For whom a chunk is being read. */
  readonly reading: Set<NodeId>;
  incoming: Incoming | null;
  /** Settles when the chunks that came so far are stored. Never rejects. */
  storing: Promise<void>;
  /** Whether one of the own state machine is being written. */
  isTaking: boolean;
  /** The index of the last one that was taken here; 0 if none was. */
  takenUpTo: LogIndex;
  /** One that failed is not tried again before this index is applied. */
  notBefore: LogIndex;
  /** Settles when the state machine is restored; null if it isn't being so. */
  restoring: Promise<void> | null;
  isClosed: boolean;
}

/** None is under way. */
export function createSnapshots(host: SnapshotsHost): Snapshots {
  return {
    host,
    outgoing: new Map(),
    reading: new Set(),
    incoming: null,
    storing: Promise.resolve(),
    isTaking: false,
    takenUpTo: 0,
    notBefore: 0,
    restoring: null,
    isClosed: false,
  };
}

/** Restores the state machine from a stored snapshot. */
export async function restoreFrom(
  storage: OpenStorage,
  replica: Replica,
  index: LogIndex,
): Promise<void> {
  await restoreReplica(replica, await storage.readSnapshot(index));
}

/** Takes a snapshot of what has been applied. Resolves when it is durable, and the core was told. */
export async function take(snapshots: Snapshots): Promise<LogIndex> {
  const { host } = snapshots;
  const { replica, storage } = host;
  if (snapshots.isTaking) throw new RaftError("Pending", "a snapshot is being taken: wait for it");
  snapshots.isTaking = true;
  try {
    // A machine that is being restored is nothing in between.
    await snapshots.restoring;
    while (host.applying() !== null) await host.applying();
    const { lastApplied, snapshot } = host.state();
    if (lastApplied <= (snapshot?.index ?? 0)) return lastApplied;
    await storage.writeSnapshot(lastApplied, snapshotOf(replica));
    snapshots.takenUpTo = lastApplied;
    host.submit({ type: "snapshotTaken", index: lastApplied });
    return lastApplied;
  } finally {
    snapshots.isTaking = false;
  }
}

/** Takes a snapshot if it is time to. One that fails is tried again after a quarter of as many entries. */
export function onApplied(snapshots: Snapshots): void {
  const { host, isTaking, takenUpTo, notBefore } = snapshots;
  const { afterEntries } = host;
  if (afterEntries === null || isTaking) return;
  const { lastApplied, snapshot } = host.state();
  const due = Math.max(takenUpTo, snapshot?.index ?? 0) + afterEntries;
  if (lastApplied < Math.max(due, notBefore)) return;
  take(snapshots).catch((error) => {
    if (snapshots.isClosed) return;
    snapshots.notBefore = lastApplied + Math.ceil(afterEntries / 4);
    const message = `can't take a snapshot of index ${lastApplied}: ${reason(error)}`;
    host.report({ level: "warn", event: "snapshotNotTaken", message });
  });
}

/** Reads a chunk, and sends it. */
export async function sendChunk(snapshots: Snapshots, chunk: ReadChunk): Promise<void> {
  const { host, reading } = snapshots;
  const { to, term, snapshot, offset } = chunk;
  if (reading.has(to)) return;
  reading.add(to);
  try {
    const read = await readChunk(snapshots, chunk);
    if (read === null || snapshots.isClosed) return;
    const { data, isLast } = read;
    host.send({ type: "InstallSnapshot", from: host.node, to, term, snapshot, offset, data, isLast });
  } catch (error) {
    forget(snapshots, to);
    if (!snapshots.isClosed) {
      const message = `can't send the snapshot of index ${snapshot.index} to ${to}: ${reason(error)}`;
      host.report({ level: "warn", event: "snapshotNotSent", peer: to, message });
      host.submit({ type: "chunkUnread", to, index: snapshot.index });
    }
  } finally {
    reading.delete(to);
  }
}

/** A chunk from here on; null if there is none. */
async function readChunk(
  snapshots: Snapshots,
  { to, snapshot, offset }: ReadChunk,
): Promise<{ readonly data: Uint8Array; readonly isLast: boolean } | null> {
  const { storage, maxChunkBytes } = snapshots.host;
  let from = snapshots.outgoing.get(to);
  const begin = from?.last?.offset ?? 0;
  if (from === undefined || from.index !== snapshot.index || offset < begin) {
    forget(snapshots, to);
    const reader = (await storage.readSnapshot(snapshot.index)).getReader();
    from = {
      index: snapshot.index,
      reader,
      rest: new Uint8Array(),
      isEnded: false,
      last: null,
    };
    snapshots.outgoing.set(to, from);
  }
  while (from.last === null || from.last.offset < offset) {
    if (from.last?.isLast) return null;
    const next: number = from.last === null ? 0 : from.last.offset + from.last.data.byteLength;
    const data = await fill(from, maxChunkBytes);
    from.last = { offset: next, data, isLast: from.isEnded && from.rest.byteLength === 0 };
  }
  return from.last.offset === offset ? from.last : null;
}

/** As many bytes as a chunk may have, if there are so many; looks ahead, to know whether it is the last. */
async function fill(from: Outgoing, maxBytes: number): Promise<Uint8Array> {
  const parts = [from.rest];
  let length = from.rest.byteLength;
  while (length <= maxBytes && !from.isEnded) {
    const { done, value } = await from.reader.read();
    if (done) from.isEnded = true;
    else {
      parts.push(value);
      length += value.byteLength;
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  from.rest = bytes.slice(maxBytes);
  return bytes.slice(0, maxBytes);
}

/**
 * Stores a chunk that a leader has sent, then tells the core. One after the other: of two leaders that begin to send one the
 * later must win, also if the storage takes its time to let go of what was there.
 */
export function storeChunk(snapshots: Snapshots, message: InstallSnapshot): Promise<void> {
  return snapshots.storing = snapshots.storing.then(() => storeNext(snapshots, message));
}

async function storeNext(snapshots: Snapshots, message: InstallSnapshot): Promise<void> {
  const { host } = snapshots;
  if (snapshots.isClosed) return;
  try {
    if (message.offset === 0) await begin(snapshots, message.snapshot.index);
    const { incoming } = snapshots;
    if (incoming === null || incoming.index !== message.snapshot.index) return;
    // Resolves when the storage has taken it: so no more than one waits in memory.
    if (message.data.byteLength > 0) await incoming.writer.write(message.data);
    if (snapshots.incoming !== incoming) return;
    if (!message.isLast) return host.submit({ type: "chunkStored", message });
    await incoming.writer.close();
    await incoming.stored;
    if (snapshots.incoming === incoming && !snapshots.isClosed) await install(snapshots, message);
  } catch (error) {
    if (!snapshots.isClosed) host.onFailure(error);
  }
}

async function begin(snapshots: Snapshots, index: LogIndex): Promise<void> {
  await abandon(snapshots);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const stored = snapshots.host.storage.writeSnapshot(index, readable);
  stored.catch(() => {});
  snapshots.incoming = { index, writer: writable.getWriter(), stored };
}

/** All of it is durable: the state machine goes on from it, unless it is further already. */
async function install(snapshots: Snapshots, message: InstallSnapshot): Promise<void> {
  const { host } = snapshots;
  snapshots.incoming = null;
  host.pauseApplying(true);
  await host.applying();
  if (message.snapshot.index > host.state().lastApplied) {
    snapshots.restoring = restoreFrom(host.storage, host.replica, message.snapshot.index);
    await snapshots.restoring;
    snapshots.restoring = null;
  }
  host.submit({ type: "snapshotStored", message });
}

/** Lets go of snapshots for servers to which this one sends none any more. */
export function onState(snapshots: Snapshots, { role }: ServerState): void {
  for (const to of snapshots.outgoing.keys()) {
    if (role.type !== "leader" || role.snapshots[to] === undefined) forget(snapshots, to);
  }
}

function forget({ outgoing }: Snapshots, to: NodeId): void {
  const from = outgoing.get(to);
  outgoing.delete(to);
  from?.reader.cancel().catch(() => {});
}

/** What was stored of a snapshot that will never be whole goes. */
async function abandon(snapshots: Snapshots): Promise<void> {
  const { incoming } = snapshots;
  snapshots.incoming = null;
  if (incoming === null) return;
  await incoming.writer.abort(new Error("another snapshot comes instead")).catch(() => {});
  await incoming.stored.catch(() => {});
}

/** Nothing is sent or stored any more. */
export async function close(snapshots: Snapshots): Promise<void> {
  snapshots.isClosed = true;
  for (const to of [...snapshots.outgoing.keys()]) forget(snapshots, to);
  await abandon(snapshots);
}
