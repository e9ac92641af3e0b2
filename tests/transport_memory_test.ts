import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import type { Message, NodeId } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import type { Clock } from "../src/ports.ts";
import { memoryNetwork, type MemoryNetworkOptions } from "../src/transport/memory.ts";

Deno.test("without faults messages arrive in order, but not before send returns", async () => {
  const { send, received, settle } = await cluster();
  for (let i = 0; i < 100; i++) send("a", "b", i);
  assertEquals(received("b"), []);
  await settle();
  assertEquals(received("b"), range(100));
});

Deno.test("the same seed loses, doubles and delays the same messages; another seed others", async () => {
  const run = async (seed: number) => {
    const faults = { lossRate: 0.3, duplicationRate: 0.2, minDelayMs: 1, maxDelayMs: 50 };
    const { send, received, clock } = await cluster({ seed, ...faults });
    for (let i = 0; i < 1000; i++) send("a", "b", i);
    clock.advance(50);
    return received("b");
  };
  const [once, again, other] = [await run(7), await run(7), await run(8)];
  assertEquals(once, again);
  assert(JSON.stringify(once) !== JSON.stringify(other));
  const arrived = new Set(once).size;
  assert(arrived > 600 && arrived < 800, `some 700 of 1000 arrive: ${arrived}`);
  assert(
    once.length > arrived * 1.1 && once.length < arrived * 1.3,
    `some 20% of them twice: ${once.length}`,
  );
  assert(once.some((sequence, index) => sequence < (once[index - 1] ?? 0)), "some overtake others");
});

Deno.test("a delay is at least the shortest and at most the longest", async () => {
  const { send, received, clock } = await cluster({ minDelayMs: 10, maxDelayMs: 20 });
  for (let i = 0; i < 100; i++) send("a", "b", i);
  clock.advance(9);
  assertEquals(received("b").length, 0);
  clock.advance(11);
  assertEquals(received("b").length, 100);
});

Deno.test("a partition separates its groups, and healing joins them", async () => {
  const { network, send, received, settle } = await cluster();
  network.partition(["a", "b"], ["c"]);
  send("a", "b", 1);
  send("a", "c", 1);
  send("c", "a", 1);
  await settle();
  assertEquals([received("a"), received("b"), received("c")], [[], [1], []]);
  network.heal();
  send("a", "c", 2);
  send("c", "a", 2);
  await settle();
  assertEquals([received("a"), received("b"), received("c")], [[2], [1], [2]]);
});

Deno.test("an isolated node reaches nobody, and the others reach each other", async () => {
  const { network, send, received, settle } = await cluster();
  network.isolate("a");
  send("a", "b", 1);
  send("b", "a", 1);
  send("b", "c", 1);
  await settle();
  assertEquals([received("a"), received("b"), received("c")], [[], [], [1]]);
});

Deno.test("what is under way when a link is cut is lost", async () => {
  const { network, send, received, clock, settle } = await cluster({ minDelayMs: 10 });
  send("a", "b", 1);
  network.isolate("b");
  clock.advance(10);
  network.heal();
  network.setFaults({});
  send("a", "b", 2);
  network.isolate("a");
  await settle();
  assertEquals(received("b"), []);
});

Deno.test("faults can be changed while the network is in use", async () => {
  const { network, send, received, settle } = await cluster({ lossRate: 1 });
  send("a", "b", 1);
  network.setFaults({ duplicationRate: 1 });
  send("a", "b", 2);
  network.setFaults({});
  send("a", "b", 3);
  await settle();
  assertEquals(received("b"), [2, 2, 3]);
});

Deno.test("closing a node cancels what is on its way to it", async () => {
  const { send, received, clock, close } = await cluster({ minDelayMs: 10 });
  send("a", "b", 1);
  send("a", "c", 1);
  await close("b");
  assertEquals(clock.waiting(), 1);
  clock.advance(10);
  assertEquals([received("b"), received("c")], [[], [1]]);
});

Deno.test("a name that is taken is refused until its node is closed", async () => {
  const { open, close } = await cluster();
  const error = await assertRejects(() => open("a"), RaftError);
  assertEquals(error.code, "Unavailable");
  assertStringIncludes(error.message, "node a is on this network already");
  await close("a");
  await open("a");
});

Deno.test("a wrong option is refused by its name", () => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ lossRate: 1.1 }, "memoryNetwork: options.lossRate: expected a number from 0 to 1, got 1.1"],
    [
      { duplicationRate: -1 },
      "memoryNetwork: options.duplicationRate: expected a number from 0 to 1, got -1",
    ],
    [
      { minDelayMs: 2, maxDelayMs: 1 },
      "memoryNetwork: options.maxDelayMs: expected a number of at least minDelayMs, got 1",
    ],
    [{ seed: 1.5 }, "memoryNetwork: options.seed: expected an integer from 0 to 4294967295, got 1.5"],
    [{ clock: {} }, "memoryNetwork: options.clock: expected a Clock"],
    [{ lossrate: 1 }, "memoryNetwork: options.lossrate: there is no such option; there are lossRate"],
    [null, "memoryNetwork: options: expected an object, got null"],
  ];
  for (const [options, expected] of wrong) {
    const error = assertThrows(() => memoryNetwork(options as MemoryNetworkOptions), RaftError);
    assertEquals(error.code, "InvalidOptions");
    assertStringIncludes(error.message, expected);
  }
});

/** Nodes a, b and c on one network, with a clock that stands still unless it is advanced. */
async function cluster(options: MemoryNetworkOptions = {}) {
  const clock = manualClock();
  const network = memoryNetwork({ clock, ...options });
  const nodes = new Map<NodeId, Awaited<ReturnType<typeof open>>>();

  const open = async (id: NodeId) => {
    const received: number[] = [];
    const connection = await network.transport().open({
      id,
      clusterId: "test",
      servers: ["a", "b", "c"],
      peers: ["a", "b", "c"].filter((peer) => peer !== id),
      onMessage: (message) => received.push(message.type === "RequestVote" ? message.term : -1),
      log() {},
    });
    return { connection, received };
  };
  const node = (id: NodeId) => {
    const found = nodes.get(id);
    assert(found !== undefined);
    return found;
  };
  for (const id of ["a", "b", "c"]) nodes.set(id, await open(id));

  return {
    network,
    clock,
    open,
    close: (id: NodeId) => node(id).connection.close(),
    received: (id: NodeId) => node(id).received,
    send(from: NodeId, to: NodeId, term: number) {
      const message: Message = {
        type: "RequestVote",
        from,
        to,
        term,
        lastLogIndex: 0,
        lastLogTerm: 0,
        priority: 0,
        isTransfer: false,
      };
      node(from).connection.send(message);
    },
    /** What needs no time has happened. */
    settle: () => new Promise<void>((resolve) => setTimeout(resolve, 0)),
  };
}

function manualClock(): Pick<Clock, "after"> & { advance(ms: number): void; waiting(): number } {
  let now = 0;
  let timers: { readonly at: number; readonly callback: () => void }[] = [];
  return {
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.push(timer);
      return () => timers = timers.filter((other) => other !== timer);
    },
    advance(ms) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now).sort((x, y) => x.at - y.at);
      timers = timers.filter(({ at }) => at > now);
      for (const { callback } of due) callback();
    },
    waiting: () => timers.length,
  };
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
