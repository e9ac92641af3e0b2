/** Databases of Deno KV in temporary files, read and changed behind the storage's back. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { PersistentState, Write } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import type { Identity } from "../src/ports.ts";
import { denoKv } from "../src/storage/deno_kv.ts";
import { decodeHead, encodeHead, type Head } from "../src/storage/kv_records.ts";
import { afterWrite } from "./writes.ts";

/** Whose storage it is. */
export const identity: Identity = { id: "a", clusterId: "lunch", servers: ["a", "b", "c"] };

/** Where the head is. */
export const headKey: Deno.KvKey = ["quorate", "head"];

/** Where a part of an entry is: by index, revision and part. */
export function log(...position: readonly (number | string)[]): Deno.KvKey {
  return ["quorate", "log", ...position];
}

/** Runs a test in a folder of its own. */
export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What a node would find that starts now. */
export async function loaded(path: string): Promise<PersistentState | null> {
  const opened = await denoKv({ path }).open(identity);
  try {
    return await opened.load();
  } finally {
    await opened.close();
  }
}

/** Writes to a new database, and says what it should hold then. */
export async function written(path: string, writes: readonly Write[]): Promise<PersistentState | null> {
  const opened = await denoKv({ path }).open(identity);
  let state: PersistentState | null = null;
  for (const write of writes) {
    await opened.write(write);
    state = afterWrite(state, write);
  }
  await opened.close();
  return state;
}

/** Does something to the database behind the storage's back. */
export async function behind<T>(path: string, what: (kv: Deno.Kv) => Promise<T>): Promise<T> {
  const kv = await Deno.openKv(path);
  try {
    return await what(kv);
  } finally {
    kv.close();
  }
}

/** All records, one a line. */
export function dump(path: string): Promise<readonly string[]> {
  return behind(path, async (kv) => {
    const lines: string[] = [];
    for await (const { key, value, versionstamp } of kv.list({ prefix: [] })) {
      lines.push(
        `${Deno.inspect(key)} ${versionstamp} ${value instanceof Uint8Array ? value.length : "object"}`,
      );
    }
    return lines;
  });
}

/** The stored head. */
export async function headOf(kv: Deno.Kv): Promise<Head> {
  const read = decodeHead((await kv.get(headKey)).value);
  assert(read.type === "head");
  return read.head;
}

/** Puts another head that is whole in itself. */
export async function changeHead(kv: Deno.Kv, change: (head: Head) => Head): Promise<void> {
  await kv.set(headKey, encodeHead(change(await headOf(kv))));
}

/** Fails unless a node that starts now is refused, with these words in the message. */
export async function assertRefused(
  path: string,
  code: RaftError["code"],
  ...words: string[]
): Promise<void> {
  const error = await assertRejects(() => loaded(path), RaftError);
  assertEquals(error.code, code, error.message);
  for (const word of words) assertStringIncludes(error.message, word);
}

/** What a commit resolves to. */
export type Answer = Deno.KvCommitResult | Deno.KvCommitError;

/** The real database, except that every commit goes through `around`. */
export async function openKvWith(
  path: string | undefined,
  around: (commit: () => Promise<Answer>) => Promise<Answer>,
) {
  const kv = await Deno.openKv(path);
  const atomic = kv.atomic.bind(kv);
  kv.atomic = () => {
    const operation = atomic();
    const commit = operation.commit.bind(operation);
    operation.commit = () => around(commit);
    return operation;
  };
  return kv;
}
