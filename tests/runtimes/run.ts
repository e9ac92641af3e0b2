/** Bundles `everywhere.ts`, and runs it on each runtime that is not Deno. Exits with 1 if one fails or is missing. */
const folder = await Deno.makeTempDir();
const bundle = `${folder}/everywhere.mjs`;
const program = new URL("./everywhere.ts", import.meta.url).pathname;
const bundled = await run(Deno.execPath(), [
  "bundle",
  "--quiet",
  "--platform",
  "browser",
  "-o",
  bundle,
  program,
]);
const passed = bundled && await run("node", [bundle]);
await Deno.remove(folder, { recursive: true });
console.log(passed ? "runtimes: node passed" : "runtimes: failed");
Deno.exit(passed ? 0 : 1);

async function run(command: string, args: readonly string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: [...args], stdout: "inherit", stderr: "inherit" })
      .output()).success;
  } catch (error) {
    console.error(`${command} can't be run: install it, or leave this gate to a machine that has it`, error);
    return false;
  }
}
