/** The storages that are on a disk, for tests and benchmarks that run over each of them. */
import { denoKv, type DenoKvOptions } from "../src/storage/deno_kv.ts";
import type { Storage } from "../src/ports.ts";
import { sqlite } from "../src/storage/sqlite.ts";
import { wal } from "../src/storage/wal.ts";

/** How to make one in a folder. */
type Make = (folder: string, openKv?: DenoKvOptions["openKv"]) => Storage;

/** The name of one of them. */
export type Engine = "WAL" | "SQLite" | "Deno KV";

/** How to make each of them, by the name that tests call it. */
export const engines: Readonly<Record<Engine, Make>> = {
  "WAL": (folder) => wal({ path: `${folder}/wal`, segmentBytes: 1 << 20 }),
  "SQLite": (folder) => sqlite({ path: `${folder}/sqlite` }),
  "Deno KV": (folder, openKv) => denoKv({ path: kvPath(folder), ...openKv && { openKv } }),
};

/** All names. */
export const engineNames = Object.keys(engines) as readonly Engine[];

/** The file of Deno KV in a folder. */
export function kvPath(folder: string): string {
  return `${folder}/kv`;
}
