/** A lock on a folder, against two processes that use it at once; a process that ends, however it ends, has none. */
import { RaftError } from "../error.ts";

/**
 * Locks a folder, and returns what unlocks it.
 *
 * The lock is SQLite's on an empty database `lock` in the folder: the one lock of files that Deno and Node both have. It
 * holds on one machine; whether it does on a network file system depends on that.
 *
 * @throws {RaftError} with code `Unavailable` if somebody has it, or the runtime has no `node:sqlite`.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const { DatabaseSync } = await sqlite();
  const database = new DatabaseSync(`${folder}/lock`);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    const isTaken = cause instanceof Error && /locked|busy/i.test(cause.message);
    if (!isTaken) throw cause;
    throw new RaftError("Unavailable", `${folder} is in use: a node runs once, end the other process first`, {
      cause,
    });
  }
  return () => database.close();
}

async function sqlite() {
  try {
    return await import("node:sqlite");
  } catch (cause) {
    throw new RaftError(
      "Unavailable",
      "wal needs node:sqlite, for its lock: use Deno 2.2 or Node 22.13, or newer",
      { cause },
    );
  }
}
