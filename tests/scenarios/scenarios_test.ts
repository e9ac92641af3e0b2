import { assert, assertEquals, assertThrows } from "@std/assert";
import { runScenario } from "./run.ts";

const folder = new URL(".", import.meta.url);
const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".txt"))
  .sort();

for (const name of names) {
  Deno.test(`scenario ${name}`, async () => {
    const text = await Deno.readTextFile(new URL(name, folder));
    assertEquals(runScenario(text), text);
  });
}

Deno.test("every scenario begins with its story", async () => {
  assert(names.length > 0);
  for (const name of names) {
    const text = await Deno.readTextFile(new URL(name, folder));
    assert(/^# [A-Z]/.test(text), name);
  }
});

Deno.test("a scenario that can't happen says which word is to blame, and what could", () => {
  assertThrows(
    () => runScenario("cluster servers=2\n\na>b\n"),
    Error,
    "step 1, a>b, can't happen here; possible",
  );
  assertThrows(() => runScenario("a!\n"), Error, "a scenario begins with a cluster");
  assertThrows(() => runScenario("cluster servers=2\ndusk a 1\n"), Error, "but not dusk a 1");
});
