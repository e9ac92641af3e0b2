/** Runs on any JavaScript runtime: three nodes agree on an order, and the checker finds a counterexample. */
import { memoryNetwork, memoryStorage, RaftNode } from "../../mod.ts";
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
