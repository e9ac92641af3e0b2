import { denoKv } from "../../src/storage/deno_kv.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { sqlite } from "../../src/storage/sqlite.ts";
import { wal } from "../../src/storage/wal.ts";
import { storageConformance } from "./storage.ts";

storageConformance({
  name: "memory",
  create: () => ({ storage: memoryStorage(), remove: async () => {} }),
});

storageConformance({
  name: "Deno KV in a file",
  create: async () => {
    const folder = await Deno.makeTempDir();
    return {
      storage: denoKv({ path: `${folder}/a.kv` }),
      remove: () => Deno.remove(folder, { recursive: true }),
    };
  },
});

storageConformance({
  name: "Deno KV under a prefix",
  seeds: [4],
  create: async () => {
    const folder = await Deno.makeTempDir();
    return {
      storage: denoKv({ path: `${folder}/a.kv`, prefix: ["my app", 7, 7n, true, new Uint8Array([0, 255])] }),
      remove: () => Deno.remove(folder, { recursive: true }),
    };
  },
});

storageConformance({
  name: "Deno KV in memory",
  seeds: [5],
  isForgetful: true,
  create: () => ({ storage: denoKv({ path: ":memory:" }), remove: async () => {} }),
});

storageConformance({
  name: "SQLite",
  create: async () => {
    const folder = await Deno.makeTempDir();
    return {
      storage: sqlite({ path: `${folder}/a.sqlite` }),
      remove: () => Deno.remove(folder, { recursive: true }),
    };
  },
});

for (const [name, segmentBytes] of [["WAL", 1 << 20], ["WAL in tiny segments", 4096]] as const) {
  storageConformance({
    name,
    create: async () => {
      const folder = await Deno.makeTempDir();
      return {
        storage: wal({ path: `${folder}/a`, segmentBytes }),
        remove: () => Deno.remove(folder, { recursive: true }),
      };
    },
  });
}
