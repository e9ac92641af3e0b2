/** SQLite by `node:sqlite`, which Deno and Node both have. */
import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { RaftError } from "../error.ts";

/**
 * Opens a database, which is made if there is none, for this process alone; a process that ends, however it ends, has none
 * open.
 *
 * @param place How messages call it.
 * @throws {RaftError} with code `Unavailable` if another process has it open, or the runtime has no `node:sqlite`.
 */
export async function openAlone(file: string, place: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await loadSqlite();
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return database;
  } catch (cause) {
    database.close();
    const isTaken = cause instanceof Error && /locked|busy/i.test(cause.message);
    if (!isTaken) throw cause;
    throw new RaftError("Unavailable", `${place} is in use: a node runs once, end the other process first`, {
      cause,
    });
  }
}

/** Whether the file of a database was not removed: SQLite goes on writing to it for as long as it is open. */
export const isThere: (file: string) => boolean = existsSync;

async function loadSqlite() {
  try {
    return await import("node:sqlite");
  } catch (cause) {
    const what = "there is no node:sqlite here: use Deno 2.2 or Node 22.13, or newer";
    throw new RaftError("Unavailable", what, { cause });
  }
}
