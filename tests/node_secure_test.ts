/** Whole nodes over mutual TLS, and over WebSockets. */
import { assertEquals } from "@std/assert";
import { denoWebSocket, tls } from "../src/deno.ts";
import { RaftNode } from "../src/node.ts";
import type { Transport } from "../src/ports.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { testCa } from "./certificates.ts";
import { freePorts } from "./free_ports.ts";

const ids = ["a", "b", "c"];

/** Three nodes agree on an order, lose their leader, go on, and take it back. */
async function agree(transportOf: (id: string) => Transport): Promise<void> {
  const storages = new Map(ids.map((id) => [id, memoryStorage()]));
  const start = (id: string) =>
    RaftNode.start({
      id,
      clusterId: "test",
      peers: ids,
      bootstrap: true,
      transport: transportOf(id),
      storage: storages.get(id)!,
      proposalTimeoutMs: 20_000,
    });
  const nodes = new Map(await Promise.all(ids.map(async (id) => [id, await start(id)] as const)));
  const say = async (word: string) => {
    const all = [...nodes.values()];
    await Promise.all(all.map((node) => node.broadcast(new TextEncoder().encode(`${node.id} ${word}`))));
  };
  await say("first");
  const leader = [...nodes.values()].find((node) => node.status().role === "leader")?.id ?? "a";
  await nodes.get(leader)?.close({ drainMs: 5000 });
  nodes.delete(leader);
  await say("second");
  nodes.set(leader, await start(leader));
  await say("third");
  const orders = await Promise.all([...nodes.values()].map(async (node) => {
    const order: string[] = [];
    for await (const { bytes } of node.deliveries()) {
      if (order.push(new TextDecoder().decode(bytes)) === 8) break;
    }
    return order;
  }));
  const [first = []] = orders;
  assertEquals(orders, [first, first, first]);
  const second = ids.filter((id) => id !== leader);
  const expected = [["first", ids], ["second", second], ["third", ids]] as const;
  assertEquals(
    first.toSorted(),
    expected.flatMap(([word, who]) => who.map((id) => `${id} ${word}`)).toSorted(),
  );
  await Promise.all([...nodes.values()].map((node) => node.close()));
}

Deno.test("three nodes over mutual TLS agree on an order, also when the leader leaves and comes back", async () => {
  const ca = await testCa();
  const port = freePorts(3);
  const peers = Object.fromEntries(ids.map((id, at) => [id, { hostname: "localhost", port: port + at }]));
  await agree((id) => tls({ listen: peers[id]!, peers, credentials: () => ca.credentialsOf(id) }));
});

Deno.test("three nodes over WebSockets agree on an order, also when the leader leaves and comes back", async () => {
  const port = freePorts(3);
  const peers = Object.fromEntries(ids.map((id, at) => [id, `ws://localhost:${port + at}/raft`]));
  const listen = (id: string) => ({ hostname: "localhost", port: port + ids.indexOf(id) });
  await agree((id) => denoWebSocket({ listen: listen(id), peers, secret: "what only the three know" }));
});
