/** The commands that the documents show are commands that there are. */
import { assert, assertEquals } from "@std/assert";
import { parseCommand } from "../../spec/cli/arguments.ts";

const text = await Deno.readTextFile(new URL("../../docs/checking_at_scale.md", import.meta.url));

/** The words of each command of ours in a block of code, as a shell would pass them on. */
function commandsIn(document: string): readonly (readonly string[])[] {
  const blocks = [...document.matchAll(/^```(?:sh|yaml)\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  return blocks.flatMap((code) => {
    // A command goes on in the next line if that is indented and begins with a flag or a sign.
    const lines = code.replaceAll(/\n +(?=--|>|\|\|)/g, " ").replaceAll(/>-\n +/g, "").split("\n");
    return lines.flatMap((line) => {
      const [, words] = line.match(/(?:deno task|raft\/cli) (check .*?)(?: > | \|\| |$)/) ?? [];
      if (words === undefined) return [];
      return [words.replaceAll(/\$\(\(.*?\)\)|\$\{\{.*?\}\}/g, "1").split(" ")];
    });
  });
}

Deno.test("docs/checking_at_scale.md shows commands that are understood", () => {
  const commands = commandsIn(text).map((words) => parseCommand(words));
  assertEquals(commands.map(({ type }) => type), [
    "check",
    "check",
    "check",
    "merge",
    "check",
    "merge",
    "check",
    "merge",
  ]);
  const sharded = commands.flatMap((command) =>
    command.type === "check" && command.flags.shard !== undefined ? [command.flags] : []
  );
  assertEquals(sharded.map(({ walks, seed, shard, json }) => [walks, seed, shard, json]), [
    [100_000, 7, [1, 2], true],
    [100_000, 7, [2, 2], true],
    [10_000_000, 7, [1, 16], true],
    [1_000_000, 1, [1, 8], true],
  ]);
});

Deno.test("docs/checking_at_scale.md: the indexed job has as many pods as there are shards, and so has the matrix", () => {
  const [, completions, of] = text.match(/completions: (\d+)[\s\S]*?JOB_COMPLETION_INDEX \+ 1\)\)\/(\d+) /) ??
    [];
  assertEquals(completions, of);
  const [, shards = "", parts] = text.match(/shard: \[(.*)\][\s\S]*?matrix\.shard \}\}\/(\d+) /) ?? [];
  assertEquals(String(shards.split(", ").length), parts);
  assert(text.includes(`parallelism: ${completions}\n`));
});
