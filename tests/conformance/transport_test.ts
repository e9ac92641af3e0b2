import { memoryNetwork } from "../../src/transport/memory.ts";
import { tcp, type TcpAddress, type TcpConnection } from "../../src/transport/tcp.ts";
import { testTransport } from "./transport.ts";

testTransport("memory", () => {
  const network = memoryNetwork();
  return { transportOf: () => network.transport(), deadlineMs: 10_000 };
});

testTransport("TCP", () => {
  const addresses = new Map<string, TcpAddress>();
  return {
    // The first start takes any free port, and the later ones take it again.
    transportOf: (node) =>
      tcp({
        listen: addresses.get(node) ?? { hostname: "127.0.0.1", port: 0 },
        peers: (peer) => addresses.get(peer),
        minReconnectMs: 5,
        maxReconnectMs: 20,
      }),
    opened: (node, connection) => {
      addresses.set(node, (connection as TcpConnection).address);
    },
    deadlineMs: 10_000,
  };
});
