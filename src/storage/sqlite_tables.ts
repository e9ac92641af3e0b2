/**
 * What the storage on SQLite keeps in which table:
 *
 *     head      one row: whose log it is, and what was written but for the entries, as in the first record of a WAL's segment
 *     entry     the log, an entry a row, by its index
 *     snapshot  how many pieces a snapshot has, once all are there, by its index
 *     piece     a piece of a snapshot, by its index and number from 0 on
 *
 * Each content has a CRC-32C that begins with where it belongs. `application_id` says that the database is ours, and
 * `user_version` of which format.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { CodecError, decodeEntry } from "../codec.ts";
import type { LogEntry, LogIndex } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import { BytesError } from "./bytes.ts";
import { crc32c } from "./checksum.ts";
import type { Pieces } from "./piece_snapshots.ts";
import { type Head, readContent } from "./wal_content.ts";

/** The version of the tables described here. */
export const FORMAT = 1;

/** "Quor". */
const applicationId = 0x51756f72;

const tables = `
  CREATE TABLE head (id INTEGER PRIMARY KEY, content BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;
  CREATE TABLE entry (id INTEGER PRIMARY KEY, content BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;
  CREATE TABLE snapshot (id INTEGER PRIMARY KEY, pieces INTEGER NOT NULL) STRICT;
  CREATE TABLE piece (snapshot INTEGER NOT NULL, number INTEGER NOT NULL, content BLOB NOT NULL,
    checksum INTEGER NOT NULL, PRIMARY KEY (snapshot, number)) STRICT;
`;

/** The statements of one database. */
export interface Tables {
  /** How messages call the database. */
  readonly name: string;
  /** Does all of this or nothing, durably. */
  atomically(act: () => void): void;
  /** What the head says; null if nothing was ever written. */
  readHead(): Head | null;
  /** Puts another head, by its content. */
  putHead(content: Uint8Array): void;
  /** All entries after this index, up to the last one, of which none may be missing. */
  readEntries(after: LogIndex, last: LogIndex): LogEntry[];
  /** Puts an entry, encoded. */
  putEntry(index: LogIndex, content: Uint8Array): void;
  /** Deletes the entries from one index to another, both included. */
  deleteEntries(from: LogIndex, to: LogIndex): void;
  /** The pieces of snapshots. */
  readonly pieces: Pieces;
}

interface Row {
  readonly id: number;
  readonly content: Uint8Array;
  readonly checksum: number;
}

/**
 * The tables of a database, which are made if it is empty.
 *
 * @throws {RaftError} with code `Mismatch` if it is another application's, or has another format.
 */
export function openTables(database: DatabaseSync, name: string): Tables {
  makeTables(database, name);
  const select = (sql: string) => database.prepare(sql);
  const head = select("SELECT id, content, checksum FROM head");
  const setHead = select("INSERT OR REPLACE INTO head VALUES (1, ?, ?)");
  const entries = select("SELECT id, content, checksum FROM entry WHERE id > ? ORDER BY id");
  const setEntry = select("INSERT INTO entry VALUES (?, ?, ?)");
  const dropEntries = select("DELETE FROM entry WHERE id BETWEEN ? AND ?");
  const [begin, commit] = [select("BEGIN IMMEDIATE"), select("COMMIT")];
  const atomically = (act: () => void) => {
    begin.run();
    try {
      act();
      commit.run();
    } catch (error) {
      // Some errors have rolled it back already.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  };
  return {
    name,
    atomically,
    readHead() {
      const row = head.get() as unknown as Row | undefined;
      if (row === undefined) {
        const [entry] = entries.all(0);
        if (entry === undefined) return null;
        throw damaged(name, "its head", "it is missing, although there are entries");
      }
      const content = understood(name, "its head", () => readContent(checkedContent(name, "its head", row)));
      if (content.type !== "head") throw damaged(name, "its head", `it is a record "${content.type}"`);
      return content;
    },
    putHead: (content) => void setHead.run(content, crc32c(content, 1)),
    readEntries(after, last) {
      const log: LogEntry[] = [];
      for (const row of entries.iterate(after) as Iterable<unknown> as Iterable<Row>) {
        const index = after + log.length + 1;
        if (row.id !== index) throw damaged(name, `the entry at index ${index}`, "it is missing");
        const where = `the entry at index ${index}`;
        log.push(understood(name, where, () => decodeEntry(checkedContent(name, where, row))));
      }
      if (after + log.length === last) return log;
      throw damaged(name, `the log`, `it ends at index ${after + log.length}, not ${last}`);
    },
    putEntry: (index, content) => void setEntry.run(index, content, crc32c(content, index)),
    deleteEntries: (from, to) => void dropEntries.run(from, to),
    pieces: piecesOf(select, name, atomically),
  };
}

function makeTables(database: DatabaseSync, name: string): void {
  const pragma = (what: string) => Number(Object.values(database.prepare(`PRAGMA ${what}`).get() ?? {})[0]);
  const [application, format] = [pragma("application_id"), pragma("user_version")];
  const isEmpty = database.prepare("SELECT name FROM sqlite_schema").get() === undefined;
  if (isEmpty && application === 0) {
    database.exec(
      `BEGIN; ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${FORMAT}; COMMIT`,
    );
  } else if (application !== applicationId) {
    throw new RaftError("Mismatch", `${name} is another application's database: give the node its own path`);
  } else if (format !== FORMAT) {
    const what = `${name} has format ${format}; this version reads format ${FORMAT}`;
    throw new RaftError("Mismatch", `${what}: use the version of Quorate that wrote it`);
  }
}

function piecesOf(
  select: (sql: string) => StatementSync,
  name: string,
  atomically: (act: () => void) => void,
): Pieces {
  const put = select("INSERT OR REPLACE INTO piece VALUES (?, ?, ?, ?)");
  const get = select("SELECT number AS id, content, checksum FROM piece WHERE snapshot = ? AND number = ?");
  const mark = select("INSERT OR REPLACE INTO snapshot VALUES (?, ?)");
  const count = select("SELECT pieces FROM snapshot WHERE id = ?");
  const removeMark = select("DELETE FROM snapshot WHERE id = ?");
  const removePieces = select("DELETE FROM piece WHERE snapshot = ?");
  const indexes = select("SELECT id FROM snapshot UNION SELECT DISTINCT snapshot FROM piece");
  return {
    maxBytes: 1 << 16,
    put: (index, first, pieces) =>
      attempt(() =>
        atomically(() =>
          pieces.forEach((piece, at) => put.run(index, first + at, piece, crc32c(piece, first + at)))
        )
      ),
    get: (index, piece) =>
      attempt(() => {
        const where = `piece ${piece} of the snapshot of index ${index}`;
        const row = get.get(index, piece) as unknown as Row | undefined;
        if (row === undefined) throw damaged(name, where, "it is missing");
        return checkedContent(name, where, row);
      }),
    mark: (index, pieces) => attempt(() => void mark.run(index, pieces)),
    count: (index) => attempt(() => (count.get(index)?.pieces ?? null) as number | null),
    remove: (index) =>
      attempt(() =>
        atomically(() => {
          removeMark.run(index);
          removePieces.run(index);
        })
      ),
    indexes: () => attempt(() => indexes.all().map(({ id }) => id as number)),
  };
}

/** The content of a row, if it is whole and where it belongs. */
function checkedContent(name: string, where: string, { id, content, checksum }: Row): Uint8Array {
  if (crc32c(content, id) === checksum) return content;
  throw damaged(name, where, "its checksum is wrong");
}

function understood<T>(name: string, where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof BytesError || error instanceof CodecError) throw damaged(name, where, error.message);
    throw error;
  }
}

/** What to do where something that was acknowledged isn't there. */
export const advice =
  "what this node has acknowledged may be lost, so restore the database as it was, or bring the " +
  "node back under another name, as a new learner (docs/storage.md)";

/** The error that says what is wrong, where, and what to do. */
export function damaged(name: string, where: string, reason: string): RaftError {
  return new RaftError("Corrupt", `${name} is damaged at ${where}: ${reason}; ${advice}`);
}

/** What throws at once rejects instead. */
function attempt<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => resolve(act()));
}
