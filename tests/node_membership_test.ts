/** Leadership transfer, changes of members, pre-vote and check-quorum, with real nodes. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { RaftNode, type RaftNodeOptions } from "../src/node.ts";
import type { RaftError } from "../src/error.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { memoryNetwork } from "../src/transport/memory.ts";
import { bytes, errorOf, fakeClock, seeded, text } from "./node_support.ts";

/** Nodes on one network, on a clock that stands still. */
function world(seed: number) {
  const clock = fakeClock();
  const network = memoryNetwork({ clock, seed });
  const random = seeded(seed);
  const start = (id: string, peers: readonly string[], options: Partial<RaftNodeOptions> = {}) =>
    RaftNode.start({
      id,
      peers,
      bootstrap: options.join !== true,
      transport: network.transport(),
      storage: memoryStorage(),
      clock,
      random,
      ...options,
    });
  return { clock, network, start };
}

async function trio(seed: number, options: Partial<RaftNodeOptions> = {}) {
  const all = world(seed);
  const ids = ["a", "b", "c"];
  const nodes = await Promise.all(ids.map((id) => all.start(id, ids, options)));
  await all.clock.until(nodes[0]!.broadcast(bytes("first")));
  return {
    ...all,
    nodes,
    leader: leaderOf(nodes),
    followers: nodes.filter((node) => node !== leaderOf(nodes)),
  };
}

function leaderOf(nodes: readonly RaftNode[]): RaftNode {
  const [leader] = nodes.filter((node) => node.status().role === "leader")
    .sort((a, b) => b.status().currentTerm - a.status().currentTerm);
  assert(leader !== undefined, "there is a leader");
  return leader;
}

async function order(node: RaftNode, count: number): Promise<string[]> {
  const delivered: string[] = [];
  for await (const { bytes } of node.deliveries()) {
    delivered.push(text(bytes));
    if (delivered.length === count) break;
  }
  return delivered;
}

const closeAll = (nodes: readonly RaftNode[]) => Promise.all(nodes.map((node) => node.close()));

Deno.test("leadership goes to the node that was named, and proposals made meanwhile are answered", async () => {
  const { clock, nodes, leader, followers: [heir] } = await trio(1);
  assert(heir !== undefined);
  const transfer = leader.transferLeadership(heir.id);
  const proposals = nodes.map((node) => node.broadcast(bytes(node.id)));
  await clock.until(transfer);
  assertEquals(heir.status().role, "leader");
  assertEquals(leader.status().leaderId, heir.id);
  const indexes = await clock.until(Promise.all(proposals));
  assertEquals(new Set(indexes.map(({ index }) => index)).size, 3);
  await closeAll(nodes);
});

Deno.test("a transfer without a name goes to some other voter; to one that is down, it ends and the leader goes on", async () => {
  const { clock, network, nodes, leader, followers } = await trio(2);
  await clock.until(leader.transferLeadership());
  const next = leaderOf(nodes);
  assert(next !== leader && next.status().currentTerm === leader.status().currentTerm);
  const [absent] = nodes.filter((node) => node !== next && followers.includes(node));
  assert(absent !== undefined);
  network.isolate(absent.id);
  await clock.until(next.broadcast(bytes("while it is away")));
  const transfer = errorOf(next.transferLeadership(absent.id));
  const held = next.broadcast(bytes("held"));
  assertEquals((await clock.until(transfer)).code, "Timeout");
  assertEquals((await clock.until(held)).index > 0, true);
  assertEquals(next.status().role, "leader");
  await closeAll(nodes);
});

Deno.test("a transfer without a name goes to nobody who is down, though it has all of the log", async () => {
  for (const seed of [21, 22, 23, 24]) {
    const { clock, network, nodes, leader, followers: [first, second] } = await trio(seed);
    assert(first !== undefined && second !== undefined);
    network.isolate(first.id);
    await clock.advance(1000);
    await clock.until(leader.transferLeadership());
    assertEquals(second.status().role, "leader");
    await closeAll(nodes);
  }
});

Deno.test("only the leader hands over or changes members; the error names it", async () => {
  const { clock, nodes, leader, followers: [follower] } = await trio(3);
  assert(follower !== undefined);
  for (
    const ask of [() => follower.transferLeadership("a"), () => follower.changeMembership({ voters: ["a"] })]
  ) {
    const { code, outcome, error } = await clock.until(errorOf(ask()));
    assertEquals([code, outcome], ["NotLeader", "no"]);
    assertEquals(error.message, `this node does not lead; ask "${leader.id}"`);
  }
  await closeAll(nodes);
});

Deno.test("wrong requests are refused, and the error says what to do", async () => {
  const { clock, nodes, leader } = await trio(4);
  const wrong: readonly (readonly [ask: () => Promise<void>, code: RaftError["code"], message: RegExp])[] = [
    [() => leader.transferLeadership("z"), "InvalidOptions", /another voter only: see status\(\)\.members/],
    [() => leader.transferLeadership(leader.id), "InvalidOptions", /another voter only/],
    [
      () => leader.transferLeadership(null as unknown as string),
      "InvalidOptions",
      /transferLeadership\.to: expected a name of 1 to 255 characters, got null/,
    ],
    [
      () => leader.changeMembership({ voters: ["a", "b"], addresses: { z: "localhost:1" } }),
      "InvalidOptions",
      /change\.addresses: expected only addresses of servers that are among the voters or the learners/,
    ],
    [
      () => leader.changeMembership({ voters: [] }),
      "InvalidOptions",
      /change\.voters: expected at least one server/,
    ],
    [
      () => leader.changeMembership({ voters: ["a", "a"] }),
      "InvalidOptions",
      /change\.voters: expected a list of diff/,
    ],
    [
      () => leader.changeMembership({ voters: ["a", "b"], learners: ["b"] }),
      "InvalidOptions",
      /nobody to be both among the voters and the learners/,
    ],
  ];
  for (const [ask, code, message] of wrong) {
    const { code: actual, error } = await clock.until(errorOf(ask()));
    assertEquals(actual, code);
    assertMatch(error.message, message);
  }
  await closeAll(nodes);
});

Deno.test("a node joins, is promoted when it has the log, and has the same order; then two leave", async () => {
  const { clock, start, nodes, leader } = await trio(5);
  for (let i = 0; i < 20; i++) await clock.until(leader.broadcast(bytes(`${i}`)));
  const d = await start("d", ["a", "b", "c"], { join: true });
  assertEquals(d.status().servers, []);
  await clock.until(leader.changeMembership({ voters: ["a", "b", "c", "d"] }));
  assertEquals(leader.status().members.voters, ["a", "b", "c", "d"]);
  const words = await clock.until(order(d, 21));
  assertEquals(words, await clock.until(order(leader, 21)));
  const stay = [leader.id, "d"].sort();
  await clock.until(leader.changeMembership({ voters: stay }));
  assertEquals(leader.status().servers, stay);
  const { index } = await clock.until(d.broadcast(bytes("from d")));
  assert(index > 0);
  await closeAll([...nodes, d]);
});

Deno.test("a server that isn't there gets no vote that a cluster would need to decide anything", async () => {
  const { clock, start } = world(14);
  const a = await start("a", ["a"]);
  await clock.until(a.broadcast(bytes("first")));
  const change = errorOf(a.changeMembership({ voters: ["a", "b"] }, { timeoutMs: 1000 }));
  const { code, outcome } = await clock.until(change);
  assertEquals([code, outcome], ["Timeout", "unknown"]);
  const { voters, learners, target } = a.status().members;
  assertEquals([voters, learners, target?.voters], [["a"], ["b"], ["a", "b"]]);
  assertEquals((await clock.until(a.broadcast(bytes("second")))).index > 0, true);
  const b = await start("b", ["a", "b"], { join: true });
  assertEquals(await clock.until(order(b, 2)), ["first", "second"]);
  assertEquals(b.status().members.voters, ["a", "b"]);
  await closeAll([a, b]);
});

Deno.test("a change to a server that never comes can be taken back", async () => {
  const { clock, start } = world(15);
  const a = await start("a", ["a"]);
  await clock.until(a.broadcast(bytes("first")));
  await clock.until(errorOf(a.changeMembership({ voters: ["a", "b"] }, { timeoutMs: 1000 })));
  await clock.until(a.changeMembership({ voters: ["a"] }));
  const { voters, learners, target } = a.status().members;
  assertEquals([voters, learners, target], [["a"], [], null]);
  await closeAll([a]);
});

Deno.test("no second change while one is under way", async () => {
  const { clock, network, nodes, leader, followers } = await trio(6);
  for (const { id } of followers) network.isolate(id);
  const voters = [leader.id, followers[0]!.id].sort();
  const first = errorOf(leader.changeMembership({ voters }, { timeoutMs: 100 }));
  const second = await clock.until(errorOf(leader.changeMembership({ voters: [leader.id] })));
  assertEquals([second.code, second.outcome], ["Pending", "no"]);
  const members = `{"voters":${JSON.stringify(voters)},"learners":[]}`;
  assertEquals(
    second.error.message,
    `changeMembership(${members}) waits at this node, which does one at a time: wait for its end`,
  );
  const { code, outcome } = await clock.until(first);
  assertEquals([code, outcome], ["Timeout", "unknown"]);
  // Nobody waits here any more, and yet it goes on.
  const third = await clock.until(errorOf(leader.changeMembership({ voters: [leader.id] })));
  assertEquals(third.code, "Pending");
  assertMatch(
    third.error.message,
    /^the change of members to .*, at index \d+, is not committed yet: wait for its end$/,
  );
  assertStringIncludes(third.error.message, members);
  await closeAll(nodes);
});

Deno.test("a change while leadership is handed over is refused, and says to whom and how far that has come", async () => {
  const { clock, network, nodes, leader, followers } = await trio(6);
  const to = followers[0]!.id;
  network.isolate(to);
  leader.broadcast(bytes("more")).catch(() => {});
  const transfer = errorOf(leader.transferLeadership(to, { timeoutMs: 10 }));
  await clock.until(transfer);
  const { code, error } = await clock.until(errorOf(leader.changeMembership({ voters: [leader.id] })));
  assertEquals([code, error.message], [
    "Pending",
    `leadership is being handed over to "${to}", which lacks some of the log yet: wait for its end`,
  ]);
  await closeAll(nodes);
});

Deno.test("a leader that removes itself steps down when that is committed, and the others go on", async () => {
  const { clock, nodes, leader, followers } = await trio(7);
  const rest = followers.map(({ id }) => id);
  await clock.until(leader.changeMembership({ voters: rest }));
  assertEquals(leader.status().role, "follower");
  await clock.advance(2000);
  await clock.until(followers[0]!.broadcast(bytes("without it")));
  assertEquals(leader.status().role, "follower");
  await closeAll(nodes);
});

Deno.test("what is proposed while a leader removes itself is answered, and soon", async () => {
  for (let seed = 20; seed < 30; seed++) {
    const { clock, network, nodes, leader, followers } = await trio(seed);
    network.setFaults({ minDelayMs: 1, maxDelayMs: 15 });
    const changing = leader.changeMembership({ voters: followers.map(({ id }) => id) });
    const results: Promise<string>[] = [];
    for (let i = 0; i < 60; i++) {
      for (const node of nodes) {
        const proposal = node.broadcast(bytes(`${node.id} ${i}`), { timeoutMs: 60_000 });
        results.push(proposal.then(() => "applied", ({ code, outcome }) => `${code} ${outcome}`));
      }
      await clock.advance(5);
    }
    await clock.until(changing);
    const all = await clock.until(Promise.all(results), 5000);
    assertEquals(all.filter((result) => result.startsWith("Timeout")), [], `seed ${seed}`);
    await closeAll(nodes);
  }
});

Deno.test("after a restart the members in the log count, whatever the peers in the options are", async () => {
  const { clock, start } = world(8);
  const storages = { a: memoryStorage(), b: memoryStorage() };
  const a = await start("a", ["a"], { storage: storages.a });
  await clock.until(a.broadcast(bytes("alone")));
  const b = await start("b", ["a"], { storage: storages.b, join: true });
  await clock.until(a.changeMembership({ voters: ["a", "b"] }));
  await closeAll([a, b]);
  const [again, other] = await Promise.all([
    start("a", ["a", "x"], { storage: storages.a }),
    start("b", [], { storage: storages.b, bootstrap: false }),
  ]);
  assertEquals([again, other].map((node) => node.status().servers), [["a", "b"], ["a", "b"]]);
  await clock.until(other.broadcast(bytes("together")));
  await closeAll([again, other]);
});

Deno.test("a node that was cut off deposes nobody when it comes back (pre-vote)", async () => {
  const { clock, network, nodes, leader, followers: [away] } = await trio(9);
  assert(away !== undefined);
  const { currentTerm } = leader.status();
  network.isolate(away.id);
  await clock.advance(20_000);
  assertEquals([away.status().role, away.status().currentTerm], ["preCandidate", currentTerm]);
  network.heal();
  await clock.until(away.broadcast(bytes("back")));
  assertEquals([leader.status().role, leader.status().currentTerm], ["leader", currentTerm]);
  await closeAll(nodes);
});

Deno.test("a leader that reaches no majority steps down, and leads again when it does (check-quorum)", async () => {
  const { clock, network, nodes, leader } = await trio(10);
  network.isolate(leader.id);
  await clock.advance(2000);
  assert(leader.status().role !== "leader");
  network.heal();
  await clock.until(leader.broadcast(bytes("again")));
  await closeAll(nodes);
});

Deno.test("of two nodes the one with the higher priority comes to lead", async () => {
  const { clock, start } = world(11);
  const ids = ["a", "b"];
  const nodes = await Promise.all(ids.map((id) => start(id, ids, { priority: id === "b" ? 1 : 0 })));
  await clock.until(nodes[0]!.broadcast(bytes("x")));
  assertEquals(leaderOf(nodes).id, "b");
  await closeAll(nodes);
});
