import { denoWebSocket, type DenoWebSocketConnection } from "../../src/transport/deno_websocket.ts";
import { memoryNetwork } from "../../src/transport/memory.ts";
import { tcp, type TcpAddress, type TcpConnection } from "../../src/transport/tcp.ts";
import { tls, type TlsConnection } from "../../src/transport/tls.ts";
import { testCa } from "../certificates.ts";
import { testTransport } from "./transport.ts";

const loopback: TcpAddress = { hostname: "127.0.0.1", port: 0 };
const deadlineMs = 10_000;
const quick = { minReconnectMs: 5, maxReconnectMs: 20 };

testTransport("memory", () => {
  const network = memoryNetwork();
  return { transportOf: () => network.transport(), deadlineMs };
});

// On sockets the first start takes any free port, and the later ones take it again.

testTransport("TCP", () => {
  const addresses = new Map<string, TcpAddress>();
  return {
    transportOf: (node) =>
      tcp({ listen: addresses.get(node) ?? loopback, peers: (peer) => addresses.get(peer), ...quick }),
    opened: (node, connection) => {
      addresses.set(node, (connection as TcpConnection).address);
    },
    deadlineMs,
  };
});

const ca = await testCa();
const ids = ["a", "b", "c"];
const credentials = new Map(
  await Promise.all(ids.map(async (id) => [id, await ca.credentialsOf(id)] as const)),
);

testTransport("mutual TLS", () => {
  const addresses = new Map<string, TcpAddress>();
  return {
    transportOf: (node) =>
      tls({
        listen: addresses.get(node) ?? loopback,
        peers: (peer) => addresses.get(peer),
        credentials: credentials.get(node)!,
        ...quick,
      }),
    opened: (node, connection) => {
      addresses.set(node, (connection as TlsConnection).address);
    },
    deadlineMs,
  };
});

testTransport("WebSocket", () => {
  const addresses = new Map<string, TcpAddress>();
  return {
    transportOf: (node) =>
      denoWebSocket({
        listen: addresses.get(node) ?? loopback,
        peers(peer) {
          const address = addresses.get(peer);
          return address === undefined ? undefined : `ws://127.0.0.1:${address.port}/`;
        },
        secret: "a secret of conformance",
        ...quick,
      }),
    opened: (node, connection) => {
      addresses.set(node, (connection as DenoWebSocketConnection).address!);
    },
    deadlineMs,
  };
});
