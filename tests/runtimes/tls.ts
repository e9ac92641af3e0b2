/**
 * Runs on Node and Deno: two nodes agree on an order over mutual TLS, and a third, of another CA, gets nowhere. Reads
 * credentials by name, as JSON, from the file that is its argument.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { memoryStorage, RaftNode } from "../../mod.ts";
// Not from src/nodejs.ts: Node 20 has no SQLite.
import { tls, type TlsCredentials } from "../../src/transport/tls.ts";

const credentials: Record<"a" | "b" | "stranger", TlsCredentials> = JSON.parse(
  await readFile(process.argv[2] ?? "", "utf8"),
);
const loopback = { hostname: "127.0.0.1", port: 0 };
const addresses = new Map<string, typeof loopback>();
const logged: string[] = [];

const start = async (id: "a" | "b", shown: TlsCredentials) => {
  const transport = tls({ listen: loopback, peers: (peer) => addresses.get(peer), credentials: shown });
  return await RaftNode.start({
    id,
    peers: ["a", "b"],
    bootstrap: true,
    transport: {
      async open(context) {
        const connection = await transport.open(context);
        if (!addresses.has(id)) addresses.set(id, connection.address);
        return connection;
      },
    },
    storage: memoryStorage(),
    log: ({ node, message }) => logged.push(`${node}: ${message}`),
  });
};

const nodes = [await start("a", credentials.a), await start("b", credentials.b)];
await Promise.all(nodes.map((node) => node.broadcast(new TextEncoder().encode(`from ${node.id}`))));
const orders = await Promise.all(nodes.map(async (node) => {
  const order: string[] = [];
  for await (const { bytes } of node.deliveries()) {
    if (order.push(new TextDecoder().decode(bytes)) === 2) return order.join(", ");
  }
  return "none";
}));
if (new Set(orders).size !== 1) throw new Error(`two orders: ${orders.join("; ")}`);

const stranger = await start("b", { ...credentials.stranger, ca: credentials.a.ca });
for (let waited = 0; !logged.some((line) => line.includes("refused a connection")); waited += 10) {
  if (waited > 10_000) throw new Error(`the stranger was not refused:\n${logged.join("\n")}`);
  await new Promise((resolve) => setTimeout(resolve, 10));
}
await Promise.all([...nodes, stranger].map((node) => node.close()));
console.log("tls: ok");
