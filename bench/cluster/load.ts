/** The load on a cluster, and what it takes of each process. */
import { linesOf } from "../../tests/lines.ts";
import { type Cluster, leaderOf } from "./cluster.ts";
import { between, type Cpu, cpuOf, machineSeconds, total } from "./processes.ts";

/** How to load a cluster. */
export interface LoadOptions {
  /** The program. */
  readonly program: string;
  /** How many clients, each with one command at a time. */
  readonly clients: number;
  /** How many seconds to warm up. */
  readonly warmSeconds: number;
  /** How many seconds to measure. */
  readonly seconds: number;
}

/** What was measured. */
export interface Measured {
  /** How many clients there were. */
  readonly clients: number;
  /** Commands committed in a second. */
  readonly rate: number;
  /** Half of the answers came in so many milliseconds. */
  readonly p50Ms: number;
  /** Of a hundred answers 99 came in so many milliseconds. */
  readonly p99Ms: number;
  /** How many commands failed. */
  readonly errors: number;
  /** Microseconds of processors for each command: in the leader. */
  readonly leader: Cpu;
  /** In each follower, on average. */
  readonly follower: Cpu;
  /** In the load program. */
  readonly load: Cpu;
  /** In all four processes. */
  readonly all: number;
  /** What share of the machine other processes took. */
  readonly disturbance: number;
}

/** Loads a cluster, and measures. */
export async function load(cluster: Cluster, options: LoadOptions): Promise<Measured> {
  const { program, clients, warmSeconds, seconds } = options;
  const leader = await leaderOf(cluster);
  const addresses = cluster.servers.map(({ address }) => address).join(",");
  const args = ["-addresses", addresses, "-clients", `${clients}`, "-warm", `${warmSeconds}s`];
  const child = new Deno.Command(program, {
    args: [...args, "-duration", `${seconds}s`],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const pids = [leader, ...cluster.servers.filter((server) => server !== leader)].map(({ process }) =>
    process.pid
  );
  const look = () => ({
    cpu: [...pids, child.pid].map(cpuOf),
    busy: machineSeconds(),
    at: performance.now(),
  });
  let begin = look();
  let end = begin;
  let found: Found | null = null;
  for await (const line of linesOf(child.stdout)) {
    if (line === "begin") begin = look();
    else if (line === "end") end = look();
    else if (line.startsWith("{")) found = JSON.parse(line);
  }
  await child.status;
  if (found === null) throw new Error(`${cluster.contender.name}: the load program has failed`);
  return measured({ ...found, clients, seconds }, begin, end);
}

interface Found {
  readonly proposals: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Look {
  readonly cpu: readonly Cpu[];
  readonly busy: number;
  readonly at: number;
}

function measured(
  { proposals, errors, p50Ms, p99Ms, clients, seconds }: Found & {
    readonly clients: number;
    readonly seconds: number;
  },
  begin: Look,
  end: Look,
): Measured {
  const taken = end.cpu.map((cpu, at) => between(begin.cpu[at]!, cpu));
  const each = ({ user, system }: Cpu, of = 1): Cpu => ({
    user: user * 1e6 / proposals / of,
    system: system * 1e6 / proposals / of,
  });
  const [leader, first, second, load] = taken as [Cpu, Cpu, Cpu, Cpu];
  const sum = taken.reduce((seconds, cpu) => seconds + total(cpu), 0);
  const capacity = (end.at - begin.at) / 1000 * navigator.hardwareConcurrency;
  return {
    clients,
    rate: proposals / seconds,
    p50Ms,
    p99Ms,
    errors,
    leader: each(leader),
    follower: each({ user: first.user + second.user, system: first.system + second.system }, 2),
    load: each(load),
    all: sum * 1e6 / proposals,
    disturbance: Math.max(0, (end.busy - begin.busy - sum) / capacity),
  };
}
