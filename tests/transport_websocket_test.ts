import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { denoWebSocket, type DenoWebSocketOptions } from "../src/deno.ts";
import type { Message, NodeId } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import type { Connection } from "../src/ports.ts";
import { framesOf } from "../src/transport/frame.ts";
import { helloFrame } from "../src/transport/hello.ts";
import { webSocket, type WebSocketOptions } from "../src/transport/websocket.ts";
import { until } from "./until.ts";

const loopback = { hostname: "127.0.0.1", port: 0 };
const servers = ["a", "b"];
const secret = "a secret of these tests";

interface TestNode {
  readonly connection: Connection;
  readonly url: string;
  readonly received: Message[];
  lines(part: string): string[];
}

function contextOf(id: NodeId, received: Message[] = [], logged: string[] = []) {
  return {
    id,
    clusterId: "test",
    servers,
    peers: servers.filter((peer) => peer !== id),
    onMessage: (message: Message) => void received.push(message),
    log: ({ message }: { readonly message: string }) => void logged.push(message),
  };
}

/** Nodes on loopback that find each other. */
function testNodes() {
  const open: Connection[] = [];
  const urls = new Map<NodeId, string>();
  return {
    urls,
    async open(id: NodeId, options: Partial<DenoWebSocketOptions> = {}): Promise<TestNode> {
      const received: Message[] = [];
      const logged: string[] = [];
      const connection = await denoWebSocket({
        listen: loopback,
        peers: (peer) => urls.get(peer),
        secret,
        minReconnectMs: 5,
        maxReconnectMs: 20,
        ...options,
      }).open(contextOf(id, received, logged));
      open.push(connection);
      const url = `ws://127.0.0.1:${connection.address?.port}/`;
      urls.set(id, url);
      return { connection, url, received, lines: (part) => logged.filter((line) => line.includes(part)) };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(open.map((connection) => connection.close()));
    },
  };
}

let next = 1;

/** Sends until something sent from now on arrives. */
async function reach(
  from: NodeId,
  sender: Connection,
  to: NodeId,
  received: readonly Message[],
): Promise<void> {
  const term = next++;
  await until(() => {
    sender.send({ type: "TimeoutNow", from, to, term });
    return received.some((message) => message.type === "TimeoutNow" && message.term === term);
  });
}

Deno.test("who has another secret is refused at both ends, with one line each, and hears nothing", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a");
  const b = await nodes.open("b", { secret: "some other secret text" });
  await until(() => a.lines("closed a connection").length > 0 && b.lines("closed a connection").length > 0);
  await until(() => a.lines("not connected to b: it closed").length > 0);
  for (let i = 0; i < 10; i++) {
    a.connection.send({ type: "TimeoutNow", from: "a", to: "b", term: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const node of [a, b]) {
    const [line, ...more] = node.lines("closed a connection");
    assertStringIncludes(line ?? "", "it does not know our secret");
    assertEquals([more, node.received], [[], []]);
  }
  const hint = "it closed the connection instead of a proof; is its secret the same?";
  assertStringIncludes(a.lines("not connected to b: it closed")[0] ?? "", hint);
});

Deno.test("the secret is on no wire, and nonces are new each time", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a");
  const record = () => {
    const socket = new WebSocket(a.url);
    socket.binaryType = "arraybuffer";
    const heard: Uint8Array[] = [];
    socket.onmessage = ({ data }) => heard.push(new Uint8Array(data));
    const closed = new Promise((resolve) => socket.onclose = resolve);
    return { socket, heard, closed, opened: new Promise((resolve) => socket.onopen = resolve) };
  };
  const hello = helloFrame({ id: "b", clusterId: "test", servers, nonce: "0123456789abcdef" });
  const first = record();
  await first.opened;
  first.socket.send(hello);
  await until(() => first.heard.length > 0);
  // A proof of the right length that isn't one: what an eavesdropper has.
  first.socket.send(framesOf([new Uint8Array(32)]));
  await first.closed;
  const heard = new TextDecoder().decode(first.heard[0]);
  assertStringIncludes(heard, '"nonce":');
  assert(!heard.includes(secret));
  const second = record();
  await second.opened;
  second.socket.send(hello);
  await until(() => second.heard.length > 0);
  assert(new TextDecoder().decode(second.heard[0]) !== heard, "a new nonce each time");
  second.socket.close();
  await second.closed;
  assertEquals(a.received, []);
});

Deno.test("who says hello without a secret is refused with a reason", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a");
  const socket = new WebSocket(a.url);
  await new Promise((resolve) => socket.onopen = resolve);
  socket.send(helloFrame({ id: "b", clusterId: "test", servers }));
  await new Promise((resolve) => socket.onclose = resolve);
  assertStringIncludes(a.lines("closed a connection")[0] ?? "", "it has no secret, and we ask for one");
});

Deno.test("text where bytes are expected closes the connection", async () => {
  await using nodes = testNodes();
  const a = await nodes.open("a");
  const socket = new WebSocket(a.url);
  await new Promise((resolve) => socket.onopen = resolve);
  socket.send("hello");
  await new Promise((resolve) => socket.onclose = resolve);
  assertEquals(a.received, []);
});

Deno.test("a transport is mounted into a server that does other things, too", async () => {
  const received: Message[] = [];
  const mounted = denoWebSocket({ peers: () => undefined, secret });
  const server = Deno.serve(
    { ...loopback, onListen() {} },
    (request) =>
      new URL(request.url).pathname === "/raft" ? mounted.handle(request) : new Response("other things"),
  );
  const at = (path: string, scheme = "http") => `${scheme}://127.0.0.1:${server.addr.port}${path}`;
  const ask = async (path: string) => {
    const response = await fetch(at(path));
    return [response.status, await response.text()];
  };
  assertEquals(await ask("/raft"), [503, "no node is served here now\n"]);
  const a = await mounted.open(contextOf("a", received));
  assertEquals(await ask("/"), [200, "other things"]);
  assertEquals(await ask("/raft"), [426, "only WebSockets are spoken here\n"]);
  const dialler = webSocket({ peers: { a: at("/raft", "ws") }, secret });
  const b = await dialler.open(contextOf("b"));
  await reach("b", b, "a", received);
  await Promise.all([a.close(), b.close()]);
  await server.shutdown();
});

Deno.test("a WebSocket that arrives while no node is served is closed", async () => {
  const transport = webSocket({ peers: {}, secret });
  const server = Deno.serve({ ...loopback, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    transport.accept(socket);
    return response;
  });
  const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}`);
  await new Promise((resolve) => socket.onclose = resolve);
  await server.shutdown();
});

Deno.test("a wrong option is refused by its name", async () => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ peers: {} }, "webSocket: options.secret: expected a text of at least 16 characters, got undefined"],
    [
      { peers: {}, secret: "short" },
      'options.secret: expected a text of at least 16 characters, got "short"',
    ],
    [
      { peers: { b: "http://b" }, secret },
      'webSocket: options.peers.b: expected a URL that begins with ws:// or wss://, got "http://b"',
    ],
    [{ peers: {}, secret, token: 1 }, "webSocket: options.token: there is no such option"],
  ];
  for (const [options, expected] of wrong) {
    const error = assertThrows(() => webSocket(options as WebSocketOptions), RaftError);
    assertStringIncludes(error.message, expected);
    assertThrows(() => denoWebSocket(options as DenoWebSocketOptions), RaftError);
  }
  await using nodes = testNodes();
  const a = await nodes.open("a");
  const port = Number(new URL(a.url).port);
  const error = await assertRejects(() => nodes.open("b", { listen: { ...loopback, port } }), RaftError);
  assertEquals(error.code, "Unavailable");
  assertStringIncludes(error.message, `can't listen on 127.0.0.1:${port}: the port is in use`);
});
