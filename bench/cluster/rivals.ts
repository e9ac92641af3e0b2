/** Who is measured: our server, and rivals in Go, which are built when they are needed. */
import type { Command } from "./processes.ts";

/** One that is measured. */
export interface Contender {
  readonly name: string;
  readonly command: Command;
}

/** Quorate, with these flags of `server.ts`. */
export function quorate(...flags: readonly string[]): Contender {
  return {
    name: "Quorate",
    command: ({ id, peers, client, folder }) => [
      Deno.execPath(),
      "run",
      "-A",
      "--no-check",
      new URL("./server.ts", import.meta.url).pathname,
      id,
      peers,
      client,
      folder,
      ...flags,
    ],
  };
}

/** A server in Go: its name, and the folder of its source in `rivals/`. */
const goServers = [
  { name: "etcd-io/raft 3.7.0, etcd's log", source: "etcd" },
  { name: "hashicorp/raft 1.8.0, raft-wal", source: "hashicorp" },
] as const;

/** What was built of `rivals/`. */
export interface Built {
  readonly rivals: readonly Contender[];
  /** The program that makes the load. */
  readonly load: string;
}

/**
 * Builds the load, and the rivals that can be built; says on stderr which can't.
 *
 * @throws if there is no Go: the load is written in it, too.
 */
export async function build(folder: string): Promise<Built> {
  const compile = async (source: string): Promise<string> => {
    const program = `${folder}/${source}`;
    const { success, stderr } = await new Deno.Command("go", {
      args: ["build", "-o", program, `./${source}`],
      cwd: new URL("./rivals/", import.meta.url).pathname,
    }).output();
    if (success) return program;
    throw new Error(new TextDecoder().decode(stderr).trim().split("\n").at(-1));
  };
  const load = await compile("load").catch((error) => {
    throw new Error(`the load can't be built: is Go 1.25 or newer installed? ${error.message}`);
  });
  const rivals: Contender[] = [];
  for (const { name, source } of goServers) {
    try {
      const program = await compile(source);
      rivals.push({
        name,
        command: ({ id, peers, client, folder }) => [
          program,
          `-id=${id}`,
          `-peers=${peers}`,
          `-client=${client}`,
          `-dir=${folder}`,
        ],
      });
    } catch (error) {
      console.error(`skipped ${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { rivals, load };
}
