/**
 * `deno task bench:storage`: writes a second, and entries a second, of each storage that is on a disk, side by side: batches of
 * 1, 10, 100 and 1,000 entries of 256 bytes, one after the other, as a node writes them. The storages take turns, several
 * rounds; the median counts. Beside them the least that a durable write can take: the same bytes by one `writeSync` and one
 * `fdatasync` into a file that is full of zeros.
 *
 *     deno task bench:storage [--folder FOLDER] [--rounds N]
 */
import { parseArgs } from "@std/cli";
import fs from "node:fs";
import type { LogEntry, Write } from "../../src/core/mod.ts";
import type { Storage } from "../../src/ports.ts";
import { denoKv, sqlite, wal } from "../../src/deno.ts";

const commandBytes = 256;
const sizes = [1, 10, 100, 1_000];
/** How long each storage is measured with each size of batch, in each round. */
const measureMs = 1_000;
const identity = { id: "a", clusterId: "bench", servers: ["a", "b", "c"] };

/** Writes one batch durably, and says how many entries it has had. */
interface Writer {
  readonly write: (entries: readonly LogEntry[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

const writers: Readonly<Record<string, (folder: string) => Promise<Writer>>> = {
  "write + fdatasync": floor,
  "WAL": (folder) => writerOf(wal({ path: `${folder}/wal` })),
  "SQLite": (folder) => writerOf(sqlite({ path: `${folder}/sqlite` })),
  "Deno KV": (folder) => writerOf(denoKv({ path: `${folder}/kv` })),
};

async function writerOf(storage: Storage): Promise<Writer> {
  const opened = await storage.open(identity);
  let from = 1;
  return {
    write(entries) {
      const write: Write = { currentTerm: 1, votedFor: "a", from, entries };
      from += entries.length;
      return opened.write(write);
    },
    close: () => opened.close(),
  };
}

/** No storage: what the disk itself takes. */
// async, as the storages are.
// deno-lint-ignore require-await
async function floor(folder: string): Promise<Writer> {
  const bytes = 1 << 25;
  const fd = fs.openSync(`${folder}/floor`, "w+");
  fs.writeSync(fd, new Uint8Array(bytes));
  fs.fsyncSync(fd);
  let position = 0;
  return {
    write(entries) {
      const content = new Uint8Array(entries.length * (commandBytes + 24));
      if (position + content.length > bytes) position = 0;
      fs.writeSync(fd, content, 0, content.length, position);
      position += content.length;
      fs.fdatasyncSync(fd);
      return Promise.resolve();
    },
    close: () => Promise.resolve(fs.closeSync(fd)),
  };
}

/** How many milliseconds one write of so many entries takes. */
async function measure(name: string, entries: readonly LogEntry[], parent: string): Promise<number> {
  const folder = await Deno.makeTempDir({ dir: parent });
  const writer = await writers[name]!(folder);
  for (let write = 0; write < 20; write++) await writer.write(entries);
  let writes = 0;
  const start = performance.now();
  for (; performance.now() - start < measureMs; writes++) await writer.write(entries);
  const ms = (performance.now() - start) / writes;
  await writer.close();
  await Deno.remove(folder, { recursive: true });
  return ms;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

const { folder, rounds, _: unknown } = parseArgs(Deno.args, {
  string: ["folder", "rounds"],
  default: { rounds: "3" },
});
if (unknown.length > 0 || !(Number(rounds) >= 1)) {
  console.error("usage: deno task bench:storage [--folder FOLDER] [--rounds N]");
  Deno.exit(64);
}
const parent: string = typeof folder === "string" ? folder : await Deno.makeTempDir();
const names = Object.keys(writers);
console.log(
  `entries of ${commandBytes} bytes, in ${parent}; the median of ${rounds} rounds of ${measureMs} ms`,
);
console.log(`\n  entries a write  storage            writes/s   entries/s  WAL is so many times as quick`);
for (const size of sizes) {
  const entries = Array.from({ length: size }, (_, sequence): LogEntry => ({
    type: "command",
    term: 1,
    id: { node: "a", incarnation: 1, sequence },
    command: crypto.getRandomValues(new Uint8Array(commandBytes)),
  }));
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < Number(rounds); round++) {
    for (const name of names) times.get(name)!.push(await measure(name, entries, parent));
  }
  const wal = median(times.get("WAL")!);
  for (const name of names) {
    const ms = median(times.get(name)!);
    const [writes, perSecond] = [1_000 / ms, size * 1_000 / ms].map((rate) =>
      Math.round(rate).toLocaleString("en-US")
    );
    console.log(
      `  ${String(size).padStart(15)}  ${name.padEnd(17)}  ${writes!.padStart(8)}  ${
        perSecond!.padStart(10)
      }  ${(ms / wal).toFixed(2)}`,
    );
  }
}
if (folder === undefined) await Deno.remove(parent, { recursive: true });
