/**
 * Storage on a write-ahead log: files that are only appended to, one sync for each write. For Deno and Node, and the same
 * files on both. `wal_records.ts` and `wal_segments.ts` say what is in them.
 */
import { checked, fields, integer, that } from "../options.ts";
import type { Storage } from "../ports.ts";
import { lockFolder } from "./folder_lock.ts";
import { nodeFiles } from "./node_files.ts";
import { walStorage } from "./wal_storage.ts";

/** Where {@linkcode wal} keeps a node. */
export interface WalOptions {
  /** The folder, one for each node; made if there is none. */
  readonly path: string;
  /**
   * How many bytes a file of the log has, from the start on: it is written full of zeros first, so that a write later
   * changes nothing but its content, and is quicker. Default: 16,777,216 (16 MiB).
   */
  readonly segmentBytes?: number;
}

/**
 * Storage in a folder of its own: the quickest there is here, and the one to run a service on.
 *
 * Every write is durable and all or nothing. After a crash, what the write under way has left is dropped. A folder that is
 * damaged otherwise, so that something acknowledged may be lost, is refused with `Corrupt`, which names the file and the
 * byte; another node's with `Mismatch`; one that another process uses with `Unavailable`.
 *
 * Needs permission to read and write the folder, in Deno `--allow-read` and `--allow-write` for its path; on Node 22.13 or newer.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming the option and what was expected.
 *
 * @example A node that survives a restart
 * ```ts ignore
 * import { wal } from "@quorate/raft/node";
 *
 * const storage = wal({ path: "data/a" });
 * ```
 */
export function wal(options: WalOptions): Storage {
  const { path, segmentBytes } = checked("wal: options", optionsSchema, options);
  return walStorage({ files: nodeFiles, path: path.replace(/(?<=.)[/\\]+$/, ""), segmentBytes }, lockFolder);
}

const optionsSchema = fields({
  path: that<string>("the path of a folder", (value) => typeof value === "string" && value !== ""),
  segmentBytes: integer(4096, 2 ** 30).default(1 << 24),
});
