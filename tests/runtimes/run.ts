/**
 * Bundles the programs of this folder, and runs them on each runtime that is not Deno. Exits with 1 if one fails or is missing.
 *
 * `storages.ts` needs a Node with `node:sqlite`: one is fetched from npm if the installed one is older.
 */
import { testCa } from "../certificates.ts";

const folder = await Deno.makeTempDir();
const passed = await everywhere() && await storages() && await encrypted();
await Deno.remove(folder, { recursive: true });
console.log(passed ? "runtimes: node passed" : "runtimes: failed");
Deno.exit(passed ? 0 : 1);

async function everywhere(): Promise<boolean> {
  const bundle = await bundled("everywhere.ts", "browser");
  return bundle !== null && await run("node", [bundle]);
}

/** Deno and Node open what the other has written. */
async function storages(): Promise<boolean> {
  const bundle = await bundled("storages.ts", "deno");
  const node = await run("node", ["--input-type=module", "-e", 'await import("node:sqlite")'], "null")
    ? ["node"]
    : ["npx", "--yes", "node@24"];
  const onNode = [...node, "--no-warnings", bundle ?? ""];
  const onDeno = [Deno.execPath(), "run", "--allow-read", "--allow-write", bundle ?? ""];
  const data = `${folder}/data`;
  if (bundle === null) return false;
  await Deno.mkdir(data);
  for (const [starts, [command = "", ...words]] of [onNode, onDeno, onNode].entries()) {
    if (!await run(command, [...words, data, `${starts}`])) return false;
  }
  return true;
}

/** Nodes talk over mutual TLS on Node, too. */
async function encrypted(): Promise<boolean> {
  const [ca, other] = await Promise.all([testCa(), testCa()]);
  const [a, b, stranger] = await Promise.all([
    ca.credentialsOf("a"),
    ca.credentialsOf("b"),
    other.credentialsOf("b"),
  ]);
  const credentials = `${folder}/credentials.json`;
  await Deno.writeTextFile(credentials, JSON.stringify({ a, b, stranger }));
  const bundle = await bundled("tls.ts", "deno");
  return bundle !== null && await run("node", [bundle, credentials]);
}

async function bundled(program: string, platform: "browser" | "deno"): Promise<string | null> {
  const bundle = `${folder}/${program}.mjs`;
  const path = new URL(program, import.meta.url).pathname;
  const words = ["bundle", "--quiet", "--platform", platform, "-o", bundle, path];
  return await run(Deno.execPath(), words) ? bundle : null;
}

async function run(
  command: string,
  args: readonly string[],
  output: "inherit" | "null" = "inherit",
): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: [...args], stdout: output, stderr: output })
      .output()).success;
  } catch (error) {
    console.error(`${command} can't be run: install it, or leave this gate to a machine that has it`, error);
    return false;
  }
}
