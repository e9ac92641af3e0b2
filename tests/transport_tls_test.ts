import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { connect as connectTls } from "node:tls";
import type { Message, NodeId } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import { pemFiles, tls, type TlsConnection, type TlsOptions, type TlsTransport } from "../src/nodejs.ts";
import { namesOf } from "../src/transport/credentials.ts";
import { helloFrame } from "../src/transport/hello.ts";
import { testCa } from "./certificates.ts";
import { until } from "./until.ts";

const loopback = { hostname: "127.0.0.1", port: 0 };
const servers = ["a", "b", "c"];
const ca = await testCa();
const stranger = await testCa();
const [ofA, ofB, ofC, strangerB] = await Promise.all([
  ca.credentialsOf("a"),
  ca.credentialsOf("b"),
  ca.credentialsOf("c"),
  stranger.credentialsOf("b"),
]);

interface TestNode {
  readonly transport: TlsTransport;
  readonly connection: TlsConnection;
  readonly received: Message[];
  lines(part: string): string[];
}

/** Nodes on loopback that find each other. */
function testNodes() {
  const open: TestNode[] = [];
  const addresses = new Map<NodeId, TlsConnection["address"]>();
  return {
    addresses,
    async open(
      id: NodeId,
      options: Partial<TlsOptions> & Pick<TlsOptions, "credentials">,
    ): Promise<TestNode> {
      const received: Message[] = [];
      const logged: string[] = [];
      const transport = tls({
        listen: loopback,
        peers: (peer) => addresses.get(peer),
        minReconnectMs: 5,
        maxReconnectMs: 20,
        ...options,
      });
      const connection = await transport.open({
        id,
        clusterId: "test",
        servers,
        peers: servers.filter((peer) => peer !== id),
        onMessage: (message) => received.push(message),
        log: ({ level, message }) => logged.push(`${level}: ${message}`),
      });
      addresses.set(id, connection.address);
      const lines = (part: string) => logged.filter((line) => line.includes(part));
      const node = { transport, connection, received, lines };
      open.push(node);
      return node;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(open.map(({ connection }) => connection.close()));
    },
  };
}

let next = 1;

/** Sends until something sent from now on arrives. */
async function reach(from: NodeId, sender: TestNode, to: NodeId, receiver: TestNode): Promise<void> {
  const term = next++;
  await until(() => {
    sender.connection.send({ type: "TimeoutNow", from, to, term });
    return receiver.received.some((message) => message.type === "TimeoutNow" && message.term === term);
  });
}

Deno.test("nodes whose certificates one CA has signed hear each other", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a", { credentials: ofA });
  const b = await nodes.open("b", { credentials: ofB });
  await reach("a", a, "b", b);
  await reach("b", b, "a", a);
});

Deno.test("who has a certificate of another CA is refused, at both ends, with one line each", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a", { credentials: ofA });
  // It believes a's CA, so that only a can refuse.
  const b = await nodes.open("b", { credentials: { ...strangerB, ca: ofA.ca } });
  await until(() => a.lines("refused a connection").length > 0 && b.lines("not connected to a").length > 0);
  for (let i = 0; i < 10; i++) b.connection.send({ type: "TimeoutNow", from: "b", to: "a", term: 1 });
  const c = await nodes.open("c", { credentials: ofC });
  await reach("c", c, "a", a);
  await reach("a", a, "c", c);
  assertEquals(a.received.filter(({ from }) => from === "b"), []);
  assertEquals(b.received, []);
  assertEquals(a.lines("refused a connection").length, 1);
  assertStringIncludes(a.lines("refused a connection")[0] ?? "", "its certificate is not trusted (");
  assertStringIncludes(a.lines("not connected to b")[1] ?? "", ": its certificate is not trusted (");
});

Deno.test("who does not believe our CA says that it doesn't trust the certificate, and we that it ended", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a", { credentials: ofA });
  const b = await nodes.open("b", { credentials: { ...ofB, ca: strangerB.ca } });
  await until(() => a.lines("refused a connection").length > 0 && b.lines("not connected to a").length > 0);
  assertMatch(
    b.lines("not connected to a")[0] ?? "",
    /its certificate is not trusted \(.*\): none of the CAs in our credentials has signed it, or it has expired/,
  );
  assertStringIncludes(
    a.lines("refused a connection")[0] ?? "",
    "if it is a node, it does not trust our certificate",
  );
});

Deno.test("a reload is told of as one, and not as trouble with the peers", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a", { credentials: ofA });
  const b = await nodes.open("b", { credentials: ofB });
  await reach("a", a, "b", b);
  await reach("b", b, "a", a);
  const before = a.lines("").length;
  await a.transport.reload();
  await until(() => a.lines("").length === before + 2);
  assertEquals(a.lines("").slice(before), [
    "info: reloaded the certificates: connecting anew to all peers",
    "info: connected to b",
  ]);
});

Deno.test("who has no certificate gets nothing but the end, though TLS 1.3 tells it late", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a", { credentials: ofA });
  const { port } = a.connection.address;
  const heard: number[] = [];
  await new Promise<void>((resolve) => {
    const socket = connectTls({ host: "127.0.0.1", port, ca: ofA.ca, checkServerIdentity: () => undefined });
    socket.on("secureConnect", () => socket.write(helloFrame({ id: "b", clusterId: "test", servers })));
    socket.on("data", ({ length }: Uint8Array) => heard.push(length));
    socket.on("error", () => {});
    socket.on("close", () => resolve());
  });
  assertEquals(heard, []);
  assertEquals(a.lines("refused a connection").length, 1);
});

Deno.test("who speaks for another node than its certificate does is refused, with the names", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a", { credentials: ofA });
  // c's certificate, used by a node that claims to be b: its own check of itself is told otherwise.
  const liar = await nodes.open("b", { credentials: ofC, isCertificateOf: () => true });
  const doubt = 'it says it is "b", and its certificate is that of "c"';
  await until(() => a.lines("closed a connection").some((line) => line.endsWith(doubt)));
  await until(() => a.lines("not connected to b").some((line) => line.includes(doubt)));
  liar.connection.send({ type: "TimeoutNow", from: "b", to: "a", term: 1 });
  const c = await nodes.open("c", { credentials: ofC });
  await reach("c", c, "a", a);
  assertEquals(a.received.filter(({ from }) => from === "b"), []);
  assertEquals(liar.received, []);
});

Deno.test("names of certificates are mapped to nodes as the option says", async () => {
  const isCertificateOf = (names: readonly string[], node: NodeId) => names.includes(`${node}.example`);
  await using nodes = testNodes();
  const credentialsOf = (id: string) => ca.credentialsOf(`${id}.example`);
  const a = await nodes.open("a", { credentials: await credentialsOf("a"), isCertificateOf });
  const b = await nodes.open("b", { credentials: await credentialsOf("b"), isCertificateOf });
  await reach("a", a, "b", b);
});

Deno.test("the CA and the certificates are replaced while the nodes run, and the old CA's are out", async () => {
  const next = await testCa();
  const both = ca.cert + next.cert;
  const now = { a: { ...ofA }, b: { ...ofB } };
  await using nodes = testNodes();
  const a = await nodes.open("a", { credentials: () => now.a });
  const b = await nodes.open("b", { credentials: () => Promise.resolve(now.b) });
  await reach("a", a, "b", b);
  const talks = async () => {
    await reach("a", a, "b", b);
    await reach("b", b, "a", a);
  };
  // First both CAs are believed, then the new certificates are shown, and at last the old CA goes.
  for (const id of ["a", "b"] as const) now[id] = { ...now[id], ca: both };
  for (const node of [a, b]) await node.transport.reload();
  await talks();
  for (const id of ["a", "b"] as const) {
    now[id] = { ...await next.credentialsOf(id), ca: both };
    await (id === "a" ? a : b).transport.reload();
    await talks();
  }
  for (const id of ["a", "b"] as const) now[id] = { ...now[id], ca: next.cert };
  for (const node of [a, b]) await node.transport.reload();
  await talks();
  const c = await nodes.open("c", { credentials: { ...ofC, ca: both } });
  await until(() => a.lines("refused a connection").length > 0);
  c.connection.send({ type: "TimeoutNow", from: "c", to: "a", term: 1 });
  await talks();
  assertEquals(a.received.filter(({ from }) => from === "c"), []);
});

Deno.test("a reload that fails says why, and the last credentials stay", async () => {
  const now = { a: ofA };
  await using nodes = testNodes();
  const a = await nodes.open("a", { credentials: () => now.a });
  const b = await nodes.open("b", { credentials: ofB });
  now.a = { ...ofA, key: ofB.key };
  const error = await assertRejects(() => a.transport.reload(), RaftError);
  assertEquals(error.message, "tls: credentials.key: is not the key of the certificate");
  await reach("a", a, "b", b);
  await reach("b", b, "a", a);
});

Deno.test("credentials that can't be used are refused by name", async () => {
  const expired = await ca.credentialsOf("a", -1 / 24);
  const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const wrong: readonly (readonly [TlsOptions["credentials"], string])[] = [
    [{ ...ofA, cert: "a.pem" }, 'tls: credentials.cert: expected text in PEM, got "a.pem"'],
    [{ ...ofA, cert: pem }, "tls: credentials.cert: is no valid PEM: "],
    [{ ...ofA, ca: pem }, "tls: credentials.ca: is no valid PEM: "],
    [{ ...ofA, ca: ofA.ca + pem }, "tls: credentials.ca: is no valid PEM: "],
    [{ ...ofA, key: pem }, "tls: credentials.key: is no valid PEM: "],
    [{ ...ofA, key: ofB.key }, "tls: credentials.key: is not the key of the certificate"],
    [expired, "tls: credentials.cert: expired on "],
    [ofB, 'tls: credentials.cert: the certificate is that of "b", not of this node, "a"'],
    [
      pemFiles({ cert: "/nowhere/a.pem", key: "/nowhere/a.key", ca: "/nowhere/ca.pem" }),
      "tls: can't read /nowhere/",
    ],
  ];
  for (const [credentials, expected] of wrong) {
    await using nodes = testNodes();
    const error = await assertRejects(() => nodes.open("a", { credentials }), RaftError);
    assertStringIncludes(error.message, expected);
  }
  const missing = { listen: loopback, peers: {} } as unknown as TlsOptions;
  const error = assertThrows(() => tls(missing), RaftError);
  assertStringIncludes(
    error.message,
    "tls: options.credentials: expected the certificate, the key and the CA",
  );
});

Deno.test("a port in use is refused with the address and what to do", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a", { credentials: ofA });
  const error = await assertRejects(
    () => nodes.open("b", { credentials: ofB, listen: a.connection.address }),
    RaftError,
  );
  assertEquals(error.code, "Unavailable");
  assertStringIncludes(
    error.message,
    `can't listen on 127.0.0.1:${a.connection.address.port}: the port is in use`,
  );
});

Deno.test("connections that begin no TLS are few at a time, and end in time, with one line for each reason", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a", { credentials: ofA, maxHandshakes: 2, handshakeTimeoutMs: 100 });
  const { hostname, port } = a.connection.address;
  const silent = await Promise.all(Array.from({ length: 5 }, () => Deno.connect({ hostname, port })));
  await Promise.all(silent.map(readToEnd));
  for (const connection of silent) connection.close();
  assertEquals(a.lines("2 others are still in their TLS handshake").length, 1);
  assertEquals(a.lines("no TLS handshake within 100 ms").length, 1);
  const b = await nodes.open("b", { credentials: ofB });
  await reach("b", b, "a", a);
});

async function readToEnd(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(1024);
  for (;;) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return;
    assert(count > 0);
  }
}

Deno.test("the names of a certificate are its DNS names, or else its common name", () => {
  assertEquals(namesOf("DNS:a, IP Address:10.0.0.1, DNS:b.example", "c"), ["a", "b.example"]);
  assertEquals(namesOf("IP Address:10.0.0.1", "c"), ["c"]);
  assertEquals(namesOf(undefined, "c"), ["c"]);
  assertEquals(namesOf(undefined, undefined), []);
});
