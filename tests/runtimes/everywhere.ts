/** Runs on any JavaScript runtime: three nodes agree on an order, a client is answered, and the checker finds a counterexample. */
import { clientService, memoryNetwork, memoryStorage, RaftNode } from "../../mod.ts";
import { fetchTransport, RaftClient } from "../../src/client.ts";
import { check, spec } from "../../spec/mod.ts";
import { raft } from "../../spec/raft/mod.ts";

const ids = ["a", "b", "c"];
const network = memoryNetwork();
const nodes = await Promise.all(ids.map((id) =>
  RaftNode.start({
    id,
    peers: ids,
    bootstrap: true,
    transport: network.transport(),
    storage: memoryStorage(),
  })
));
await Promise.all(nodes.map((node, index) => node.broadcast(new TextEncoder().encode(`from ${ids[index]}`))));
const orders = await Promise.all(nodes.map(async (node) => {
  const order: string[] = [];
  for await (const { bytes } of node.deliveries()) {
    if (order.push(new TextDecoder().decode(bytes)) === ids.length) break;
  }
  return order.join(", ");
}));
const leader = nodes.find((node) => node.status().role === "leader");
await leader?.close({ drainMs: 2000 });
await Promise.all(nodes.map((node) => node.close()));
expect("three nodes agree", new Set(orders).size, 1);

let count = 0;
const alone = await RaftNode.start({
  id: "alone",
  peers: [],
  bootstrap: true,
  transport: memoryNetwork().transport(),
  storage: memoryStorage(),
  stateMachine: { apply: () => ++count, query: () => count },
});
const service = clientService(alone);
const client = RaftClient.create({
  servers: { alone: "http://localhost/" },
  transport: fetchTransport({ fetch: (request) => service.fetch(request) }),
});
const counted = [await client.propose(new Uint8Array()), await client.read(new Uint8Array())];
await client.close();
await alone.close();
expect("a client proposes and reads", counted.join(), "1,1");

const election = await check(raft(), { depth: 6 });
expect("the checker explores", [election.verdict, election.distinct > 6000].join(), "holds,true");

const counter = spec("counter", () => ({
  init: { n: 0 },
  actions: { Up: (s: { n: number }) => s.n < 5 && void s.n++ },
  properties: [],
}));
expect("a spec of one's own is checked", (await check(counter)).distinct, 6);
console.log("everywhere: ok");

function expect(claim: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${claim}: got ${actual}, expected ${expected}`);
}
