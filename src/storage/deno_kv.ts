/**
 * Storage on Deno KV: a file of SQLite, or whatever else a `Deno.Kv` stands for. What is kept under which key
 * says `kv_records.ts`.
 *
 * One `write` is one atomic commit, unless it exceeds what a commit can hold. Then it is several, and each of
 * them leaves a head that says which entries are valid, so that after a crash the next `open` deletes the rest.
 */
import { encodeEntry } from "../codec.ts";
import { AssertionError, type LogIndex, type PersistentState, type Write } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import { checked, fields, functionOf, that } from "../options.ts";
import type { Identity, OpenStorage, Storage } from "../ports.ts";
import { readLog } from "./kv_log.ts";
import { kvPieces } from "./deno_kv_pieces.ts";
import {
  decodeHead,
  encodeHead,
  encodeParts,
  entryKey,
  FORMAT,
  formatKey,
  type Head,
  headKey,
  isKey,
  type Key,
  keyBytes,
  loadedKey,
  logKey,
  partKey,
  positionOf,
  snapshotKey,
} from "./kv_records.ts";
import { assertFollows } from "./follows.ts";
import { checkOwner } from "./owner.ts";
import { pieceSnapshots } from "./piece_snapshots.ts";
import { turns } from "./turns.ts";

/** Where {@linkcode denoKv} keeps a node. Path and prefix together are a place, and a place holds one node. */
export interface DenoKvOptions {
  /**
   * The database's file; created if there is none, in a folder that exists. Left out: the database that Deno
   * keeps for the script. ":memory:": one that is gone when it is closed, for tests.
   */
  readonly path?: string;
  /**
   * What all keys begin with, at most 1,024 bytes; nothing by default. Give each node its own if several share
   * a database, or if the application keeps other things there whose keys begin with "quorate".
   */
  readonly prefix?: Deno.KvKey;
  /** Opens the database, instead of `Deno.openKv`: such as a remote one. It is closed with the storage. */
  readonly openKv?: (path: string | undefined) => Promise<Deno.Kv>;
}

/** What one atomic commit may hold: 1,000 mutations, the head's among them. */
const MAX_MUTATIONS = 999;
/** Of the 819,200 bytes of keys and values: the rest is for the head. A put key counts twice, a deleted one once. */
const MAX_COMMIT_BYTES = 750_000;
/** Of the 81,920 bytes that all keys of a commit may have: the rest is for the head's. */
const MAX_COMMIT_KEY_BYTES = 75_000;
/** Of the 2,048 bytes of a key. */
const MAX_PREFIX_BYTES = 1_024;
/** How many records are read at a time: at most 32 MB of them, when all are parts of large entries. */
const BATCH_SIZE = 500;

/**
 * Storage over Deno KV. Every write is durable and all or nothing, whatever its size.
 *
 * Path and prefix hold one node: opening them with another id or cluster is refused with `Mismatch`, and what can't be read back whole with `Corrupt`. One process at a time may use a place: a second one is refused when
 * it opens, in the same process, or when it writes after the first did, from another.
 *
 * What is stored has checksums, but SQLite's own pages have none: a file may be damaged so that it seems empty.
 * An empty storage starts only with `bootstrap`; so set that for a node's very first start, and not again.
 *
 * Needs `"unstable": ["kv"]` in `deno.json`, or `--unstable-kv`; with a path also permission to read and write it.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming the option and what was expected.
 *
 * @example A node that survives a restart
 * ```ts ignore
 * import { denoKv } from "@quorate/raft/deno";
 *
 * const storage = denoKv({ path: "data/a.kv" });
 * ```
 */
export function denoKv(options: DenoKvOptions = {}): Storage {
  const { path, prefix = [], openKv } = checked("denoKv: options", optionsSchema, options);
  const root = [...prefix, "quorate"];
  return { open: (identity) => open({ path, openKv }, root, identity) };
}

const optionsSchema = fields({
  path: that<string>("a path", (value) => typeof value === "string" && value !== "").optional(),
  prefix: that<Deno.KvKey>(`a key of Deno KV of at most ${MAX_PREFIX_BYTES} bytes`, isPrefix).optional(),
  openKv: functionOf<(path: string | undefined) => Promise<Deno.Kv>>().optional(),
});

function isPrefix(value: unknown): boolean {
  return isKey(value) && keyBytes(value) <= MAX_PREFIX_BYTES;
}

/** How to get at a database. */
interface Database {
  readonly path: string | undefined;
  readonly openKv: ((path: string | undefined) => Promise<Deno.Kv>) | undefined;
}

/** A storage and what it is called in messages. */
interface Place {
  readonly kv: Deno.Kv;
  /** How messages call it. */
  readonly name: string;
  /** What its keys begin with. */
  readonly root: Key;
  /** Whom it serves. */
  readonly identity: Identity;
}

/** The places that this process has open. */
const openPlaces = new Set<string>();

async function open(database: Database, root: Key, identity: Identity): Promise<OpenStorage> {
  const called = database.path !== undefined
    ? `"${database.path}"`
    : database.openKv
    ? "the database"
    : "Deno's default database";
  const name = root.length === 1 ? called : `${called} under prefix ${formatKey(root.slice(0, -1))}`;
  const kv = await openDatabase(database, called);
  try {
    const release = occupy(name, await uniqueName(database, root));
    try {
      return await openPlace({ kv, name, root, identity }, release);
    } catch (error) {
      release();
      throw error;
    }
  } catch (error) {
    kv.close();
    throw error;
  }
}

/** One name for a place, however its path is spelt; null if nobody can tell. The check in `commit` does, later. */
async function uniqueName({ path, openKv }: Database, root: Key): Promise<string | null> {
  if (path === ":memory:" || (path === undefined && openKv !== undefined)) return null;
  // There is a file, now that it is open. What is none, such as an address, has but one spelling.
  const file = path === undefined ? "" : await Deno.realPath(path).catch(() => path);
  return formatKey([file, ...root]);
}

/** Keeps others of this process out of a place, until the returned function is called. */
function occupy(name: string, unique: string | null): () => void {
  if (unique === null) return () => {};
  if (openPlaces.has(unique)) {
    const what = `${name} is open already in this process: a node runs once, close it first`;
    throw new RaftError("Unavailable", what);
  }
  openPlaces.add(unique);
  return () => openPlaces.delete(unique);
}

async function openDatabase({ path, openKv }: Database, called: string): Promise<Deno.Kv> {
  if (openKv === undefined && typeof Deno.openKv !== "function") {
    const what = 'Deno KV is not enabled: put "unstable": ["kv"] into deno.json, or run with --unstable-kv';
    throw new RaftError("Unavailable", what);
  }
  try {
    return await (openKv ?? Deno.openKv)(path);
  } catch (cause) {
    throw unavailable(called, path, cause);
  }
}

function unavailable(called: string, path: string | undefined, cause: unknown): RaftError {
  if (cause instanceof Deno.errors.NotCapable) {
    const flags = `--allow-read=${path} --allow-write=${path}`;
    return new RaftError("Unavailable", `${called} can't be opened without permission: run with ${flags}`, {
      cause,
    });
  }
  const hint = "does its folder exist, and is it a database of Deno KV?";
  return new RaftError("Unavailable", `${called} can't be opened: ${textOf(cause)}; ${hint}`, { cause });
}

/** What is known of the place: what the head says, and when it was written. */
interface Known {
  readonly head: Head;
  /** Every commit requires that the head is still of this version: nobody else has written since. */
  readonly version: string | null;
}

async function openPlace(place: Place, release: () => void): Promise<OpenStorage> {
  const found = await readHead(place);
  let known = await writing(place, () => swept(place, found));
  const pieces = kvPieces(place.kv, place.root, (key, what) => damaged(place, key, what));
  const snapshots = pieceSnapshots(place.name, pieces);
  const current = known.head.compaction?.snapshot.index ?? 0;
  await writing(place, () => snapshots.keepOnly(current));
  const turn = turns(place.name);
  return {
    owner: known.head.owner,
    load: () => turn.inTurn(() => load(place, known)),
    write: (write) =>
      turn.write(async () => {
        known = await writing(place, () => perform(place, known, write));
        await writing(place, () => snapshots.keepFrom(write.compaction?.snapshot.index ?? 0));
      }),
    writeSnapshot: (index, content) =>
      turn.beside(() => writing(place, () => snapshots.write(index, content))),
    readSnapshot: (index) =>
      turn.beside(() => reading(place, snapshotKey(place.root), () => snapshots.read(index))),
    close: () =>
      turn.close(() => {
        place.kv.close();
        release();
      }),
  };
}

/** @throws {RaftError} `Mismatch` if the place is another node's, `Corrupt` if nobody can say whose it is. */
async function readHead(place: Place): Promise<Known> {
  const { kv, name, root, identity } = place;
  const key = headKey(root);
  const { value, versionstamp } = await reading(place, key, () => kv.get(key));
  if (versionstamp === null) {
    const first = kv.list({ prefix: logKey(root) }, { limit: 1 });
    const [entry] = await reading(place, key, () => Array.fromAsync(first));
    if (entry !== undefined) {
      throw damaged(place, key, `it is missing, although there are entries, such as ${formatKey(entry.key)}`);
    }
    return {
      head: { owner: identity, revision: 0, state: null, compaction: null, unfinished: null },
      version: null,
    };
  }
  const read = decodeHead(value);
  switch (read.type) {
    case "damaged":
      throw damaged(place, key, read.reason);
    case "otherFormat": {
      const what = `${name} has format ${read.format} at key ${
        formatKey(key)
      }; this version reads format ${FORMAT}`;
      throw new RaftError("Mismatch", `${what}: use the version of Quorate that wrote it`);
    }
    case "head": {
      const where = `${name}, at key ${formatKey(key)},`;
      checkOwner(where, read.head.owner, identity, "give each node its own path or prefix");
      return { head: read.head, version: versionstamp };
    }
  }
}

async function load(place: Place, known: Known): Promise<PersistentState | null> {
  const { kv, root } = place;
  const { head } = known;
  try {
    const { compaction } = head;
    const prefix = logKey(root);
    // What of the compacted entries is still there doesn't matter.
    const selector = compaction === null
      ? { prefix }
      : { prefix, start: entryKey(root, compaction.compactedIndex + 1) };
    const records = kv.list(selector, { batchSize: BATCH_SIZE });
    const expected = { root, head, damaged: (key: Key, what: string) => damaged(place, key, what) };
    const log = await reading(place, logKey(root), () => readLog(records, expected));
    await checkUnchanged(place, known);
    if (head.state === null) return null;
    // What was read may not be on the disk yet, if the process was killed before it was synced. Once loaded it counts, and a
    // commit makes it durable, too.
    await writing(place, () => kv.set(loadedKey(root), head.revision));
    const { currentTerm, votedFor } = head.state;
    return { currentTerm, votedFor, log, ...(compaction === null ? {} : { compaction }) };
  } catch (error) {
    // What another process writes meanwhile looks like damage: say what it is.
    await checkUnchanged(place, known);
    throw error;
  }
}

/** Reads something, and says what it means if the database can't give it. */
async function reading<T>(place: Place, key: Key, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof RaftError) throw cause;
    const text = textOf(cause);
    // SQLite's words for a broken file, and V8's for a broken value.
    if (/malformed|not a database|deserializ/i.test(text)) throw damaged(place, key, text);
    throw new RaftError("Unavailable", `${place.name} can't be read: ${text}`, { cause });
  }
}

/** Writes something, and says that it was the database that refused. */
async function writing<T>(place: Place, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (cause instanceof RaftError || cause instanceof AssertionError) throw cause;
    throw new RaftError("Unavailable", `${place.name} can't be written: ${textOf(cause)}`, { cause });
  }
}

async function checkUnchanged(place: Place, { version }: Known): Promise<void> {
  const key = headKey(place.root);
  const { versionstamp } = await reading(place, key, () => place.kv.get(key));
  if (versionstamp !== version) throw lostRace(place.name);
}

type Mutation =
  | { readonly type: "set"; readonly key: Key; readonly value: Uint8Array }
  | { readonly type: "delete"; readonly key: Key };

/**
 * Performs a write: puts all new entries, then deletes all those that they replace. In one commit if it fits;
 * else the first commit that has put the last new entry makes the write valid.
 */
async function perform(place: Place, known: Known, write: Write): Promise<Known> {
  const { currentTerm, votedFor, from, entries, compaction = null } = write;
  const before = known.head;
  const lastIndex = before.state?.lastIndex ?? 0;
  const first = (before.compaction?.compactedIndex ?? 0) + 1;
  const kept = (compaction?.compactedIndex ?? 0) + 1;
  assertFollows(write, { lastIndex, compaction: before.compaction });
  const revision = before.revision + 1;
  const state = { currentTerm, votedFor, lastIndex: from - 1 + entries.length };
  const after = { ...before, revision, state, compaction };

  const replaced = from > lastIndex ? [] : await deletions(place, from, () => true);
  const compacted = kept > first ? await compactedEntries(place, kept) : [];
  const mutations = [...insertions(place.root, write, revision), ...replaced, ...compacted];
  const batches = inBatches(mutations, keyBytes(place.root));
  const lastInsertion = batches.findLastIndex((batch) => batch.some(({ type }) => type === "set"));
  for (const [index, batch] of batches.entries()) {
    const head: Head = index === batches.length - 1
      ? { ...after, unfinished: null }
      : index < lastInsertion
      ? { ...before, unfinished: { type: "writing", from } }
      : { ...after, unfinished: { type: "sweeping", from } };
    known = await commit(place, known, batch, head);
  }
  return known;
}

/** Deletes what a write left that a crash has interrupted: its own entries, or those that they replaced. */
async function swept(place: Place, known: Known): Promise<Known> {
  const { unfinished, revision } = known.head;
  if (unfinished === null) return known;
  const isLeft = (of: number) => unfinished.type === "writing" ? of === revision + 1 : of < revision;
  const compacted = await compactedEntries(place, (known.head.compaction?.compactedIndex ?? 0) + 1);
  const left = [...await deletions(place, unfinished.from, isLeft), ...compacted];
  const batches = inBatches(left, keyBytes(place.root));
  for (const [index, batch] of batches.entries()) {
    const isLast = index === batches.length - 1;
    known = await commit(place, known, batch, { ...known.head, unfinished: isLast ? null : unfinished });
  }
  return known;
}

function insertions(root: Key, { from, entries }: Write, revision: number): readonly Mutation[] {
  return entries.flatMap((entry, offset) => {
    const index = from + offset;
    return encodeParts(encodeEntry(entry), index, revision)
      .map((value, part) => ({ type: "set" as const, key: partKey(root, { index, revision, part }), value }));
  });
}

/** Deletes the stored entries from index `from` on whose revision is one of those meant. */
async function deletions(
  { kv, root }: Place,
  from: LogIndex,
  isMeant: (revision: number) => boolean,
): Promise<readonly Mutation[]> {
  const found: Mutation[] = [];
  const prefix = logKey(root);
  const records = kv.list({ prefix, start: entryKey(root, from) }, { batchSize: BATCH_SIZE });
  for await (const { key } of records) {
    const position = positionOf(root, key);
    if (position !== null && isMeant(position.revision)) found.push({ type: "delete", key });
  }
  return found;
}

/** Deletes the stored entries before index `kept`: a snapshot has replaced them. */
async function compactedEntries({ kv, root }: Place, kept: LogIndex): Promise<readonly Mutation[]> {
  const records = kv.list({ prefix: logKey(root), end: entryKey(root, kept) }, { batchSize: BATCH_SIZE });
  return await Array.fromAsync(records, ({ key }): Mutation => ({ type: "delete", key }));
}

/** Cuts mutations into commits, in their order: at least one, which may be empty. */
function inBatches(mutations: readonly Mutation[], rootBytes: number): readonly (readonly Mutation[])[] {
  // The rest of a log key: "log" and three numbers.
  const keySize = rootBytes + 5 + 3 * 9;
  const maxMutations = Math.min(MAX_MUTATIONS, Math.floor(MAX_COMMIT_KEY_BYTES / keySize));
  let batch: Mutation[] = [];
  let bytes = 0;
  const batches = [batch];
  for (const mutation of mutations) {
    const size = mutation.type === "set" ? 2 * keySize + mutation.value.length : keySize;
    if (batch.length === maxMutations || bytes + size > MAX_COMMIT_BYTES) {
      batch = [];
      bytes = 0;
      batches.push(batch);
    }
    batch.push(mutation);
    bytes += size;
  }
  return batches;
}

/** One atomic commit; durable when it resolves. */
async function commit(place: Place, known: Known, batch: readonly Mutation[], head: Head): Promise<Known> {
  const { kv, root, name } = place;
  const key = headKey(root);
  const operation = kv.atomic().check({ key, versionstamp: known.version }).set(key, encodeHead(head));
  for (const mutation of batch) {
    switch (mutation.type) {
      case "set":
        operation.set(mutation.key, mutation.value);
        break;
      case "delete":
        operation.delete(mutation.key);
        break;
    }
  }
  const result = await operation.commit();
  // Without this, two processes that run one node would each acknowledge what the other overwrites.
  if (!result.ok) throw lostRace(name);
  return { head, version: result.versionstamp };
}

function lostRace(name: string): RaftError {
  const what = `${name} was written to by somebody else since this node opened it`;
  return new RaftError("Unavailable", `${what}: make sure that the node runs only once, then start it again`);
}

function damaged({ name, identity }: Place, key: Key, what: string): RaftError {
  return new RaftError(
    "Corrupt",
    `${name} is damaged at key ${
      formatKey(key)
    }: ${what}. It was left as it is. Node "${identity.id}" may have lost ` +
      "what it had acknowledged, so it must not run under this id again, nor from an older copy: remove it from the " +
      "cluster, and let it join under a new id with an empty storage",
  );
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
