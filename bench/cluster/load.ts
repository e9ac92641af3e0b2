/** Load on a cluster, and what came of it. */
import { type Cluster, machineCpu } from "./processes.ts";

/** What so many clients got done. */
export interface Result {
  /** How many clients there were, each with one request at a time. */
  readonly clients: number;
  /** Committed and applied proposals in a second. */
  readonly perSecond: number;
  /** Half of them took no longer, in milliseconds. */
  readonly p50: number;
  /** 99 of a hundred took no longer, in milliseconds. */
  readonly p99: number;
  /** Processor time of all three servers for a proposal, in microseconds. */
  readonly cpuMicroseconds: number;
  /** Which part of the machine's processor time others used: above a tenth the row is disturbed. */
  readonly disturbed: number;
}

/** How long to measure. */
export interface LoadOptions {
  /** The program that makes the load. */
  readonly program: string;
  /** How many clients. */
  readonly clients: number;
  /** How many seconds. */
  readonly seconds: number;
  /** How many seconds before that don't count. */
  readonly warmSeconds: number;
}

/** Lets clients propose as fast as they are answered. */
export async function load(cluster: Cluster, options: LoadOptions): Promise<Result> {
  const { program, clients, seconds, warmSeconds } = options;
  const before = { servers: cluster.cpu(), machine: machineCpu(), at: performance.now() };
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [
      `-addresses=${cluster.addresses.join()}`,
      `-clients=${clients}`,
      `-time=${seconds}s`,
      `-warm=${warmSeconds}s`,
    ],
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`the load failed: ${decoder.decode(stderr).trim()}`);
  const { perSecond, p50, p99, committed, failed, cpu } = JSON.parse(decoder.decode(stdout));
  if (failed > 0) throw new Error(`${failed} proposals failed`);
  const servers = cluster.cpu() - before.servers;
  const available = (performance.now() - before.at) / 1000 * navigator.hardwareConcurrency;
  const others = machineCpu() - before.machine - servers - cpu;
  // The warm-up costs as much as the same time later.
  const proposals = committed * (1 + warmSeconds / seconds);
  return {
    clients,
    perSecond,
    p50,
    p99,
    cpuMicroseconds: servers * 1e6 / proposals,
    disturbed: others / available,
  };
}

/** The number of the server that leads, less 1; null if none does. */
export async function leaderOf({ addresses }: Cluster): Promise<number | null> {
  for (const [server, address] of addresses.entries()) {
    if (await ask(address, new Uint8Array(0)).catch(() => false)) return server;
  }
  return null;
}

/** Sends a request to a server; whether the answer is yes. */
export async function ask(address: string, command: Uint8Array): Promise<boolean> {
  const [hostname = "", port = ""] = address.split(":");
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const request = new Uint8Array(4 + command.length);
  new DataView(request.buffer).setUint32(0, command.length);
  request.set(command, 4);
  await connection.write(request);
  const answer = new Uint8Array(1);
  return await connection.read(answer) === 1 && answer[0] === 1;
}
