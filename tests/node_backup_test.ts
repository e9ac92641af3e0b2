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
  const attempt = (wrong: Uint8Array) =>
    errorOf(leaderLab({ storage, stateMachine: memory(), restore: streamOf(wrong) }));
  for (let at = 0; at < saved.length; at++) {
    assertEquals((await attempt(saved.subarray(0, at))).code, "Corrupt", `cut at ${at}`);
    const flipped = saved.slice();
    flipped[at]! ^= 1;
    // A digit in the first line may become another one.
    if (at > saved.indexOf(10)) assertEquals((await attempt(flipped)).code, "Corrupt", `changed at ${at}`);
  }
  const other = bytes(new TextDecoder().decode(saved).replace('"backup":1', '"backup":2'));
  const { code, error } = await attempt(other);
  assertEquals(code, "Mismatch");
  assertEquals(
    error.message,
    "the backup: expected format 1, got 2; use the version of the library that has written it",
  );
  const { node } = await leaderLab({ storage, stateMachine: memory(), restore: streamOf(saved) });
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
