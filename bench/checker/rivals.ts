/** Where other checkers are, and how to get them. */
import { join } from "@std/path";

/** A program of somebody else. */
export interface Rival {
  /** Its name in the table. */
  readonly name: string;
  /** The program's file name. */
  readonly program: string;
  /** The command that installs it, given the folder for it. */
  readonly install: (folder: string) => string;
}

/** The path of a rival's program, in the folder for rivals or where the system looks for programs; null: nowhere. */
export async function find({ program }: Pick<Rival, "program">, folder: string): Promise<string | null> {
  const places = [join(folder, "bin"), ...(Deno.env.get("PATH") ?? "").split(":")];
  for (const place of places) {
    const path = join(place, program);
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  return null;
}

/** The words to put before a command, so that it sees one processor only; none where the system has no such thing. */
export async function onOneProcessor(): Promise<readonly string[]> {
  const taskset = await find({ program: "taskset" }, "");
  return taskset === null ? [] : [taskset, "--cpu-list", "0"];
}
