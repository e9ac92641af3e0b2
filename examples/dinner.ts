/**
 * Three guests agree on where to have dinner. Each broadcasts the place that it would like; all hear the same
 * options in the same order, and what they hear second is the decision.
 *
 *     deno run -P=dinner examples/dinner.ts       three guests in one process, over TCP, each with its own disk
 *     deno run -A examples/dinner.ts 0            one guest; start 1 and 2 in other terminals
 *
 * With `--dir DIR` a guest remembers: kill it (-9), start it again, and it goes on where it was. Without, one that
 * was killed must stay away: it has forgotten what it promised.
 */
import { parseArgs } from "@std/cli";
import { memoryNetwork, memoryStorage, RaftError, RaftNode, type Storage, type Transport } from "../mod.ts";
import { denoKv, tcp } from "../src/deno.ts";
import { openTelemetry } from "../src/telemetry.ts";

const places = ["the Sushi Bar", "the Trattoria", "the Taqueria"];
const name = (guest: number) => `guest-${guest}`;
const peers = places.map((_, guest) => name(guest));

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What a guest says, and all hear in the same order. */
type Word =
  | { readonly says: "let's go to"; readonly guest: number; readonly place: string }
  | { readonly says: "I know"; readonly guest: number };

/** What a guest needs. */
interface Seat {
  readonly guest: number;
  readonly transport: Transport;
  readonly storage: Storage;
  /** Where the guest notes the decision; null if nothing is kept. */
  readonly note: string | null;
}

/**
 * One guest's dinner. A guest leaves when all have said that they know the decision, a little later than it hears
 * so, as the others need it to hear the same. Who knows the decision need not wait for others that are gone.
 */
async function dine(node: RaftNode, { guest, note }: Seat): Promise<void> {
  const options = new Map<number, string>();
  const informed = new Set<number>();
  let decision: string | null = null;

  async function decide(place: string): Promise<void> {
    if (decision !== null) return;
    decision = place;
    console.log(`Guest ${guest}: we'll have dinner at ${place}!`);
    // Noted before anybody may rely on it: who starts again may find that the others have left.
    if (note !== null) await Deno.writeTextFile(note, place);
    say(node, { says: "I know", guest });
  }

  const noted = note === null ? "" : await read(note);
  if (noted !== "") await decide(noted);
  const place = places[guest] ?? "";
  console.error(`Guest ${guest}: I'd like ${place}.`);
  say(node, { says: "let's go to", guest, place });
  using alone = afterTimeAlone(node, 10_000, () => decision !== null);
  for await (const { bytes } of node.deliveries({ signal: alone.signal })) {
    const word: Word = JSON.parse(new TextDecoder().decode(bytes));
    if (word.says === "I know") informed.add(word.guest);
    // Only the first option of a guest counts, so it may say it again after a restart.
    else if (!options.has(word.guest)) options.set(word.guest, word.place);
    const [, second] = options.values();
    if (second !== undefined) await decide(second);
    if (informed.size === places.length) return await sleep(1000);
  }
  if (alone.signal.aborted) console.error(`Guest ${guest}: the others can't be reached, so I'm leaving.`);
}

/** Says it until it is heard. That it may be heard twice changes nothing here. */
async function say(node: RaftNode, word: Word): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(word));
  while (node.status().health.type === "running") {
    try {
      if (node.status().leaderId !== null) return void await node.broadcast(bytes, { timeoutMs: 1000 });
      await sleep(100);
    } catch (error) {
      // Perhaps the leader was lost, and the word with it. If the node has stopped, its deliveries say why.
      if (!(error instanceof RaftError)) throw error;
    }
  }
}

/** Aborts when a guest who doesn't need the others any more has known no leader for so many milliseconds. */
function afterTimeAlone(
  node: RaftNode,
  ms: number,
  mayLeave: () => boolean,
): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  let aloneMs = 0;
  const watch = setInterval(() => {
    aloneMs = mayLeave() && node.status().leaderId === null ? aloneMs + 100 : 0;
    if (aloneMs >= ms) controller.abort();
  }, 100);
  return { signal: controller.signal, [Symbol.dispose]: () => clearInterval(watch) };
}

/** Serves the guests of this process until each has left. */
async function serve(seats: readonly Seat[]): Promise<void> {
  await using nodes = new AsyncDisposableStack();
  const dinners: (() => Promise<void>)[] = [];
  for (const seat of seats) {
    const { guest, transport, storage } = seat;
    const node = await RaftNode.start({
      id: name(guest),
      clusterId: "dinner",
      peers,
      bootstrap: true,
      transport,
      storage,
      observer: openTelemetry(),
    });
    nodes.use(node);
    onTermination(nodes, node);
    dinners.push(() => dine(node, seat));
  }
  await Promise.all(dinners.map((dinner) => dinner()));
}

/** A guest that is asked to go (SIGTERM) lets others lead and what it has said be heard, but not for long. */
function onTermination(nodes: AsyncDisposableStack, node: RaftNode): void {
  if (Deno.build.os === "windows") return;
  const leave = () => void node.close({ drainMs: 2000 });
  Deno.addSignalListener("SIGTERM", leave);
  nodes.defer(() => Deno.removeSignalListener("SIGTERM", leave));
}

// All that follows is about what this process may do: use the network, and keep something on disk.

/** What was typed. */
interface Wish {
  readonly guests: readonly number[];
  readonly dir: string | null;
  readonly port: number;
}

const usage = `usage: dinner.ts [GUEST] [--dir DIR] [--port PORT]
  GUEST       0, 1 or 2; without it all three dine in this process
  --dir DIR   where to remember; without it nothing is kept
  --port PORT guest 0 listens on this port of localhost, the others on the next two (10624)`;

/** Reads the arguments; text is what is wrong with them. */
const usualPort = 10624;

function parse(args: string[]): Wish | string {
  const unknown: string[] = [];
  const { _: guests, dir, port } = parseArgs(args, {
    string: ["_", "dir", "port"],
    default: { port: String(usualPort) },
    unknown: (argument, key) => key === undefined || unknown.push(argument) === 0,
  });
  const [guest = ""] = guests.map(String);
  if (unknown.length > 0) return `there is no option ${unknown.join(" ")}`;
  if (guests.length > 1) return `there is one guest at most, got ${guests.join(" ")}`;
  if (!/^[012]?$/.test(guest)) return `the guest must be 0, 1 or 2, got ${guest}`;
  if (!/^[0-9]+$/.test(String(port)) || Number(port) < 1 || Number(port) > 65533) {
    return `the port must be an integer from 1 to 65533, got "${port}"`;
  }
  if (dir === "") return "the folder must have a name";
  return {
    guests: guest === "" ? [0, 1, 2] : [Number(guest)],
    dir: dir === undefined ? null : String(dir),
    port: Number(port),
  };
}

/** Whether all of this is allowed. If not, asks once for `wanted`, where there is somebody to ask. */
async function allowed(
  needed: readonly Deno.PermissionDescriptor[],
  wanted: readonly Deno.PermissionDescriptor[],
): Promise<boolean> {
  const states = await Promise.all(needed.map((descriptor) => Deno.permissions.query(descriptor)));
  if (states.every(({ state }) => state === "granted")) return true;
  if (!Deno.stdin.isTerminal() || wanted.length === 0) return false;
  for (const descriptor of wanted) {
    if ((await Deno.permissions.request(descriptor)).state !== "granted") return false;
  }
  return true;
}

/** The folder for the disks: the one that was asked for, or a temporary one; null if neither is allowed. */
async function folder(dir: string | null): Promise<string | null> {
  const access = (["read", "write"] as const).map((name) => dir === null ? { name } : { name, path: dir });
  if (!await allowed(access, dir === null ? [] : access)) return null;
  if (dir === null) return await Deno.makeTempDir({ prefix: "dinner-" });
  try {
    await Deno.mkdir(dir, { recursive: true });
  } catch (error) {
    throw new RaftError("Unavailable", `the folder ${dir} can't be used: ${(error as Error).message}`);
  }
  return dir;
}

/** The content of a file; nothing if there is none. */
async function read(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** What the user can mend is one line; anything else is a mistake of this program. */
function refused(error: unknown): number {
  if (!(error instanceof RaftError)) throw error;
  console.error(`dinner: ${error.message}`);
  return 1;
}

async function main(args: string[]): Promise<number> {
  const wish = parse(args);
  if (typeof wish === "string") {
    console.error(`dinner: ${wish}\n${usage}`);
    return 64;
  }
  const addresses = places.map((_, guest) => ({ hostname: "localhost", port: wish.port + guest }));
  const hosts = addresses.map(({ hostname, port }) =>
    ({ name: "net", host: `${hostname}:${port}` }) as const
  );
  const overTcp = await allowed(hosts, [{ name: "net" }]);
  if (!overTcp) {
    // The set of permissions in deno.json names the usual ports.
    const flag = wish.port === usualPort ? "-P=dinner" : "-A";
    const command = ["deno run", flag, "examples/dinner.ts", ...args].join(" ");
    console.error(`dinner: without permission for the network. For TCP: ${command}`);
    if (wish.guests.length === 1) return 1;
    console.error("dinner: the guests meet in memory instead.");
  }
  let dir: string | null;
  try {
    dir = await folder(wish.dir);
  } catch (error) {
    return refused(error);
  }
  if (dir === null) console.error("dinner: without permission for a folder, so nothing is kept on disk.");
  const network = memoryNetwork();
  const seatOf = (guest: number): Seat => ({
    guest,
    transport: overTcp
      ? tcp({
        listen: addresses[guest] ?? { hostname: "localhost", port: wish.port },
        peers: Object.fromEntries(addresses.map((address, peer) => [name(peer), address])),
      })
      : network.transport(),
    storage: dir === null ? memoryStorage() : denoKv({ path: `${dir}/${name(guest)}.kv` }),
    note: dir === null ? null : `${dir}/${name(guest)}.decision`,
  });
  try {
    await serve(wish.guests.map(seatOf));
    return 0;
  } catch (error) {
    return refused(error);
  } finally {
    if (dir !== null && wish.dir === null) await Deno.remove(dir, { recursive: true });
  }
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
