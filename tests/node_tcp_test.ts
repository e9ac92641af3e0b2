import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { RaftError } from "../src/error.ts";
import { denoKv, tcp } from "../src/deno.ts";
import { RaftNode, type RaftNodeOptions } from "../src/node.ts";
import { freePorts } from "./free_ports.ts";

const ids = ["a", "b", "c"];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** For tests in which nothing fails: no election may come between, however busy the machine is. */
const calm = { electionTimeoutMs: [1000, 2000] } as const;

/** Three places for nodes on TCP with Deno KV, in a folder that is removed in the end. */
async function withPlaces(
  test: (start: (id: string) => Promise<RaftNode>, port: number) => Promise<void>,
  options: Partial<RaftNodeOptions> = {},
) {
  const dir = await Deno.makeTempDir();
  const port = freePorts(3);
  const addresses = Object.fromEntries(ids.map((id, i) => [id, { hostname: "localhost", port: port + i }]));
  try {
    await test((id) =>
      RaftNode.start({
        id,
        clusterId: "test",
        peers: ids,
        bootstrap: true,
        transport: tcp({ listen: addresses[id] ?? { hostname: "localhost", port }, peers: addresses }),
        storage: denoKv({ path: `${dir}/${id}.kv` }),
        ...options,
      }), port);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function order(node: RaftNode, count: number): Promise<string[]> {
  const delivered: string[] = [];
  for await (const { index, bytes } of node.deliveries()) {
    delivered.push(`${index}:${decoder.decode(bytes)}`);
    if (delivered.length === count) break;
  }
  return delivered;
}

/** Says it again until it is heard: twice, perhaps. */
async function insist(node: RaftNode, word: string): Promise<void> {
  for (;;) {
    try {
      await node.broadcast(encoder.encode(word), { timeoutMs: 1000 });
      return;
    } catch (error) {
      if (!(error instanceof RaftError && error.code === "Timeout")) throw error;
    }
  }
}

Deno.test("three nodes on TCP with Deno KV deliver one order, also after a restart of all", async () => {
  await withPlaces(async (start) => {
    const nodes = await Promise.all(ids.map(start));
    const words = nodes.flatMap((node) =>
      Array.from({ length: 100 }, (_, i) => ({ node, word: `${node.id}${i}` }))
    );
    await Promise.all(words.map(({ node, word }) => node.broadcast(encoder.encode(word))));
    const orders = await Promise.all(nodes.map((node) => order(node, 300)));
    const [first = []] = orders;
    assertEquals(orders, [first, first, first]);
    assertEquals(first.map((line) => line.split(":")[1]).sort(), words.map(({ word }) => word).sort());
    await Promise.all(nodes.map((node) => node.close()));

    const again = await Promise.all(ids.map(start));
    await Promise.all(again.map((node) => insist(node, "again")));
    for (const node of again) assertEquals((await order(node, 300)).slice(0, 300), first);
    await Promise.all(again.map((node) => node.close()));
  }, calm);
});

Deno.test("when the leader's process is gone the others go on, and it catches up when it is back", async () => {
  await withPlaces(async (start) => {
    const nodes = await Promise.all(ids.map(start));
    await Promise.all(nodes.map((node) => insist(node, node.id)));
    const leader = nodes.find((node) => node.status().role === "leader") ?? nodes[0];
    const others = nodes.filter((node) => node !== leader);
    await leader?.close();
    await Promise.all(others.map((node) => insist(node, "without it")));
    const back = await start(leader?.id ?? "a");
    const orders = await Promise.all([back, ...others].map((node) => order(node, 5)));
    assertEquals(orders[0], orders[1]);
    assertEquals(orders[0], orders[2]);
    await Promise.all([back, ...others].map((node) => node.close()));
  });
});

Deno.test("a command of a megabyte gets through, from a follower too", async () => {
  await withPlaces(async (start) => {
    const nodes = await Promise.all(ids.map(start));
    const large = new Uint8Array(1 << 20).map((_, i) => i % 251);
    const indexes = await Promise.all(nodes.map((node) => node.broadcast(large)));
    const from = Math.min(...indexes.map(({ index }) => index));
    for (const node of nodes) {
      for await (const { bytes } of node.deliveries({ from })) {
        assertEquals(bytes, large);
        break;
      }
    }
    await Promise.all(nodes.map((node) => node.close()));
  }, calm);
});

Deno.test("a follower that broadcasts more than its way to the leader can hold loses nothing in silence", async () => {
  await withPlaces(async (start) => {
    const nodes = await Promise.all(ids.map(start));
    await Promise.all(nodes.map((node) => node.broadcast(encoder.encode("there is a leader"))));
    const follower = nodes.find((node) => node.status().role === "follower");
    const outcomes = await Promise.all(Array.from({ length: 64 }, async () => {
      try {
        await follower?.broadcast(new Uint8Array(1 << 20));
        return "applied";
      } catch (error) {
        return error instanceof RaftError ? `${error.code}, ${error.outcome}` : error;
      }
    }));
    const count = (outcome: string) => outcomes.filter((other) => other === outcome).length;
    // 16 MiB, the default of maxPendingBytes, is half of what the transport's queue takes.
    assertEquals([count("applied"), count("Overloaded, no")], [16, 48]);
    await Promise.all(nodes.map((node) => node.close()));
  }, calm);
});

Deno.test("a port in use is Unavailable, and the storage can be opened again", async () => {
  await withPlaces(async (start, port) => {
    const listener = Deno.listen({ hostname: "localhost", port });
    const error = await assertRejects(() => start("a"), RaftError);
    assertEquals(error.code, "Unavailable");
    assertMatch(error.message, new RegExp(`${port}.*in use`));
    listener.close();
    await (await start("a")).close();
  });
});

Deno.test("a node joins over TCP by its address in the log, gets a snapshot from Deno KV, and one leaves", async () => {
  const dir = await Deno.makeTempDir();
  const port = freePorts(3);
  const text = { value: "" };
  const machine = (kept: { value: string }) => ({
    apply: (command: Uint8Array) => kept.value += decoder.decode(command),
    query: () => kept.value,
    snapshot: () => new Blob([kept.value]).stream(),
    async restore(content: ReadableStream<Uint8Array>) {
      kept.value = await new Response(content).text();
    },
  });
  // Only the first of them is known to all from the start.
  const peers = { a: { hostname: "localhost", port } };
  const start = (id: string, at: number, kept: { value: string }, more: Partial<RaftNodeOptions>) =>
    RaftNode.start({
      id,
      clusterId: "test",
      peers: ["a"],
      transport: tcp({ listen: { hostname: "localhost", port: port + at }, peers }),
      storage: denoKv({ path: `${dir}/${id}.kv` }),
      stateMachine: machine(kept),
      keptEntries: 0,
      maxSnapshotChunkBytes: 100,
      ...calm,
      ...more,
    });
  const a = await start("a", 0, text, { bootstrap: true });
  for (let i = 0; i < 30; i++) await a.broadcast(encoder.encode(`${i},`.padStart(40)));
  await a.snapshot();
  const copies = [{ value: "" }, { value: "" }];
  const b = await start("b", 1, copies[0]!, { join: true });
  const c = await start("c", 2, copies[1]!, { join: true });
  const addresses = { b: `localhost:${port + 1}`, c: `localhost:${port + 2}` };
  await a.changeMembership({ voters: ["a", "b", "c"], addresses }, { timeoutMs: 30_000 });
  await c.broadcast(encoder.encode("from c"), { timeoutMs: 30_000 });
  assertEquals(await b.read(encoder.encode(""), { timeoutMs: 30_000 }), text.value);
  assertEquals(copies[1]!.value, text.value);
  await a.transferLeadership("b", { timeoutMs: 30_000 });
  await b.broadcast(encoder.encode("from the new leader"), { timeoutMs: 30_000 });
  await b.changeMembership({ voters: ["b", "c"] }, { timeoutMs: 30_000 });
  await b.broadcast(encoder.encode("without a"), { timeoutMs: 30_000 });
  for (const node of [a, b, c]) await node.close();
  await Deno.remove(dir, { recursive: true });
});
