/** Servers in processes of their own, and clients that talk to them. */
import { freePorts } from "../free_ports.ts";
import type { Status } from "../../src/node.ts";

const program = new URL("server.ts", import.meta.url).pathname;

/** A server in a process. */
export interface Server {
  readonly id: string;
  /** Its folder. */
  readonly folder: string;
  /** Where it answers. */
  readonly url: string;
  /** Its process. */
  readonly process: Deno.ChildProcess;
  /** What it has said on stderr so far. */
  readonly said: () => string;
}

/** A place for servers: a folder, ports, and who listens where. */
export interface Place {
  readonly dir: string;
  /** Starts a server, in its folder if it has one. Resolves when it answers. */
  start(
    id: string,
    options?: {
      readonly mode?: "bootstrap" | "join" | "restore" | "again";
      readonly folder?: string;
      readonly env?: Readonly<Record<string, string>>;
    },
  ): Promise<Server>;
  /** Where a server listens for others. */
  addressOf(id: string): string;
}

/** A place for servers of these names; the cluster begins with `peers`. What still runs in the end is killed. */
export async function withPlace(
  names: readonly string[],
  peers: readonly string[],
  test: (place: Place) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const port = freePorts(names.length * 2);
  const addressOf = (id: string) => `localhost:${port + names.indexOf(id)}`;
  const running = new Set<{ readonly process: Deno.ChildProcess; readonly read: Promise<void> }>();
  try {
    await test({
      dir,
      addressOf,
      async start(id, { mode = "bootstrap", folder = `${dir}/${id}`, env = {} } = {}) {
        const listed = peers.includes(id) ? peers : [...peers, id];
        const list = listed.map((peer) => `${peer}=${addressOf(peer)}`).join(",");
        const httpPort = port + names.length + names.indexOf(id);
        const process = new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", program, id, list, folder, `${httpPort}`, mode],
          stdin: "null",
          stdout: "null",
          stderr: "piped",
          env: { NO_COLOR: "1", ...env },
          signal: AbortSignal.timeout(120_000),
        }).spawn();
        let text = "";
        const read = (async () => {
          for await (const chunk of process.stderr.pipeThrough(new TextDecoderStream())) text += chunk;
        })();
        running.add({ process, read });
        const server = { id, folder, url: `http://localhost:${httpPort}`, process, said: () => text };
        await until(async () => (await answers(server, "/live")) !== null, () => text);
        return server;
      },
    });
  } finally {
    for (const { process } of running) {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended.
      }
    }
    for (const { process, read } of running) await Promise.all([process.status, read]);
    await Deno.remove(dir, { recursive: true });
  }
}

/** Waits until it is so; half a minute at most. */
export async function until(isSo: () => Promise<boolean>, said: () => string = () => ""): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`it did not come to this in half a minute\n${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The status of what a server answers; null if it answers nothing. */
export async function answers({ url }: Server, path: string): Promise<number | null> {
  try {
    const response = await fetch(url + path);
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}

/** What a server knows of itself. */
export async function statusOf({ url }: Server): Promise<Status> {
  return await (await fetch(`${url}/status`)).json();
}

/** Sends a probe until a server is ready. */
export async function untilReady(server: Server): Promise<void> {
  await until(async () => (await answers(server, "/ready")) === 200, server.said);
}

/** What became of a request. */
export type Outcome = { readonly type: "done" } | {
  readonly type: "failed";
  readonly code: string;
  readonly outcome: string;
};

/** Posts a name to a server. */
export async function post({ url }: Server, name: string): Promise<Outcome> {
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", body: name });
  } catch (error) {
    // Nobody listens: it was not even sent. Anything else may have arrived.
    const refused = String((error as Error).cause ?? error).includes("onnection refused");
    return { type: "failed", code: String(error), outcome: refused ? "no" : "unknown" };
  }
  const answer = await response.json();
  return response.ok ? { type: "done" } : { type: "failed", ...answer };
}

/** How often each name was posted, by what a server has applied of all that was acknowledged. */
export async function countsOf({ url }: Server): Promise<Readonly<Record<string, number>>> {
  return await (await fetch(url)).json();
}
