/** A lock on a folder, against two processes that use it at once. */
import { openAlone } from "./node_sqlite.ts";

/**
 * Locks a folder, and returns what unlocks it.
 *
 * The lock is SQLite's on an empty database `lock` in the folder: the one lock of files that Deno and Node both have. The
 * system frees it when the process ends, however it ends. It holds on one machine; whether it does on a network file
 * system depends on that.
 *
 * @throws {RaftError} with code `Unavailable` if somebody has it, or the runtime has no `node:sqlite`.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const database = await openAlone(`${folder}/lock`, folder);
  return () => database.close();
}
