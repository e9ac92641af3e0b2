/**
 * Storage on SQLite, by `node:sqlite`: one file, for Deno and Node. `sqlite_tables.ts` says what is in it.
 *
 * One write is one transaction in SQLite's own write-ahead log, with one sync.
 */
import { encodeEntry } from "../codec.ts";
import { AssertionError, type Write } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import { checked, fields, that } from "../options.ts";
import type { Identity, OpenStorage, Storage } from "../ports.ts";
import { byteWriter } from "./bytes.ts";
import { assertFollows } from "./follows.ts";
import { isThere, openAlone } from "./node_sqlite.ts";
import { checkOwner } from "./owner.ts";
import { pieceSnapshots } from "./piece_snapshots.ts";
import { advice, damaged, openTables, type Tables } from "./sqlite_tables.ts";
import { turns } from "./turns.ts";
import { emptySummary, type Head, putHead } from "./wal_content.ts";

/** Where {@linkcode sqlite} keeps a node. */
export interface SqliteOptions {
  /** The database's file, one for each node; made if there is none, in a folder that exists. */
  readonly path: string;
}

/**
 * Storage in a database of its own, which any tool for SQLite can copy and look into.
 *
 * Every write is durable and all or nothing. A database that is damaged is refused with `Corrupt` as far as that can be
 * seen: SQLite drops damaged transactions at the end of its log without a word. `wal` tells. Another node's is refused with
 * `Mismatch`; one that another process uses with `Unavailable`.
 *
 * A write holds up all else in this thread until it is durable.
 *
 * Needs permission to read and write the file, in Deno `--allow-read` and `--allow-write`; on Node 22.13 or newer.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming the option and what was expected.
 *
 * @example A node that survives a restart
 * ```ts ignore
 * import { sqlite } from "@quorate/raft/node";
 *
 * const storage = sqlite({ path: "data/a.sqlite" });
 * ```
 */
export function sqlite(options: SqliteOptions): Storage {
  const { path } = checked("sqlite: options", optionsSchema, options);
  return { open: (identity) => available(path, "opened", () => open(path, identity)) };
}

const optionsSchema = fields({
  path: that<string>("the path of a file", (value) => typeof value === "string" && value !== ""),
});

async function open(path: string, identity: Identity): Promise<OpenStorage> {
  const database = await openAlone(path, path);
  try {
    database.exec("COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    // What is read may not be on the disk yet, if the process was killed before it was synced: once loaded it counts.
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return await openLog(openTables(database, path), identity, () => database.close());
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What the head says, for a log of this owner. */
function headOf(owner: Identity, before: Head["before"]): Head {
  return { type: "head", segment: 0, size: 0, owner, before };
}

async function openLog(tables: Tables, identity: Identity, release: () => void): Promise<OpenStorage> {
  const { name } = tables;
  let head = tables.readHead() ?? headOf(identity, null);
  checkOwner(name, head.owner, identity, "give each node its own path");
  const snapshots = pieceSnapshots(name, tables.pieces);
  await snapshots.keepOnly(head.before?.compaction?.snapshot.index ?? 0);
  const turn = turns(name);
  return {
    owner: head.owner,
    load: () => turn.inTurn(() => available(name, "read", () => load(tables, head))),
    write: (write) =>
      turn.write(async () => {
        head = await available(name, "written", () => perform(tables, head, write));
        const { compaction } = write;
        await available(name, "written", () => snapshots.keepFrom(compaction?.snapshot.index ?? 0));
      }),
    writeSnapshot: (index, content) =>
      turn.beside(() => available(name, "written", () => snapshots.write(index, content))),
    readSnapshot: (index) => turn.beside(() => available(name, "read", () => snapshots.read(index))),
    close: () => turn.close(release),
  };
}

function load(tables: Tables, { before }: Head) {
  if (before === null) return null;
  const { currentTerm, votedFor, lastIndex, compaction } = before;
  const log = tables.readEntries(compaction?.compactedIndex ?? 0, lastIndex);
  return { currentTerm, votedFor, log, ...(compaction === null ? {} : { compaction }) };
}

/** Makes a write durable, and returns the new head. */
function perform(tables: Tables, head: Head, write: Write): Head {
  const before = head.before ?? emptySummary;
  assertFollows(write, before);
  const { currentTerm, votedFor, from, entries, compaction = null } = write;
  const after = headOf(head.owner, {
    currentTerm,
    votedFor,
    lastIndex: from - 1 + entries.length,
    compaction,
  });
  const compactedBefore = before.compaction?.compactedIndex ?? 0;
  const compacted = compaction?.compactedIndex ?? 0;
  const writer = byteWriter();
  putHead(writer, after);
  tables.atomically(() => {
    if (from <= before.lastIndex) tables.deleteEntries(from, before.lastIndex);
    entries.forEach((entry, at) => tables.putEntry(from + at, encodeEntry(entry)));
    if (compacted > compactedBefore) tables.deleteEntries(compactedBefore + 1, compacted);
    tables.putHead(writer.view());
  });
  if (!isThere(tables.name)) {
    throw new RaftError("Unavailable", `${tables.name} was removed while it was in use: ${advice}`);
  }
  return after;
}

/** Does something with the database, and says what it means if that can't be done. */
async function available<T>(path: string, verb: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof RaftError || cause instanceof AssertionError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    if (/malformed|not a database/i.test(text)) throw damaged(path, "some page", text);
    throw new RaftError("Unavailable", `${path} can't be ${verb}: ${text}${hintFor(text, path)}`, { cause });
  }
}

function hintFor(text: string, path: string): string {
  if (/full/i.test(text)) return "; make room on the disk, and start the node again if it has stopped";
  if (/unable to open/i.test(text)) return "; is there a folder for it, and may this process write there?";
  if (/access|permission|readonly/i.test(text)) {
    return `; may this user and process read and write it? In Deno: --allow-read=${path} --allow-write=${path}`;
  }
  return "";
}
