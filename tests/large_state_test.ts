import { assert, assertEquals } from "@std/assert";

Deno.test("a state of 50 MB is taken, installed on a new node and restored in bounded memory", async () => {
  const script = new URL("large_state.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--v8-flags=--expose-gc", script, "50"],
    signal: AbortSignal.timeout(60_000),
    stderr: "inherit",
  });
  const { code, stdout } = await command.output();
  assertEquals(code, 0);
  const { chunks, restoredBytes, grownByBytes } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(restoredBytes, 50 << 20);
  assert(chunks >= 200, `${chunks} chunks of 256 KiB`);
  // Of the two nodes together: some chunks and buffers of files, but not the state.
  assert(grownByBytes < 12 << 20, `${grownByBytes} bytes more were alive`);
});
