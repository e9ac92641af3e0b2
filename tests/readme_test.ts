/** What README.md shows of the command line is what the command line prints. */
import { assertEquals } from "@std/assert";

const root = new URL("..", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));

Deno.test("a project beside a clone has the library by what README.md says", async () => {
  const project = await Deno.makeTempDir();
  const [, configuration = ""] = readme.match(/^```json\n([\s\S]*?)\n```$/m) ?? [];
  const clone = new URL(".", root).pathname;
  await Deno.writeTextFile(`${project}/deno.json`, configuration.replace("../raft", clone));
  await Deno.writeTextFile(
    `${project}/main.ts`,
    'import { tcp } from "@quorate/raft/deno";\nconsole.log(typeof tcp);',
  );
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["run", "main.ts"], cwd: project })
    .output();
  assertEquals(new TextDecoder().decode(stdout), "function\n");
  await Deno.remove(project, { recursive: true });
});

/** Blocks that begin with a command after a `$`: what follows must be its output. */
const examples = [...readme.matchAll(/^```\n\$ deno task (\w+) ?(.*)\n([\s\S]*?)\n```$/gm)];

/** How long something took differs from run to run. */
function withoutTimings(text: string): string {
  return text.replaceAll(/\d+\.\d s/g, "N s").replaceAll(/ +$/gm, "").trim();
}

Deno.test("README.md shows a check and a counterexample", () => {
  assertEquals(examples.map(([, command]) => command), ["check", "break"]);
});

for (const [, command = "", words = "", output = ""] of examples) {
  Deno.test(`README.md shows what deno task ${command} ${words} prints`, async () => {
    const cwd = new URL(".", root).pathname;
    const flags = words.split(" ").filter((word) => word !== "");
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "-R", "spec/cli.ts", command, "--cwd", cwd, ...flags],
      cwd: root,
      stderr: "null",
    }).output();
    assertEquals(withoutTimings(new TextDecoder().decode(stdout)), withoutTimings(output));
  });
}
