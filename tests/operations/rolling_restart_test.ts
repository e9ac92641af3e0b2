/** What docs/operations.md says of upgrades, done to real processes. */
import { assert, assertEquals } from "@std/assert";
import { countsOf, post, type Server, statusOf, untilReady, withPlace } from "./cluster.ts";

const ids = ["a", "b", "c"];

Deno.test("a rolling restart under load loses no request, repeats none, and leaves none in doubt", () =>
  withPlace(ids, ids, async (place) => {
    const servers = new Map<string, Server>();
    for (const server of await Promise.all(ids.map((id) => place.start(id)))) servers.set(server.id, server);
    for (const server of servers.values()) await untilReady(server);

    let isOver = false;
    let posted = 0;
    let refused = 0;
    const doubts: string[] = [];
    // As a load balancer that asks /ready would: who said that it is being closed gets nothing until it is back.
    const away = new Set<string>();
    const next = (number: number) => {
      const ready = ids.filter((id) => !away.has(id));
      return servers.get(ready[number % ready.length]!)!;
    };
    // Each client posts one name after the other, to whichever server takes it.
    const client = async (number: number) => {
      for (let at = 0; !isOver; at++) {
        const name = `${number}-${at}`;
        for (let attempt = 0;; attempt++) {
          const server = next(number + at + attempt);
          const result = await post(server, name);
          if (result.type === "done") break;
          if (result.code === "Stopped") away.add(server.id);
          if (result.outcome !== "no") doubts.push(`${name}: ${result.code}`);
          refused++;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        posted++;
      }
    };
    const clients = Array.from({ length: 12 }, (_, number) => client(number));

    const leaders = new Set<string>();
    const codes: (number | null)[] = [];
    const leaderOf = async (server: Server) => (await statusOf(server)).leaderId ?? "nobody";
    const first = await leaderOf(servers.get("a")!);
    // The leader first: so there is a new one, which is restarted as well.
    for (const id of [first, ...ids.filter((id) => id !== first)]) {
      const server = servers.get(id)!;
      leaders.add(await leaderOf(server));
      const before = posted;
      server.process.kill("SIGTERM");
      codes.push((await server.process.status).code);
      const again = await place.start(id, { mode: "again" });
      servers.set(id, again);
      await untilReady(again);
      away.delete(id);
      assert(posted > before, "the others went on meanwhile");
    }
    isOver = true;
    await Promise.all(clients);
    assertEquals(doubts, []);
    assertEquals(codes, [0, 0, 0]);
    assert(refused > 0, "who drains refuses what is new");
    assert(leaders.size > 1, "leadership was handed over");
    for (const server of servers.values()) {
      const counts = Object.entries(await countsOf(server));
      assertEquals(counts.length, posted);
      assertEquals(counts.filter(([, count]) => count !== 1), []);
    }
  }));
