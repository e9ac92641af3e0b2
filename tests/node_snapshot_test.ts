/** Snapshots and compaction, with real nodes. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { configurationOfVoters, initialState, type Message } from "../src/core/mod.ts";
import { close, createSnapshots, storeChunk } from "../src/node/snapshots.ts";
import { createReplica } from "../src/node/replica.ts";
import { RaftNode, type RaftNodeOptions } from "../src/node.ts";
import type { StateMachine, Storage } from "../src/ports.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { memoryNetwork } from "../src/transport/memory.ts";
import { bytes, disk, errorOf, fakeClock, lab, leaderLab, seeded, text } from "./node_support.ts";

/** A list of all commands, as text, whose snapshots come in small pieces. */
function list(): StateMachine<number> & { readonly items: string[] } {
  const items: string[] = [];
  return {
    items,
    apply: (command) => items.push(text(command)),
    query: () => items.join(),
    snapshot() {
      const all = [...items];
      return new ReadableStream({
        pull(controller) {
          const next = all.shift();
          if (next === undefined) controller.close();
          else controller.enqueue(bytes(`${next}\n`));
        },
      });
    },
    async restore(content) {
      const whole = await new Response(content).text();
      items.splice(0, items.length, ...whole.split("\n").filter((item) => item !== ""));
    },
  };
}

const ids = ["a", "b", "c"];

function world(seed: number) {
  const clock = fakeClock();
  const network = memoryNetwork({ clock, seed });
  const random = seeded(seed);
  const sent: Message[] = [];
  const inner = network.transport();
  const transport: typeof inner = {
    async open(context) {
      const connection = await inner.open(context);
      return {
        ...connection,
        send(message) {
          sent.push(message);
          connection.send(message);
        },
      };
    },
  };
  const machines: Record<string, ReturnType<typeof list>> = {};
  const start = (id: string, storage: Storage, options: Partial<RaftNodeOptions> = {}) => {
    const stateMachine = machines[id] = list();
    return RaftNode.start({
      id,
      peers: ids,
      bootstrap: options.join !== true,
      transport,
      storage,
      stateMachine,
      clock,
      random,
      keptEntries: 0,
      maxSnapshotChunkBytes: 16,
      ...options,
    });
  };
  return { clock, network, sent, machines, start };
}

async function trio(
  seed: number,
  options: Partial<RaftNodeOptions> = {},
  storage: () => Storage = memoryStorage,
) {
  const all = world(seed);
  const storages: Record<string, Storage> = { a: storage(), b: storage(), c: storage() };
  const nodes = await Promise.all(ids.map((id) => all.start(id, storages[id]!, options)));
  await all.clock.until(nodes[0]!.broadcast(bytes("first")));
  const leader = nodes.find((node) => node.status().role === "leader");
  assert(leader !== undefined);
  const [follower, away] = nodes.filter((node) => node !== leader);
  assert(follower !== undefined && away !== undefined);
  return { ...all, storages, nodes, leader, follower, away };
}

const closeAll = (nodes: readonly RaftNode[]) => Promise.all(nodes.map((node) => node.close()));

Deno.test("a node that was away gets a snapshot in chunks, then the rest of the log", async () => {
  const { clock, network, sent, machines, nodes, leader, away } = await trio(1);
  network.isolate(away.id);
  for (let i = 0; i < 20; i++) await clock.until(leader.broadcast(bytes(`item ${i}`)));
  const { index } = await clock.until(leader.snapshot());
  assertEquals(index, leader.status().lastApplied);
  for (let i = 20; i < 25; i++) await clock.until(leader.broadcast(bytes(`item ${i}`)));
  network.heal();
  const chunks = () => sent.filter(({ type }) => type === "InstallSnapshot").length;
  assertEquals(await clock.until(away.read(bytes(""))), machines[leader.id]!.items.join());
  assertEquals(machines[away.id]!.items, machines[leader.id]!.items);
  assert(chunks() >= 10, `${chunks()} chunks`);
  assertEquals(away.status().lastApplied, leader.status().lastApplied);
  await closeAll(nodes);
});

Deno.test("chunks that get lost are sent again", async () => {
  const { clock, network, machines, nodes, leader, away } = await trio(2);
  network.isolate(away.id);
  for (let i = 0; i < 20; i++) await clock.until(leader.broadcast(bytes(`item ${i}`)));
  await clock.until(leader.snapshot());
  network.heal();
  network.setFaults({ lossRate: 0.2, duplicationRate: 0.2, maxDelayMs: 20 });
  await clock.until((async () => {
    while (machines[away.id]!.items.length < 21) {
      await new Promise((resolve) => clock.after(50, () => resolve(null)));
    }
  })());
  assertEquals(machines[away.id]!.items, machines[leader.id]!.items);
  await closeAll(nodes);
});

Deno.test("a follower gets the latest snapshot where the one that it was to get can't be read any more", async () => {
  let isUnreadable = false;
  const flaky = (): Storage => {
    const inner = memoryStorage();
    return {
      async open(context) {
        const opened = await inner.open(context);
        return {
          ...opened,
          readSnapshot(index) {
            if (isUnreadable) throw new Error("the disk is not there");
            return opened.readSnapshot(index);
          },
        };
      },
    };
  };
  const { clock, network, machines, nodes, leader, away } = await trio(8, {}, flaky);
  const { currentTerm } = leader.status();
  network.isolate(away.id);
  await clock.until(leader.broadcast(bytes("second")));
  await clock.until(leader.snapshot());
  isUnreadable = true;
  network.heal();
  await clock.advance(500);
  await clock.until(leader.broadcast(bytes("third")));
  await clock.until(leader.snapshot());
  isUnreadable = false;
  assertEquals(await clock.until(away.read(bytes(""))), "first,second,third");
  assertEquals(machines[away.id]!.items, machines[leader.id]!.items);
  assertEquals(leader.status().currentTerm, currentTerm);
  await closeAll(nodes);
});

Deno.test("a new node gets the members and the state from a snapshot", async () => {
  const { clock, machines, start, nodes, leader } = await trio(3);
  for (let i = 0; i < 10; i++) await clock.until(leader.broadcast(bytes(`item ${i}`)));
  await clock.until(leader.snapshot());
  const d = await start("d", memoryStorage(), { join: true });
  await clock.until(leader.changeMembership({ voters: ["a", "b", "c", "d"] }));
  await clock.until(d.broadcast(bytes("from d")));
  assertEquals(machines.d!.items, machines[leader.id]!.items);
  assertEquals(d.status().servers, ["a", "b", "c", "d"]);
  await closeAll([...nodes, d]);
});

Deno.test("after a restart the state machine begins with the snapshot, and deliveries after it", async () => {
  const { clock, machines, start, storages, nodes, leader } = await trio(4);
  for (let i = 0; i < 10; i++) await clock.until(leader.broadcast(bytes(`item ${i}`)));
  const { index } = await clock.until(leader.snapshot());
  await clock.until(leader.broadcast(bytes("later")));
  await closeAll(nodes);
  const again = await Promise.all(ids.map((id) => start(id, storages[id]!)));
  await clock.until(again[0]!.broadcast(bytes("last")));
  await clock.advance(500);
  const old = again.find(({ id }) => id === leader.id)!;
  assertEquals(machines[old.id]!.items.length, 13);
  for (const id of ids) assertEquals(machines[id]!.items, machines[old.id]!.items);
  const { code, error } = await clock.until(errorOf(old.deliveries({ from: 1 }).next()));
  assertEquals(code, "Compacted");
  assertMatch(error.message, new RegExp(`the log begins at index ${index + 1}`));
  const { value } = await clock.until(old.deliveries({ from: index + 1 }).next());
  assertEquals(text(value!.bytes), "later");
  await closeAll(again);
});

Deno.test("some entries before a snapshot stay, for nodes that lag a little", async () => {
  const { clock, network, sent, nodes, leader, away } = await trio(5, { keptEntries: 5 });
  network.isolate(away.id);
  for (let i = 0; i < 3; i++) await clock.until(leader.broadcast(bytes(`item ${i}`)));
  await clock.until(leader.snapshot());
  network.heal();
  assertEquals(await clock.until(away.read(bytes(""))), "first,item 0,item 1,item 2");
  assertEquals(sent.some(({ type }) => type === "InstallSnapshot"), false);
  await closeAll(nodes);
});

Deno.test("a snapshot under load takes nothing in twice, and a later one replaces it", async () => {
  const { clock, machines, nodes, leader } = await trio(6);
  const broadcasts = Array.from({ length: 100 }, (_, i) => leader.broadcast(bytes(`${i}`)));
  const first = leader.snapshot();
  const { code } = await errorOf(leader.snapshot());
  assertEquals(code, "Pending");
  await clock.until(Promise.all([...broadcasts, first]));
  const { index } = await clock.until(leader.snapshot());
  assertEquals(index, leader.status().lastApplied);
  for (const { id } of nodes) assertEquals(new Set(machines[id]!.items).size, machines[id]!.items.length);
  await closeAll(nodes);
});

Deno.test("what can't be done without snapshot or restore is said", async () => {
  const { node } = await leaderLab();
  const { code, error } = await errorOf(node.snapshot());
  assertEquals(code, "InvalidOptions");
  assertMatch(error.message, /no method snapshot/);
  await node.close();
  const storage = disk();
  const full = await leaderLab({ disk: storage, stateMachine: list() });
  await full.node.broadcast(bytes("x"));
  await full.node.snapshot();
  await full.node.close();
  const refused = await errorOf(lab({ disk: storage }));
  assertEquals(refused.code, "InvalidOptions");
  assertMatch(refused.error.message, /no method restore/);
});

Deno.test("a node takes snapshots by itself, after as many entries as it was told", async () => {
  const { clock, node, storage } = await leaderLab({
    stateMachine: list(),
    snapshotAfterEntries: 10,
    keptEntries: 0,
  });
  for (let i = 0; i < 35; i++) await clock.until(node.broadcast(bytes(`item ${i}`)));
  await clock.advance(100);
  assertEquals(storage.content?.compaction?.snapshot.index, 30);
  assertEquals(storage.content?.log.length, 6);
  await node.close();
});

/** A state machine of which no snapshot can be read. */
function unreadable() {
  return { ...list(), snapshot: () => new ReadableStream({ pull: () => Promise.reject(new Error("no")) }) };
}

Deno.test("a snapshot that fails is a line in the log, and the node goes on", async () => {
  const { clock, node, lines } = await leaderLab({ stateMachine: unreadable(), snapshotAfterEntries: 2 });
  for (let i = 0; i < 5; i++) await clock.until(node.broadcast(bytes(`item ${i}`)));
  assertMatch(lines[0]!, /^can't take a snapshot of index 2: Error: no$/);
  assertEquals(node.status().health.type, "running");
  await node.close();
  const { code, error } = await errorOf(lab({ snapshotAfterEntries: 2 }));
  assertEquals(code, "InvalidOptions");
  assertMatch(
    error.message,
    /snapshotAfterEntries: expected a state machine with the methods snapshot and restore/,
  );
});

Deno.test("a snapshot that fails is tried again after a quarter of as many entries, not after each", async () => {
  const { clock, node, lines } = await leaderLab({ stateMachine: unreadable(), snapshotAfterEntries: 20 });
  for (let i = 1; i < 40; i++) await clock.until(node.broadcast(bytes(`item ${i}`)));
  assertEquals(
    lines,
    [20, 25, 30, 35, 40].map((index) => `can't take a snapshot of index ${index}: Error: no`),
  );
  await node.close();
});

Deno.test("of snapshots that begin while another one is let go of, the last one is stored", async () => {
  const told: (readonly [string, number])[] = [];
  const letGo: (() => void)[] = [];
  const opened = await memoryStorage().open({ id: "a", clusterId: "x", servers: [] });
  const storage: typeof opened = {
    ...opened,
    async writeSnapshot(_index, content) {
      try {
        await new Response(content).arrayBuffer();
      } finally {
        await new Promise<void>((resolve) => letGo.push(resolve));
      }
    },
  };
  const snapshots = createSnapshots({
    node: "a",
    storage,
    replica: createReplica(list()),
    afterEntries: null,
    maxChunkBytes: 16,
    state: () =>
      initialState({
        id: "a",
        servers: [],
        maxEntriesPerAppend: 1,
        maxBytesPerAppend: 1,
        maxHeldProposals: 1,
      }),
    send: () => {},
    submit: (event) => {
      if (event.type === "chunkStored") told.push([event.message.from, event.message.snapshot.index]);
    },
    pauseApplying: () => {},
    applying: () => null,
    onFailure: (error) => {
      throw error;
    },
    report: () => {},
  });
  const begins = (from: string, index: number) =>
    storeChunk(snapshots, {
      type: "InstallSnapshot",
      from,
      to: "a",
      term: index,
      snapshot: { index, term: 1, configuration: configurationOfVoters(["a", "b", "c"]) },
      offset: 0,
      data: new Uint8Array(1),
      isLast: false,
    });
  await begins("b", 1);
  const all = Promise.all([begins("b", 2), begins("c", 3)]);
  const pump = setInterval(() => letGo.shift()?.(), 1);
  await all;
  assertEquals(told, [["b", 1], ["b", 2], ["c", 3]]);
  assertEquals(snapshots.incoming?.index, 3);
  await close(snapshots);
  clearInterval(pump);
});
