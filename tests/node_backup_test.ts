import { assert, assertEquals } from "@std/assert";
import { RaftNode } from "../src/node.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { memoryNetwork } from "../src/transport/memory.ts";
import { bytes, errorOf, fakeClock, leaderLab, seeded } from "./node_support.ts";

type Chunks = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Remembers all that it is given. */
function memory(size = 0) {
  let words: string[] = [];
  return {
    apply: (command: Uint8Array) => words.push(new TextDecoder().decode(command)),
    query: () => words,
    snapshot: () => new Blob([JSON.stringify(words), " ".repeat(size)]).stream(),
    async restore(content: ReadableStream<Uint8Array>) {
      words = await new Response(content as Chunks).json();
    },
  };
}

/** The only server of a new cluster that begins with a backup. */
const restored = (saved: Uint8Array, storage = memoryStorage()) =>
  leaderLab({ clusterId: "second", storage, stateMachine: memory(), restore: streamOf(saved) });

/** A backup of a node that has been told these words, and where it was made. */
async function backup(words: readonly string[], size = 0) {
  const { node } = await leaderLab({ stateMachine: memory(size), storage: memoryStorage() });
  for (const word of words) await node.propose(bytes(word));
  const saved = new Uint8Array(await new Response(await node.backup() as Chunks).arrayBuffer());
  const { lastApplied } = node.status();
  await node.close();
  return { saved, lastApplied };
}

const streamOf = (saved: Uint8Array) => new Blob([saved as Uint8Array<ArrayBuffer>]).stream();

Deno.test("a new cluster begins with a backup of any size, and indexes go on where they were", async () => {
  for (const size of [0, 200_000]) {
    const { saved, lastApplied } = await backup(["x", "y"], size);
    const clock = fakeClock();
    const network = memoryNetwork({ clock });
    const random = seeded(1);
    const nodes = await Promise.all(["d", "e"].map((id) =>
      RaftNode.start({
        id,
        clusterId: "second",
        peers: ["d", "e"],
        bootstrap: true,
        restore: streamOf(saved),
        transport: network.transport(),
        storage: memoryStorage(),
        stateMachine: memory(),
        clock,
        random,
      })
    ));
    const { index } = await clock.until(nodes[0]!.broadcast(bytes("z")));
    assert(index > lastApplied);
    for (const node of nodes) assertEquals(await clock.until(node.read(bytes(""))), ["x", "y", "z"]);
    await Promise.all(nodes.map((node) => node.close()));
  }
});

Deno.test("a backup that is cut off or changed anywhere is refused, and the storage stays empty", async () => {
  const { saved } = await backup(["x", "y"]);
  const storage = memoryStorage();
  const attempt = (wrong: Uint8Array) => errorOf(restored(wrong, storage));
  for (let at = 0; at < saved.length; at++) {
    assertEquals((await attempt(saved.subarray(0, at))).code, "Corrupt", `cut at ${at}`);
    const flipped = saved.slice();
    flipped[at]! ^= 1;
    // What the first line says may become something else.
    if (at > saved.indexOf(10)) assertEquals((await attempt(flipped)).code, "Corrupt", `changed at ${at}`);
  }
  const other = bytes(new TextDecoder().decode(saved).replace('"backup":2', '"backup":1'));
  const { code, error } = await attempt(other);
  assertEquals(code, "Mismatch");
  assertEquals(
    error.message,
    "the backup: expected format 2, got 1; use the version of the library that has written it",
  );
  const { node } = await restored(saved, storage);
  assertEquals(await node.read(bytes("")), ["x", "y"]);
  await node.close();
});

Deno.test("restore is ignored where there is something already, and refused without bootstrap", async () => {
  const { saved } = await backup(["x"]);
  const storage = memoryStorage();
  const { node } = await leaderLab({ storage, stateMachine: memory() });
  await node.propose(bytes("own"));
  await node.close();
  const { node: again } = await leaderLab({ storage, stateMachine: memory(), restore: streamOf(saved) });
  assertEquals(await again.read(bytes("")), ["own"]);
  await again.close();
  const { code, error } = await errorOf(
    leaderLab({ bootstrap: false, join: true, restore: streamOf(saved) }),
  );
  assertEquals(code, "InvalidOptions");
  assert(error.message.includes("options.restore: expected nothing, or bootstrap as well"), error.message);
});

Deno.test("a node without snapshots, or that has applied nothing, says that there is nothing to back up", async () => {
  const { node } = await leaderLab();
  assertEquals((await errorOf(node.backup())).code, "InvalidOptions");
  await node.close();
  const { node: follower } = await leaderLab({ peers: ["b"], stateMachine: memory() });
  assertEquals((await errorOf(follower.backup())).code, "Pending");
  await follower.close();
});

Deno.test("a cluster that begins with a backup must not have the name of the old one", async () => {
  const { saved } = await backup(["x"]);
  const storage = memoryStorage();
  const { code, error } = await errorOf(
    leaderLab({ storage, stateMachine: memory(), restore: streamOf(saved) }),
  );
  assertEquals(code, "Mismatch");
  assert(error.message.includes('the backup is of cluster "default", and so is this node'), error.message);
  const { node } = await restored(saved, storage);
  await node.close();
});

Deno.test("servers that did not begin with the same backup say so, and don't follow each other, also later", async () => {
  const [{ saved: newer }, { saved: older }] = [await backup(["x", "y"]), await backup(["x"])];
  const beginnings = { d: newer, e: older, f: null };
  const clock = fakeClock();
  const network = memoryNetwork({ clock });
  const random = seeded(1);
  const storages = { d: memoryStorage(), e: memoryStorage(), f: memoryStorage() };
  const ids = ["d", "e", "f"] as const;
  const start = async (withBackup: boolean) => {
    const said: string[] = [];
    const nodes = await Promise.all(ids.map((id) => {
      const saved = beginnings[id];
      return RaftNode.start({
        id,
        clusterId: "second",
        peers: ids,
        bootstrap: true,
        ...(saved === null || !withBackup ? {} : { restore: streamOf(saved) }),
        transport: network.transport(),
        storage: storages[id],
        stateMachine: memory(),
        log: ({ event, message }) => void (event === "peerUnreachable" && said.push(message)),
        clock,
        random,
      });
    }));
    await clock.advance(5_000);
    assertEquals(nodes.map((node) => node.status().leaderId), [null, null, null]);
    await Promise.all(nodes.map((node) => node.close()));
    return said;
  };
  for (const withBackup of [true, false]) {
    const said = await start(withBackup);
    assertEquals(said.length, 6);
    const [first] = said.filter((message) => message.endsWith("and with none to us"));
    assert(
      /^not connected to [de]: the cluster began with backup "[0-9a-f-]{36}" to it/.test(first ?? ""),
      first,
    );
  }
});
