/**
 * The floor under a replicated log on Deno: `floor.ts ID PEERS CLIENT_ADDRESS FOLDER`. Server 1 sends what clients propose to
 * the others in batches, all of them sync it into a file that was made before, and two of three answer the client. Nothing of
 * consensus: no terms, no elections, no recovery, nothing checked. What a leader can't do without, and nothing else.
 */
import fs from "node:fs";
import { type Answer, placeOf, serveClients } from "./client_protocol.ts";

const [id = "", peers = "", client = "", folder = ""] = Deno.args;
const places = new Map(peers.split(",").map((peer) => peer.split("=") as [string, string]));
const fileBytes = 1 << 26;
const file = fs.openSync(`${folder}/log`, "w+");
for (let at = 0; at < fileBytes; at += 1 << 20) fs.writeSync(file, new Uint8Array(1 << 20), 0, 1 << 20, at);
fs.fsyncSync(file);
let position = 0;

function store(bytes: Uint8Array): void {
  if (position + bytes.length > fileBytes) position = 0;
  fs.writeSync(file, bytes, 0, bytes.length, position);
  fs.fdatasyncSync(file);
  position += bytes.length;
}

interface Waiting {
  readonly command: Uint8Array;
  readonly answer: Answer;
}

let gathered: Waiting[] = [];
const uncommitted: { readonly waiting: readonly Waiting[]; copies: number }[] = [];
let firstUncommitted = 1;
const followers: Deno.TcpConn[] = [];

/** One more server has all batches up to this one. */
function stored(last: number, acknowledged: number): void {
  for (let batch = Math.max(acknowledged + 1, firstUncommitted); batch <= last; batch++) {
    uncommitted[batch - firstUncommitted]!.copies++;
  }
  while (uncommitted[0] !== undefined && uncommitted[0].copies >= 2) {
    for (const { answer } of uncommitted.shift()!.waiting) answer.yes();
    firstUncommitted++;
  }
}

function propose(command: Uint8Array, answer: Answer): void {
  if (gathered.length === 0) queueMicrotask(send);
  gathered.push({ command: command.slice(), answer });
}

function send(): void {
  const waiting = gathered;
  gathered = [];
  const length = waiting.reduce((sum, { command }) => sum + command.length, 0);
  const frame = new Uint8Array(4 + length);
  new DataView(frame.buffer).setUint32(0, length);
  let at = 4;
  for (const { command } of waiting) {
    frame.set(command, at);
    at += command.length;
  }
  uncommitted.push({ waiting, copies: 0 });
  const batch = firstUncommitted + uncommitted.length - 1;
  for (const follower of followers) writeAll(follower, frame).catch(() => {});
  // After the writes to the network have begun.
  queueMicrotask(() => {
    store(frame);
    stored(batch, batch - 1);
  });
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Hears from a follower how many batches it has. */
async function follow(address: string): Promise<void> {
  for (;;) {
    try {
      const connection = await Deno.connect(placeOf(address));
      connection.setNoDelay(true);
      followers.push(connection);
      const buffer = new Uint8Array(4096);
      let acknowledged = 0;
      for (let read; (read = await connection.read(buffer)) !== null;) {
        // A byte for each batch.
        stored(acknowledged + read, acknowledged);
        acknowledged += read;
      }
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function replicate(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay(true);
  const buffer = new Uint8Array(1 << 22);
  const view = new DataView(buffer.buffer);
  let filled = 0;
  for (let read; (read = await connection.read(buffer.subarray(filled))) !== null;) {
    filled += read;
    let at = 0;
    let batches = 0;
    for (; filled - at >= 4 && filled - at >= 4 + view.getUint32(at); batches++) at += 4 + view.getUint32(at);
    if (batches === 0) continue;
    store(buffer.subarray(0, at));
    await writeAll(connection, new Uint8Array(batches));
    buffer.copyWithin(0, at, filled);
    filled -= at;
  }
}

async function listenToLeader(): Promise<void> {
  for await (const connection of Deno.listen(placeOf(places.get(id)!))) replicate(connection).catch(() => {});
}

if (id === "1") { for (const [peer, address] of places) if (peer !== "1") void follow(address); }
else void listenToLeader();
await serveClients(client, { leads: () => id === "1" && followers.length === 2, propose });
