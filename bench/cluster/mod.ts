/**
 * `deno task bench:cluster`: three servers and a load on this machine, every commit on disk before it is acknowledged, 256
 * bytes a proposal; beside etcd-io/raft and hashicorp/raft, one after the other in one run. Then: how long the cluster is
 * without a leader when that is killed, what snapshots cost, and how memory grows.
 */
import { parseArgs } from "@std/cli";
import { ask, leaderOf, load, type Result } from "./load.ts";
import { type Cluster, startCluster } from "./processes.ts";
import { build, type Built, type Contender, quorate } from "./rivals.ts";

const usage = `usage: deno task bench:cluster [flags]
  --quick          a few seconds each: to see that it works, not to compare
  --seconds N      how long to measure each row; 10
  --kills N        how often to kill the leader; 50
  --minutes N      how long to watch the memory under load; 1
Needs Go for the load and the rivals, and Linux for /proc.`;

/** How long everything takes. */
interface Sizes {
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly kills: number;
  readonly minutes: number;
}

const clients = [1, 64, 256];

/** Waits until there is a leader. */
async function ready(cluster: Cluster): Promise<number> {
  for (let waited = 0; waited < 20_000; waited += 20) {
    const leader = await leaderOf(cluster);
    if (leader !== null) return leader;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("no server leads after 20 s");
}

async function rowsOf(contender: Contender, program: string, sizes: Sizes): Promise<readonly Result[]> {
  await using cluster = await startCluster(contender.command);
  await ready(cluster);
  const results: Result[] = [];
  for (const count of clients) {
    const result = await load(cluster, { program, clients: count, ...sizes });
    results.push(result);
    console.log(rowText(contender.name, result));
  }
  return results;
}

function rowText(name: string, result: Result): string {
  const { clients, perSecond, p50, p99, cpuMicroseconds, disturbed } = result;
  const note = disturbed > 0.1 ? `   disturbed: others used ${(disturbed * 100).toFixed(0)} %` : "";
  return `${name.padEnd(32)}${String(clients).padStart(8)}${
    Math.round(perSecond).toLocaleString("en").padStart(12)
  }` +
    `${p50.toFixed(2).padStart(10)}${p99.toFixed(2).padStart(10)}${
      cpuMicroseconds.toFixed(1).padStart(12)
    }${note}`;
}

/** Ours beside the better of the rivals. */
function compare(ours: readonly Result[], rivals: readonly (readonly Result[])[]): void {
  if (rivals.length === 0) return;
  for (const [at, result] of ours.entries()) {
    const others = rivals.map((rows) => rows[at]!);
    const most = Math.max(...others.map(({ perSecond }) => perSecond));
    const p50 = Math.min(...others.map(({ p50 }) => p50));
    const p99 = Math.min(...others.map(({ p99 }) => p99));
    const name = `${result.clients} ${result.clients === 1 ? "client" : "clients"}`;
    if (result.clients === 1) {
      tell(`${name}: p50, ours to the better rival's`, result.p50 / p50, 0.85, "at most");
    } else {tell(
        `${name}: proposals a second, ours to the better rival's`,
        result.perSecond / most,
        2,
        "at least",
      );}
    if (result.clients > 1) tell(`${name}: p99, ours to the better rival's`, result.p99 / p99, 1, "at most");
  }
}

function tell(what: string, ratio: number, goal: number, bound: "at least" | "at most"): void {
  const isMet = bound === "at least" ? ratio >= goal : ratio <= goal;
  console.log(`${what.padEnd(70)}${ratio.toFixed(2)} x   goal: ${bound} ${goal}${isMet ? "" : "   missed"}`);
}

/** Kills the leader again and again; how long until the next one has committed something, in milliseconds. */
async function killLeaders(kills: number): Promise<readonly number[]> {
  await using cluster = await startCluster(quorate().command);
  const times: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const leader = await ready(cluster);
    await committed(cluster, leader);
    await cluster.kill(leader);
    const start = performance.now();
    while (!await committedAnywhere(cluster, leader)) await new Promise((resolve) => setTimeout(resolve, 2));
    times.push(performance.now() - start);
    cluster.start(leader);
    // Until it is back: a majority of two alone would not outlive the next kill.
    while (!await ask(cluster.addresses[leader]!, new Uint8Array(1)).catch(() => false)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return times.sort((a, b) => a - b);
}

async function committed(cluster: Cluster, server: number): Promise<void> {
  if (!await ask(cluster.addresses[server]!, new Uint8Array(256))) {
    throw new Error("a leader commits nothing");
  }
}

async function committedAnywhere({ addresses }: Cluster, dead: number): Promise<boolean> {
  for (const [server, address] of addresses.entries()) {
    const leads = server !== dead && await ask(address, new Uint8Array(0)).catch(() => false);
    if (leads && await ask(address, new Uint8Array(256)).catch(() => false)) return true;
  }
  return false;
}

/** Throughput with snapshots to that without, and the memory of the largest server, by tenths of the time. */
async function watchMemory(built: Built, sizes: Sizes): Promise<readonly number[]> {
  await using cluster = await startCluster(quorate("--snapshots").command);
  await ready(cluster);
  const peaks: number[] = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    let peak = 0;
    const timer = setInterval(() => peak = Math.max(peak, ...cluster.memory()), 100);
    await load(cluster, { program: built.load, clients: 64, seconds: sizes.minutes * 6, warmSeconds: 0 });
    clearInterval(timer);
    peaks.push(peak);
  }
  return peaks;
}

async function costOfSnapshots({ load: program }: Built, sizes: Sizes): Promise<number> {
  const perSecond: number[] = [];
  for (const flags of [[], ["--snapshots"]]) {
    await using cluster = await startCluster(quorate(...flags).command);
    await ready(cluster);
    perSecond.push((await load(cluster, { program, clients: 64, ...sizes })).perSecond);
  }
  return perSecond[1]! / perSecond[0]!;
}

async function main(): Promise<void> {
  const flags = parseArgs(Deno.args, { boolean: ["quick", "help"], string: ["seconds", "kills", "minutes"] });
  if (flags.help) return console.log(usage);
  const quick = flags.quick === true;
  const sizes: Sizes = {
    seconds: Number(flags.seconds ?? (quick ? 2 : 10)),
    warmSeconds: quick ? 1 : 2,
    kills: Number(flags.kills ?? (quick ? 3 : 50)),
    minutes: Number(flags.minutes ?? (quick ? 0.2 : 1)),
  };
  const folder = await Deno.makeTempDir();
  try {
    const built = await build(folder);
    console.log(
      `${"".padEnd(32)}${"clients".padStart(8)}${"a second".padStart(12)}${"p50 ms".padStart(10)}${
        "p99 ms".padStart(10)
      }${"CPU us".padStart(12)}`,
    );
    const ours = await rowsOf(quorate(), built.load, sizes);
    const theirs: (readonly Result[])[] = [];
    for (const rival of built.rivals) theirs.push(await rowsOf(rival, built.load, sizes));
    compare(ours, theirs);
    const times = await killLeaders(sizes.kills);
    // The longest election timeout, twice.
    tell(
      `leader killed ${times.length} times: p50 of ${
        Math.round(times[times.length >> 1]!)
      } ms to two election timeouts`,
      times[times.length >> 1]! / 1200,
      1,
      "at most",
    );
    tell(
      "64 clients: proposals a second, with snapshots to without",
      await costOfSnapshots(built, sizes),
      0.9,
      "at least",
    );
    const peaks = await watchMemory(built, sizes);
    console.log(
      `memory of the largest server by tenths of ${sizes.minutes} min, MB: ${
        peaks.map((bytes) => Math.round(bytes / 1e6)).join(" ")
      }`,
    );
    tell("memory at the end to that after three tenths", peaks[9]! / peaks[2]!, 1.1, "at most");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await main();
