/** Clients over fetch, WebSockets and TCP, of three real nodes. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type ClientTransport,
  fetchTransport,
  RaftClient,
  RaftError,
  webSocketTransport,
} from "../src/client.ts";
import { listenForClients, tcpClientTransport } from "../src/deno.ts";
import { decodeResponse, encodeRequest } from "../src/client/wire.ts";
import { type ClientService, clientService } from "../src/client/service.ts";
import { RaftNode } from "../src/node.ts";
import type { StateMachine } from "../src/ports.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { memoryNetwork } from "../src/transport/memory.ts";
import { counter } from "./session_support.ts";
import { bytes, errorOf } from "./node_support.ts";

/** The same service over one of the transports. */
interface Medium {
  readonly name: string;
  readonly transport: () => ClientTransport;
  readonly serve: (
    service: ClientService,
  ) => { readonly address: string; readonly close: () => Promise<void> };
}

const localhost = "127.0.0.1";

function httpServer(handler: (request: Request) => Response | Promise<Response>, scheme: string) {
  const server = Deno.serve({ hostname: localhost, port: 0, onListen: () => {} }, handler);
  const { port } = server.addr;
  return { address: `${scheme}://${localhost}:${port}/`, close: () => server.shutdown() };
}

const media: readonly Medium[] = [
  {
    name: "fetch",
    transport: fetchTransport,
    serve: (service) => httpServer((request) => service.fetch(request), "http"),
  },
  {
    name: "WebSocket",
    transport: webSocketTransport,
    serve(service) {
      return httpServer((request) => {
        const { socket, response } = Deno.upgradeWebSocket(request);
        service.serveWebSocket(socket);
        return response;
      }, "ws");
    },
  },
  {
    name: "TCP",
    transport: tcpClientTransport,
    serve(service) {
      const listener = listenForClients(service, { hostname: localhost, port: 0 });
      return { address: `${localhost}:${listener.port}`, close: () => listener.close() };
    },
  },
];

/** Three nodes, each with an end for clients. */
async function cluster({ serve, transport }: Medium, options: { maxSessions?: number } = {}) {
  const network = memoryNetwork();
  const peers = ["a", "b", "c"];
  const machines = new Map(peers.map((id) => [id, counter()]));
  const nodes = await Promise.all(peers.map((id) =>
    RaftNode.start({
      id,
      peers,
      bootstrap: true,
      transport: network.transport(),
      storage: memoryStorage(),
      stateMachine: machines.get(id)!,
      ...options,
    })
  ));
  const ends = new Map(nodes.map((node) => [node.id, serve(clientService<unknown>(node))]));
  const servers = Object.fromEntries([...ends].map(([id, { address }]) => [id, address]));
  const client = (more: Partial<Parameters<typeof RaftClient.create>[0]> = {}) =>
    RaftClient.create({ servers, transport: transport(), ...more });
  const close = async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await Promise.all([...ends.values()].map((end) => end.close()));
  };
  return { network, nodes, machines, ends, servers, client, close };
}

for (const medium of media) {
  Deno.test(`over ${medium.name} a client proposes and reads, stale or not`, async () => {
    const { client, close } = await cluster(medium);
    await using one = client();
    assertEquals(await one.propose(bytes("x")), { before: 0 });
    const many = Array.from({ length: 300 }, (_, at) => one.propose(bytes(`${at}`)));
    const answers = await Promise.all(many) as { before: number }[];
    assertEquals(new Set(answers.map(({ before }) => before)).size, 300);
    assertEquals(await one.read(bytes("")), 301);
    assert(Number(await one.read(bytes(""), { stale: true })) <= 301);
    await one.close();
    await close();
  });

  Deno.test(`over ${medium.name} a client outlives its server and the leader, and repeats nothing`, async () => {
    const { client, nodes, ends, machines, close } = await cluster(medium);
    await using one = client({ attemptTimeoutMs: 1000 });
    await one.propose(bytes("first"));
    let running = true;
    let count = 0;
    const workers = [0, 1, 2, 3].map(async (worker) => {
      for (let at = 0; running; at++, count++) {
        await one.propose(bytes(`${worker}.${at}`), { timeoutMs: 20_000 });
      }
    });
    const leader = nodes.find((node) => node.status().role === "leader")!;
    await leader.close();
    await ends.get(leader.id)!.close();
    const [alive] = nodes.filter((node) => node !== leader);
    await one.propose(bytes("later"), { timeoutMs: 20_000 });
    running = false;
    await Promise.all(workers);
    assertEquals(await one.read(bytes("")), count + 2);
    const counts = [...machines.get(alive!.id)!.counts.values()];
    assertEquals(counts.filter((times) => times !== 1), []);
    await one.close();
    await close();
  });

  Deno.test(`over ${medium.name} a deadline and a signal end the wait, and closing the client does`, async () => {
    const { client, network, nodes, close } = await cluster(medium);
    await using one = client();
    await one.propose(bytes("x"));
    for (const { id } of nodes) network.isolate(id);
    const late = await errorOf(one.propose(bytes("y"), { timeoutMs: 300 }));
    assertEquals([late.code, late.outcome], ["Timeout", "unknown"]);
    const controller = new AbortController();
    const aborted = errorOf(one.read(bytes(""), { signal: controller.signal }));
    controller.abort("enough");
    assertEquals([(await aborted).code, (await aborted).outcome], ["Aborted", "no"]);
    const closed = errorOf(one.propose(bytes("z")));
    await one.close();
    assertEquals((await closed).code, "Stopped");
    assertEquals((await errorOf(one.read(bytes("")))).code, "Stopped");
    await close();
  });

  Deno.test(`over ${medium.name} what is no request gets a clear answer, or the connection ends`, async () => {
    const { servers, close, client } = await cluster(medium);
    const transport = medium.transport();
    const { signal } = new AbortController();
    const ask = async (body: Uint8Array) => decodeResponse(await transport.request(servers.a!, body, signal));
    for (
      const [body, expected] of [
        [bytes("GET / HTTP/1.1"), /^the request: not a MessagePack array: it starts with 0x47$/],
        [new Uint8Array(), /^the request: truncated: no bytes$/],
        [new Uint8Array([0x93, 9, 1, 1]), /^the request: request: version 9, but this end speaks 1$/],
        [new Uint8Array([0x93, 1, 9, 1]), /^the request: unknown kind of request: 9$/],
        [new Uint8Array([0x94, 1, 1, 1, 1]), /^the request: request: 1 values too many$/],
        [
          encodeRequest({
            type: "propose",
            timeoutMs: 100,
            session: { session: 1, sequence: 1, firstUnanswered: 2 },
            command: new Uint8Array(),
          }),
          /options\.session\.firstUnanswered: expected/,
        ],
        [new Uint8Array(1 << 20).fill(0x9f), /^the request: /],
      ] as const
    ) {
      const response = await ask(body);
      assert(response.type === "failed");
      assertEquals([response.error.code, response.error.outcome], ["InvalidOptions", "no"]);
      assertMatch(response.error.message, expected);
    }
    await assertRejects(() => transport.request(servers.a!, new Uint8Array(3 << 20), signal));
    await transport.close();
    await using one = client();
    assertEquals((await errorOf(one.propose(new Uint8Array(3 << 19)))).code, "TooLarge");
    assertEquals(await one.propose(bytes("x")), { before: 0 });
    await one.close();
    await close();
  });
}

Deno.test("when its session has expired a client goes on in a new one", async () => {
  const { client, close } = await cluster(media[0]!, { maxSessions: 1 });
  await using first = client();
  await using second = client();
  for (const before of [0, 2, 4]) {
    assertEquals(await first.propose(bytes("x")), { before });
    assertEquals(await second.propose(bytes("y")), { before: before + 1 });
  }
  await Promise.all([first, second].map((one) => one.close()));
  await close();
});

Deno.test("a client asks the leader, once it knows it", async () => {
  const { servers, nodes, close } = await cluster(media[0]!);
  const asked: string[] = [];
  const inner = fetchTransport();
  const transport: ClientTransport = {
    ...inner,
    request(address, body, signal) {
      asked.push(address);
      return inner.request(address, body, signal);
    },
  };
  await using one = RaftClient.create({ servers, transport });
  await one.propose(bytes("x"));
  asked.length = 0;
  for (let i = 0; i < 5; i++) await one.propose(bytes(`${i}`));
  const leader = nodes.find((node) => node.status().role === "leader")!;
  assertEquals(new Set(asked), new Set([servers[leader.id]]));
  await one.close();
  await close();
});

Deno.test("another service at the address, or none, is said to be so", async () => {
  const stranger = httpServer(() => new Response("hello", { status: 404 }), "http");
  const servers = { a: stranger.address };
  await using one = RaftClient.create({ servers, transport: fetchTransport(), timeoutMs: 200 });
  const { code, outcome, error: late } = await errorOf(one.read(bytes("")));
  assertEquals([code, outcome], ["Timeout", "no"]);
  assertMatch(
    late.message,
    /^there was no answer within 200 ms; before that: Unavailable: .* answered 404 hello; it will not take effect$/,
  );
  // Also where it is the session that can't be opened.
  const { code: unopened, error: why } = await errorOf(one.propose(bytes("x")));
  assertEquals(unopened, "Timeout");
  assertMatch(
    why.message,
    /^there was no answer within 200 ms; before that: Unavailable: .* answered 404 hello/,
  );
  const { signal } = new AbortController();
  const { error } = await errorOf(fetchTransport().request(stranger.address, bytes(""), signal));
  assertMatch(error.message, /answered 404 hello$/);
  await stranger.close();
  const nowhere = `${localhost}:${new URL(stranger.address).port}`;
  for (
    const [transport, address] of [
      [fetchTransport(), `http://${nowhere}/`],
      [webSocketTransport(), `ws://${nowhere}/`],
      [tcpClientTransport(), nowhere],
    ] as const
  ) {
    const refused = await errorOf(transport.request(address, bytes(""), signal));
    assertEquals([refused.code, refused.outcome], ["Unavailable", "unknown"]);
    await transport.close();
  }
  await one.close();
});

/** A cluster of one node. */
const nodeAlone = <Answer>(stateMachine: StateMachine<Answer>) =>
  RaftNode.start({
    id: "a",
    peers: ["a"],
    bootstrap: true,
    transport: memoryNetwork().transport(),
    storage: memoryStorage(),
    stateMachine,
  });

Deno.test("a request that is too large for the service is TooLarge at once, and was not executed", async () => {
  const node = await nodeAlone(counter());
  const service = clientService(node, { maxRequestBytes: 1000 });
  const server = httpServer((request) => service.fetch(request), "http");
  await using one = RaftClient.create({ servers: { a: server.address }, transport: fetchTransport() });
  assertEquals(await one.propose(bytes("x")), { before: 0 });
  const requests = [one.propose(new Uint8Array(2000)), one.read(new Uint8Array(2000))];
  for (const { code, outcome, error } of await Promise.all(requests.map((request) => errorOf(request)))) {
    assertEquals([code, outcome], ["TooLarge", "no"]);
    assertMatch(error.message, /answered 413 a request has at most 1000 bytes/);
  }
  assertEquals(await one.propose(bytes("y")), { before: 1 });
  await one.close();
  await server.close();
  await node.close();
});

Deno.test("an answer that the service can't encode leaves no doubt that the command may not be sent again", async () => {
  let executed = 0;
  const node = await nodeAlone({ apply: () => Symbol(`${++executed}`) });
  const service = clientService(node);
  const server = httpServer((request) => service.fetch(request), "http");
  await using one = RaftClient.create({
    servers: { a: server.address },
    transport: fetchTransport(),
    timeoutMs: 2000,
  });
  const { outcome } = await errorOf(one.propose(bytes("x")));
  assertEquals([outcome, executed], ["unknown", 1]);
  await one.close();
  await server.close();
  await node.close();
});

Deno.test("a client's options are looked at", () => {
  const create = (options: unknown) => RaftClient.create(options as Parameters<typeof RaftClient.create>[0]);
  const transport = fetchTransport();
  for (
    const [options, expected] of [
      [{ servers: {}, transport }, "options.servers: expected a record of addresses"],
      [{ servers: { a: 1 }, transport }, "options.servers: expected a record of addresses"],
      [{ servers: { a: "x" } }, "options.transport: expected a ClientTransport"],
      [{ servers: { a: "x" }, transport, timeoutMs: 0 }, "options.timeoutMs: expected"],
      [
        { servers: { a: "http://a/", b: "b:8000" }, transport },
        'options.servers.b: expected a URL that begins with http:// or https://, got "b:8000"',
      ],
      [
        { servers: { a: "http://a/" }, transport: webSocketTransport() },
        'options.servers.a: expected a URL that begins with ws:// or wss://, got "http://a/"',
      ],
      ...["a", "a:0", "a:70000", "http://a:80", "a:80/x"].map((a) =>
        [
          { servers: { a }, transport: tcpClientTransport() },
          "options.servers.a: expected host:port, got",
        ] as const
      ),
    ] as const
  ) {
    const { code, message } = assertThrows(() => create(options), RaftError);
    assertEquals(code, "InvalidOptions");
    assertStringIncludes(message, expected);
  }
});
