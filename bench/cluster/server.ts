/**
 * One of three servers of ours under load: `server.ts ID PEERS CLIENT_ADDRESS FOLDER [--snapshots]`, where PEERS is
 * `1=host:port,2=...`. Clients speak as `client_protocol.ts` says.
 */
import { RaftNode } from "../../mod.ts";
import { tcp, wal } from "../../src/deno.ts";
import { placeOf, serveClients } from "./client_protocol.ts";

const [id = "", peers = "", client = "", folder = "", ...flags] = Deno.args;
const servers = Object.fromEntries(
  peers.split(",").map((peer) => {
    const [name = "", address = ""] = peer.split("=");
    return [name, placeOf(address)];
  }),
);
const { [id]: listen, ...others } = servers;

/** How many commands apart snapshots are. */
const snapshotEvery = flags.includes("--snapshots") ? 50_000 : Infinity;

let applied = 0;
let snapshotAt = snapshotEvery;
const node = await RaftNode.start({
  id,
  peers: Object.keys(others),
  bootstrap: true,
  transport: tcp({ listen: listen!, peers: others }),
  storage: wal({ path: folder }),
  stateMachine: {
    apply() {
      if (++applied < snapshotAt) return;
      snapshotAt = applied + snapshotEvery;
      // What has been applied counts when all of this turn is.
      queueMicrotask(() => node.snapshot().catch((error) => console.error(String(error))));
    },
    snapshot: () => ReadableStream.from([new TextEncoder().encode(String(applied))]),
    restore: async (content) =>
      void (applied = Number(await new Response(content as ReadableStream<Uint8Array<ArrayBuffer>>).text())),
  },
});
node.stopped.then(({ type }) => type === "failed" && Deno.exit(1));

await serveClients(client, {
  leads: () => node.status().role === "leader",
  propose: (command, answer) => void node.propose(command).then(answer.yes, answer.no),
});
