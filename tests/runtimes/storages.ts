/**
 * Runs on Deno and on Node: storages.ts FOLDER STARTS. A cluster of one on each storage for both, which was started so many
 * times before in this folder, by whichever runtime, holds what it has broadcast each time.
 */
import process from "node:process";
import { memoryNetwork, RaftNode } from "../../mod.ts";
import { sqlite, wal } from "../../src/nodejs.ts";

const [folder = "", starts = ""] = process.argv.slice(2);
const expected = Array.from({ length: Number(starts) + 1 }, (_, start) => `start ${start}`);
const storages = {
  wal: () => wal({ path: `${folder}/wal`, segmentBytes: 4096 }),
  sqlite: () => sqlite({ path: `${folder}/a.sqlite` }),
};
for (const [name, storage] of Object.entries(storages)) {
  const node = await RaftNode.start({
    id: "a",
    peers: [],
    bootstrap: true,
    transport: memoryNetwork().transport(),
    storage: storage(),
    electionTimeoutMs: [10, 20],
    heartbeatMs: 5,
  });
  // Longer than a segment.
  await node.broadcast(new Uint8Array(5_000));
  await node.broadcast(new TextEncoder().encode(`start ${starts}`));
  const found: string[] = [];
  for await (const { bytes } of node.deliveries()) {
    if (bytes.length === 5_000) continue;
    if (found.push(new TextDecoder().decode(bytes)) === expected.length) break;
  }
  const second = await storage().open({ id: "a", clusterId: "default", servers: ["a"] }).catch((error) =>
    error
  );
  await node.close();
  if (found.join() !== expected.join()) throw new Error(`${name}: got ${found}, expected ${expected}`);
  if (second.code !== "Unavailable") throw new Error(`${name}: it was opened twice at a time`);
}
const runtime = "Deno" in globalThis ? "Deno" : `Node ${process.version}`;
console.log(`storages: ok on ${runtime}, started ${starts} times before`);
