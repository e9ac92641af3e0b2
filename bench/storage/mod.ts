/**
 * `deno task bench:storage`: writes a second, and entries a second, of each storage that is on a disk, side by side: batches of
 * 1, 10, 100 and 1,000 entries of 256 bytes, one after the other, as a node writes them. The storages take turns, several
 * rounds, and rates are those of the median write: other programs' use of the disk would decide the mean. Beside them the least that a durable write can take: the same bytes by one `writeSync` and one
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
/** How long it is each storage's turn, in each round. */
const turnMs = 200;
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

/** Measures all storages in turns: the milliseconds of each write, by the storage's name, in ascending order. */
async function measure(entries: readonly LogEntry[], rounds: number, parent: string) {
  const folder = await Deno.makeTempDir({ dir: parent });
  const opened = await Promise.all(
    Object.entries(writers).map(async ([name, open]) => ({ name, writer: await open(folder), times: [0] })),
  );
  for (const { writer, times } of opened) {
    for (let write = 0; write < 20; write++) await writer.write(entries);
    times.length = 0;
  }
  for (let round = 0; round < rounds; round++) {
    for (const { writer, times } of opened) {
      const begin = performance.now();
      for (let start = begin; start - begin < turnMs;) {
        await writer.write(entries);
        const end = performance.now();
        times.push(end - start);
        start = end;
      }
    }
  }
  for (const { writer, times } of opened) {
    await writer.close();
    times.sort((a, b) => a - b);
  }
  await Deno.remove(folder, { recursive: true });
  return opened;
}

const { folder, rounds, _: unknown } = parseArgs(Deno.args, {
  string: ["folder", "rounds"],
  default: { rounds: "10" },
});
if (unknown.length > 0 || !(Number(rounds) >= 1)) {
  console.error("usage: deno task bench:storage [--folder FOLDER] [--rounds N]");
  Deno.exit(64);
}
const parent: string = typeof folder === "string" ? folder : await Deno.makeTempDir();
console.log(`entries of ${commandBytes} bytes, in ${parent}; ${rounds} rounds of ${turnMs} ms each\n`);
console.log(
  "  entries a write  storage            writes/s   entries/s   p50 ms  mean ms   p99 ms  to the WAL's p50",
);
for (const size of sizes) {
  const entries = Array.from({ length: size }, (_, sequence): LogEntry => ({
    type: "command",
    term: 1,
    id: { node: "a", incarnation: 1, sequence },
    command: crypto.getRandomValues(new Uint8Array(commandBytes)),
  }));
  const measured = await measure(entries, Number(rounds), parent);
  const median = (times: readonly number[]) => times[times.length >> 1]!;
  const wal = median(measured.find(({ name }) => name === "WAL")!.times);
  for (const { name, times } of measured) {
    const p50 = median(times);
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
    const p99 = times[Math.floor(times.length * 0.99)]!;
    const cells = [
      String(size).padStart(15),
      name.padEnd(17),
      grouped(1_000 / p50).padStart(8),
      grouped(size * 1_000 / p50).padStart(10),
      ...[p50, mean, p99].map((ms) => ms.toFixed(3).padStart(7)),
      (p50 / wal).toFixed(2).padStart(7),
    ];
    console.log(`  ${cells.join("  ")}`);
  }
}
if (folder === undefined) await Deno.remove(parent, { recursive: true });

function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
