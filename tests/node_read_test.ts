/** Reads without a log entry, with real nodes. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { RaftNode, type RaftNodeOptions } from "../src/node.ts";
import type { Message } from "../src/core/mod.ts";
import type { StateMachine, Transport } from "../src/ports.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { memoryNetwork } from "../src/transport/memory.ts";
import { bytes, errorOf, fakeClock, lab, leaderLab, seeded, text, turn } from "./node_support.ts";

/** Remembers the last command. */
function register(): StateMachine<string> {
  let value = "";
  return {
    apply: (command) => value = text(command),
    query(query) {
      if (text(query) === "throw") throw new TypeError("no such query");
      return value;
    },
  };
}

async function trio(
  seed: number,
  options: Partial<RaftNodeOptions> = {},
  { wrap = (transport: Transport) => transport } = {},
) {
  const clock = fakeClock();
  const network = memoryNetwork({ clock, seed });
  const random = seeded(seed);
  const ids = ["a", "b", "c"];
  const nodes = await Promise.all(ids.map((id) =>
    RaftNode.start({
      id,
      peers: ids,
      bootstrap: true,
      transport: wrap(network.transport()),
      storage: memoryStorage(),
      stateMachine: register(),
      clock,
      random,
      ...options,
    })
  ));
  await clock.until(nodes[0]!.broadcast(bytes("1")));
  const leader = nodes.find((node) => node.status().role === "leader");
  assert(leader !== undefined);
  const close = () => Promise.all(nodes.map((node) => node.close()));
  return { clock, network, nodes, leader, followers: nodes.filter((node) => node !== leader), close };
}

Deno.test("every node reads what was acknowledged, and nothing enters the log", async () => {
  const { clock, nodes, leader, close } = await trio(1);
  for (let i = 2; i < 10; i++) {
    await clock.until(nodes[i % 3]!.broadcast(bytes(`${i}`)));
    const { lastLogIndex } = leader.status();
    const answers = nodes.map((node) => node.read(bytes("")));
    assertEquals(await clock.until(Promise.all(answers)), [`${i}`, `${i}`, `${i}`]);
    assertEquals(leader.status().lastLogIndex, lastLogIndex);
  }
  await close();
});

Deno.test("a leader that was cut off answers no read, and its reads are answered when it is back", async () => {
  const { clock, network, leader, followers, close } = await trio(2, { checkQuorum: false });
  network.isolate(leader.id);
  const early = errorOf(leader.read(bytes(""), { timeoutMs: 200 }));
  const late = leader.read(bytes(""), { timeoutMs: 60_000 });
  assertEquals((await clock.until(early)).code, "Timeout");
  await clock.advance(2000);
  await clock.until(followers[0]!.broadcast(bytes("2")));
  assertEquals(leader.status().role, "leader");
  network.heal();
  assertEquals(await clock.until(late), "2");
  await close();
});

Deno.test("reads under load are answered by few rounds", async () => {
  const { clock, leader, close } = await trio(3);
  const before = leader.status().reads.rounds;
  const answers = await clock.until(Promise.all(Array.from({ length: 500 }, () => leader.read(bytes("")))));
  assertEquals(new Set(answers), new Set(["1"]));
  const rounds = leader.status().reads.rounds - before;
  assert(rounds >= 1 && rounds <= 3, `${rounds} rounds`);
  await close();
});

Deno.test("by lease a leader answers at once, until it has heard from no majority for too long", async () => {
  const { clock, network, leader, close } = await trio(4, { leaseReads: true });
  await clock.advance(100);
  assertEquals(await leader.read(bytes("")), "1");
  network.isolate(leader.id);
  await clock.advance(10);
  assertEquals(await leader.read(bytes("")), "1");
  await clock.advance(270);
  assertEquals((await clock.until(errorOf(leader.read(bytes(""), { timeoutMs: 100 })))).code, "Timeout");
  await close();
});

Deno.test("a read that can't be answered says why", async () => {
  const { node } = await leaderLab();
  const { code, error } = await errorOf(node.read(bytes("")));
  assertEquals(code, "InvalidOptions");
  assertMatch(error.message, /no method query/);
  await node.close();
  const alone = await lab({ stateMachine: register(), peers: ["b"], maxHeldProposals: 1 });
  const [first, second] = [errorOf(alone.node.read(bytes(""))), errorOf(alone.node.read(bytes("")))];
  await turn();
  assertEquals((await second).code, "Overloaded");
  const query = "x" as unknown as Uint8Array;
  assertEquals((await errorOf(alone.node.read(query))).code, "InvalidOptions");
  await alone.node.close();
  assertEquals((await first).code, "Stopped");
  const { code: wrong } = await errorOf(lab({ leaseReads: true, checkQuorum: false }));
  assertEquals(wrong, "InvalidOptions");
});

/** A transport that loses what `isLost` says. */
function losing(isLost: (message: Message) => boolean): (transport: Transport) => Transport {
  return (inner) => ({
    async open(context) {
      const connection = await inner.open(context);
      return { ...connection, send: (message) => void (isLost(message) || connection.send(message)) };
    },
  });
}

for (const type of ["ReadIndex", "ReadIndexResponse"]) {
  Deno.test(`a read whose ${type} got lost is asked for again, and costs its client no Timeout`, async () => {
    let lost = 0;
    const wrap = losing((message) => message.type === type && lost++ < 2);
    const { clock, followers: [follower], close } = await trio(7, {}, { wrap });
    const before = clock.now();
    assertEquals(await clock.until(follower!.read(bytes(""))), "1");
    assertEquals(lost, 3);
    assert(clock.now() - before < 2000, `${clock.now() - before} ms`);
    // When nobody reads, nobody asks.
    await clock.advance(5000);
    assertEquals(lost, 3);
    await close();
  });
}

Deno.test("a read that is answered slowly is asked for again without being put off for ever", async () => {
  const answers: (() => void)[] = [];
  const wrap = (inner: Transport): Transport => ({
    async open(context) {
      const connection = await inner.open(context);
      const send = (message: Message) => {
        if (message.type === "ReadIndexResponse") answers.push(() => connection.send(message));
        else connection.send(message);
      };
      return { ...connection, send };
    },
  });
  const { clock, followers: [follower], close } = await trio(8, {}, { wrap });
  const read = follower!.read(bytes(""));
  await clock.advance(1500);
  assert(answers.length > 1, "asked again");
  answers[0]!();
  assertEquals(await clock.until(read), "1");
  await close();
});

Deno.test("a read that is given up when others are asked for again leaves room for others", async () => {
  let isLossy = false;
  const wrap = losing(({ type }) => isLossy && type === "ReadIndex");
  const options = { maxHeldProposals: 2, electionTimeoutMs: [150, 300] as const };
  const { clock, followers: [follower], close } = await trio(6, options, { wrap });
  isLossy = true;
  const outcomes: Promise<{ readonly code: string }>[] = [5000, 300].map((timeoutMs) =>
    errorOf(follower!.read(bytes(""), { timeoutMs }))
  );
  await clock.advance(301);
  outcomes.push(errorOf(follower!.read(bytes(""), { timeoutMs: 1000 })));
  const codes = (await clock.until(Promise.all(outcomes))).map(({ code }) => code);
  assertEquals(codes, ["Timeout", "Timeout", "Timeout"]);
  await close();
});

Deno.test("reads whose messages got lost make room for others when their clients give up", async () => {
  let isLossy = false;
  const wrap = losing(({ type }) => isLossy && type === "ReadIndex");
  const { clock, followers: [follower], close } = await trio(6, { maxHeldProposals: 2 }, { wrap });
  assert(follower !== undefined);
  const { currentTerm } = follower.status();
  isLossy = true;
  for (let i = 0; i < 5; i++) {
    const { code } = await clock.until(errorOf(follower.read(bytes(""), { timeoutMs: 100 })));
    assertEquals(code, "Timeout");
  }
  isLossy = false;
  assertEquals(await clock.until(follower.read(bytes(""))), "1");
  assertEquals(follower.status().currentTerm, currentTerm);
  await close();
});

Deno.test("what a query throws goes to whoever asked, and the node goes on", async () => {
  const { node } = await leaderLab({ stateMachine: register() });
  await node.broadcast(bytes("x"));
  await assertRejects(() => node.read(bytes("throw")), TypeError, "no such query");
  assertEquals(await node.read(bytes("")), "x");
  await node.close();
});
