import { assertEquals, assertRejects } from "@std/assert";
import { AssertionError } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { bytesOf } from "./random.ts";
import { assertSameState, command, noop } from "./writes.ts";

const identity = { id: "a", clusterId: "lunch", servers: ["a", "b", "c"] };

Deno.test("bytes that a caller changes later stay as they were in memory", async () => {
  const opened = await memoryStorage().open(identity);
  const bytes = bytesOf(8);
  await opened.write({ currentTerm: 1, votedFor: null, from: 1, entries: [command(1, bytes)] });
  bytes.fill(0);
  const expected = { currentTerm: 1, votedFor: null, log: [command(1, bytesOf(8))] };
  const loaded = await opened.load();
  assertSameState(loaded, expected);
  for (const entry of loaded?.log ?? []) if (entry.type === "command") entry.command.fill(0);
  assertSameState(await opened.load(), expected);
});

Deno.test("opening memory again is a crash: what was opened before can't write any more", async () => {
  const storage = memoryStorage();
  const before = await storage.open(identity);
  const write = { currentTerm: 1, votedFor: "a", from: 1, entries: [noop(1)] };
  await before.write(write);
  const after = await storage.open(identity);
  const error = await assertRejects(() => before.write({ ...write, from: 2 }), RaftError);
  assertEquals(error.code, "Stopped");
  await before.close();
  await after.write({ ...write, from: 2 });
  assertSameState(await after.load(), { currentTerm: 1, votedFor: "a", log: [noop(1), noop(1)] });
});

Deno.test("a write that would leave a gap in the log is refused and changes nothing", async () => {
  const opened = await memoryStorage().open(identity);
  await assertRejects(
    () => opened.write({ currentTerm: 1, votedFor: null, from: 2, entries: [noop(1)] }),
    AssertionError,
  );
  assertEquals(await opened.load(), null);
});
