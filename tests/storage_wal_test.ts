/**
 * The write-ahead log on a disk that crashes, fails and lies.
 *
 * QUORATE_CUTS: how many crashes, 3,000 by default; `deno task storage:cuts` makes 10,000. QUORATE_CUT_SEED: of writes and crashes.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Compaction, PersistentState, Write } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import type { OpenStorage, Storage } from "../src/ports.ts";
import { walStorage } from "../src/storage/wal_storage.ts";
import { between, bytesOf, chance, type Random, randomFrom } from "./random.ts";
import { FORMAT } from "../src/storage/wal_segments.ts";
import { type SimulatedDisk, simulatedDisk } from "./simulated_disk.ts";
import { afterWrite, assertSameState, command, isSameState, noop } from "./writes.ts";

const cuts = Number(Deno.env.get("QUORATE_CUTS") ?? 3_000);
const seed = Number(Deno.env.get("QUORATE_CUT_SEED") ?? 1);

const identity = { id: "a", clusterId: "wal", servers: ["a", "b", "c"] };

function storageOn({ files }: SimulatedDisk, segmentBytes = 4096): Storage {
  return walStorage({ files, path: "/a", segmentBytes }, () => Promise.resolve(() => {}));
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return ReadableStream.from([bytes]);
}

/** A write that may append, replace, vote, or compact. Each leaves its number in votedFor: no two states are the same. */
function randomWrite(random: Random, before: PersistentState | null, number: number): Write {
  const compactedIndex = before?.compaction?.compactedIndex ?? 0;
  const lastIndex = compactedIndex + (before?.log.length ?? 0);
  const currentTerm = (before?.currentTerm ?? 0) + between(random, 0, 1);
  const from = chance(random, 0.2) ? between(random, compactedIndex + 1, lastIndex + 1) : lastIndex + 1;
  const entries = Array.from({ length: between(random, 0, 4) }, () => {
    const length = chance(random, 0.1) ? between(random, 2_000, 9_000) : between(random, 0, 300);
    // Zeros, too: what is missing on the disk looks the same.
    return chance(random, 0.2)
      ? command(currentTerm, new Uint8Array(length))
      : command(currentTerm, bytesOf(length));
  });
  return {
    currentTerm,
    votedFor: `write ${number}`,
    from,
    entries,
    ...before?.compaction && { compaction: before.compaction },
  };
}

function compactionAt(index: number, kept: number): Compaction {
  const configuration = { voters: ["a"], oldVoters: [], learners: [], target: null, addresses: {} };
  return { snapshot: { index, term: 1, configuration }, compactedIndex: index - kept, compactedTerm: 1 };
}

/** Writes until the disk crashes. Says what was acknowledged, and what may be there instead. */
async function writeUntilCrash(
  opened: OpenStorage,
  random: Random,
  start: PersistentState | null,
  first: number,
) {
  let state = start;
  let inFlight: PersistentState | null = null;
  let number = first;
  try {
    for (;;) {
      number++;
      let write = randomWrite(random, state, number);
      const compacted = state?.compaction?.compactedIndex ?? 0;
      const lastIndex = compacted + (state?.log.length ?? 0);
      if (chance(random, 0.1) && lastIndex > compacted + 1) {
        const index = between(
          random,
          Math.max(compacted + 1, state?.compaction?.snapshot.index ?? 0),
          lastIndex,
        );
        if (index > (state?.compaction?.snapshot.index ?? 0)) {
          await opened.writeSnapshot(index, streamOf(bytesOf(index)));
          const kept = between(random, 0, index - compacted - 1);
          write = { ...write, from: lastIndex + 1, compaction: compactionAt(index, kept) };
        }
      }
      inFlight = afterWrite(state, write);
      await opened.write(write);
      state = inFlight;
      inFlight = null;
    }
  } catch (error) {
    assert(error instanceof RaftError && error.code === "Unavailable", `${error}`);
    return { state, inFlight, number };
  }
}

Deno.test(`what was acknowledged is there after a crash, and no part of a write is (${cuts} crashes, seed ${seed})`, async () => {
  const seen = { acknowledged: 0, inFlight: 0, whileOpening: 0, unharmed: 0, refused: 0 };
  let done = 0;
  for (let round = 0; done < cuts; round++) {
    const random = randomFrom(seed * 1_000_003 + round);
    const disk = simulatedDisk();
    const storage = storageOn(disk);
    let state: PersistentState | null = null;
    let number = 0;
    for (let cut = 0; cut < 20 && done < cuts; cut++, done++) {
      const when = `in round ${round}, at crash ${cut}, seed ${seed}`;
      const opened = await storage.open(identity);
      const failure = oneOf(random, ["crash", "crash", "EIO", "ENOSPC"] as const);
      disk.failFrom(disk.operations() + between(random, 1, 120), failure);
      const after = await writeUntilCrash(opened, random, state, number);
      await opened.close();
      if (failure === "crash" || chance(random, 0.5)) disk.crash(random);
      else disk.kill();
      if (chance(random, 0.3)) {
        // And once more, while it tidies up.
        disk.failFrom(disk.operations() + between(random, 1, 3), "crash");
        if (await isRefused(storage)) seen.whileOpening++;
        disk.crash(random);
      }
      const again = await storage.open(identity);
      state = await again.load();
      number = after.number;
      if (after.inFlight !== null && isSameState(state, after.inFlight)) seen.inFlight++;
      else {
        seen.acknowledged++;
        assertSameState(state, after.state, when);
      }
      await checkSnapshot(again, state);
      await again.close();
      if (chance(random, 0.5)) continue;
      // What was loaded counts: nothing of it may get lost, even if nothing was written since.
      disk.crash(random);
      seen[await withFlippedBit(disk, random, state, when)]++;
    }
  }
  console.log(
    `found what was acknowledged ${seen.acknowledged} times, the write in flight as well ${seen.inFlight} times; ` +
      `${seen.whileOpening} crashes while opening; of a flipped bit ${seen.refused} were refused, ${seen.unharmed} harmless`,
  );
  for (const [what, count] of Object.entries(seen)) assert(count > cuts / 100, what);
});

/** Opens a log of which one bit has flipped, and flips it back. Fails unless it holds what it should, or is refused. */
async function withFlippedBit(
  disk: SimulatedDisk,
  random: Random,
  expected: PersistentState | null,
  when: string,
): Promise<"refused" | "unharmed"> {
  const names = disk.names().filter((name) => /log-|snapshot-/.test(name) && !name.endsWith(".new"));
  if (names.length === 0) return "unharmed";
  const name = oneOf(random, names);
  const bytes = disk.durable(name);
  const at = between(random, 0, bytes.length - 1);
  const flipped = `${when}: a bit of byte ${at} of ${name} has flipped`;
  const storage = storageOn(disk);
  const damaged = bytes.with(at, bytes[at]! ^ (1 << between(random, 0, 7)));
  disk.replace(name, damaged);
  try {
    const opened = await storage.open(identity);
    assertSameState(await opened.load(), expected, flipped);
    await checkSnapshot(opened, expected);
    await opened.close();
    return "unharmed";
  } catch (error) {
    assert(
      error instanceof RaftError && ["Corrupt", "Mismatch"].includes(error.code),
      `${flipped}: ${error}`,
    );
    return "refused";
  } finally {
    disk.replace(name, bytes);
    disk.crash(random);
  }
}

function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[between(random, 0, choices.length - 1)]!;
}

async function isRefused(storage: Storage): Promise<boolean> {
  const opened = await storage.open(identity).catch(() => null);
  await opened?.close();
  return opened === null;
}

async function checkSnapshot(opened: OpenStorage, state: PersistentState | null): Promise<void> {
  const index = state?.compaction?.snapshot.index;
  if (index === undefined) return;
  const bytes = new Uint8Array(await new Response(await opened.readSnapshot(index)).arrayBuffer());
  assertEquals(bytes.join() === bytesOf(index).join(), true, `the snapshot of index ${index}`);
}

/** A run of writes that rotates segments, replaces entries, compacts, and writes more than a segment at once. */
async function script(opened: OpenStorage, after: (state: PersistentState) => void): Promise<void> {
  let state: PersistentState | null = null;
  const perform = async (write: Write) => {
    await opened.write(write);
    state = afterWrite(state, write);
    after(state);
  };
  const base = { currentTerm: 1, votedFor: "a" };
  const compaction = compactionAt(12, 2);
  await perform({ currentTerm: 0, votedFor: null, from: 1, entries: [] });
  for (let index = 1; index <= 12; index++) {
    await perform({ ...base, from: index, entries: [command(1, bytesOf(index * 60))] });
  }
  await perform({
    currentTerm: 2,
    votedFor: null,
    from: 11,
    entries: [command(2, new Uint8Array(3_000)), noop(2)],
  });
  await opened.writeSnapshot(12, streamOf(bytesOf(12)));
  await perform({ currentTerm: 2, votedFor: null, from: 13, entries: [], compaction });
  await perform({
    currentTerm: 2,
    votedFor: null,
    from: 13,
    entries: [command(2, bytesOf(10_000))],
    compaction,
  });
  await perform({ currentTerm: 3, votedFor: "b", from: 14, entries: [noop(3)], compaction });
}

Deno.test("at every operation of a scripted run, a crash leaves what was acknowledged, or the write in flight as well", async () => {
  const states: PersistentState[] = [];
  const whole = simulatedDisk();
  const opened = await storageOn(whole).open(identity);
  await script(opened, (state) => states.push(state));
  await opened.close();
  for (let operation = 1; operation <= whole.operations(); operation++) {
    for (let seed = 1; seed <= 10; seed++) {
      const disk = simulatedDisk();
      disk.failFrom(operation, "crash");
      let acknowledged = 0;
      const opened = await storageOn(disk).open(identity);
      await script(opened, () => void acknowledged++).catch(() => {});
      await opened.close();
      // In the last two runs only the process crashes.
      if (seed <= 8) disk.crash(randomFrom(seed * 1_000 + operation));
      else disk.kill();
      const again = await storageOn(disk).open(identity);
      const found = await again.load();
      if (!isSameState(found, states[acknowledged] ?? null)) {
        assertSameState(
          found,
          states[acknowledged - 1] ?? null,
          `crash at operation ${operation}, seed ${seed}`,
        );
      }
      // And in the last one the machine, once the node has loaded and written again.
      if (seed === 10) await assertWritesAgain(disk, again, found);
      await again.close();
    }
  }
});

/** Fails unless one more write is there, with all that was loaded before it, after a crash that loses what it can. */
async function assertWritesAgain(disk: SimulatedDisk, opened: OpenStorage, loaded: PersistentState | null) {
  const { compaction } = loaded ?? {};
  const from = (compaction?.compactedIndex ?? 0) + (loaded?.log.length ?? 0) + 1;
  const write = { currentTerm: 4, votedFor: "c", from, entries: [noop(4)], ...compaction && { compaction } };
  await opened.write(write);
  await opened.close();
  disk.crash(() => 0.99);
  const again = await storageOn(disk).open(identity);
  assertSameState(await again.load(), afterWrite(loaded, write));
  await again.close();
}

Deno.test("a bit that flips is harmless or refused, in whichever byte of the log; nothing acknowledged goes unnoticed", async () => {
  const whole = simulatedDisk();
  const opened = await storageOn(whole).open(identity);
  let last: PersistentState | null = null;
  await script(opened, (state) => void (last = state));
  await opened.close();
  let refused = 0;
  const segments = whole.names().filter((name) => name.includes("/log-"));
  for (const name of segments) {
    const bytes = whole.durable(name);
    for (let at = 0; at < bytes.length; at++) {
      bytes[at]! ^= 1 << (at % 8);
      try {
        const opened = await storageOn(whole).open(identity);
        assertSameState(await opened.load(), last, `a bit of byte ${at} of ${name} has flipped`);
        await opened.close();
      } catch (error) {
        assert(
          error instanceof RaftError && ["Corrupt", "Mismatch"].includes(error.code),
          `byte ${at}: ${error}`,
        );
        refused++;
      }
      bytes[at]! ^= 1 << (at % 8);
    }
  }
  assert(refused > 3_000, `${refused}`);
});

/** The log of a few writes, in three segments, on a disk that can be damaged. */
async function damagedLog(
  damage: (disk: SimulatedDisk, segments: readonly string[]) => void,
): Promise<RaftError> {
  const disk = simulatedDisk();
  const opened = await storageOn(disk).open(identity);
  for (let index = 1; index <= 40; index++) {
    await opened.write({ currentTerm: 1, votedFor: null, from: index, entries: [command(1, bytesOf(200))] });
  }
  await opened.close();
  damage(disk, disk.names().filter((name) => name.includes("/log-")).sort());
  return await assertRejects(() => storageOn(disk).open(identity), RaftError);
}

const damages: readonly {
  readonly what: string;
  readonly damage: (disk: SimulatedDisk, segments: readonly string[]) => void;
  readonly says: string;
}[] = [
  {
    what: "a segment in the middle is missing",
    damage: (disk, [, second = ""]) => disk.replace(second, null),
    says: "/a/log-0000000002 is missing",
  },
  {
    what: "the first segment is missing, and no snapshot replaces it",
    damage: (disk, [first = ""]) => disk.replace(first, null),
    says: "/a/log-0000000001 is missing",
  },
  {
    what: "the last segment is missing",
    damage: (disk, segments) => disk.replace(segments.at(-1)!, null),
    says: "is missing: the segment before it says that it is there",
  },
  {
    what: "the last segment was cut short",
    damage: (disk, segments) =>
      disk.replace(segments.at(-1)!, disk.durable(segments.at(-1)!).slice(0, 3_000)),
    says: "bytes are missing",
  },
  {
    what: "a record in the middle is damaged",
    damage: (disk, [first = ""]) => disk.durable(first).fill(0xff, 1_000, 1_010),
    says: "/a/log-0000000001 is damaged at byte",
  },
  {
    what: "the last record was whole, and is damaged",
    damage: (disk, segments) => {
      const bytes = disk.durable(segments.at(-1)!);
      const end = bytes.findLastIndex((byte) => byte !== 0);
      bytes[end - 60]! ^= 1;
    },
    says: "its checksum is wrong",
  },
  {
    what: "the end of a segment in the middle is gone",
    damage: (disk, [first = ""]) => void disk.durable(first).fill(0, 3_000),
    says: "is damaged at byte",
  },
  {
    what: "a file is no segment",
    damage: (disk, [first = ""]) => disk.replace(first, bytesOf(4096)),
    says: "it doesn't begin as a segment does",
  },
];

for (const { what, damage, says } of damages) {
  Deno.test(`opening refuses, and says where and what to do: ${what}`, async () => {
    const error = await damagedLog(damage);
    assertEquals(error.code, "Corrupt");
    assertStringIncludes(error.message, says);
    assertStringIncludes(error.message, "as a new learner");
  });
}

Deno.test("a log of a newer format is refused", async () => {
  const error = await damagedLog((disk, [first = ""]) => void (disk.durable(first)[12] = FORMAT + 1));
  assertEquals(error.code, "Mismatch");
  assertStringIncludes(error.message, `has format ${FORMAT + 1}; this version reads format ${FORMAT}`);
});

Deno.test("what can't be removed is told to the next write, and what is needed can still be read", async () => {
  const disk = simulatedDisk();
  let isStuck = false;
  const remove = (path: string) =>
    isStuck
      ? Promise.reject(Object.assign(new Error(`EIO: ${path}`), { code: "EIO" }))
      : disk.files.remove(path);
  const stuck = { ...disk, files: { ...disk.files, remove } };
  const opened = await storageOn(stuck).open(identity);
  const write = (from: number, compaction?: Compaction): Write => ({
    currentTerm: 1,
    votedFor: null,
    from,
    entries: [command(1, bytesOf(1500))],
    ...(compaction === undefined ? {} : { compaction }),
  });
  for (let index = 1; index <= 9; index++) await opened.write(write(index));
  await opened.writeSnapshot(6, streamOf(bytesOf(3)));
  const configuration = { voters: ["a"], oldVoters: [], learners: [], target: null, addresses: {} };
  const compaction = { snapshot: { index: 6, term: 1, configuration }, compactedIndex: 6, compactedTerm: 1 };
  isStuck = true;
  await opened.write(write(10, compaction));
  assertEquals((await opened.load())?.log.length, 4);
  const read = await new Response(await opened.readSnapshot(6)).arrayBuffer();
  assertEquals(new Uint8Array(read), bytesOf(3));
  const error = await assertRejects(() => opened.write(write(11, compaction)), RaftError);
  assertStringIncludes(error.message, "EIO: /a/log-0000000001");
  await opened.close();
});

for (const code of ["EIO", "ENOSPC"] as const) {
  Deno.test(`after ${code} nothing more is written, as nobody knows what the disk holds; what was acknowledged is there`, async () => {
    for (let operation = 1; operation <= 12; operation++) {
      const disk = simulatedDisk();
      disk.failFrom(operation, code);
      const opened = await storageOn(disk).open(identity);
      let acknowledged = 0;
      const write = () => opened.write({ currentTerm: ++acknowledged, votedFor: null, from: 1, entries: [] });
      const error = await assertRejects(async () => {
        for (;;) await write();
      }, RaftError);
      acknowledged--;
      assertEquals(error.code, "Unavailable");
      assertStringIncludes(error.message, code);
      assertStringIncludes((await assertRejects(write, RaftError)).message, code);
      await opened.close();
      disk.crash(randomFrom(operation));
      const again = await storageOn(disk).open(identity);
      const { currentTerm = 0 } = await again.load() ?? {};
      assert(
        currentTerm === acknowledged - 1 || currentTerm === acknowledged,
        `${currentTerm}, ${acknowledged}`,
      );
      await again.close();
    }
  });
}
