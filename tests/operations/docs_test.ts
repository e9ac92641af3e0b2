/** What docs/operations.md tells of is all there is, and what it shows of the command line runs. */
import { raftErrorCodes } from "../../src/error.ts";
import { assert, assertEquals } from "@std/assert";
import { freePorts } from "../free_ports.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));
const page = await read("docs/operations.md");

/** The first cells of the table below a heading. */
function told(heading: string): readonly string[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  return [...section.split("\n## ")[0]!.matchAll(/^\| `(\w+)`/gm)].map(([, name = ""]) => name).sort();
}

/** The texts of a union type in a source file. */
async function union(path: string, type: string): Promise<readonly string[]> {
  const [, declared = ""] = (await read(path)).split(`export type ${type} =`);
  return [...declared.split(";")[0]!.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name).sort();
}

Deno.test("docs/operations.md says what every error code means", () => {
  assertEquals(told("What errors mean"), [...raftErrorCodes].sort());
});

Deno.test("docs/operations.md tells of every event in the log", async () => {
  const events = await union("src/logging.ts", "LogEventName");
  assert(events.length >= 18);
  assertEquals(told("The log"), events);
});

Deno.test("the command that docs/operations.md shows prints metrics", async () => {
  const [[, command = ""] = []] = [...page.matchAll(/^```sh\n(.+)\n```$/gm)];
  const words = command.split(" ");
  const env = Object.fromEntries(
    words.filter((word) => /^[A-Z_]+=/.test(word)).map((word) => word.split("=")),
  );
  const args = words.filter((word) => !(word in env) && !/^[A-Z_]+=/.test(word)).slice(1);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args, "--port", `${freePorts(3)}`],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    signal: AbortSignal.timeout(60_000),
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assertEquals(code, 0, text);
  assert(text.includes("raft.propose.duration") && text.includes("raft.cluster=dinner"), text.slice(0, 2000));
});
