/**
 * What every transport must do. Run it over an implementation of your own:
 *
 * ```ts ignore
 * testTransport("my transport", () => {
 *   const shared = makeWhateverTheNodesShare();
 *   return { transportOf: (node) => myTransport(shared, node), deadlineMs: 10_000 };
 * });
 * ```
 */
import { assert, assertEquals } from "@std/assert";
import type { Configuration, Message, NodeId } from "../../src/core/mod.ts";
import type { Connection, Transport } from "../../src/ports.ts";
import { maxTerm } from "../../src/transport/honesty.ts";

/** One cluster's worth of a transport, made anew for each test. */
export interface TransportHarness {
  /** The transport for one of the nodes `a`, `b` and `c`. Called again when the node starts again, at the same address. */
  transportOf(node: NodeId): Transport;
  /** Called when the node serves, for harnesses that learn an address only then. */
  opened?(node: NodeId, connection: Connection): void;
  /** How long a message may need to arrive, reconnection included, before a test fails, in milliseconds. */
  readonly deadlineMs: number;
}

/** A node of a test: what it got, and how it is spoken to. */
interface TestNode {
  readonly received: Message[];
  readonly logged: string[];
  send(message: Message): void;
  close(): Promise<void>;
}

const nodes: readonly NodeId[] = ["a", "b", "c"];

/** Registers the tests of one transport. */
export function testTransport(name: string, makeHarness: () => TransportHarness): void {
  const test = (sentence: string, run: (cluster: TestCluster) => Promise<void>) =>
    Deno.test(`${name}: ${sentence}`, async () => {
      const cluster = testCluster(makeHarness());
      try {
        await run(cluster);
      } finally {
        await cluster.close();
      }
    });

  test("every type of message arrives unaltered", everyTypeArrives);
  test("a message of a megabyte arrives unaltered", largeMessageArrives);
  test("thousands of messages arrive", thousandsArrive);
  test("a message reaches nobody but the node it is for", nobodyElse);
  test("a message that names another sender is not delivered", noMisattribution);
  test("nodes of different clusters don't hear each other", otherCluster);
  test("a receiver hears nobody who is not its peer", stranger);
  test("nodes that disagree on the servers don't hear each other, and each says so", otherServers);
  test("changing a message after it was sent, or when it arrived, changes no other copy", noAliasing);
  test("sending never throws: to nobody, to oneself, to who is down, after closing", sendNeverThrows);
  test("a node that comes up later gets what is sent later", comesUpLater);
  test("a node that starts again at the same address gets messages again", startsAgain);
  test("closing is idempotent, and nothing arrives after it", closeIsIdempotent);
  test("closing while nobody else is up releases everything", closeAlone);
}

async function everyTypeArrives(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a");
  const b = await cluster.open("b");
  await cluster.connect(a, b);
  for (const message of messagesOfEveryType("a", "b")) a.send(message);
  await cluster.until(() => distinct(b.received).length >= messagesOfEveryType("a", "b").length);
  assertEquals(distinct(b.received), distinct(messagesOfEveryType("a", "b")));
}

async function largeMessageArrives(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a");
  const b = await cluster.open("b");
  await cluster.connect(a, b);
  const command = new Uint8Array(1_000_000).map((_, index) => (index * 31 + (index >> 8)) & 0xff);
  a.send(propose("a", "b", 1, command));
  a.send(propose("a", "b", 2));
  await cluster.until(() => distinct(b.received).length === 2);
  assertEquals(distinct(b.received), distinct([propose("a", "b", 1, command), propose("a", "b", 2)]));
}

async function thousandsArrive(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a");
  const b = await cluster.open("b");
  await cluster.connect(a, b);
  await cluster.connect(b, a);
  // In rounds, so that no queue overflows: a transport may drop what doesn't fit.
  const [atA, atB] = [() => new Set(a.received.map(sequenceOf)), () => new Set(b.received.map(sequenceOf))];
  for (let round = 1; round <= 20; round++) {
    for (let i = 0; i < 100; i++) {
      a.send(propose("a", "b", round * 100 + i));
      b.send(propose("b", "a", round * 100 + i));
    }
    await cluster.until(() => atA().size === round * 100 && atB().size === round * 100);
  }
}

async function nobodyElse(cluster: TestCluster): Promise<void> {
  const [a, b, c] = [await cluster.open("a"), await cluster.open("b"), await cluster.open("c")];
  for (const [from, to] of [[a, b], [a, c], [b, a], [b, c], [c, a], [c, b]] as const) {
    await cluster.connect(from, to);
  }
  const senders = { a, b, c };
  for (const [from, sender] of Object.entries(senders)) {
    for (const to of nodes.filter((node) => node !== from)) sender.send(propose(from, to, 1));
  }
  await cluster.until(() => [a, b, c].every((node) => distinct(node.received).length >= 2));
  for (const [name, node] of Object.entries(senders)) {
    const from = nodes.filter((other) => other !== name);
    assertEquals(distinct(node.received), distinct(from.map((other) => propose(other, name, 1))));
  }
}

async function noMisattribution(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a");
  const b = await cluster.open("b");
  await cluster.connect(a, b);
  a.send(propose("c", "b", 1));
  a.send(propose("nobody", "b", 1));
  // Whatever the transport does to the forger's connection, what is honest gets through in the end.
  await cluster.connect(a, b);
  assertEquals(b.received, []);
}

async function otherCluster(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a", { clusterId: "another" });
  const b = await cluster.open("b");
  const c = await cluster.open("c");
  a.send(propose("a", "b", 1));
  b.send(propose("b", "a", 1));
  await cluster.connect(b, c);
  a.send(propose("a", "b", 2));
  b.send(propose("b", "a", 2));
  await cluster.connect(c, b);
  assertEquals(a.received, []);
  assertEquals(b.received, []);
}

async function stranger(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a", { peers: ["b", "c"] });
  const b = await cluster.open("b", { peers: ["c"] });
  const c = await cluster.open("c", { peers: ["b"] });
  a.send(propose("a", "b", 1));
  await cluster.connect(c, b);
  a.send(propose("a", "b", 2));
  await cluster.connect(c, b);
  assertEquals(b.received, []);
}

async function otherServers(cluster: TestCluster): Promise<void> {
  // Each is a peer of the other, but to a there is one server more, and so another majority.
  const a = await cluster.open("a", { peers: ["b", "c", "d"] });
  const b = await cluster.open("b");
  const c = await cluster.open("c");
  a.send(propose("a", "b", 1));
  b.send(propose("b", "a", 1));
  await cluster.until(() => [a, b].every(({ logged }) => logged.some((line) => line.includes('"c", "d"'))));
  await cluster.connect(b, c);
  a.send(propose("a", "b", 2));
  b.send(propose("b", "a", 2));
  await cluster.connect(c, b);
  assertEquals([a.received, b.received], [[], []]);
}

async function noAliasing(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a");
  const b = await cluster.open("b");
  const c = await cluster.open("c");
  await cluster.connect(a, b);
  await cluster.connect(a, c);
  const command = new Uint8Array([1, 2, 3]);
  a.send(propose("a", "b", 1, command));
  a.send(propose("a", "c", 1, command));
  await cluster.until(() => b.received.length > 0);
  const [atB] = b.received;
  assert(atB?.type === "Propose");
  atB.proposals[0]?.command.fill(9);
  assertEquals(command, new Uint8Array([1, 2, 3]));
  await cluster.until(() => c.received.length > 0);
  assertEquals(c.received[0], propose("a", "c", 1, command));
  // What arrived stays as it is, though more arrives.
  a.send(propose("a", "c", 2, new Uint8Array([4, 5, 6])));
  await cluster.until(() => c.received.some((message) => sequenceOf(message) === 2));
  assertEquals(c.received[0], propose("a", "c", 1, new Uint8Array([1, 2, 3])));
}

async function sendNeverThrows(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a");
  const b = await cluster.open("b");
  a.send(propose("a", "nobody", 1));
  a.send(propose("a", "", 1));
  a.send(propose("a", "a", 1));
  for (let i = 0; i < 5000; i++) a.send(propose("a", "c", i));
  await cluster.connect(a, b);
  await a.close();
  a.send(propose("a", "b", 1));
  a.send(propose("a", "c", 1));
  assertEquals(a.received, []);
  assertEquals(b.received, []);
}

async function comesUpLater(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a");
  a.send(propose("a", "b", 1));
  const b = await cluster.open("b");
  await cluster.connect(a, b);
  a.send(propose("a", "b", 2));
  await cluster.until(() => b.received.some((message) => sequenceOf(message) === 2));
}

async function startsAgain(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a");
  let b = await cluster.open("b");
  for (let start = 1; start <= 3; start++) {
    await cluster.connect(a, b);
    await cluster.connect(b, a);
    await b.close();
    a.send(propose("a", "b", start));
    b = await cluster.open("b");
  }
  await cluster.connect(a, b);
  await cluster.connect(b, a);
}

async function closeIsIdempotent(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a");
  const b = await cluster.open("b");
  const c = await cluster.open("c");
  await cluster.connect(a, b);
  await cluster.connect(a, c);
  for (let i = 0; i < 100; i++) a.send(propose("a", "b", i));
  await Promise.all([b.close(), b.close()]);
  await b.close();
  const count = b.received.length;
  for (let i = 0; i < 100; i++) a.send(propose("a", "b", i));
  await cluster.connect(a, c);
  assertEquals(b.received.length, count);
}

async function closeAlone(cluster: TestCluster): Promise<void> {
  const a = await cluster.open("a");
  a.send(propose("a", "b", 1));
  await a.close();
}

/** The nodes of one test, and how it waits for them. */
interface TestCluster {
  open(node: NodeId, other?: { clusterId?: string; peers?: readonly NodeId[] }): Promise<TestNode>;
  /** Sends probes until one arrives: from then on the transport has no excuse to lose a message. */
  connect(from: TestNode, to: TestNode): Promise<void>;
  /** Waits until `holds` returns true. */
  until(holds: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Marks messages by which {@linkcode TestCluster.connect} finds out that there is a way. */
const probeIncarnation = 1_000_000;

function testCluster(harness: TransportHarness): TestCluster {
  const connections: Connection[] = [];
  const idOf = new Map<TestNode, NodeId>();
  const probes = new Set<number>();
  let nextProbe = 0;

  const until = async (holds: () => boolean) => {
    const deadline = performance.now() + harness.deadlineMs;
    while (!holds()) {
      assert(performance.now() < deadline, `not within ${harness.deadlineMs} ms: ${holds}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };

  return {
    until,
    async open(id, { clusterId = "conformance", peers = nodes.filter((node) => node !== id) } = {}) {
      const received: Message[] = [];
      const logged: string[] = [];
      const connection = await harness.transportOf(id).open({
        id,
        clusterId,
        servers: [...peers, id].sort(),
        peers,
        log: ({ message }) => logged.push(message),
        onMessage(message) {
          const [first] = message.type === "ProposeRefused" ? message.ids : [];
          if (first?.incarnation === probeIncarnation) probes.add(first.sequence);
          else received.push(message);
        },
      });
      connections.push(connection);
      harness.opened?.(id, connection);
      const node: TestNode = {
        received,
        logged,
        send: (message) => connection.send(message),
        close: () => connection.close(),
      };
      idOf.set(node, id);
      return node;
    },
    async connect(from, to) {
      const [sender, receiver] = [idOf.get(from) ?? "", idOf.get(to) ?? ""];
      const first = nextProbe;
      await until(() => {
        const sequence = nextProbe++;
        const id = { node: sender, incarnation: probeIncarnation, sequence };
        from.send({ type: "ProposeRefused", from: sender, to: receiver, ids: [id] });
        return [...probes].some((probe) => probe >= first);
      });
    },
    async close() {
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

function propose(from: NodeId, to: NodeId, sequence: number, command = new Uint8Array([7])): Message {
  return {
    type: "Propose",
    from,
    to,
    proposals: [{ id: { node: from, incarnation: 1, sequence }, command }],
  };
}

function sequenceOf(message: Message): number {
  return message.type === "Propose" ? message.proposals[0]?.id.sequence ?? -1 : -1;
}

/** A transport may repeat and reorder: each message once, in an order of its own. */
function distinct(messages: readonly Message[]): Message[] {
  const byKey = new Map(messages.map((message) => [keyOf(message), message]));
  return [...byKey.keys()].sort().map((key) => byKey.get(key)).filter((message) => message !== undefined);
}

/** Tells the messages of these tests apart, without their commands, which may be long. */
function keyOf(message: Message): string {
  return JSON.stringify(message, (name, value) => name === "command" ? undefined : value);
}

/** At least one message of every type and variant, with numbers at the edges. */
export function messagesOfEveryType(from: NodeId, to: NodeId): Message[] {
  const most = Number.MAX_SAFE_INTEGER;
  const id = { node: "c", incarnation: most, sequence: 0 };
  const command = new Uint8Array([0, 1, 127, 128, 255]);
  const change: Configuration = {
    voters: ["a", "d"],
    oldVoters: ["a", "b", "c"],
    learners: ["e"],
    target: { voters: ["a", "d", "e"], learners: [] },
    addresses: { d: "[::1]:7000", e: "ü🐢" },
  };
  return [
    {
      type: "RequestVote",
      from,
      to,
      term: 1,
      lastLogIndex: 0,
      lastLogTerm: 0,
      priority: 0,
      isTransfer: false,
    },
    {
      type: "RequestVote",
      from,
      to,
      term: maxTerm,
      lastLogIndex: most,
      lastLogTerm: maxTerm - 1,
      priority: most,
      isTransfer: true,
    },
    { type: "RequestVoteResponse", from, to, term: 128, voteGranted: true },
    { type: "RequestVoteResponse", from, to, term: 256, voteGranted: false },
    {
      type: "AppendEntries",
      from,
      to,
      term: 2,
      prevLogIndex: 0,
      prevLogTerm: 0,
      entries: [],
      leaderCommit: 0,
      round: 0,
    },
    {
      type: "AppendEntries",
      from,
      to,
      term: 65536,
      prevLogIndex: 2 ** 32,
      prevLogTerm: 65535,
      entries: [
        { type: "noop", term: 65536 },
        { type: "command", term: 65536, id, command },
        { type: "command", term: 65536, id: { ...id, sequence: 1 }, command: new Uint8Array() },
        { type: "configuration", term: 65536, configuration: change },
      ],
      leaderCommit: 2 ** 32 - 1,
      round: 0,
    },
    { type: "AppendEntriesResponse", from, to, term: 3, success: true, matchIndex: 2 ** 40, round: 0 },
    {
      type: "AppendEntriesResponse",
      from,
      to,
      term: 3,
      success: false,
      prevLogIndex: 9,
      conflictTerm: 0,
      conflictIndex: 4,
      round: 0,
    },
    { type: "Propose", from, to, proposals: [] },
    { type: "Propose", from, to, proposals: [{ id, command }, { id: { ...id, sequence: 7 }, command }] },
    {
      type: "Propose",
      from,
      to,
      proposals: [
        { id, command, session: { type: "command", session: most, sequence: most, firstUnanswered: 1 } },
        { id, command: new Uint8Array(), session: { type: "open", maxSessions: 1, maxAnswers: most } },
      ],
    },
    { type: "ProposeRefused", from, to, ids: [] },
    { type: "ProposeRefused", from, to, ids: [id, { ...id, node: "ü🐢" }] },
    { type: "PreVote", from, to, nextTerm: 1, lastLogIndex: 0, lastLogTerm: 0, priority: 0 },
    { type: "PreVote", from, to, nextTerm: maxTerm, lastLogIndex: most, lastLogTerm: 9, priority: most },
    { type: "PreVoteGranted", from, to, nextTerm: 7 },
    { type: "PreVoteRefused", from, to, term: 8 },
    { type: "TimeoutNow", from, to, term: 9 },
    { type: "ReadIndex", from, to, ids: [id] },
    {
      type: "InstallSnapshot",
      from,
      to,
      term: 10,
      snapshot: { index: 7, term: 9, configuration: change },
      offset: 2 ** 33,
      data: command,
      isLast: true,
    },
    { type: "InstallSnapshotResponse", from, to, term: 10, index: 7, nextOffset: 2 ** 33, isDone: false },
    { type: "ReadIndexResponse", from, to, ids: [id, { ...id, sequence: 1 }], index: most },
  ];
}
