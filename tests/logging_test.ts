import { assertEquals, assertMatch } from "@std/assert";
import { logLine, type LogRecord } from "../src/logging.ts";
import { wal } from "../src/nodejs.ts";
import { lab, leaderLab, turn } from "./node_support.ts";

/** What a node reports while the test runs. */
async function recordsOf(test: (log: (record: LogRecord) => void) => Promise<void>): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  await test((record) => void records.push(record));
  return records;
}

Deno.test("a node reports with its name and term that it serves, stands for election, leads and has stopped", async () => {
  const records = await recordsOf(async (log) => {
    const { node } = await leaderLab({ log });
    await node.close();
  });
  assertEquals(records.map(logLine), [
    "info a term 0 started: node a serves; its log ends at index 0",
    "info a term 1 roleChanged: follower -> candidate",
    "info a term 1 roleChanged: candidate -> leader",
    "info a term 1 leaderChanged: a leads",
    "info a term 1 stopped: node a was closed",
  ]);
  assertEquals(records[3], {
    level: "info",
    event: "leaderChanged",
    message: "a leads",
    peer: "a",
    node: "a",
    term: 1,
  });
});

Deno.test("a node whose disk fails reports so as an error, and a peer's leadership by its name", async () => {
  const records = await recordsOf(async (log) => {
    const { node, network, storage } = await lab({ log, peers: ["b", "c"] });
    storage.held = true;
    const common = {
      from: "b",
      to: "a",
      term: 3,
      prevLogIndex: 0,
      prevLogTerm: 0,
      leaderCommit: 0,
      round: 0,
    };
    network.arrive({ type: "AppendEntries", ...common, entries: [{ type: "noop", term: 3 }] });
    await turn();
    await storage.release(new Error("no space left\non the device"));
    await node.stopped;
    await node.close();
  });
  assertEquals(records.map(logLine), [
    "info a term 0 started: node a serves; its log ends at index 0",
    "info a term 3 leaderChanged: b leads",
    "error a term 3 failed: node a has stopped: Error: no space left on the device",
  ]);
});

Deno.test("a storage reports by the same hook, before the node knows its term: the log of a crash that tore a write", async () => {
  const path = await Deno.makeTempDir();
  const records = await recordsOf(async (log) => {
    const options = { storage: wal({ path, segmentBytes: 1 << 16 }), log };
    const { node } = await leaderLab(options);
    await node.broadcast(new Uint8Array(5000).fill(7));
    await node.close();
    const file = `${path}/log-0000000001`;
    const content = await Deno.readFile(file);
    // One sector of the write has not come to the disk.
    const middle = content.lastIndexOf(7) - 2500;
    content.fill(0, middle - middle % 512, middle - middle % 512 + 512);
    await Deno.writeFile(file, content);
    const { node: again } = await leaderLab(options);
    await again.close();
  });
  const dropped = records.filter(({ event }) => event === "unfinishedWriteDropped").map(logLine);
  assertEquals(dropped.length, 1);
  assertMatch(
    dropped[0]!,
    /^info a term 0 unfinishedWriteDropped: dropped what .* left in .*log-0000000001 from byte \d+ on$/,
  );
  await Deno.remove(path, { recursive: true });
});

Deno.test("a logger that throws does not stop the node", async () => {
  const { node, clock } = await lab({
    log() {
      throw new Error("the pipe is closed");
    },
  });
  await clock.advance(600);
  assertEquals(node.status().role, "leader");
  await node.close();
});
