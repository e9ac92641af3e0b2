/** What is damaged is refused, and named; never guessed at. */
import { assert, assertEquals } from "@std/assert";
import type { Write } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import { crc32 } from "../src/storage/checksum.ts";
import { encodeHead, encodeParts, formatKey, type Head } from "../src/storage/kv_records.ts";
import { assertRefused, behind, changeHead, dump, headKey, headOf } from "./deno_kv_files.ts";
import { inFolder, loaded, log, written } from "./deno_kv_files.ts";
import { between, bytesOf, randomFrom } from "./random.ts";
import { assertSameState, command, noop } from "./writes.ts";

/** The first write is revision 1 and brings indexes 1 to 4; the second brings 4 again, and 5. Entry 3 has three parts. */
const writes: readonly Write[] = [
  {
    currentTerm: 1,
    votedFor: "a",
    from: 1,
    entries: [noop(1), command(1, bytesOf(10)), command(1, bytesOf(150_000)), noop(1)],
  },
  { currentTerm: 3, votedFor: null, from: 4, entries: [noop(3), command(3, bytesOf(12))] },
];

interface Damage {
  readonly name: string;
  readonly damage: (kv: Deno.Kv) => Promise<unknown>;
  /** The key that the refusal names. */
  readonly key: Deno.KvKey;
  /** What the refusal says of it. */
  readonly why: string;
}

function without(name: string, lost: Deno.KvKey, key = lost): Damage {
  return { name, damage: (kv) => kv.delete(lost), key, why: "it is missing" };
}

function withValue(name: string, key: Deno.KvKey, value: unknown, why: string): Damage {
  return { name, damage: (kv) => kv.set(key, value), key, why };
}

/** What was stored at `from` is found at `key`, too. */
function withCopy(name: string, from: Deno.KvKey, key: Deno.KvKey, why: string): Damage {
  return { name, damage: async (kv) => kv.set(key, (await kv.get(from)).value), key, why };
}

function withBit(name: string, key: Deno.KvKey, at: number): Damage {
  const damage = async (kv: Deno.Kv) => {
    const { value } = await kv.get<Uint8Array>(key);
    await kv.set(key, value?.with(at, value[at]! ^ 1));
  };
  return { name, damage, key, why: "checksum" };
}

/** A head that is whole in itself, but not the one of this log. */
function withHead(name: string, change: Partial<Head>, key: Deno.KvKey, why: string): Damage {
  return { name, damage: (kv) => changeHead(kv, (head) => ({ ...head, ...change })), key, why };
}

/** A head of which a field was altered. */
function withField(name: string, field: Record<string, unknown>, why: string): Damage {
  const damage = async (kv: Deno.Kv) => kv.set(headKey, { ...encodeHead(await headOf(kv)), ...field });
  return { name, damage, key: headKey, why };
}

const damages: readonly Damage[] = [
  without("a missing head", headKey),
  withValue("a head that is no head", headKey, "x", "expected object"),
  withField(
    "a head with another term",
    { state: { currentTerm: 2, votedFor: null, lastIndex: 5 } },
    "checksum",
  ),
  withField("a head with another id", { id: "b" }, "checksum"),
  withField("a head with other servers", { servers: ["a", "b"] }, "checksum"),
  withField("a head with a field too many", { more: 1 }, "more"),
  withField(
    "a head with a negative term",
    { state: { currentTerm: -1, votedFor: null, lastIndex: 5 } },
    "state",
  ),
  withHead("a head that is older than the log", { revision: 1 }, log(4, 2, 0), "neighbours"),
  withHead(
    "a head of an earlier term than the log's",
    { state: { currentTerm: 2, votedFor: null, lastIndex: 5 } },
    log(4, 2, 0),
    "term 3",
  ),
  withHead(
    "a head of a longer log",
    { state: { currentTerm: 3, votedFor: null, lastIndex: 6 } },
    log(6),
    "index 6",
  ),
  withHead(
    "a head of a shorter log",
    { state: { currentTerm: 3, votedFor: null, lastIndex: 4 } },
    log(5, 2, 0),
    "ends at index 4",
  ),
  withHead("a head of an empty storage", { state: null }, log(1, 1, 0), "ends at index 0"),
  without("a missing first entry", log(1, 1, 0), log(1)),
  without("a missing entry", log(2, 1, 0), log(2)),
  without("a missing last entry", log(5, 2, 0), log(5)),
  without("a missing first part", log(3, 1, 0)),
  without("a missing part", log(3, 1, 1)),
  without("a missing last part", log(3, 1, 2)),
  withBit("a flipped bit of a checksum", log(2, 1, 0), 0),
  withBit("a flipped bit of a position", log(2, 1, 0), 11),
  withBit("a flipped bit of an entry", log(3, 1, 1), 40_000),
  withValue("an entry cut short", log(2, 1, 0), new Uint8Array(9), "short"),
  withValue("an entry that is a text", log(2, 1, 0), "x", "no bytes"),
  withValue(
    "bytes that are no entry",
    log(2, 1, 0),
    encodeParts(new Uint8Array([1, 2, 3]), 2, 1)[0],
    "no log entry",
  ),
  withCopy("another entry's value", log(1, 1, 0), log(2, 1, 0), "another key"),
  withCopy("an entry too many", log(5, 2, 0), log(6, 2, 0), "ends at index 5"),
  withCopy("two entries at one index", log(2, 1, 0), log(2, 2, 0), "another entry"),
  withCopy("a part too many", log(3, 1, 2), log(3, 1, 3), "another entry"),
  withValue("a key that is none of the log's", log("x"), 1, "no key of the log"),
  {
    name: "an entry of an early write after one of a later",
    damage: async (kv) => {
      const { value } = await kv.get(log(5, 2, 0));
      await kv.atomic().delete(log(5, 2, 0)).set(log(5, 1, 0), value).commit();
    },
    key: log(5, 1, 0),
    why: "neighbours",
  },
];

for (const { name, damage, key, why } of damages) {
  Deno.test(`damage is refused by its key and left as it is: ${name}`, () =>
    inFolder(async (folder) => {
      const path = `${folder}/a.kv`;
      const state = await written(path, writes);
      assertSameState(await loaded(path), state);
      await behind(path, damage);
      const before = await dump(path);
      await assertRefused(path, "Corrupt", `at key ${formatKey(key)}: `, why, path, "under a new id");
      assertEquals(await dump(path), before);
    }));
}

Deno.test("the checksum is CRC-32", () => {
  assertEquals(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

Deno.test("terms that go down along the log are refused as damage", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.kv`;
    await written(path, [{ currentTerm: 2, votedFor: null, from: 1, entries: [noop(2), noop(1)] }]);
    await assertRefused(path, "Corrupt", formatKey(log(2, 1, 0)), "term 1");
  }));

const seed = 11;
Deno.test(`a bit flipped in the pages that hold an entry is refused, or harmless (seed ${seed})`, () =>
  inFolder(async (folder) => {
    const random = randomFrom(seed);
    const path = `${folder}/a.kv`;
    const state = await written(path, writes);
    const bytes = await Deno.readFile(path);
    // From the first bytes of the second part on. Not anywhere in the file: what SQLite and Deno make of a
    // damaged schema is theirs.
    const start = indexOf(bytes, encodeParts(bytesOf(150_000), 3, 1)[1]!.subarray(-61_000, -60_000));
    const rounds = 100;
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      const at = start + between(random, 0, 50_000);
      const copy = `${folder}/${round}.kv`;
      await Deno.writeFile(copy, bytes.with(at, bytes[at]! ^ (1 << between(random, 0, 7))));
      try {
        assertSameState(await loaded(copy), state, `round ${round}, byte ${at}`);
      } catch (error) {
        if (!(error instanceof RaftError && error.code === "Corrupt")) throw error;
        refused++;
      }
    }
    assert(refused > rounds / 2, "most of the flipped bits were not the entry's");
  }));

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  const [first] = part;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === first && part.subarray(0, 8).every((byte, offset) => bytes[at + offset] === byte)) {
      return at;
    }
  }
  throw new Error("these bytes are not in the file");
}
