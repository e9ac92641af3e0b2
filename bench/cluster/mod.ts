/**
 * The benchmark of clusters: three servers and a load on this machine, every commit on disk before it is acknowledged.
 *
 *     deno task bench:cluster [PART ...] [--quick] [--rounds N] [--seconds S] [--kills N] [--minutes M] [--rivals FOLDER]
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { median } from "../checker/measure.ts";
import { typed, wrongCount } from "../command_line.ts";
import { type Contender, startCluster } from "./cluster.ts";
import { buildLoad, buildRivals, floor, quorate } from "./contenders.ts";
import { killLeaders } from "./kills.ts";
import { load, type Measured } from "./load.ts";
import { watchMemory } from "./memory.ts";
import { comparisons, goalLine, head, line, medianOf } from "./table.ts";

const parts = ["throughput", "kills", "snapshots", "memory"] as const;
type Part = (typeof parts)[number];

const help = `usage: deno task bench:cluster [PART ...] [flags]

PART is one of ${parts.join(", ")}; all of them, if it is left out:
  throughput   ours, the rivals and the floor under 1, 64 and 256 clients
  kills        the leader is killed: how long until the next one has committed something
  snapshots    what they cost under load
  memory       whether a server's memory grows under load

  --quick            a second of each: to see that it works, not to compare
  --rounds N         how often each contender is measured, in turns; the median counts; 2 if left out
  --seconds S        how long each measurement takes; 4 if left out
  --kills N          how often the leader is killed; 50 if left out
  --minutes M        how long memory is watched; 0.5 if left out
  --rivals FOLDER    where to put the programs that are built; ~/rivals if left out
  --json             one JSON object a line
  --help             this text

Needs Go 1.26, in which the load is written, and Linux, which tells what processes take.
exit: 0 measured, 64 wrong usage, 70 can't be measured here`;

/** What was typed. */
export interface Asked {
  /** What to measure. */
  readonly parts: readonly Part[];
  /** How often. */
  readonly rounds: number;
  /** How long, in seconds. */
  readonly seconds: number;
  /** How long before that it is loaded already, in seconds. */
  readonly warmSeconds: number;
  /** How often the leader is killed. */
  readonly kills: number;
  /** How long memory is watched, in minutes. */
  readonly minutes: number;
  /** Where programs are built. */
  readonly rivals: string;
  /** Whether for machines. */
  readonly json: boolean;
}

/** Understands a command line; null if it asks for help, a text if it makes no sense. */
export function parse(args: readonly string[], defaultRivals: string): Asked | string | null {
  const asked = typed(args, {
    boolean: ["quick", "json"],
    string: ["rounds", "seconds", "kills", "minutes", "rivals"],
    names: parts,
    kind: "part",
  });
  if (asked === null || typeof asked === "string") return asked;
  const { flags, isChosen } = asked;
  const quick = flags.quick === true;
  const rounds = Number(flags.rounds ?? (quick ? 1 : 2));
  const kills = Number(flags.kills ?? (quick ? 3 : 50));
  const wrong = wrongCount("rounds", rounds) ?? wrongCount("kills", kills);
  if (wrong !== null) return wrong;
  const seconds = Number(flags.seconds ?? (quick ? 1 : 4));
  const minutes = Number(flags.minutes ?? (quick ? 0.05 : 0.5));
  for (const [name, value] of Object.entries({ seconds, minutes })) {
    if (!(value > 0 && value < 100_000)) return `--${name} takes a time, such as 10`;
  }
  return {
    parts: parts.filter(isChosen),
    rounds,
    kills,
    seconds,
    minutes,
    warmSeconds: quick ? 0.5 : 2,
    rivals: String(flags.rivals ?? defaultRivals),
    json: flags.json === true,
  };
}

/** What the parts act on. */
interface Bench extends Asked {
  /** The program that makes the load. */
  readonly program: string;
  /** Prints a line for people, and an object for machines. */
  readonly print: (text: string, object: object) => void;
}

/** Loads contenders in turns; what came of each with each number of clients. */
async function measure(
  bench: Bench,
  contenders: readonly Contender[],
  clients: readonly number[],
): Promise<readonly (readonly Measured[])[]> {
  const all = contenders.map(() => clients.map((): Measured[] => []));
  for (let round = 0; round < bench.rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      await using cluster = await startCluster(contender);
      // What is compiled as it runs gets warm, and so does every cache: that is how servers run.
      await load(cluster, { ...bench, clients: Math.max(...clients), seconds: bench.warmSeconds });
      for (const [place, count] of clients.entries()) {
        all[at]![place]!.push(await load(cluster, { ...bench, clients: count }));
      }
    }
  }
  return all.map((rows) => rows.map(medianOf));
}

async function throughput(bench: Bench): Promise<void> {
  const built = await buildRivals(bench.rivals);
  const rivals = built.filter((rival): rival is Contender => !("why" in rival));
  const results = await measure(bench, [quorate(), ...rivals, floor], [1, 64, 256]);

  bench.print(head(), { type: "head" });
  for (const [at, { name }] of [quorate(), ...rivals, floor].entries()) {
    for (const result of results[at]!) bench.print(line(name, result), { type: "row", name, ...result });
  }
  for (const rival of built) {
    if ("why" in rival) bench.print(`${rival.name}: skipped: ${rival.why}`, { type: "skipped", ...rival });
  }
  for (const goal of comparisons(results[0]!, results.slice(1, -1))) {
    bench.print(goalLine(goal), { type: "goal", ...goal });
  }
}

/** Twice the shortest election timeout that a node has by default, in milliseconds. */
const twoElectionTimeoutsMs = 600;

async function kills(bench: Bench): Promise<void> {
  const times = await killLeaders(bench.kills);
  const goal = {
    what: `${times.length} leaders killed: ms to the next commit, p50; the longest ${
      Math.max(...times).toFixed(0)
    }`,
    value: median(times),
    bound: twoElectionTimeoutsMs,
    isAtLeast: false,
  };
  bench.print(goalLine(goal), { type: "goal", ...goal });
}

async function snapshots(bench: Bench): Promise<void> {
  const [without, taken] = await measure(bench, [quorate({ snapshots: false }), quorate()], [64]);
  const value = taken![0]!.rate / without![0]!.rate;
  const what = "64 clients: proposals a second with a snapshot every 50,000, to without";
  const goal = { what, value, bound: 0.9, isAtLeast: true };
  bench.print(goalLine(goal), { type: "goal", ...goal });
}

async function memory(bench: Bench): Promise<void> {
  const peaks = await watchMemory(bench.program, bench.minutes);
  const megabytes = peaks.map((bytes) => Math.round(bytes / 1e6));
  bench.print(`memory by tenths of ${bench.minutes} min, MB: ${megabytes.join(" ")}`, {
    type: "memory",
    megabytes,
  });
  const value = Math.max(...megabytes.slice(7)) / Math.max(...megabytes.slice(2, 5));
  const what = "memory in the last three tenths, to the third to fifth";
  const goal = { what, value, bound: 1.1, isAtLeast: false };
  bench.print(goalLine(goal), { type: "goal", ...goal });
}

/** Measures, and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const asked = parse(args, join(Deno.env.get("HOME") ?? ".", "rivals"));
  if (asked === null) {
    console.log(help);
    return 0;
  }
  if (typeof asked === "string") {
    console.error(`error: ${asked}\nhelp: deno task bench:cluster --help`);
    return 64;
  }
  const rivals = resolve(Deno.env.get("INIT_CWD") ?? ".", asked.rivals);
  if (Deno.build.os !== "linux") {
    console.error("error: what processes take is read from /proc, which is Linux's");
    return 70;
  }
  await Deno.mkdir(rivals, { recursive: true });
  const built = await buildLoad(rivals);
  if (built.type === "unbuilt") {
    console.error(`error: the load can't be built: ${built.why}`);
    return 70;
  }
  const print = (text: string, object: object) => console.log(asked.json ? JSON.stringify(object) : text);
  const bench: Bench = { ...asked, rivals, program: built.program, print };
  const run: Record<Part, (bench: Bench) => Promise<void>> = { throughput, kills, snapshots, memory };
  for (const part of asked.parts) {
    console.error(`measuring: ${part}`);
    await run[part](bench);
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
