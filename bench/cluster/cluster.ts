/** Three servers of one kind on this machine, as processes of their own. */
import { join } from "@std/path";
import { freePorts } from "../../tests/free_ports.ts";

/** One kind of server. */
export interface Contender {
  /** Its name in the table. */
  readonly name: string;
  /** Its program and first arguments; ID PEERS CLIENT_ADDRESS FOLDER follow. */
  readonly command: readonly string[];
  /** What follows after that. */
  readonly options?: readonly string[];
}

/** A server that runs, or was killed. */
export interface Server {
  /** Its number, from 1 on. */
  readonly id: string;
  /** Where it listens for clients. */
  readonly address: string;
  /** Its process. */
  process: Deno.ChildProcess;
}

/** A cluster that runs. */
export interface Cluster {
  /** What it consists of. */
  readonly contender: Contender;
  /** Its servers. */
  readonly servers: readonly Server[];
  /** Starts a server again on what its disk holds. */
  restart(server: Server): void;
  /** Ends all processes, and removes what they have stored. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts three servers on empty disks. */
export async function startCluster(contender: Contender): Promise<Cluster> {
  const folder = await Deno.makeTempDir({ prefix: "quorate-bench-" });
  const ids = ["1", "2", "3"];
  const port = freePorts(6);
  const peers = ids.map((id, at) => `${id}=127.0.0.1:${port + at}`).join(",");
  const spawn = (id: string, address: string) => {
    const [program = "", ...first] = contender.command;
    const args = [...first, id, peers, address, join(folder, id), ...contender.options ?? []];
    return new Deno.Command(program, { args, stdout: "null", stderr: "inherit" })
      .spawn();
  };
  const servers = await Promise.all(ids.map(async (id, at): Promise<Server> => {
    await Deno.mkdir(join(folder, id));
    const address = `127.0.0.1:${port + 3 + at}`;
    return { id, address, process: spawn(id, address) };
  }));
  return {
    contender,
    servers,
    restart: (server) => void (server.process = spawn(server.id, server.address)),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(({ process }) => kill(process)));
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Ends a process as a crash would, and waits until it is gone. */
export async function kill(process: Deno.ChildProcess): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // It has ended by itself.
  }
  await process.status;
}

/** The server that leads, as soon as there is one. */
export async function leaderOf({ servers }: Cluster, patienceMs = 20_000): Promise<Server> {
  for (const end = performance.now() + patienceMs; performance.now() < end;) {
    for (const server of servers) if (await ask(server, new Uint8Array(0), 1000)) return server;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nobody leads after ${patienceMs} ms`);
}

/** Whether a server says yes to a request, in time. */
export async function ask({ address }: Server, command: Uint8Array, patienceMs: number): Promise<boolean> {
  const [hostname = "", port] = address.split(":");
  let connection: Deno.TcpConn | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    connection = await Deno.connect({ hostname, port: Number(port) });
    timer = setTimeout(() => connection?.close(), patienceMs);
    const request = new Uint8Array(4 + command.length);
    new DataView(request.buffer).setUint32(0, command.length);
    request.set(command, 4);
    await connection.write(request);
    const answer = new Uint8Array(1);
    return await connection.read(answer) === 1 && answer[0] === 1;
  } catch {
    // Not there, or gone while it was asked.
    return false;
  } finally {
    clearTimeout(timer);
    try {
      connection?.close();
    } catch {
      // The timer has closed it.
    }
  }
}
