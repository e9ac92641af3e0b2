import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { RaftError } from "../src/error.ts";
import { RaftNode, type RaftNodeOptions } from "../src/node.ts";
import { type MemoryNetwork, memoryNetwork } from "../src/transport/memory.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import {
  bytes,
  type Disk,
  disk,
  errorOf,
  type FakeClock,
  fakeClock,
  seeded,
  text,
  turn,
} from "./node_support.ts";

const ids = ["a", "b", "c"] as const;
type Id = (typeof ids)[number];

/** Three servers on a network in memory, with disks of their own, on a clock that stands still. */
interface Cluster {
  readonly clock: FakeClock;
  readonly network: MemoryNetwork;
  readonly disks: Readonly<Record<Id, Disk>>;
  readonly random: { next(): number };
  start(id: Id, options?: Partial<RaftNodeOptions>): Promise<RaftNode>;
}

function cluster(seed: number): Cluster {
  const clock = fakeClock();
  const network = memoryNetwork({ clock, seed });
  const disks = { a: disk(), b: disk(), c: disk() };
  const random = seeded(seed);
  return {
    clock,
    network,
    disks,
    random,
    start: (id, options = {}) =>
      RaftNode.start({
        id,
        peers: ids,
        bootstrap: true,
        transport: network.transport(),
        storage: disks[id],
        clock,
        random,
        ...options,
      }),
  };
}

async function startAll({ start }: Cluster, options?: Partial<RaftNodeOptions>): Promise<RaftNode[]> {
  return await Promise.all(ids.map((id) => start(id, options)));
}

async function closeAll(nodes: readonly RaftNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.close()));
}

/** The next so many deliveries of a node. */
async function order(node: RaftNode, count: number): Promise<string[]> {
  const delivered: string[] = [];
  for await (const { index, bytes } of node.deliveries()) {
    delivered.push(`${index}:${text(bytes)}`);
    if (delivered.length === count) break;
  }
  return delivered;
}

function leaderOf(nodes: readonly RaftNode[]): RaftNode {
  const leaders = nodes.filter((node) => node.status().role === "leader");
  const [leader] = leaders.sort((a, b) => b.status().currentTerm - a.status().currentTerm);
  assert(leader !== undefined, "there is a leader");
  return leader;
}

async function until(clock: FakeClock, condition: () => boolean): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 5) {
    assert(waitedMs < 60_000, "it never came true");
    await clock.advance(5);
  }
}

Deno.test("nodes that disagree on who the servers are never form one cluster, and say why", async () => {
  const all = cluster(20);
  const lines: string[] = [];
  // To a and b they are the cluster; c counts itself as well, and would make a majority with either.
  const a = await all.start("a", {
    peers: ["b"],
    log: ({ level, message }) => level !== "info" && lines.push(message),
  });
  const b = await all.start("b", { peers: ["a"] });
  const c = await all.start("c");
  assertEquals(await all.clock.until(a.broadcast(bytes("x"))), { index: 2 });
  await all.clock.advance(10_000);
  assertEquals([a, b, c].map((node) => node.status().commitIndex), [2, 2, 0]);
  assertEquals(lines, [
    'not connected to c: to it the servers of the cluster are "a", "b", "c", and to us "a", "b"',
  ]);
  await closeAll([a, b, c]);
});

Deno.test("three nodes deliver what all of them broadcast in one order", async () => {
  const all = cluster(1);
  const nodes = await startAll(all);
  const broadcasts = nodes.flatMap((node) =>
    Array.from({ length: 50 }, (_, i) => node.broadcast(bytes(`${node.id}${i}`)))
  );
  const orders = nodes.map((node) => order(node, 150));
  const indexes = (await all.clock.until(Promise.all(broadcasts))).map(({ index }) => index);
  const [first = [], second, third] = await all.clock.until(Promise.all(orders));
  assertEquals(first, second);
  assertEquals(first, third);
  assertEquals(new Set(indexes).size, 150);
  const words = nodes.flatMap(({ id }) => Array.from({ length: 50 }, (_, i) => `${id}${i}`));
  assertEquals([...first].sort(), words.map((word, i) => `${indexes[i]}:${word}`).sort());
  await closeAll(nodes);
  assertEquals(all.clock.waiting(), []);
});

Deno.test("each node's state machine applies the same commands, and propose answers from the own one", async () => {
  const all = cluster(2);
  const applied: Record<Id, string[]> = { a: [], b: [], c: [] };
  const nodes = await Promise.all(ids.map((id) =>
    all.start(id, {
      stateMachine: { apply: (command) => `${id}${applied[id].push(text(command))}` },
    })
  ));
  const answers: unknown[] = [];
  for (const node of nodes) answers.push(await all.clock.until(node.propose(bytes(`from ${node.id}`))));
  assertEquals(answers, ["a1", "b2", "c3"]);
  await all.clock.advance(100);
  const words = ["from a", "from b", "from c"];
  assertEquals(applied, { a: words, b: words, c: words });
  await closeAll(nodes);
});

Deno.test("a cluster that is closed and started again on its storages goes on where it was", async () => {
  const all = cluster(3);
  const before = await startAll(all);
  await all.clock.until(Promise.all(["x", "y"].map((word) => before[0]?.broadcast(bytes(word)))));
  const orderBefore = await all.clock.until(Promise.all(before.map((node) => order(node, 2))));
  await closeAll(before);
  const after = await startAll(all, { bootstrap: false });
  await all.clock.until(Promise.resolve(after[1]?.broadcast(bytes("z"))));
  for (const [i, node] of after.entries()) {
    const delivered = await all.clock.until(order(node, 3));
    assertEquals(delivered.slice(0, 2), orderBefore[i]);
    assertEquals(delivered[2]?.split(":")[1], "z");
  }
  await closeAll(after);
});

Deno.test("when the leader is gone another takes over, and the old one catches up when it is back", async () => {
  const all = cluster(4);
  const nodes = await startAll(all);
  await all.clock.until(Promise.all(nodes.map((node) => node.broadcast(bytes(`1${node.id}`)))));
  const old = leaderOf(nodes);
  const rest = nodes.filter((node) => node !== old);
  const term = old.status().currentTerm;
  await old.close();
  // What is forwarded to a leader that is gone is lost, and its outcome unknown: so not before there is a new one.
  await until(all.clock, () => rest.some((node) => node.status().role === "leader"));
  await until(all.clock, () => rest.every((node) => node.status().leaderId === leaderOf(rest).id));
  await all.clock.until(Promise.all(rest.map((node) => node.broadcast(bytes(`2${node.id}`)))));
  const leader = leaderOf(rest);
  assert(leader.status().currentTerm > term);
  assertNotEquals(leader.id, old.id);
  const back = await all.start(ids.find((id) => id === old.id) ?? "a");
  const orders = await all.clock.until(Promise.all([back, ...rest].map((node) => order(node, 5))));
  assertEquals(orders[0], orders[1]);
  assertEquals(orders[0], orders[2]);
  await closeAll([back, ...rest]);
});

Deno.test("a leader without a majority answers nobody, and its unknown outcome is settled by the majority", async () => {
  const all = cluster(5);
  const nodes = await startAll(all);
  await all.clock.until(Promise.all(nodes.map((node) => node.broadcast(bytes(node.id)))));
  const old = leaderOf(nodes);
  const [other] = nodes.filter((node) => node !== old);
  all.network.isolate(old.id);
  const { code, outcome } = await all.clock.until(errorOf(old.broadcast(bytes("lost"), { timeoutMs: 1000 })));
  assertEquals([code, outcome], ["Timeout", "unknown"]);
  await all.clock.until(other?.broadcast(bytes("kept")) ?? Promise.reject());
  all.network.heal();
  const orders = await all.clock.until(Promise.all(nodes.map((node) => order(node, 4))));
  for (const delivered of orders) assertEquals(delivered[3]?.split(":")[1], "kept");
  await closeAll(nodes);
});

Deno.test("what was held for a leader goes to it in messages of bounded size", async () => {
  const all = cluster(6);
  const sizes: number[] = [];
  const inner = all.network.transport();
  const transport: typeof inner = {
    async open(context) {
      const connection = await inner.open(context);
      return {
        ...connection,
        send(message) {
          if (message.type === "Propose") sizes.push(message.proposals.length);
          connection.send(message);
        },
      };
    },
  };
  const nodes = await startAll(all, { transport, maxEntriesPerAppend: 10 });
  const broadcasts = nodes.flatMap((node) =>
    Array.from({ length: 100 }, (_, i) => node.broadcast(bytes(`${i}`)))
  );
  await all.clock.until(Promise.all(broadcasts));
  assert(sizes.length >= 20 && Math.max(...sizes) === 10, `${sizes}`);
  await closeAll(nodes);
});

Deno.test("nodes that keep each other busy leave the runtime time for others", async () => {
  const network = memoryNetwork();
  const nodes = await Promise.all(ids.map((id) =>
    RaftNode.start({
      id,
      peers: ids,
      bootstrap: true,
      transport: network.transport(),
      storage: memoryStorage(),
      electionTimeoutMs: [50, 100],
      heartbeatMs: 10,
    })
  ));
  let stop = false;
  await nodes[0]?.broadcast(bytes("first"));
  const timer = setTimeout(() => stop = true, 20);
  let broadcasts = 0;
  // Nothing in here waits for anything but microtasks.
  while (!stop && broadcasts < 20_000) {
    await leaderOf(nodes).broadcast(bytes("x"));
    broadcasts++;
  }
  clearTimeout(timer);
  assert(stop, "the timer fired");
  await closeAll(nodes);
});

/** What happened to a broadcast, for the tests with faults. */
interface Attempt {
  readonly word: string;
  outcome: "pending" | "no" | "unknown" | number;
}

/** Runs a cluster while everything goes wrong, then heals it, and returns what was seen. */
async function storm(seed: number): Promise<{ attempts: Attempt[]; orders: string[][]; crashes: number }> {
  const all = cluster(seed);
  const { clock, network, random } = all;
  const attempts: Attempt[] = [];
  const orders: string[][] = [];
  let crashes = 0;
  for (const id of ids) {
    all.disks[id].slowness = () => new Promise((resolve) => void clock.after(random.next() * 20, resolve));
  }
  network.setFaults({ lossRate: 0.1, duplicationRate: 0.1, maxDelayMs: 40 });
  const launch = async (id: Id) => {
    const node = await all.start(id, { proposalTimeoutMs: 1500, maxEntriesPerAppend: 3 });
    const seen: string[] = [];
    orders.push(seen);
    (async () => {
      for await (const { index, bytes } of node.deliveries()) seen.push(`${index}:${text(bytes)}`);
    })();
    return { id, node };
  };
  const running = await clock.until(Promise.all(ids.map(launch)));
  const chosen = () => Math.floor(random.next() * 3);
  for (let round = 0; round < 150; round++) {
    const { node } = running[chosen()] ?? {};
    const attempt: Attempt = { word: `${seed}/${round}`, outcome: "pending" };
    attempts.push(attempt);
    node?.broadcast(bytes(attempt.word)).then(
      ({ index }) => attempt.outcome = index,
      (error) => attempt.outcome = error instanceof RaftError ? error.outcome : "pending",
    );
    const fate = random.next();
    if (fate < 0.05) {
      const slot = chosen();
      const { id = "a", node } = running[slot] ?? {};
      // A crash: the write in progress is lost, as the disk is opened again before it is done.
      node?.close();
      running[slot] = await clock.until(launch(id));
      crashes++;
    } else if (fate < 0.1) network.isolate(ids[chosen()] ?? "a");
    else if (fate < 0.2) network.heal();
    await clock.advance(random.next() * 60);
  }
  network.heal();
  network.setFaults({});
  await clock.until(
    Promise.all(running.map(({ id, node }) => node.broadcast(bytes(`last ${id}`), { timeoutMs: 10_000 }))),
  );
  await clock.advance(5000);
  await clock.until(closeAll(running.map(({ node }) => node)));
  await turn();
  return { attempts, orders, crashes };
}

for (let seed = 1; seed <= 8; seed++) {
  Deno.test(`with losses, delays, slow disks and crashes all agree on one order (seed ${seed})`, async () => {
    const { attempts, orders, crashes } = await storm(seed);
    const longest = orders.reduce((a, b) => a.length >= b.length ? a : b);
    for (const order of orders) assertEquals(order, longest.slice(0, order.length));
    assertEquals(orders.slice(-1)[0]?.length, longest.length);
    const words = new Set(longest.map((delivery) => delivery.slice(delivery.indexOf(":") + 1)));
    for (const { word, outcome } of attempts) {
      assertNotEquals(outcome, "pending", word);
      if (outcome === "no") assert(!words.has(word), `${word} was answered with no, and delivered`);
      if (typeof outcome === "number") assert(longest.includes(`${outcome}:${word}`), `${word} was lost`);
    }
    const answered = attempts.filter(({ outcome }) => typeof outcome === "number").length;
    assert(answered > 30 && crashes > 0, `${answered} answered, ${crashes} crashes`);
  });
}
