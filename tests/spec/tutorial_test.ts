/** What spec/README.md shows of the command line is what the command line prints of the files that it shows. */
import { assert, assertEquals } from "@std/assert";
import { parseCommand } from "../../spec/cli/arguments.ts";
import { quorate, withFiles } from "./cli_support.ts";

const text = await Deno.readTextFile(new URL("../../spec/README.md", import.meta.url));

/** A command, what it prints, and the files as they are shown up to there. */
interface Shown {
  readonly words: readonly string[];
  readonly output: string;
  readonly files: Readonly<Record<string, string>>;
}

function shownIn(document: string): readonly Shown[] {
  const shown: Shown[] = [];
  let files: Shown["files"] = {};
  for (const [, language, block = ""] of document.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [first = "", ...rest] = block.split("\n");
    const [, file] = first.match(/^\/\/ (\w+\.ts)$/) ?? [];
    const [, command] = first.match(/^\$ deno task (.*)$/) ?? [];
    if (language === "ts" && file !== undefined) files = { ...files, [file]: rest.join("\n") };
    if (command !== undefined) shown.push({ words: wordsOf(command), output: rest.join("\n"), files });
  }
  return shown;
}

/** A command's words, as a shell would pass them on. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}

/** How long something took differs from run to run. */
function withoutTimings(output: string): string {
  return output.replaceAll(/\d+\.\d s/g, "N s").replaceAll(/ +$/gm, "").trim();
}

const commands = shownIn(text);

Deno.test("spec/README.md shows checks, walks and a replay, each in a block of its own", () => {
  assertEquals(new Set(commands.map(({ words }) => words[0])), new Set(["check", "replay"]));
  assertEquals(commands.length, [...text.matchAll(/^\$ /gm)].length);
  assert(commands.some(({ words }) => words.includes("--walks")));
});

Deno.test("spec/README.md names flags that there are", () => {
  const flags = new Set(text.match(/(?<=`)--[a-z-]+(?: \w+(?:[/=]\w+)?)?(?=`)/g));
  assert(flags.size >= 8);
  for (const flag of flags) {
    const words = flag.replace(/(?<= )N$/, "3").replace("i/n", "1/3").split(" ");
    const needed = flag.startsWith("--shard") ? ["--walks", "3", "--seed", "1"] : [];
    const value = ["--max-memory", "--timeout"].includes(flag) ? ["9"] : [];
    const command = flag.startsWith("--loop") ? ["replay", "Up Up", "spec.ts"] : ["check", "spec.ts"];
    assertEquals(parseCommand([...command, ...needed, ...words, ...value]).type, command[0], flag);
  }
});

for (const [place, { words, output, files }] of commands.entries()) {
  Deno.test(`spec/README.md shows what its command ${place + 1} prints: ${words.join(" ")}`, async () => {
    await withFiles(files, async (folder) => {
      const { stdout } = await quorate([...words, "--cwd", folder], folder);
      assertEquals(withoutTimings(stdout), withoutTimings(output));
    });
  });
}
