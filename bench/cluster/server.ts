/**
 * One of three servers under load: `server.ts ID PEERS CLIENT_ADDRESS FOLDER`, where PEERS is `1=host:port,2=...`. Clients
 * speak a protocol of their own: a request is its length in four bytes and so many bytes; a length of 0 asks whether this
 * server leads. An answer is one byte: 1 for committed and applied, or yes; 0 for failed, or no.
 */
import { RaftNode } from "../../mod.ts";
import { tcp, wal } from "../../src/deno.ts";

const [id = "", peers = "", client = "", folder = "", ...flags] = Deno.args;
const servers = Object.fromEntries(
  peers.split(",").map((peer): [string, Place] => {
    const [name = "", address = ""] = peer.split("=");
    return [name, placeOf(address)];
  }),
);
const { [id]: listen, ...others } = servers;
const snapshotEvery = flags.includes("--snapshots") ? 50_000 : Infinity;

interface Place {
  readonly hostname: string;
  readonly port: number;
}

function placeOf(address: string): Place {
  const [hostname = "", port = ""] = address.split(":");
  return { hostname, port: Number(port) };
}

let applied = 0;
const node = await RaftNode.start({
  id,
  peers: Object.keys(others),
  bootstrap: true,
  transport: tcp({ listen: listen!, peers: others }),
  storage: wal({ path: folder }),
  stateMachine: {
    apply: () => void applied++,
    snapshot: () => ReadableStream.from([new TextEncoder().encode(String(applied))]),
    restore: async (content) =>
      void (applied = Number(await new Response(content as ReadableStream<Uint8Array<ArrayBuffer>>).text())),
  },
});

const yes = new Uint8Array([1]);
const no = new Uint8Array([0]);

async function serve(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay(true);
  let buffer = new Uint8Array(1 << 16);
  let filled = 0;
  for (let read; (read = await connection.read(buffer.subarray(filled))) !== null;) {
    filled += read;
    let at = 0;
    const view = new DataView(buffer.buffer);
    while (filled - at >= 4) {
      const length = view.getUint32(at);
      if (filled - at < 4 + length) break;
      answer(connection, buffer.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    if (at === 0 && filled === buffer.length) {
      const larger = new Uint8Array(buffer.length * 2);
      larger.set(buffer);
      buffer = larger;
    } else buffer.copyWithin(0, at, filled);
    filled -= at;
  }
}

function answer(connection: Deno.TcpConn, command: Uint8Array): void {
  if (command.length === 0) send(connection, node.status().role === "leader" ? yes : no);
  else node.propose(command).then(() => send(connection, yes), () => send(connection, no));
}

function send(connection: Deno.TcpConn, byte: Uint8Array): void {
  connection.write(byte).catch(() => {});
}

let snapshotAt = snapshotEvery;
if (snapshotEvery < Infinity) {
  setInterval(() => {
    if (applied < snapshotAt) return;
    snapshotAt = applied + snapshotEvery;
    node.snapshot().catch((error) => console.error(String(error)));
  }, 100);
}

Deno.addSignalListener("SIGTERM", () => node.close().finally(() => Deno.exit(0)));

for await (const connection of Deno.listen(placeOf(client))) serve(connection).catch(() => {});
