/** State machines that apply many commands at a time, stale reads, and large states. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { RaftNode } from "../src/node.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { memoryNetwork } from "../src/transport/memory.ts";
import { cluster, counter, slowCounter } from "./session_support.ts";
import { bytes, errorOf, fakeClock, lab, leaderLab, seeded, turn } from "./node_support.ts";

/** A gate that the test opens. */
function gate() {
  let open = () => {};
  return {
    pause: () => new Promise<void>((resolve) => void (open = resolve)),
    async open() {
      open();
      await turn();
    },
  };
}

Deno.test("a state machine may apply all that is committed in one batch, and answers each", async () => {
  const batches: number[] = [];
  const stateMachine = {
    applyBatch(commands: readonly { index: number; command: Uint8Array }[]) {
      batches.push(commands.length);
      return commands.map(({ index }) => index);
    },
  };
  const { clock, node } = await leaderLab({ stateMachine });
  const answers = Array.from({ length: 5 }, () => node.propose(bytes("x")));
  assertEquals(await clock.until(Promise.all(answers)), [2, 3, 4, 5, 6]);
  assertEquals(batches, [5]);
  await node.close();
});

Deno.test("while a batch is being applied the node goes on, and applies nothing else; then all are answered", async () => {
  const { pause, open } = gate();
  const stateMachine = slowCounter(pause);
  const { clock, node } = await leaderLab({ stateMachine });
  const session = await clock.until(node.openSession());
  const x = { session: { session: session.id, sequence: 1, firstUnanswered: 1 } };
  const first = Promise.all([node.propose(bytes("x"), x), node.propose(bytes("x"), x)]);
  await turn();
  const second = node.propose(bytes("y"));
  await turn();
  assertEquals([stateMachine.batches, node.status().lastApplied, node.status().commitIndex], [[1], 2, 5]);
  await open();
  assertEquals(await first, [{ before: 0 }, { before: 0 }], "one that was repeated in the same batch");
  await open();
  assertEquals(await second, { before: 1 });
  await node.close();
});

Deno.test("a snapshot waits for the batch that is being applied, and so does close", async () => {
  const { pause, open } = gate();
  const stateMachine = slowCounter(pause);
  const { clock, node, storage } = await leaderLab({ stateMachine });
  const x = node.propose(bytes("x"));
  await turn();
  const snapshot = node.snapshot();
  await turn();
  assertEquals(storage.snapshots.size, 0);
  await open();
  assertEquals([await x, await snapshot], [{ before: 0 }, { index: 2 }]);
  const y = errorOf(node.propose(bytes("y")));
  await turn();
  let closed = false;
  const closing = node.close().then(() => closed = true);
  assertEquals([(await y).code, (await y).outcome], ["Stopped", "unknown"]);
  await clock.advance(1000);
  assert(!closed, "its database may be in the middle of a commit");
  await open();
  await closing;
});

Deno.test("a batch that fails, or has too few answers, stops the node with a clear reason", async () => {
  const table = [
    [() => Promise.reject(new Error("disk full")), /disk full/],
    [() => [], /must return an answer for each of 1 commands, but returned 0 answers$/],
    [() => Promise.resolve([1, 2]), /must return an answer for each of 1 commands, but returned 2 answers$/],
    [() => undefined as unknown as [], /but returned undefined$/],
  ] as const;
  for (const [applyBatch, expected] of table) {
    const { clock, node } = await leaderLab({ stateMachine: { applyBatch } });
    const { code, error } = await errorOf(clock.until(node.propose(bytes("x"))));
    assertEquals(code, "Stopped");
    assertMatch(`${error.message} ${(error.cause as Error).message}`, expected);
    await node.close();
  }
});

Deno.test("a state machine applies in one way: with both methods, or none, it is refused", async () => {
  const apply = () => 0;
  const machines = [{}, { apply, applyBatch: () => [] }, { apply: 1 }, null] as unknown[];
  for (const stateMachine of machines) {
    const { code, error } = await errorOf(lab({ stateMachine: stateMachine as { apply: () => 0 } }));
    assertEquals(code, "InvalidOptions");
    assertMatch(error.message, /either a method apply or a method applyBatch/);
  }
});

Deno.test("a stale read is answered at once, also without a leader; a linearizable one is not", async () => {
  const { clock, network, nodes, others, close } = await cluster(6);
  const [away] = others();
  await clock.until(away!.propose(bytes("x")));
  network.isolate(away!.id);
  await clock.advance(5000);
  const [other] = [...nodes.values()].filter((node) => node !== away);
  await clock.until(other!.propose(bytes("y")));
  assertEquals(await away!.read(bytes(""), { stale: true }), 1);
  const current = await errorOf(clock.until(away!.read(bytes(""), { timeoutMs: 1000 })));
  assertEquals(current.code, "Timeout");
  assertEquals(await clock.until(other!.read(bytes(""))), 2);
  await close();
});

Deno.test("a follower that is restored waits for its batch first, and is nothing older than it was", async () => {
  const clock = fakeClock();
  const network = memoryNetwork({ clock, seed: 7 });
  const random = seeded(7);
  const peers = ["a", "b", "c"];
  const machines = new Map(
    peers.map((id) => [id, slowCounter(() => new Promise((done) => clock.after(30, done)))]),
  );
  const nodes = await Promise.all(peers.map((id) =>
    RaftNode.start({
      id,
      peers,
      bootstrap: true,
      transport: network.transport(),
      storage: memoryStorage(),
      stateMachine: machines.get(id)!,
      keptEntries: 0,
      clock,
      random,
    })
  ));
  await clock.until(nodes[0]!.broadcast(bytes("first")));
  const leader = nodes.find((node) => node.status().role === "leader")!;
  const away = nodes.find((node) => node !== leader)!;
  for (let round = 0; round < 8; round++) {
    network.isolate(away.id);
    for (let i = 0; i < 5; i++) await clock.until(leader.broadcast(bytes(`${round}.${i}`)));
    await clock.until(leader.snapshot());
    network.heal();
    await clock.advance(20 * round);
  }
  await clock.until(Promise.all(nodes.map((node) => node.read(bytes("")))));
  for (const { counts } of machines.values()) {
    assertEquals(counts.size, 41);
    assertEquals([...counts.values()].filter((count) => count !== 1), []);
  }
  await Promise.all(nodes.map((node) => node.close()));
});

Deno.test("a snapshot without its table of sessions is damage, and named", async () => {
  const { clock, node, storage } = await leaderLab({ stateMachine: counter() });
  await clock.until(node.broadcast(bytes("x")));
  const { index } = await node.snapshot();
  await turn();
  await node.close();
  const whole = storage.snapshots.get(index)!;
  const damaged = [
    whole.slice(0, 3),
    whole.slice(0, 6),
    new Uint8Array(whole.length),
    bytes("\0\0\0\x01\x91"),
  ];
  for (const content of damaged) {
    storage.snapshots.set(index, new Uint8Array(content));
    const { code, error } = await errorOf(lab({ stateMachine: counter(), disk: storage }));
    assertEquals(code, "Corrupt");
    assertMatch(error.message, /^the snapshot is damaged: /);
  }
});
