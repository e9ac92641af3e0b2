/**
 * What every {@linkcode Storage} must do, as a suite that registers tests. To run it over your own:
 *
 *     storageConformance({ name: "my storage", create: () => ({ storage: myStorage(), remove: async () => {} }) });
 */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Compaction, LogEntry, PersistentState, Write } from "../../src/core/mod.ts";
import { RaftError } from "../../src/error.ts";
import type { Identity, OpenStorage, Storage } from "../../src/ports.ts";
import { between, bytesOf, chance, type Random, randomFrom } from "../random.ts";
import { afterWrite, assertSameState, command, noop } from "../writes.ts";

/** One place where a node can be stored. */
export interface StorageFixture {
  /** The storage, with nothing in it. It is opened many times, but never twice at a time. */
  readonly storage: Storage;
  /** Removes what is left. Called once, after the last `close`. */
  readonly remove: () => Promise<void>;
}

/** The implementation under test. */
export interface StorageHarness {
  /** How the names of the tests begin. */
  readonly name: string;
  /** A new and empty place. */
  readonly create: () => StorageFixture | Promise<StorageFixture>;
  /** Whether what was written is gone when it is closed; the tests that reopen are then left out. */
  readonly isForgetful?: boolean;
  /** The seeds of the random tests: one test each. */
  readonly seeds?: readonly number[];
}

const identity: Identity = { id: "a", clusterId: "conformance", servers: ["a", "b", "c"] };

/** What a test gets. */
interface Bench {
  /** Opens the place, which must be closed. */
  readonly open: (as?: Identity) => Promise<OpenStorage>;
  /** Closes what is open and opens it again: a restart. Leaves it open if the storage is forgetful. */
  readonly reopen: (opened: OpenStorage) => Promise<OpenStorage>;
}

interface Case {
  readonly name: string;
  /** Left out for a storage that is forgetful. */
  readonly isAboutReopening?: boolean;
  readonly run: (bench: Bench) => Promise<void>;
}

/** Registers the suite, as tests of Deno. */
export function storageConformance(harness: StorageHarness): void {
  const { name, create, isForgetful = false, seeds = [1, 2, 3] } = harness;
  const cases = [...atRest, ...writing, ...large, ...snapshots, ...seeds.map(randomWrites)];
  for (const { name: sentence, isAboutReopening = false, run } of cases) {
    if (isForgetful && isAboutReopening) continue;
    Deno.test(`${name}: ${sentence}`, async () => {
      const { storage, remove } = await create();
      const open = async (as: Identity = identity) => {
        const opened = await storage.open(as);
        all.push(opened);
        return opened;
      };
      const all: OpenStorage[] = [];
      const reopen = async (opened: OpenStorage) => {
        if (isForgetful) return opened;
        await opened.close();
        return open();
      };
      try {
        await run({ open, reopen });
      } finally {
        for (const opened of all) await opened.close();
        await remove();
      }
    });
  }
}

/** What a write says of a snapshot of this index, after which so many entries stay. */
function compactionAt(index: number, kept = 0): Compaction {
  const configuration = {
    voters: ["a", "b"],
    oldVoters: ["a", "c"],
    learners: ["d"],
    target: { voters: ["a"], learners: ["ü🐢"] },
    addresses: { d: "[::1]:7000" },
  };
  return { snapshot: { index, term: 1, configuration }, compactedIndex: index - kept, compactedTerm: 1 };
}

/** A stream of so many bytes, in pieces of different sizes. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  let size = 1;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
      size = size * 7 % 100_003;
    },
  });
}

async function contentOf(opened: OpenStorage, index: number): Promise<Uint8Array> {
  return new Uint8Array(await new Response(await opened.readSnapshot(index)).arrayBuffer());
}

/** Whether two contents are the same; `assertEquals` takes seconds for megabytes. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

const snapshots: readonly Case[] = [
  {
    name: "what a snapshot has replaced may go at once: the rest can be loaded meanwhile",
    run: async ({ open }) => {
      const opened = await open();
      let replaced: Pick<Write, "compaction"> = {};
      const write = (from: number, entries: readonly LogEntry[]) =>
        opened.write({ currentTerm: 1, votedFor: null, from, entries, ...replaced });
      for (let index = 1; index <= 20; index++) {
        await write(index, [command(1, bytesOf(1000))]);
        if (index % 5 !== 0) continue;
        await opened.writeSnapshot(index, streamOf(bytesOf(1)));
        replaced = { compaction: compactionAt(index) };
        await write(index + 1, []);
        assertEquals((await opened.load())?.log, []);
      }
      await opened.close();
    },
  },
  {
    name: "a snapshot is read as it was written, whatever its size, also after reopening",
    run: async ({ open, reopen }) => {
      let opened = await open();
      const log = [1, 2, 3, 4].map(() => noop(1));
      await opened.write({ currentTerm: 1, votedFor: null, from: 1, entries: log });
      for (const [at, length] of [0, 1, 65_536, 1_500_000].entries()) {
        const content = bytesOf(length);
        await opened.writeSnapshot(at + 1, streamOf(content));
        const write = {
          currentTerm: 1,
          votedFor: null,
          from: 5,
          entries: [],
          compaction: compactionAt(at + 1),
        };
        await opened.write(write);
        opened = await reopen(opened);
        assertEquals(isSame(await contentOf(opened, at + 1), content), true, `${length} bytes`);
        assertSameState(await opened.load(), {
          currentTerm: 1,
          votedFor: null,
          log: log.slice(at + 1),
          compaction: compactionAt(at + 1),
        });
      }
    },
  },
  {
    name:
      "a snapshot replaces the log before it, all of the log, or all but some entries; later writes go on from there",
    run: async (bench) => {
      const compaction = compactionAt(4, 2);
      const base = { currentTerm: 2, votedFor: "a" };
      await assertKeeps(bench, [
        { currentTerm: 1, votedFor: null, from: 1, entries: [1, 1, 1, 1, 1].map(noop) },
        { ...base, from: 6, entries: [], compaction },
        { ...base, from: 4, entries: [noop(2)], compaction },
        { ...base, from: 5, entries: [noop(2), noop(2)], compaction },
        { ...base, from: 101, entries: [], compaction: compactionAt(100) },
        { ...base, from: 101, entries: [noop(2)], compaction: compactionAt(100) },
      ]);
    },
  },
  {
    name: "a snapshot that is being read stays until it is read, and is not there for others any more",
    run: async ({ open }) => {
      const opened = await open();
      const content = bytesOf(300_000);
      await opened.writeSnapshot(1, streamOf(content));
      const base = { currentTerm: 1, votedFor: null };
      await opened.write({ ...base, from: 1, entries: [noop(1), noop(1)] });
      await opened.write({ ...base, from: 3, entries: [], compaction: compactionAt(1) });
      const reader = await opened.readSnapshot(1);
      await opened.writeSnapshot(2, streamOf(new Uint8Array(1)));
      await opened.write({ ...base, from: 3, entries: [], compaction: compactionAt(2) });
      assertEquals(isSame(new Uint8Array(await new Response(reader).arrayBuffer()), content), true);
      const error = await assertRejects(() => contentOf(opened, 1), RaftError);
      assertEquals(error.code, "Corrupt");
    },
  },
  {
    name: "a snapshot whose stream fails is not kept",
    run: async ({ open }) => {
      const opened = await open();
      const broken = new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.enqueue(new Uint8Array(70_000));
          controller.error(new TypeError("broken off"));
        },
      });
      await assertRejects(() => opened.writeSnapshot(1, broken));
      const error = await assertRejects(() => contentOf(opened, 1), RaftError);
      assertEquals(error.code, "Corrupt");
      await opened.write({ currentTerm: 1, votedFor: null, from: 1, entries: [noop(1)] });
    },
  },
];

/** Performs the writes, each checked by a load, and all of them by a load after reopening. */
async function assertKeeps({ open, reopen }: Bench, writes: readonly Write[]): Promise<void> {
  let opened = await open();
  let expected: PersistentState | null = null;
  for (const write of writes) {
    const index = write.compaction?.snapshot.index;
    if (index !== undefined && index !== expected?.compaction?.snapshot.index) {
      await opened.writeSnapshot(index, streamOf(bytesOf(index)));
    }
    await opened.write(write);
    expected = afterWrite(expected, write);
    assertSameState(await opened.load(), expected);
  }
  opened = await reopen(opened);
  assertSameState(await opened.load(), expected);
}

const atRest: readonly Case[] = [
  {
    name: "an empty storage loads null",
    run: async ({ open }) => assertEquals(await (await open()).load(), null),
  },
  {
    name: "opening an empty storage and closing it leaves it empty",
    isAboutReopening: true,
    run: async ({ open, reopen }) => {
      const opened = await reopen(await open({ ...identity, id: "b" }));
      assertEquals(await opened.load(), null);
    },
  },
  {
    name:
      "another node's storage is refused, and so is one of another cluster; what the cluster began with is kept",
    isAboutReopening: true,
    run: async ({ open }) => {
      const backup = crypto.randomUUID();
      const opened = await open({ ...identity, backup });
      await opened.write({ currentTerm: 1, votedFor: null, from: 1, entries: [] });
      await opened.close();
      const others: readonly [Identity, found: string, expected: string][] = [
        [{ ...identity, id: "b" }, '"a"', '"b"'],
        [{ ...identity, clusterId: "other" }, '"conformance"', '"other"'],
      ];
      for (const [other, found, expected] of others) {
        const error = await assertRejects(() => open(other), RaftError);
        assertEquals(error.code, "Mismatch", error.message);
        assertStringIncludes(error.message, found);
        assertStringIncludes(error.message, expected);
      }
      const again = await open({ ...identity, servers: ["a", "d"] });
      assertEquals(again.owner, { ...identity, backup });
      assertSameState(await again.load(), { currentTerm: 1, votedFor: null, log: [] });
    },
  },
  {
    name: "closing twice is as good as closing once",
    run: async ({ open }) => {
      const opened = await open();
      await opened.close();
      await opened.close();
    },
  },
  {
    name: "nothing can be read or written after closing",
    run: async ({ open }) => {
      const opened = await open();
      await opened.close();
      await assertRejects(() => opened.load());
      await assertRejects(() => opened.write({ currentTerm: 1, votedFor: null, from: 1, entries: [] }));
    },
  },
  {
    name: "a write under way when the storage is closed is there whole or not at all",
    isAboutReopening: true,
    run: async ({ open }) => {
      const opened = await open();
      const write = { currentTerm: 1, votedFor: "a", from: 1, entries: [noop(1), command(1, bytesOf(100))] };
      const outcome = opened.write(write).then(() => true, () => false);
      await opened.close();
      const isThere = await outcome;
      assertSameState(await (await open()).load(), isThere ? afterWrite(null, write) : null);
    },
  },
];

const writing: readonly Case[] = [
  {
    name: "a term and a vote are kept without any entry",
    run: (bench) => assertKeeps(bench, [{ currentTerm: 3, votedFor: "b", from: 1, entries: [] }]),
  },
  {
    name: "a vote can become null again",
    run: (bench) =>
      assertKeeps(bench, [
        { currentTerm: 3, votedFor: "b", from: 1, entries: [noop(3)] },
        { currentTerm: 4, votedFor: null, from: 2, entries: [] },
      ]),
  },
  {
    name: "entries are appended, of every kind and with an empty command",
    run: (bench) =>
      assertKeeps(bench, [
        { currentTerm: 1, votedFor: "a", from: 1, entries: [noop(1), command(1, new Uint8Array(0))] },
        { currentTerm: 1, votedFor: "a", from: 3, entries: [command(1, bytesOf(256))] },
        { currentTerm: 2, votedFor: null, from: 4, entries: [command(2, bytesOf(1)), noop(2)] },
      ]),
  },
  {
    name: "the log can be truncated, down to nothing, and grow again",
    run: (bench) =>
      assertKeeps(bench, [
        {
          currentTerm: 1,
          votedFor: null,
          from: 1,
          entries: [noop(1), noop(1), command(1, bytesOf(9)), noop(1)],
        },
        { currentTerm: 2, votedFor: null, from: 3, entries: [] },
        { currentTerm: 2, votedFor: null, from: 3, entries: [command(2, bytesOf(5))] },
        { currentTerm: 3, votedFor: null, from: 1, entries: [] },
        { currentTerm: 3, votedFor: null, from: 1, entries: [noop(3)] },
      ]),
  },
  {
    name: "entries replace what they cover and all that follows",
    run: (bench) =>
      assertKeeps(bench, [
        {
          currentTerm: 1,
          votedFor: null,
          from: 1,
          entries: [1, 2, 3, 4, 5].map((n) => command(1, bytesOf(n))),
        },
        { currentTerm: 2, votedFor: null, from: 2, entries: [command(2, bytesOf(7)), noop(2)] },
        {
          currentTerm: 3,
          votedFor: "c",
          from: 3,
          entries: [3, 4, 5, 6, 7].map((n) => command(3, bytesOf(n))),
        },
      ]),
  },
  {
    name: "what the caller does to its objects later does not reach the storage",
    run: async ({ open }) => {
      const opened = await open();
      const entries: LogEntry[] = [noop(1), command(1, bytesOf(3))];
      await opened.write({ currentTerm: 1, votedFor: null, from: 1, entries });
      entries.pop();
      const loaded = await opened.load();
      assertSameState(loaded, { currentTerm: 1, votedFor: null, log: [noop(1), command(1, bytesOf(3))] });
      (loaded?.log as LogEntry[]).pop();
      assertEquals((await opened.load())?.log.length, 2);
    },
  },
];

const large: readonly Case[] = [
  {
    name: "an entry of 1 MB is kept, appended and replaced",
    run: (bench) =>
      assertKeeps(bench, [
        {
          currentTerm: 1,
          votedFor: null,
          from: 1,
          entries: [noop(1), command(1, bytesOf(1 << 20)), noop(1)],
        },
        { currentTerm: 2, votedFor: null, from: 2, entries: [command(2, bytesOf((1 << 20) + 1))] },
        { currentTerm: 3, votedFor: null, from: 2, entries: [noop(3)] },
      ]),
  },
  {
    name: "entries about as long as a value or a page are kept",
    run: (bench) => {
      const lengths = [
        4_095,
        4_096,
        61_000,
        61_400,
        61_440,
        65_000,
        65_535,
        65_536,
        65_537,
        122_880,
        131_072,
      ];
      const entries = lengths.map((length) => command(1, bytesOf(length)));
      return assertKeeps(bench, [{ currentTerm: 1, votedFor: null, from: 1, entries }]);
    },
  },
  {
    name: "a write of thousands of entries is kept, appended, replaced and truncated",
    run: (bench) => {
      const many = (term: number, count: number) =>
        Array.from({ length: count }, () => command(term, bytesOf(20)));
      return assertKeeps(bench, [
        { currentTerm: 1, votedFor: null, from: 1, entries: many(1, 999) },
        { currentTerm: 1, votedFor: null, from: 1_000, entries: many(1, 2_500) },
        { currentTerm: 2, votedFor: null, from: 500, entries: many(2, 1_200) },
        { currentTerm: 3, votedFor: null, from: 2, entries: [] },
      ]);
    },
  },
  {
    name: "a write of several megabytes is kept",
    run: (bench) => {
      const entries = Array.from({ length: 50 }, (_, n) => command(1, bytesOf(50_000 + n)));
      return assertKeeps(bench, [
        { currentTerm: 1, votedFor: null, from: 1, entries },
        { currentTerm: 1, votedFor: null, from: 51, entries },
      ]);
    },
  },
];

/** Random writes against the model, `afterWrite`, with a restart now and then. */
function randomWrites(seed: number): Case {
  return {
    name: `random writes and restarts leave what they should (seed ${seed})`,
    run: async ({ open, reopen }) => {
      const random = randomFrom(seed);
      let opened = await open();
      let expected: PersistentState | null = null;
      for (let round = 0; round < 40; round++) {
        const write = randomWrite(random, expected);
        await opened.write(write);
        expected = afterWrite(expected, write);
        if (chance(random, 0.2)) opened = await reopen(opened);
        if (chance(random, 0.5)) {
          assertSameState(await opened.load(), expected, `seed ${seed}, round ${round}`);
        }
      }
      assertSameState(await (await reopen(opened)).load(), expected, `seed ${seed}, at the end`);
    },
  };
}

function randomWrite(random: Random, before: PersistentState | null): Write {
  const lastIndex = before?.log.length ?? 0;
  const currentTerm = (before?.currentTerm ?? 0) + between(random, 0, 1);
  const from = chance(random, 0.3) ? between(random, 1, lastIndex + 1) : lastIndex + 1;
  const length = chance(random, 0.1) ? 1_200 : between(random, 0, 5);
  const entries = Array.from({ length }, () => {
    if (chance(random, 0.1)) return noop(currentTerm);
    return command(
      currentTerm,
      bytesOf(between(random, 0, length < 6 && chance(random, 0.1) ? 300_000 : 300)),
    );
  });
  return {
    currentTerm,
    votedFor: chance(random, 0.5) ? null : `server ${between(random, 1, 3)}`,
    from,
    entries,
  };
}
