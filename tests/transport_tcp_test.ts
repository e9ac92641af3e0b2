import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { encodeMessage } from "../src/codec.ts";
import type { Message, NodeId } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import { frameReader, framesOf } from "../src/transport/frame.ts";
import { helloFrame, protocolVersions } from "../src/transport/hello.ts";
import { outgoing } from "../src/transport/outgoing.ts";
import { tcp, type TcpAddress, type TcpConnection, type TcpOptions } from "../src/transport/tcp.ts";
import { until } from "./until.ts";

const protocolVersion = protocolVersions.newest;
const loopback = { hostname: "127.0.0.1", port: 0 };
const deadlineMs = 10_000;

// What strangers say.

const encoder = new TextEncoder();
const servers = ["a", "b", "c"];
const hello = (fields: Record<string, unknown>) => {
  const own = {
    protocol: "quorate",
    version: protocolVersion,
    clusterId: "test",
    node: "c",
    servers,
    ...fields,
  };
  return framesOf([encoder.encode(JSON.stringify(own))]);
};
const welcomeOf = (id: NodeId) =>
  new Uint8Array([...helloFrame({ id, clusterId: "test", servers }), ...framesOf([new Uint8Array()])]);
const frame = (message: Message) => framesOf([encodeMessage(message)]);
const vote = (from: NodeId, to: NodeId): Message => ({
  type: "RequestVote",
  from,
  to,
  term: 1,
  lastLogIndex: 0,
  lastLogTerm: 0,
  priority: 0,
  isTransfer: false,
});

/** What is said to `a`, as one string of bytes, and what its log says to it. */
const strangers: readonly (readonly [sentence: string, bytes: readonly Uint8Array[], reason: string])[] = [
  [
    "an HTTP request closes the connection",
    [encoder.encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n")],
    "a frame of 1195725856 bytes, longer than the 16384 bytes allowed",
  ],
  [
    "a hello that is too long closes the connection",
    [new Uint8Array([0, 0, 64, 1])],
    "a frame of 16385 bytes, longer than the 16384 bytes allowed",
  ],
  [
    "garbage for a hello closes the connection",
    [framesOf([new Uint8Array([255, 254, 0, 10, 13])])],
    "no valid hello: not JSON",
  ],
  [
    "an empty hello closes the connection",
    [framesOf([new Uint8Array()])],
    "no valid hello: not JSON",
  ],
  [
    "a message instead of a hello closes the connection",
    [frame(vote("c", "a"))],
    "no valid hello: not JSON",
  ],
  [
    "a hello of another protocol closes the connection",
    [hello({ protocol: "other" })],
    'no valid hello: protocol: Invalid input: expected "quorate"',
  ],
  [
    "a hello without a node closes the connection",
    [hello({ node: undefined })],
    "no valid hello: node: Invalid input: expected string, received undefined",
  ],
  [
    "a hello of another version closes the connection",
    [hello({ version: protocolVersion + 1 })],
    `it speaks version ${protocolVersion + 1} of the protocol, and we version ${protocolVersion}`,
  ],
  [
    "a hello of another cluster closes the connection",
    [hello({ clusterId: "other\ncluster" })],
    'it belongs to cluster "other\\ncluster", and we to "test"',
  ],
  [
    "a hello of another version that says nothing else closes the connection",
    [framesOf([encoder.encode(JSON.stringify({ protocol: "quorate", version: 1 }))])],
    `it speaks version 1 of the protocol, and we version ${protocolVersion}`,
  ],
  [
    "a hello of a cluster of other servers closes the connection",
    [hello({ servers: ["a", "b", "c", "d\ne"] })],
    'to it the servers of the cluster are "a", "b", "c", "d\\ne", and to us "a", "b", "c"',
  ],
  [
    "a hello of a cluster that began with a backup closes the connection",
    [hello({ backup: "1\n2" })],
    'the cluster began with backup "1\\n2" to it, and with none to us',
  ],
  [
    "a hello of a stranger closes the connection",
    [hello({ node: "x\ny" })],
    '"x\\ny" is not a peer',
  ],
  [
    "a hello that claims the node's own name closes the connection",
    [hello({ node: "a" })],
    'it claims our own name "a"',
  ],
  [
    "a message that names another peer as its sender closes the connection",
    [hello({}), frame(vote("b", "a"))],
    'a RequestVote from "b", who is somebody else',
  ],
  [
    "a message for another node closes the connection",
    [hello({}), frame(vote("c", "b"))],
    'a RequestVote to "b", which is another node',
  ],
  [
    "a message that is too long closes the connection",
    [hello({}), new Uint8Array([0, 1, 0, 1])],
    "a frame of 65537 bytes, longer than the 65536 bytes allowed",
  ],
  [
    "bytes that are no message close the connection",
    [hello({}), framesOf([new Uint8Array([0x92, 1, 2])])],
    "RequestVote: from must be well-formed text of 1 to 255 characters, not 2",
  ],
  [
    "a message that is cut off inside of its frame closes the connection",
    [hello({}), framesOf([encodeMessage(vote("c", "a")).subarray(0, -1)])],
    "truncated: 7 of 8 values",
  ],
];

for (const [sentence, bytes, reason] of strangers) {
  Deno.test(`${sentence}, with one line in the log, and the peers still talk`, async () => {
    await using cluster = testCluster();
    const a = await cluster.open("a", { maxFrameBytes: 65536 });
    const b = await cluster.open("b");
    await cluster.exchange(a, b);
    const connection = await Deno.connect(a.address);
    try {
      for (const part of bytes) await connection.write(part);
      await readToEnd(connection);
      const local = connection.localAddr;
      const [line, ...more] = a.lines("closed a connection");
      assertEquals(more, []);
      assertStringIncludes(line ?? "", `${local.hostname}:${local.port}: ${reason}`);
      assert(!line?.includes("\n"), "one line");
    } finally {
      connection.close();
    }
    await cluster.exchange(a, b);
    assertEquals(a.lines("closed a connection").length, 1);
    assertEquals(a.received.filter(({ type }) => type !== "ProposeRefused"), []);
  });
}

Deno.test("who counts other servers is one line at both ends, however often it dials", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  const b = await cluster.open("b", {}, ["b", "a"]);
  await until(() => (cluster.lookups.get("a") ?? 0) >= 5 && (cluster.lookups.get("b") ?? 0) >= 5);
  const [fromA, fromB] = ['to us "a", "b", "c"', 'to us "a", "b"'];
  for (const [node, peer, reason] of [[a, "b", fromA], [b, "a", fromB]] as const) {
    assertEquals(node.lines("closed a connection").filter((line) => line.endsWith(reason)).length, 1);
    assertEquals(node.lines(`not connected to ${peer}`).filter((line) => line.includes(reason)).length, 1);
    assertEquals(node.lines("connected to").filter((line) => line.startsWith("connected")), []);
  }
});

Deno.test("who is no peer is told so, and both ends have one line of it, however often it dials", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  a.connection.setPeers(["c"], {});
  const b = await cluster.open("b");
  b.connection.send(propose("b", "a", 1));
  await until(() => (cluster.lookups.get("a") ?? 0) >= 5);
  assertEquals(b.lines("connected to a").length, 1);
  assertStringIncludes(
    b.lines("connected to a")[0] ?? "",
    'not connected to a: it refuses us: "you are not one of my peers"; will try again',
  );
  assertEquals(a.lines("closed a connection").map((line) => line.replace(/:\d+:/, ":")), [
    'closed a connection from 127.0.0.1: "b" is not a peer',
  ]);
  assertEquals(a.received, []);
});

Deno.test("who is a peer no more is heard no more, is told so, and is let in when it is one again", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  const b = await cluster.open("b");
  await cluster.exchange(a, b);
  a.connection.setPeers(["c"], {});
  await until(() => b.lines("you are not one of my peers").length === 1);
  const heard = a.received.length;
  const before = cluster.lookups.get("a") ?? 0;
  await until(() => {
    b.connection.send(propose("b", "a", 1));
    return (cluster.lookups.get("a") ?? 0) >= before + 5;
  });
  assertEquals(a.received.length, heard);
  assertEquals(b.lines("you are not one of my peers").length, 1);
  a.connection.setPeers(["b", "c"], {});
  await cluster.exchange(a, b);
});

Deno.test("names that no hello can hold are refused at once", async () => {
  const names = Array.from({ length: 99 }, (_, i) => `${i}`.padEnd(255, "x"));
  const transport = tcp({ listen: loopback, peers: () => undefined });
  const context = { id: "a", clusterId: "test", servers: ["a", ...names].sort(), peers: names };
  const error = await assertRejects(
    () => transport.open({ ...context, onMessage() {}, log() {} }),
    RaftError,
  );
  assertEquals(error.code, "InvalidOptions");
  assertStringIncludes(error.message, "more than the 16384 of a hello");
});

Deno.test("half a hello and then silence closes the connection after the time limit", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a", { handshakeTimeoutMs: 50 });
  const connection = await Deno.connect(a.address);
  await connection.write(hello({}).subarray(0, 10));
  await readToEnd(connection);
  connection.close();
  assertEquals(a.lines("closed a connection").length, 1);
  assertStringIncludes(a.lines("closed a connection")[0] ?? "", "no hello within 50 ms");
});

Deno.test("half a hello and then the end is one line; a connection without a word is none", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  const silent = await Deno.connect(a.address);
  silent.close();
  const half = await Deno.connect(a.address);
  await half.write(hello({}).subarray(0, 10));
  half.close();
  await until(() => a.lines("closed a connection").length > 0);
  assertEquals(a.lines("closed a connection").length, 1);
  assertStringIncludes(a.lines("closed a connection")[0] ?? "", "it ended before its hello did");
});

Deno.test("connections without a hello are few at a time, and refusing them is one line", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a", { maxHandshakes: 2 });
  const waiting = [await Deno.connect(a.address), await Deno.connect(a.address)];
  for (let i = 0; i < 3; i++) {
    const refused = await Deno.connect(a.address);
    await readToEnd(refused);
    refused.close();
  }
  assertEquals(a.lines("refused a connection").length, 1);
  for (const connection of waiting) connection.close();
  const b = await cluster.open("b");
  await cluster.exchange(a, b);
});

Deno.test("a flood of connections keeps no peer out for long, and is few lines", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a", { maxHandshakes: 8, handshakeTimeoutMs: 50 });
  const flood = await Promise.all(Array.from({ length: 200 }, () => Deno.connect(a.address)));
  const b = await cluster.open("b");
  await Promise.all([cluster.exchange(a, b), ...flood.map(readToEnd)]);
  for (const connection of flood) connection.close();
  assert(a.lines("a connection from").length <= 10, `${a.lines("a connection from")}`);
});

Deno.test("one byte of a hello now and then gains no time", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a", { handshakeTimeoutMs: 100 });
  const connection = await Deno.connect(a.address);
  const bytes = hello({});
  const ended = readToEnd(connection);
  let isOver = false;
  ended.then(() => isOver = true);
  for (let at = 0; !isOver; at++) {
    assert(at < bytes.length, "it was over before the hello was");
    await connection.write(bytes.subarray(at, at + 1)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  connection.close();
  assertStringIncludes(a.lines("closed a connection")[0] ?? "", "no hello within 100 ms");
});

Deno.test("a peer that goes silent without closing is taken for gone, at the end that it dialled, too", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a", { keepAliveMs: 20 });
  const connection = await Deno.connect(a.address);
  await connection.write(hello({}));
  await connection.write(frame(vote("c", "a")));
  await readToEnd(connection);
  connection.close();
  const [line, ...more] = a.lines("closed a connection from c");
  assertStringIncludes(line ?? "", "no byte for 60 ms");
  assertEquals([more, a.received.length], [[], 1]);
});

Deno.test("a peer that asks for two million signs of life and reads none hinders nobody", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  const connection = await Deno.connect(a.address);
  await connection.write(hello({}));
  const questions = new Uint8Array(1 << 20);
  for (let i = 0; i < 8; i++) {
    for (let at = 0; at < questions.length;) at += await connection.write(questions.subarray(at));
  }
  const b = await cluster.open("b");
  await cluster.exchange(a, b);
  connection.close();
});

Deno.test("a peer that takes bytes and never reads them is given up, and what waits for it is bounded", async () => {
  await using cluster = testCluster();
  const deaf = Deno.listen(loopback);
  cluster.addresses.set("b", deaf.addr);
  const a = await cluster.open("a", { keepAliveMs: 30, maxQueuedMessages: 10 });
  const connection = await deaf.accept();
  await connection.write(welcomeOf("b"));
  const fill = new Uint8Array(1 << 20);
  await until(() => {
    for (let i = 0; i < 20; i++) a.connection.send(propose("a", "b", i, fill));
    return a.lines("not connected to b").some((line) => line.includes("nothing could be written for 30 ms"));
  });
  assertEquals(a.lines("the queue to b is full").length, 1);
  connection.close();
  deaf.close();
});

Deno.test("a frame that announces much and brings little makes room for little", async () => {
  let longest = 0;
  let left = 100_000;
  const reader = frameReader({
    remote: "c",
    read(buffer) {
      longest = Math.max(longest, buffer.buffer.byteLength);
      const count = Math.min(left, buffer.length, 1000);
      // Announces 16 MiB, and then brings zeros.
      if (left === 100_000) buffer.set([1, 0, 0, 0]);
      left -= count;
      return Promise.resolve(count === 0 ? null : count);
    },
    write: ({ length }) => Promise.resolve(length),
    close() {},
  });
  do assertEquals(reader.next(1 << 24), null); while (await reader.more());
  assertEquals(longest, 128 * 1024);
});

Deno.test("a peer that dials again replaces its last connection", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  const first = await Deno.connect(a.address);
  await first.write(hello({}));
  await first.write(frame(vote("c", "a")));
  await until(() => a.received.length === 1);
  const second = await Deno.connect(a.address);
  await second.write(hello({}));
  await readToEnd(first);
  await second.write(frame(vote("c", "a")));
  await until(() => a.received.length === 2);
  first.close();
  second.close();
  assertEquals(a.lines("closed a connection"), []);
});

Deno.test("a port in use is refused with the address and what to do", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  const second = tcp({ listen: a.address, peers: {} });
  const error = await assertRejects(
    () => second.open({ id: "b", clusterId: "test", servers, peers: [], onMessage() {}, log() {} }),
    RaftError,
  );
  assertEquals(error.code, "Unavailable");
  assertStringIncludes(error.message, `can't listen on 127.0.0.1:${a.address.port}: the port is in use`);
  assertStringIncludes(error.message, "choose another port");
});

Deno.test({
  name: "a missing permission is refused with the flag that gives it",
  permissions: { net: false, read: true },
  async fn() {
    const transport = tcp({ listen: { hostname: "127.0.0.1", port: 7001 }, peers: {} });
    const error = await assertRejects(
      () => transport.open({ id: "a", clusterId: "test", servers, peers: [], onMessage() {}, log() {} }),
      RaftError,
    );
    assertEquals(error.code, "Unavailable");
    assertStringIncludes(error.message, "can't listen on 127.0.0.1:7001: the permission is missing");
    assertStringIncludes(error.message, "--allow-net");
  },
});

Deno.test("a wrong option is refused by its name", async () => {
  const peers = { b: { hostname: "127.0.0.1", port: 7002 } };
  const wrong: readonly (readonly [unknown, string])[] = [
    [undefined, "tcp: options: expected an object, got undefined"],
    [{ peers }, "tcp: options.listen: expected an object, got undefined"],
    [
      { listen: { hostname: "127.0.0.1", port: "7001" }, peers },
      'tcp: options.listen.port: expected an integer from 0 to 65535, got "7001"',
    ],
    [
      { listen: { hostname: "", port: 0 }, peers },
      'tcp: options.listen.hostname: expected a name or an IP address, got ""',
    ],
    ...["http://b", "10.0.0.2:7001", "b/c", "b c"].map((hostname) =>
      [
        { listen: loopback, peers: { b: { hostname, port: 7002 } } },
        `tcp: options.peers.b.hostname: expected a name or an IP address, got "${hostname}"`,
      ] as const
    ),
    [
      { listen: loopback, peers: { b: { hostname: "b", port: 0 } } },
      "tcp: options.peers.b.port: expected an integer from 1 to 65535, got 0",
    ],
    [
      { listen: loopback, peers: { b: { host: "b", port: 1 } } },
      "tcp: options.peers.b.host: there is no such option; there are hostname, port",
    ],
    [
      { listen: loopback, peers: 7 },
      "tcp: options.peers: expected a record of addresses, or a function, got 7",
    ],
    [
      { listen: loopback, peers, maxFrame: 1 },
      "tcp: options.maxFrame: there is no such option; there are listen, peers, maxFrameBytes",
    ],
    [
      { listen: loopback, peers, maxFrameBytes: 1.5 },
      "tcp: options.maxFrameBytes: expected an integer from 1 to 2147483647, got 1.5",
    ],
    [
      { listen: loopback, peers, maxQueuedBytes: 1 },
      "tcp: options.maxQueuedBytes: expected an integer of at least maxFrameBytes, got 1",
    ],
    [
      { listen: loopback, peers, minReconnectMs: 9, maxReconnectMs: 8 },
      "tcp: options.maxReconnectMs: expected a number of milliseconds of at least minReconnectMs, got 8",
    ],
  ];
  for (const [options, expected] of wrong) {
    const error = assertThrows(() => tcp(options as TcpOptions), RaftError);
    assertEquals(error.code, "InvalidOptions");
    assertStringIncludes(error.message, expected);
  }
  const error = await assertRejects(
    () =>
      tcp({ listen: loopback, peers })
        .open({ id: "a", clusterId: "test", servers, peers: ["b", "c"], onMessage() {}, log() {} }),
    RaftError,
  );
  assertEquals(error.code, "InvalidOptions");
  assertStringIncludes(error.message, 'tcp: peers: an address of "c" is missing');
});

Deno.test("an address in the log that the transport can't read is named, with what to do", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  a.connection.setPeers(["b", "c"], { b: "http://b:7001" });
  await until(() => a.lines("http://b:7001").length > 0);
  assertEquals(a.lines("http://b:7001"), [
    'not connected to b: its address in the log, "http://b:7001", is none for tcp: ' +
    "change the members again, with its address; will try again",
  ]);
});

Deno.test("what waits for a peer is bounded in messages, and the oldest are dropped", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a", { maxQueuedMessages: 10 });
  for (let i = 0; i < 25; i++) a.connection.send(propose("a", "b", i));
  const b = await cluster.open("b");
  await until(() => b.received.length === 10);
  await cluster.exchange(a, b);
  assertEquals(sequences(b), [15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
});

Deno.test("of heartbeats for a peer that is down only the newest waits, and displaces nothing", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a", { maxQueuedMessages: 50 });
  for (let i = 0; i < 5; i++) a.connection.send(propose("a", "b", i));
  for (let round = 1; round <= 100; round++) a.connection.send(heartbeat("a", "b", round));
  for (let i = 5; i < 8; i++) a.connection.send(propose("a", "b", i));
  for (let round = 101; round <= 200; round++) a.connection.send(heartbeat("a", "b", round));
  const b = await cluster.open("b");
  await cluster.exchange(a, b);
  assertEquals(sequences(b), [0, 1, 2, 3, 4, 5, 6, 7]);
  const rounds = b.received.flatMap((message) => message.type === "AppendEntries" ? [message.round] : []);
  assertEquals(rounds, [100, 200]);
});

Deno.test("what waits for a peer is bounded in bytes, and the oldest are dropped", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a", { maxQueuedBytes: 65536, maxFrameBytes: 65536 });
  for (let i = 0; i < 10; i++) a.connection.send(propose("a", "b", i, new Uint8Array(20_000)));
  const b = await cluster.open("b");
  await until(() => b.received.length === 3);
  await cluster.exchange(a, b);
  assertEquals(sequences(b), [7, 8, 9]);
});

Deno.test("a queue that overflows is one line, and one more when it has been empty and overflows again", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a", { maxQueuedMessages: 10 });
  const flood = () => {
    for (let i = 0; i < 25; i++) a.connection.send(propose("a", "b", i));
  };
  const full = () => a.lines("the queue to b is full: the oldest messages are dropped").length;
  flood();
  assertEquals(full(), 0, "not to a peer that is known to be out of reach");
  const b = await cluster.open("b");
  await cluster.exchange(a, b);
  flood();
  flood();
  assertEquals(full(), 1);
  await cluster.exchange(a, b);
  await until(() => {
    flood();
    return full() === 2;
  });
});

Deno.test("a message of exactly maxFrameBytes arrives, and a longer one is dropped with one line", async () => {
  const maxFrameBytes = 65536;
  const overhead = encodeMessage(propose("a", "b", 1, new Uint8Array(60_000))).length - 60_000;
  await using cluster = testCluster();
  const a = await cluster.open("a", { maxFrameBytes });
  const b = await cluster.open("b", { maxFrameBytes });
  await cluster.exchange(a, b);
  for (let i = 0; i < 3; i++) {
    a.connection.send(propose("a", "b", 1, new Uint8Array(maxFrameBytes - overhead + 1)));
  }
  a.connection.send(propose("a", "b", 2, new Uint8Array(maxFrameBytes - overhead)));
  await cluster.exchange(a, b);
  assertEquals(sequences(b), [2]);
  assertEquals(a.lines("dropped a message"), [
    "dropped a message: 65537 bytes are more than maxFrameBytes, 65536",
  ]);
});

Deno.test("messages arrive in the order in which they were sent, however they are cut into packets", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  const connection = await Deno.connect(a.address);
  const bytes = new Uint8Array([
    ...hello({}),
    ...Array.from({ length: 20 }, (_, i) => [...frame(propose("c", "a", i))]).flat(),
  ]);
  connection.setNoDelay(true);
  for (let at = 0; at < bytes.length; at += 7) await connection.write(bytes.subarray(at, at + 7));
  await until(() => a.received.length === 20);
  connection.close();
  assertEquals(sequences(a), Array.from({ length: 20 }, (_, i) => i));
});

Deno.test("a peer that is down is one line, and one more when it is up, down and up again", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  const b = await cluster.open("b");
  await cluster.exchange(a, b);
  await b.connection.close();
  // Several attempts fail, as can be seen at how often the address was looked up.
  const before = cluster.lookups.get("b") ?? 0;
  await until(() => (cluster.lookups.get("b") ?? 0) >= before + 5);
  const down = a.lines("not connected to b");
  assert(down.length >= 1 && down.length <= 3, `few lines, not one for each attempt: ${down}`);
  const again = await cluster.open("b");
  await cluster.exchange(a, again);
  assertEquals(a.lines("connected to b").filter((line) => line.startsWith("connected")).length, 2);
});

Deno.test("a wrong node at a peer's address is not spoken to", async () => {
  await using cluster = testCluster();
  const b = await cluster.open("b");
  cluster.addresses.set("c", b.address);
  const a = await cluster.open("a");
  a.connection.send(propose("a", "c", 1));
  await until(() => a.lines("not connected to c").some((line) => line.includes('there is "b" instead')));
  await cluster.exchange(a, b);
  assertEquals(sequences(b), []);
});

Deno.test("a peer that accepts and stays silent is given up, and dialled again", async () => {
  await using cluster = testCluster();
  const silent = Deno.listen(loopback);
  cluster.addresses.set("b", silent.addr);
  const a = await cluster.open("a", { handshakeTimeoutMs: 30 });
  for (let i = 0; i < 2; i++) {
    const connection = await silent.accept();
    await readToEnd(connection);
    connection.close();
  }
  silent.close();
  assertStringIncludes(a.lines("not connected to b")[0] ?? "", "no answer within 30 ms");
  await a.connection.close();
});

Deno.test("a peer that gives no sign of life is given up, and dialled again", async () => {
  await using cluster = testCluster();
  const deaf = Deno.listen(loopback);
  cluster.addresses.set("b", deaf.addr);
  const a = await cluster.open("a", { keepAliveMs: 30 });
  const connection = await deaf.accept();
  await connection.write(welcomeOf("b"));
  await readToEnd(connection);
  (await deaf.accept()).close();
  connection.close();
  deaf.close();
  assertStringIncludes(a.lines("not connected to b")[0] ?? "", "no sign of life for 30 ms");
});

Deno.test("an idle connection to a peer that gives signs of life stays", async () => {
  await using cluster = testCluster();
  const alive = Deno.listen(loopback);
  cluster.addresses.set("b", alive.addr);
  // Long enough that a pause of the machine is not taken for the peer's death.
  const a = await cluster.open("a", { keepAliveMs: 200 });
  const connection = await alive.accept();
  await connection.write(welcomeOf("b"));
  assertEquals(await readSome(connection), helloFrame({ id: "a", clusterId: "test", servers }));
  for (let i = 0; i < 3; i++) {
    assertEquals(await readSome(connection), new Uint8Array(4), "an empty frame asks");
    await connection.write(new Uint8Array(4));
  }
  assertEquals(a.lines("not connected to b"), []);
  connection.close();
  alive.close();
});

Deno.test("an empty frame is answered by one", async () => {
  await using cluster = testCluster();
  const a = await cluster.open("a");
  const connection = await Deno.connect(a.address);
  await connection.write(hello({}));
  await readWelcome(connection, "a");
  for (let i = 0; i < 3; i++) {
    await connection.write(new Uint8Array(4));
    assertEquals(await readSome(connection), new Uint8Array(4));
  }
  connection.close();
});

Deno.test("a peer that answers with a message where none is expected is given up", async () => {
  await using cluster = testCluster();
  const talkative = Deno.listen(loopback);
  cluster.addresses.set("b", talkative.addr);
  const a = await cluster.open("a");
  const connection = await talkative.accept();
  await connection.write(welcomeOf("b"));
  await connection.write(frame(vote("b", "a")));
  await readToEnd(connection);
  connection.close();
  talkative.close();
  assertStringIncludes(a.lines("not connected to b")[0] ?? "", "longer than the 0 bytes allowed");
  assertEquals(a.received, []);
});

Deno.test("a pause after a peer could not be reached ends when it dials us", async () => {
  let attempts = 0;
  const logged: string[] = [];
  const way = outgoing({
    ...patience,
    connect() {
      attempts++;
      return Promise.reject(new Error(`no route, attempt ${attempts}`));
    },
    log: ({ message }) => logged.push(message),
  });
  await until(() => logged.length === 1);
  way.retryNow();
  await until(() => logged.length === 2);
  await way.close();
  assertEquals(attempts, 2);
});

Deno.test("a pause after a peer threw us out doesn't end when it dials us: else two nodes would never rest", async () => {
  let attempts = 0;
  const logged: string[] = [];
  const way = outgoing({
    ...patience,
    connect() {
      attempts++;
      const bytes = [welcomeOf("b")];
      return Promise.resolve({
        remote: "b",
        read(buffer) {
          const next = bytes.shift();
          if (next !== undefined) buffer.set(next);
          return Promise.resolve(next?.length ?? null);
        },
        write: ({ length }) => Promise.resolve(length),
        close() {},
      });
    },
    log: ({ message }) => logged.push(message),
  });
  await until(() => logged.length === 2);
  for (let i = 0; i < 10; i++) {
    way.retryNow();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await way.close();
  assertEquals(attempts, 1);
  assertEquals(logged, [
    "connected to b",
    "not connected to b: it closed the connection; will try again",
  ]);
});

/** Pauses that outlast a test. */
const patience = {
  own: { id: "a", clusterId: "test", servers },
  peer: "b",
  queue: { maxMessages: 10, maxBytes: 1000 },
  minReconnectMs: 60_000,
  maxReconnectMs: 60_000,
  handshakeTimeoutMs: 60_000,
  keepAliveMs: 60_000,
};

Deno.test("closing while connecting, dialling, sending and receiving releases everything", async () => {
  for (let i = 0; i < 10; i++) {
    await using cluster = testCluster();
    const a = await cluster.open("a");
    const b = await cluster.open("b");
    for (let j = 0; j < 50; j++) a.connection.send(propose("a", "b", j, new Uint8Array(10_000)));
    if (i % 2 === 0) await cluster.exchange(a, b);
    await Promise.all([a.connection.close(), a.connection.close(), b.connection.close()]);
  }
});

/** A node of a test. */
interface TestNode {
  readonly id: NodeId;
  readonly address: TcpAddress;
  readonly connection: TcpConnection;
  readonly received: Message[];
  /** The lines of its log that contain this. */
  lines(part: string): string[];
}

/** Nodes a, b and c on loopback. */
function testCluster() {
  const addresses = new Map<NodeId, TcpAddress>();
  const lookups = new Map<NodeId, number>();
  const open: TestNode[] = [];
  let nextProbe = 0;

  /** Sends until something sent from now on arrives. */
  const reach = async (from: TestNode, to: TestNode) => {
    const first = nextProbe;
    await until(() => {
      const id = { node: from.id, incarnation: 0, sequence: nextProbe++ };
      from.connection.send({ type: "ProposeRefused", from: from.id, to: to.id, ids: [id] });
      return to.received.some((message) =>
        message.type === "ProposeRefused" && message.from === from.id &&
        (message.ids[0]?.sequence ?? -1) >= first
      );
    });
  };

  return {
    addresses,
    lookups,
    async open(
      id: NodeId,
      options: Partial<TcpOptions> = {},
      members: readonly NodeId[] = servers,
    ): Promise<TestNode> {
      const received: Message[] = [];
      const logged: string[] = [];
      const transport = tcp({
        listen: addresses.get(id) ?? loopback,
        peers(peer) {
          lookups.set(peer, (lookups.get(peer) ?? 0) + 1);
          return addresses.get(peer);
        },
        minReconnectMs: 5,
        maxReconnectMs: 20,
        ...options,
      });
      const connection = await transport.open({
        id,
        clusterId: "test",
        servers: [...members].sort(),
        peers: members.filter((peer) => peer !== id),
        onMessage: (message) => received.push(message),
        log: ({ message }) => logged.push(message),
      });
      addresses.set(id, connection.address);
      const lines = (part: string) => logged.filter((line) => line.includes(part));
      const node = { id, address: connection.address, connection, received, lines };
      open.push(node);
      return node;
    },
    /** Waits until each has heard something new from the other. */
    async exchange(a: TestNode, b: TestNode) {
      await reach(a, b);
      await reach(b, a);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(open.map(({ connection }) => connection.close()));
    },
  };
}

/** Resolves when the other end has closed the connection. */
async function readToEnd(connection: Deno.Conn): Promise<void> {
  // Closing with unread bytes resets a connection: that, too, is its end.
  while ((await readSome(connection)).length > 0);
}

async function readSome(connection: Deno.Conn): Promise<Uint8Array> {
  const buffer = new Uint8Array(65536);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    connection.close();
  }, deadlineMs);
  try {
    const count = await connection.read(buffer);
    return buffer.subarray(0, count ?? 0);
  } catch (error) {
    assert(!late, `neither bytes nor the end within ${deadlineMs} ms`);
    if (error instanceof Deno.errors.ConnectionReset) return buffer.subarray(0, 0);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a hello and a welcome, in one piece or in two. */
async function readWelcome(connection: Deno.Conn, id: NodeId): Promise<void> {
  const expected = welcomeOf(id);
  let got: number[] = [];
  while (got.length < expected.length) got = [...got, ...await readSome(connection)];
  assertEquals(new Uint8Array(got), expected);
}

function propose(from: NodeId, to: NodeId, sequence: number, command = new Uint8Array([7])): Message {
  return {
    type: "Propose",
    from,
    to,
    proposals: [{ id: { node: from, incarnation: 1, sequence }, command }],
  };
}

function heartbeat(from: NodeId, to: NodeId, round: number): Message {
  const place = { term: 1, prevLogIndex: 0, prevLogTerm: 0, leaderCommit: 0 };
  return { type: "AppendEntries", from, to, ...place, entries: [], round };
}

function sequences(node: TestNode): (number | undefined)[] {
  return node.received.flatMap((message) =>
    message.type === "Propose" ? message.proposals.map(({ id }) => id.sequence) : []
  );
}
