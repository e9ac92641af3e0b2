/** Deno KV: who may open it, who comes second, and what a crash leaves of a write that takes several commits. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { relative as relativePath } from "@std/path";
import { AssertionError, type PersistentState, type Write } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import { denoKv, type DenoKvOptions } from "../src/storage/deno_kv.ts";
import { encodeParts, FORMAT, formatKey } from "../src/storage/kv_records.ts";
import { assertRefused, behind, changeHead, dump, headKey, identity, openKvWith } from "./deno_kv_files.ts";
import { inFolder, loaded, written } from "./deno_kv_files.ts";
import { bytesOf } from "./random.ts";
import { afterWrite, assertSameState, command, isSameState, noop } from "./writes.ts";

/** Three entries, of two terms. */
const sample: readonly Write[] = [
  { currentTerm: 1, votedFor: "a", from: 1, entries: [noop(1), command(1, bytesOf(10)), noop(1)] },
  { currentTerm: 3, votedFor: null, from: 3, entries: [command(3, bytesOf(12))] },
];

// Who is who.

Deno.test("another format is refused and names both", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.kv`;
    for (const format of [FORMAT - 1, FORMAT + 1]) {
      await behind(path, (kv) => kv.set(headKey, { format, whatever: 1 }));
      const both = [`format ${format}`, `reads format ${FORMAT}`];
      await assertRefused(path, "Mismatch", ...both, path, formatKey(headKey));
    }
  }));

Deno.test("another node's or cluster's storage is refused and names both", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.kv`;
    await written(path, sample);
    for (const owner of [{ ...identity, id: "b" }, { ...identity, clusterId: "dinner" }]) {
      await behind(path, (kv) => changeHead(kv, (head) => ({ ...head, owner })));
      const found = `node "${owner.id}" of cluster "${owner.clusterId}"`;
      await assertRefused(
        path,
        "Mismatch",
        found,
        'node "a" of cluster "lunch"',
        path,
        formatKey(headKey),
      );
    }
  }));

Deno.test("two nodes share a database by their prefixes, beside what else is there", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.kv`;
    await behind(path, (kv) => kv.set(["something else"], 1));
    const a = await denoKv({ path, prefix: ["a"] }).open(identity);
    const b = await denoKv({ path, prefix: ["b"] }).open({ ...identity, id: "b" });
    await a.write({ currentTerm: 1, votedFor: "a", from: 1, entries: [noop(1)] });
    await b.write({ currentTerm: 2, votedFor: "b", from: 1, entries: [noop(2), noop(2)] });
    await a.write({ currentTerm: 1, votedFor: "a", from: 1, entries: [] });
    assertSameState(await a.load(), { currentTerm: 1, votedFor: "a", log: [] });
    assertSameState(await b.load(), { currentTerm: 2, votedFor: "b", log: [noop(2), noop(2)] });
    await a.close();
    await b.close();
    assertEquals(await behind(path, async (kv) => (await kv.get(["something else"])).value), 1);
  }));

Deno.test("a long prefix leaves room in every commit, and one that is too long is refused at once", () =>
  inFolder(async (folder) => {
    const prefix = ["x".repeat(500), "\0".repeat(240)];
    const opened = await denoKv({ path: `${folder}/a.kv`, prefix }).open(identity);
    const write = { ...manyFrom(1, 0), entries: [...manyFrom(1, 1_500).entries, ...megabytes] };
    await opened.write(write);
    await opened.write({ ...write, currentTerm: 10 });
    assertSameState(await opened.load(), afterWrite(null, { ...write, currentTerm: 10 }));
    await opened.close();
    const error = assertThrows(() => denoKv({ prefix: [...prefix, "x".repeat(100)] }), RaftError);
    assertEquals(error.code, "InvalidOptions");
  }));

Deno.test("a wrong option is refused by its name, before anything is opened", () => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ file: "x" }, "denoKv: options.file: there is no such option; there are path, prefix, openKv"],
    [{ path: 7 }, "denoKv: options.path: expected a path, got 7"],
    [{ path: "" }, 'denoKv: options.path: expected a path, got ""'],
    [{ path: new URL("file:///a.kv") }, "denoKv: options.path: expected a path, got [URL]"],
    [{ prefix: "a" }, "denoKv: options.prefix: expected a key of Deno KV of at most 1024 bytes"],
    [{ prefix: [{}] }, "denoKv: options.prefix: expected a key of Deno KV"],
    [{ openKv: {} }, "denoKv: options.openKv: expected a function, got {}"],
    [null, "denoKv: options: expected an object, got null"],
  ];
  for (const [options, expected] of wrong) {
    const error = assertThrows(() => denoKv(options as DenoKvOptions), RaftError);
    assertEquals(error.code, "InvalidOptions");
    assertStringIncludes(error.message, expected);
  }
});

// Two openers.

Deno.test("a place that is open is refused in the same process, however its path is spelt, until it is closed", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.kv`;
    const opened = await denoKv({ path }).open(identity);
    await Deno.symlink(folder, `${folder}/link`);
    const relative = relativePath(Deno.cwd(), path);
    for (const spelling of [path, `${folder}/./a.kv`, `${folder}/link/a.kv`, relative]) {
      await assertRefused(spelling, "Unavailable", "open already", spelling);
    }
    await opened.close();
    assertEquals(await loaded(path), null);
  }));

Deno.test("who writes second is refused, from then on, and alters nothing", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.kv`;
    await written(path, sample);
    const first = await denoKv({ path }).open(identity);
    // Without a path nobody can tell that it is the same place: as good as another process.
    const second = await denoKv({ openKv: () => Deno.openKv(path) }).open(identity);
    const write = { currentTerm: 4, votedFor: "a", from: 4, entries: [noop(4)] };
    await first.write(write);
    for (const what of [() => second.load(), () => second.write(write), () => second.write(write)]) {
      const error = await assertRejects(what, RaftError);
      assertEquals(error.code, "Unavailable");
      assertStringIncludes(error.message, "somebody else");
    }
    await first.write({ ...write, from: 5 });
    await second.close();
    await first.close();
    const state = await loaded(path);
    assertEquals([state?.currentTerm, state?.log.length], [4, 5]);
  }));

Deno.test("a large write that loses the race half-way is refused", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.kv`;
    await written(path, sample);
    let commits = 0;
    const openKv = (path?: string) =>
      openKvWith(path, async (commit) => {
        if (++commits === 2) await behind(`${folder}/./a.kv`, (kv) => changeHead(kv, (head) => head));
        return commit();
      });
    const opened = await denoKv({ path, openKv }).open(identity);
    const error = await assertRejects(() => opened.write(manyFrom(4, 2_500)), RaftError);
    assertStringIncludes(error.message, "somebody else");
    await opened.close();
    assertSameState(await loaded(path), sample.reduce(afterWrite, null as PersistentState | null));
  }));

Deno.test("a write that would leave a gap in the log is refused and changes nothing", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.kv`;
    const state = await written(path, sample);
    const opened = await denoKv({ path }).open(identity);
    await assertRejects(() => opened.write(manyFrom(5, 1)), AssertionError);
    await opened.close();
    assertSameState(await loaded(path), state);
  }));

// What can't be opened.

Deno.test({
  name: "without permission the refusal names the path and the flags",
  permissions: { read: false, write: false },
  fn: () =>
    assertRefused(
      "/data/a.kv",
      "Unavailable",
      '"/data/a.kv"',
      "--allow-read=/data/a.kv",
      "--allow-write=/data/a.kv",
    ),
});

Deno.test("a folder that does not exist and a file that is no database are refused, and can be tried again", () =>
  inFolder(async (folder) => {
    const path = `${folder}/sub/a.kv`;
    await assertRefused(path, "Unavailable", path, "folder");
    await Deno.mkdir(`${folder}/sub`);
    await Deno.writeTextFile(path, "This is no database. ".repeat(100));
    await assertRefused(path, "Unavailable", path, "not a database");
    await Deno.remove(path);
    assertEquals(await loaded(path), null);
  }));

Deno.test("where Deno KV is not enabled the refusal says how to", async () => {
  const openKv = Object.getOwnPropertyDescriptor(Deno, "openKv")!;
  try {
    Object.defineProperty(Deno, "openKv", { value: undefined, configurable: true });
    await assertRefused("a.kv", "Unavailable", "--unstable-kv", "deno.json");
  } finally {
    Object.defineProperty(Deno, "openKv", openKv);
  }
});

// A crash between the commits of one write.

/** The process dies at commit `at` (counted from 0): before the disk has it, or after, but nobody is told. */
interface Crash {
  readonly at: number;
  readonly when: "before" | "after";
}

/** Does something with a storage that crashes. Says whether the crash came before it was done. */
async function crashes(path: string, { at, when }: Crash, write: Write | null): Promise<boolean> {
  let commits = 0;
  const openKv = (path?: string) =>
    openKvWith(path, async (commit) => {
      const isLast = commits++ === at;
      if (isLast && when === "after") await commit();
      if (isLast || commits > at + 1) throw new Error("crash");
      return commit();
    });
  try {
    const opened = await denoKv({ path, openKv }).open(identity);
    try {
      if (write !== null) await opened.write(write);
    } finally {
      await opened.close();
    }
    return false;
  } catch {
    return true;
  }
}

function manyFrom(from: number, count: number): Write {
  return { currentTerm: 9, votedFor: "b", from, entries: Array.from({ length: count }, () => noop(9)) };
}

const longLog = manyFrom(1, 2_100);
const megabytes = [1, 2, 3].map((n) => command(9, bytesOf(700_000 + n)));
const oversized: readonly [name: string, before: readonly Write[], write: Write][] = [
  ["the first one", [], manyFrom(1, 2_500)],
  ["an append", sample, manyFrom(4, 2_500)],
  ["an append of megabytes", sample, { ...manyFrom(4, 0), entries: megabytes }],
  ["a truncation", [longLog], { ...manyFrom(2, 0), currentTerm: 10 }],
  ["a replacement by as many", [longLog], {
    ...manyFrom(500, 0),
    currentTerm: 10,
    votedFor: null,
    entries: Array.from({ length: 1_500 }, () => noop(10)),
  }],
  ["a replacement of many by one", [longLog], { ...manyFrom(1, 0), currentTerm: 10, entries: [noop(10)] }],
  ["a replacement of many by megabytes", [longLog], {
    ...manyFrom(1, 0),
    currentTerm: 10,
    entries: megabytes,
  }],
];

/** Opens the place with a crash at every commit of the cleaning up in turn, and then without one. */
async function recovered(path: string): Promise<PersistentState | null> {
  for (let at = 0; await crashes(path, { at: at % 2, when: at % 2 ? "after" : "before" }, null); at++) {
    assert(at < 20, "cleaning up makes no progress");
  }
  return loaded(path);
}

for (const [name, writes, write] of oversized) {
  Deno.test(`a write larger than one commit is there whole or not at all, wherever a crash comes: ${name}`, () =>
    inFolder(async (folder) => {
      const path = `${folder}/start.kv`;
      const before = await written(path, writes);
      const after = afterWrite(before, write);
      const seen = { before: 0, after: 0 };
      let at = 0;
      for (let isCrashed = true; isCrashed; at++) {
        for (const when of ["before", "after"] as const) {
          const copy = `${folder}/${at}-${when}.kv`;
          if (before !== null) await Deno.copyFile(path, copy);
          isCrashed = await crashes(copy, { at, when }, write);
          const state = await recovered(copy);
          const isNew = isSameState(state, after);
          if (!isNew) assertSameState(state, before, `crash ${when} commit ${at}`);
          seen[isNew ? "after" : "before"]++;
          await assertGoesOn(copy, isNew ? after : before);
        }
      }
      assert(at > 2, "the write was one commit");
      assert(seen.before > 0 && seen.after > 1, "a state was never seen");
    }));
}

/** Nothing is left of what was not finished, and the node can write. */
async function assertGoesOn(path: string, state: PersistentState | null): Promise<void> {
  const records = (await dump(path)).filter((line) => line.includes('"log"')).length;
  const expected = (state?.log ?? []).reduce(
    (sum, entry) => sum + (entry.type === "command" ? partsOf(entry.command) : 1),
    0,
  );
  assertEquals(records, expected, "what was not finished was not cleaned up");
  const next = {
    currentTerm: 11,
    votedFor: "a",
    from: Math.max(1, state?.log.length ?? 0),
    entries: [noop(11)],
  };
  const opened = await denoKv({ path }).open(identity);
  await opened.write(next);
  assertSameState(await opened.load(), afterWrite(state, next));
  await opened.close();
}

function partsOf(bytes: Uint8Array): number {
  return encodeParts(bytes, 1, 1).length;
}
