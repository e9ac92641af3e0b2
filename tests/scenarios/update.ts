/** `deno task scenarios:update`: rewrites what the scenarios print, to be read as a diff. */
import { runScenario } from "./run.ts";

const folder = new URL(".", import.meta.url);

for await (const { name } of Deno.readDir(folder)) {
  if (!name.endsWith(".txt")) continue;
  const file = new URL(name, folder);
  const before = await Deno.readTextFile(file);
  try {
    const after = runScenario(before);
    if (after === before) continue;
    await Deno.writeTextFile(file, after);
    console.log(`rewrote tests/scenarios/${name}`);
  } catch (error) {
    console.error(`tests/scenarios/${name}: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
