/** A node on a disk that fails: after an error of a write or a sync it stops, rather than go on with what nobody knows. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { RaftError } from "../src/error.ts";
import { RaftNode } from "../src/node.ts";
import { walStorage } from "../src/storage/wal_storage.ts";
import { memoryNetwork } from "../src/transport/memory.ts";
import { bytes, text } from "./node_support.ts";
import { randomFrom } from "./random.ts";
import { type SimulatedDisk, simulatedDisk } from "./simulated_disk.ts";

/** A cluster of one. */
function start({ files }: SimulatedDisk): Promise<RaftNode> {
  return RaftNode.start({
    id: "a",
    peers: [],
    bootstrap: true,
    transport: memoryNetwork().transport(),
    storage: walStorage({ files, path: "/a", segmentBytes: 4096 }, () => Promise.resolve(() => {})),
    electionTimeoutMs: [10, 20],
    heartbeatMs: 5,
  });
}

async function orderOf(node: RaftNode, count: number): Promise<readonly string[]> {
  const order: string[] = [];
  for await (const { bytes } of node.deliveries()) if (order.push(text(bytes)) === count) break;
  return order;
}

/** Of a broadcast, the first operation is a write and the second its sync. */
for (const code of ["EIO", "ENOSPC"] as const) {
  for (const operation of [1, 2]) {
    Deno.test(`a node whose disk says ${code} at operation ${operation} of a write stops: it acknowledges nothing and asks the disk for nothing more`, async () => {
      const disk = simulatedDisk();
      const node = await start(disk);
      await node.broadcast(bytes("before"));
      disk.failFrom(disk.operations() + operation, code);
      const failed = await assertRejects(() => node.broadcast(bytes("in flight")), RaftError);
      assertEquals([failed.code, failed.outcome], ["Stopped", "unknown"]);
      assertStringIncludes(failed.message, code);
      const asked = disk.operations();
      const refused = await assertRejects(() => node.broadcast(bytes("after")), RaftError);
      assertEquals([refused.code, refused.outcome], ["Stopped", "no"]);
      await node.close();
      assertEquals(disk.operations(), asked);

      // The system takes what it could not write for written. What the node finds must be on the disk before it counts.
      disk.kill();
      await (await start(disk)).close();
      disk.crash(randomFrom(1));
      await using again = await start(disk);
      await again.broadcast(bytes("again"));
      const isThere = operation === 2;
      const expected = isThere ? ["before", "in flight", "again"] : ["before", "again"];
      assertEquals(await orderOf(again, expected.length), expected);
    });
  }
}

Deno.test("a node whose log is damaged doesn't start, and says how it comes back", async () => {
  const disk = simulatedDisk();
  const node = await start(disk);
  await node.broadcast(bytes("x"));
  await node.close();
  disk.crash(randomFrom(1));
  const content = disk.durable("/a/log-0000000001");
  content[content.findLastIndex((byte) => byte === "x".charCodeAt(0))]! ^= 1;
  const error = await assertRejects(() => start(disk), RaftError);
  assertEquals(error.code, "Corrupt");
  assertStringIncludes(error.message, "/a/log-0000000001 is damaged at byte");
  assertStringIncludes(error.message, "under another name, as a new learner");
});
