/** Who is measured, and how the programs in Go are built. */
import { fromFileUrl, join } from "@std/path";
import type { Contender } from "./cluster.ts";

/** A program that can't be built. */
export interface Unbuilt {
  /** Its name in the table. */
  readonly name: string;
  /** Why, and what to do. */
  readonly why: string;
}

const here = (file: string) => fromFileUrl(new URL(file, import.meta.url));
const deno = [Deno.execPath(), "run", "-A", "--no-check"];

/** Our own server. It takes snapshots, unless told otherwise: else its memory would grow with the log. */
export function quorate({ snapshots = true } = {}): Contender {
  return {
    name: "Quorate",
    command: [...deno, here("server.ts")],
    options: snapshots ? ["--snapshots"] : [],
  };
}

/** What nobody can be faster than in this language, on this machine. */
export const floor: Contender = { name: "no consensus (the floor)", command: [...deno, here("floor.ts")] };

/** The rivals, and the folders of their sources. */
const rivals = [
  { name: "etcd-io/raft, etcd's log", source: "etcd_raft" },
  { name: "hashicorp/raft, raft-wal", source: "hashicorp_raft" },
];

/** Builds the rivals, as far as that is possible. */
export async function buildRivals(folder: string): Promise<readonly (Contender | Unbuilt)[]> {
  const all: (Contender | Unbuilt)[] = [];
  for (const { name, source } of rivals) {
    const built = await build(source, folder);
    all.push(built.type === "built" ? { name, command: [built.program] } : { name, why: built.why });
  }
  return all;
}

/** Builds the load. */
export function buildLoad(folder: string): Promise<Built> {
  return build("load", folder);
}

/** What came of a build: a program, or why there is none. */
export type Built =
  | { readonly type: "built"; readonly program: string }
  | { readonly type: "unbuilt"; readonly why: string };

async function build(source: string, folder: string): Promise<Built> {
  const program = join(folder, source);
  try {
    const command = new Deno.Command("go", {
      args: ["build", "-o", program, `./${source}`],
      cwd: here("go"),
    });
    const { success, stderr } = await command.output();
    if (success) return { type: "built", program };
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    return { type: "unbuilt", why: `go build ./${source}: ${lines.at(-1)}` };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { type: "unbuilt", why: "there is no Go 1.26 here: install it (golang), and put it on the PATH" };
  }
}
