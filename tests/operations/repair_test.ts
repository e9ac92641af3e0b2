/** What docs/operations.md says of backups, dead servers and lost majorities, done to real processes. */
import { assert, assertEquals } from "@std/assert";
import {
  countsOf,
  type Place,
  post,
  type Server,
  statusOf,
  until,
  untilReady,
  withPlace,
} from "./cluster.ts";

const old = ["a", "b", "c"];

/** Starts these servers, and waits until requests can be sent to them. */
async function startAll(
  place: Place,
  ids: readonly string[],
  options?: Parameters<Place["start"]>[1],
): Promise<readonly Server[]> {
  const servers = await Promise.all(ids.map((id) => place.start(id, options)));
  for (const server of servers) await untilReady(server);
  return servers;
}

/** Posts until it is taken. */
async function insist(server: Server, name: string): Promise<void> {
  await until(async () => (await post(server, name)).type === "done", server.said);
}

async function kill(servers: readonly Server[]): Promise<void> {
  for (const { process } of servers) process.kill("SIGKILL");
  await Promise.all(servers.map(({ process }) => process.status));
}

/** Saves what a server backs up. */
async function save(server: Server, path: string): Promise<void> {
  const response = await fetch(`${server.url}/backup`);
  assertEquals(response.status, 200);
  await Deno.writeFile(path, response.body!);
}

Deno.test("a dead server is replaced by a new one under a new name, which then makes a majority with one of the others", () =>
  withPlace([...old, "d"], old, async (place) => {
    const [a, b, c] = await startAll(place, old) as [Server, Server, Server];
    await insist(a, "x");
    await kill([c]);
    await Deno.remove(c.folder, { recursive: true });
    const d = await place.start("d", { mode: "join" });
    const change = { voters: ["a", "b", "d"], addresses: { d: place.addressOf("d") } };
    await until(async () => {
      const { leaderId } = await statusOf(a);
      const leader = [a, b].find(({ id }) => id === leaderId);
      if (leader === undefined) return false;
      const response = await fetch(`${leader.url}/members`, { method: "POST", body: JSON.stringify(change) });
      await response.body?.cancel();
      return response.status === 204;
    }, a.said);
    await untilReady(d);
    await kill([b]);
    // What is sent to a leader that is dead is in doubt.
    await until(async () => ["a", "d"].includes((await statusOf(d)).leaderId ?? ""), d.said);
    await insist(d, "y");
    assertEquals(await countsOf(d), { x: 1, y: 1 });
    assertEquals((await statusOf(d)).members.voters, ["a", "b", "d"]);
  }));

Deno.test("a new cluster begins with a backup of an old one, at all of its servers, and goes on from there", () =>
  withPlace(old, old, async (place) => {
    const before = await startAll(place, old);
    for (let at = 0; at < 20; at++) await insist(before[at % 3]!, `x${at}`);
    // A backup holds what its server has applied: each answered when it had applied its own.
    await until(async () =>
      (await statusOf(before[0]!)).lastApplied >= (await statusOf(before[1]!)).lastApplied
    );
    const path = `${place.dir}/backup`;
    await save(before[0]!, path);
    const index = (await statusOf(before[0]!)).lastApplied;
    await insist(before[0]!, "later");
    await kill(before);
    for (const { folder } of before) await Deno.remove(folder, { recursive: true });

    await withPlace(["d", "e", "f"], ["d", "e", "f"], async (next) => {
      const env = { CLUSTER: "second", BACKUP: path };
      const after = await startAll(next, ["d", "e", "f"], { mode: "restore", env });
      const expected = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`x${at}`, 1]));
      for (const server of after) assertEquals(await countsOf(server), expected);
      await insist(after[1]!, "x0");
      assertEquals((await countsOf(after[2]!))["x0"], 2);
      const status = await statusOf(after[2]!);
      assert(status.lastApplied > index, "indexes go on where they were");
      assertEquals(status.members.voters, ["d", "e", "f"]);
      // What it began with is on its own disk now.
      await kill(after);
      const again = await startAll(next, ["d", "e", "f"], { mode: "again", env });
      assertEquals((await countsOf(again[0]!))["x0"], 2);
    });
  }));

Deno.test("of a cluster that has lost its majority, what the last server has applied begins a new one", () =>
  withPlace(old, old, async (place) => {
    const servers = await startAll(place, old);
    await insist(servers[2]!, "x");
    await until(async () =>
      (await statusOf(servers[2]!)).lastApplied === (await statusOf(servers[0]!)).lastApplied
    );
    await kill(servers.slice(0, 2));
    const path = `${place.dir}/backup`;
    await save(servers[2]!, path);
    await kill(servers.slice(2));
    await withPlace(["d"], ["d"], async (next) => {
      const env = { CLUSTER: "second", BACKUP: path };
      const [d] = await startAll(next, ["d"], { mode: "restore", env }) as [Server];
      assertEquals(await countsOf(d), { x: 1 });
    });
  }));
