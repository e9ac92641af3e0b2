import { assert, assertEquals } from "@std/assert";
import { RaftNode } from "../src/node.ts";
import { memoryNetwork } from "../src/transport/memory.ts";
import { bytes, type Disk, disk, errorOf, fakeClock, leaderLab, seeded, turn } from "./node_support.ts";

const ids = ["a", "b", "c"];

/** Three nodes on a network in memory, on a clock that stands still. */
async function trio() {
  const clock = fakeClock();
  const network = memoryNetwork({ clock, seed: 1 });
  const random = seeded(1);
  const disks: Record<string, Disk> = { a: disk(), b: disk(), c: disk() };
  const start = (id: string) =>
    RaftNode.start({
      id,
      peers: ids,
      bootstrap: true,
      transport: network.transport(),
      storage: disks[id]!,
      clock,
      random,
    });
  const nodes = await Promise.all(ids.map(start));
  await clock.advance(1000);
  const leader = nodes.find((node) => node.status().role === "leader")!;
  const followers = nodes.filter((node) => node !== leader);
  return { clock, network, disks, nodes, leader, followers };
}

Deno.test("a leader that is closed with time to drain hands over, and what waits comes to its end", async () => {
  const { clock, nodes, leader, followers } = await trio();
  const waiting = nodes.flatMap((node) => Array.from({ length: 20 }, () => node.broadcast(bytes("x"))));
  const closed = leader.close({ drainMs: 5000 });
  assertEquals(leader.status().health, { type: "closing" });
  // From here on it takes nothing new.
  const refused = await errorOf(leader.broadcast(bytes("late")));
  assertEquals([refused.code, refused.outcome], ["Stopped", "no"]);
  assertEquals(new Set(await clock.until(Promise.all(waiting))).size, 60);
  const proposedMeanwhile = followers.map((node) => node.broadcast(bytes("y")));
  await clock.until(closed, 2000);
  assertEquals(leader.status().health, { type: "closed" });
  assertEquals(followers.filter((node) => node.status().role === "leader").length, 1);
  await clock.until(Promise.all(proposedMeanwhile), 100);
  await Promise.all(followers.map((node) => node.close()));
  assertEquals(clock.waiting(), []);
});

Deno.test("who asks a second time for a node to be drained waits for the same end, and cuts nothing short", async () => {
  const { node, clock, storage } = await leaderLab();
  storage.held = true;
  const waiting = node.broadcast(bytes("x"));
  await turn();
  const closed = [node.close({ drainMs: 5000 }), node.close({ drainMs: 1 })];
  await clock.advance(1000);
  assertEquals(node.status().health, { type: "closing" });
  storage.held = false;
  await storage.release();
  assertEquals(await waiting, { index: 2 });
  await clock.until(Promise.all(closed), 100);
  assertEquals(storage.closed, true);
});

Deno.test("a node alone has nobody to hand over to: it closes as soon as nothing waits", async () => {
  const { node, clock, storage } = await leaderLab();
  storage.held = true;
  const waiting = node.broadcast(bytes("x"));
  await turn();
  const closed = node.close({ drainMs: 5000 });
  await clock.advance(1000);
  assertEquals(node.status().health, { type: "closing" });
  storage.held = false;
  await storage.release();
  assertEquals(await waiting, { index: 2 });
  await clock.until(closed, 100);
  assertEquals(storage.closed, true);
  assertEquals(clock.waiting(), []);
});

Deno.test("draining ends in time, also when nobody answers; who still waits is told so", async () => {
  const { clock, network, leader, followers } = await trio();
  network.isolate(leader.id);
  const waiting = errorOf(leader.broadcast(bytes("x")));
  const closed = leader.close({ drainMs: 700 });
  await clock.advance(690);
  assertEquals(leader.status().health, { type: "closing" });
  await clock.advance(10);
  await closed;
  const { code, outcome } = await waiting;
  assertEquals([code, outcome], ["Stopped", "unknown"]);
  await Promise.all(followers.map((node) => node.close()));
  assertEquals(clock.waiting(), []);
});

Deno.test("closing at once cuts a drain short, and a node that fails meanwhile ends it too", async () => {
  const { node, clock, storage } = await leaderLab();
  storage.held = true;
  const waiting = errorOf(node.broadcast(bytes("x")));
  await turn();
  const drained = node.close({ drainMs: 5000 });
  await turn();
  const closed = node.close();
  await storage.release();
  await Promise.all([drained, closed]);
  assertEquals((await waiting).code, "Stopped");
  assertEquals(clock.waiting(), []);

  const other = await leaderLab();
  other.storage.held = true;
  const lost = errorOf(other.node.broadcast(bytes("x")));
  await turn();
  const ended = other.node.close({ drainMs: 5000 });
  await other.storage.release(new Error("no space left on the device"));
  await ended;
  assertEquals((await lost).outcome, "unknown");
  assertEquals(other.node.status().health.type, "failed");
  assertEquals(other.clock.waiting(), []);
});

Deno.test("deliveries go on while a node drains, and end when it is closed", async () => {
  const { node, storage } = await leaderLab();
  storage.held = true;
  const waiting = node.broadcast(bytes("x"));
  await turn();
  const closed = node.close({ drainMs: 5000 });
  const delivered: number[] = [];
  const follow = (async () => {
    for await (const { index } of node.deliveries()) delivered.push(index);
  })();
  storage.held = false;
  await storage.release();
  await waiting;
  await turn();
  assertEquals(delivered, [2]);
  await node.close();
  await Promise.all([closed, follow]);
});

Deno.test("close says what is wrong with its options", async () => {
  const { node } = await leaderLab();
  for (const drainMs of [-1, NaN, "5"]) {
    const { code, error } = await errorOf(node.close({ drainMs: drainMs as number }));
    assertEquals(code, "InvalidOptions");
    assert(error.message.startsWith("options.drainMs: expected a number from 0 to "));
  }
  await node.close();
});
