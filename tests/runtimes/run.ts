/** Bundles the programs here, and runs them on each runtime that is not Deno. Exits with 1 if one fails or is missing. */
import { testCa } from "../certificates.ts";

const folder = await Deno.makeTempDir();
const credentials = `${folder}/credentials.json`;
await Deno.writeTextFile(credentials, JSON.stringify(await someCredentials()));
const passed = await runOnNode("everywhere", "browser") && await runOnNode("tls", "deno", credentials);
await Deno.remove(folder, { recursive: true });
console.log(passed ? "runtimes: node passed" : "runtimes: failed");
Deno.exit(passed ? 0 : 1);

async function someCredentials() {
  const [ca, other] = await Promise.all([testCa(), testCa()]);
  const [a, b, stranger] = await Promise.all([
    ca.credentialsOf("a"),
    ca.credentialsOf("b"),
    other.credentialsOf("b"),
  ]);
  return { a, b, stranger };
}

async function runOnNode(name: string, platform: "browser" | "deno", ...args: string[]): Promise<boolean> {
  const program = new URL(`./${name}.ts`, import.meta.url).pathname;
  const bundle = `${folder}/${name}.mjs`;
  const bundled = await run(Deno.execPath(), [
    "bundle",
    "--quiet",
    "--platform",
    platform,
    "-o",
    bundle,
    program,
  ]);
  return bundled && await run("node", [bundle, ...args]);
}

async function run(command: string, args: readonly string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: [...args], stdout: "inherit", stderr: "inherit" })
      .output()).success;
  } catch (error) {
    console.error(`${command} can't be run: install it, or leave this gate to a machine that has it`, error);
    return false;
  }
}
