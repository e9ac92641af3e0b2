/** Server processes under measurement, and what they use. Knows Linux: it reads /proc. */

/** A cluster of three processes. */
export interface Cluster {
  /** Where clients find each server, by its number less 1. */
  readonly addresses: readonly string[];
  /** Begins a server that is not running. */
  start(server: number): void;
  /** Kills a server, as `kill -9` does, and waits until it is gone. */
  kill(server: number): Promise<void>;
  /** The processor time that all servers have used, in seconds. */
  cpu(): number;
  /** The memory of each server, in bytes. */
  memory(): readonly number[];
  /** Kills all, and removes what they stored. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The command of a server: its number, from 1 on, what to call the others, where clients find it, and its folder. */
export type Command = (
  server: { readonly id: string; readonly peers: string; readonly client: string; readonly folder: string },
) => readonly string[];

const servers = [0, 1, 2];

/** Starts three servers on free ports. What they say on stderr is shown if one of them ends by itself. */
export async function startCluster(command: Command): Promise<Cluster> {
  const root = await Deno.makeTempDir();
  const ports = freePorts(6);
  const peers = servers.map((server) => `${server + 1}=127.0.0.1:${ports[server]}`).join(",");
  const addresses = servers.map((server) => `127.0.0.1:${ports[server + 3]}`);
  const running = new Map<number, Deno.ChildProcess>();
  /** The processor time of those that are gone. */
  let gone = 0;

  function start(server: number): void {
    const folder = `${root}/${server}`;
    Deno.mkdirSync(folder, { recursive: true });
    const [program = "", ...args] = command({
      id: String(server + 1),
      peers,
      client: addresses[server]!,
      folder,
    });
    running.set(server, new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn());
  }

  async function kill(server: number): Promise<void> {
    const child = running.get(server);
    if (child === undefined) return;
    running.delete(server);
    gone += cpuOf(child.pid);
    child.kill("SIGKILL");
    await child.status;
  }

  servers.forEach(start);
  return {
    addresses,
    start,
    kill,
    cpu: () => [...running.values()].reduce((sum, { pid }) => sum + cpuOf(pid), gone),
    memory: () => [...running.values()].map(({ pid }) => memoryOf(pid)),
    async [Symbol.asyncDispose]() {
      for (const server of servers) await kill(server);
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** Ports that were free a moment ago. */
function freePorts(count: number): readonly number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

/** The ticks in a second of `/proc`. */
const ticks = 100;

function cpuOf(pid: number): number {
  // The name of the program, in parentheses, may hold blanks.
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

function memoryOf(pid: number): number {
  const [, kilobytes = "0"] = Deno.readTextFileSync(`/proc/${pid}/status`).match(/^VmRSS:\s+(\d+)/m) ?? [];
  return Number(kilobytes) * 1024;
}

/** The processor time that the whole machine has used, in seconds. */
export function machineCpu(): number {
  const [line = ""] = Deno.readTextFileSync("/proc/stat").split("\n");
  const [user, nice, system, , , interrupts, soft, stolen] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user! + nice! + system! + interrupts! + soft! + stolen!) / ticks;
}
