import { assertEquals } from "@std/assert";
import { RaftError } from "../src/error.ts";
import { type Health, isLive, isReady } from "../src/node.ts";
import { bytes, lab, leaderLab, turn } from "./node_support.ts";

const failed: Health = {
  type: "failed",
  error: new RaftError("Stopped", "node a has stopped: the disk is full"),
};

Deno.test("a probe kills only what a restart could help, and sends nothing to a node that could not answer it", () => {
  const good = { health: { type: "running" }, leaderId: "a", commitIndex: 9, lastApplied: 9 } as const;
  const table: readonly (readonly [string, Parameters<typeof isReady>[0], boolean, boolean])[] = [
    ["it runs", good, true, true],
    ["no leader is known", { ...good, leaderId: null }, true, false],
    ["it is far behind", { ...good, commitIndex: 2000 }, true, false],
    ["it is a little behind", { ...good, commitIndex: 1033 }, true, true],
    ["it is being closed", { ...good, health: { type: "closing" } }, true, false],
    ["it was closed", { ...good, health: { type: "closed" } }, false, false],
    ["it has failed", { ...good, health: failed }, false, false],
  ];
  for (const [what, status, live, ready] of table) {
    assertEquals([isLive(status), isReady(status)], [live, ready], what);
  }
  assertEquals(isReady({ ...good, commitIndex: 10 }, { maxApplyLag: 0 }), false);
});

Deno.test("a leader's status tells how far each other server has come, and which writes are unfinished", async () => {
  const { node, network, storage } = await leaderLab({ peers: ["b", "c"] });
  network.arrive({ type: "RequestVoteResponse", from: "b", to: "a", term: 1, voteGranted: true });
  await turn();
  const success = { type: "AppendEntriesResponse", to: "a", term: 1, success: true, round: 0 } as const;
  network.arrive({ ...success, from: "b", matchIndex: 1 });
  await turn();
  storage.held = true;
  node.broadcast(bytes("x")).catch(() => {});
  await turn();
  const { progress, unfinishedWrites } = node.status();
  assertEquals(progress["b"], { matchIndex: 1, nextIndex: 3, inFlight: 1, snapshotOffset: null });
  assertEquals(progress["c"]?.matchIndex, 0);
  assertEquals(unfinishedWrites, 1);
  storage.held = false;
  await storage.release();
  await node.close();
  const follower = await lab();
  assertEquals(follower.node.status().progress, {});
  await follower.node.close();
});
