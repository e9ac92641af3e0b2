/**
 * A server of a small service: `server.ts ID ID=HOST:PORT,... FOLDER HTTP_PORT [bootstrap|join|restore|again]`, over TCP, on a write-ahead log. Counts
 * how often each name was posted to it, answers `/live` and `/ready` for probes, changes `/members`, gives a `/backup`, and
 * drains on SIGTERM. The environment tells the name of its CLUSTER, and where the BACKUP is to restore.
 */
import { isLive, isReady, logLine, RaftError, RaftNode } from "../../mod.ts";
import { tcp, wal } from "../../src/deno.ts";

const [id = "", list = "", folder = "", httpPort = "", mode = "bootstrap"] = Deno.args;
const peers = Object.fromEntries(
  list.split(",").map((pair) => {
    const [name = "", hostname = "", port = ""] = pair.split(/[=:]/);
    return [name, { hostname, port: Number(port) }] as const;
  }),
);

const counts = new Map<string, number>();
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const node = await RaftNode.start({
  id,
  peers: Object.keys(peers),
  clusterId: Deno.env.get("CLUSTER") ?? "first",
  bootstrap: mode === "bootstrap" || mode === "restore",
  join: mode === "join",
  ...(mode === "restore" ? { restore: (await Deno.open(Deno.env.get("BACKUP") ?? "")).readable } : {}),
  transport: tcp({ listen: peers[id]!, peers }),
  storage: wal({ path: folder, segmentBytes: 1 << 20 }),
  stateMachine: {
    apply(command) {
      const name = decoder.decode(command);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return counts.get(name);
    },
    query: () => Object.fromEntries(counts),
    snapshot: () => new Blob([JSON.stringify([...counts])]).stream(),
    async restore(content) {
      counts.clear();
      for (
        const [name, count] of await new Response(content as ReadableStream<Uint8Array<ArrayBuffer>>).json()
      ) {
        counts.set(name, count);
      }
    },
  },
  // However busy the machine is, no election comes between.
  electionTimeoutMs: [1000, 2000],
  log: (record) => console.error(logLine(record)),
});

const server = Deno.serve({ hostname: "localhost", port: Number(httpPort), onListen: () => {} }, answer);

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const status = node.status();
  if (pathname === "/live") return new Response(null, { status: isLive(status) ? 200 : 503 });
  if (pathname === "/ready") return new Response(null, { status: isReady(status) ? 200 : 503 });
  if (pathname === "/status") return Response.json(status);
  try {
    if (pathname === "/backup") {
      return new Response(await node.backup() as ReadableStream<Uint8Array<ArrayBuffer>>);
    }
    if (pathname === "/members") {
      await node.changeMembership(await request.json());
      return new Response(null, { status: 204 });
    }
    if (request.method === "GET") return Response.json(await node.read(encoder.encode("")));
    return Response.json(await node.propose(new Uint8Array(await request.arrayBuffer())));
  } catch (error) {
    if (!(error instanceof RaftError)) throw error;
    return Response.json({ code: error.code, outcome: error.outcome }, { status: 503 });
  }
}

Deno.addSignalListener("SIGTERM", async () => {
  await node.close({ drainMs: 5000 });
  // Until who sends requests here has heard that this server is not ready any more.
  await new Promise((resolve) => setTimeout(resolve, 500));
  await server.shutdown();
  Deno.exit(0);
});
