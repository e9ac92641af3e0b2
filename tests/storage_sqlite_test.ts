/** What the storage on SQLite refuses, beside what every storage does. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { RaftError } from "../src/error.ts";
import { sqlite } from "../src/storage/sqlite.ts";
import { inFolder } from "./deno_kv_files.ts";
import { bytesOf } from "./random.ts";
import { command } from "./writes.ts";

const identity = { id: "a", clusterId: "sqlite", servers: ["a", "b", "c"] };

/** A database of five entries, to which SQLite does something. */
async function changed(path: string, sql: string): Promise<void> {
  const opened = await sqlite({ path }).open(identity);
  const entries = [1, 2, 3, 4, 5].map((length) => command(1, bytesOf(length)));
  await opened.write({ currentTerm: 1, votedFor: "b", from: 1, entries });
  await opened.close();
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

const cases: readonly { what: string; sql: string; code: RaftError["code"]; says: string }[] = [
  {
    what: "a missing entry",
    sql: "DELETE FROM entry WHERE id = 3",
    code: "Corrupt",
    says: "index 3: it is missing",
  },
  {
    what: "a missing last entry",
    sql: "DELETE FROM entry WHERE id = 5",
    code: "Corrupt",
    says: "ends at index 4",
  },
  {
    what: "an entry with a wrong checksum",
    sql: "UPDATE entry SET checksum = checksum + 1 WHERE id = 2",
    code: "Corrupt",
    says: "index 2: its checksum is wrong",
  },
  {
    what: "an entry of another index",
    sql:
      "UPDATE entry SET (content, checksum) = (SELECT content, checksum FROM entry WHERE id = 1) WHERE id = 2",
    code: "Corrupt",
    says: "index 2: its checksum is wrong",
  },
  { what: "a missing head", sql: "DELETE FROM head", code: "Corrupt", says: "its head: it is missing" },
  {
    what: "a head with a wrong checksum",
    sql: "UPDATE head SET content = x'00'",
    code: "Corrupt",
    says: "its head: its checksum",
  },
  {
    what: "a newer format",
    sql: "PRAGMA user_version = 2",
    code: "Mismatch",
    says: "has format 2; this version",
  },
  {
    what: "another application's database",
    sql: "PRAGMA application_id = 7",
    code: "Mismatch",
    says: "another application's database",
  },
];

for (const { what, sql, code, says } of cases) {
  Deno.test(`SQLite: ${what} is refused, and what to do is said`, () =>
    inFolder(async (folder) => {
      const path = `${folder}/a.sqlite`;
      await changed(path, sql);
      const error = await assertRejects(async () => {
        const opened = await sqlite({ path }).open(identity);
        await opened.load().finally(() => opened.close());
      }, RaftError);
      assertEquals(error.code, code);
      for (const words of [path, says]) assertStringIncludes(error.message, words);
      if (code === "Corrupt") assertStringIncludes(error.message, "as a new learner");
    }));
}

Deno.test("SQLite: a path that can't hold a database is refused, and why", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/text`, "no database".repeat(1000));
    for (const path of [folder, `${folder}/none/a`, `${folder}/text/a`]) {
      const error = await assertRejects(() => sqlite({ path }).open(identity), RaftError);
      assertEquals(error.code, "Unavailable");
      assertStringIncludes(error.message, `${path} can't be opened`);
    }
    const error = await assertRejects(() => sqlite({ path: `${folder}/text` }).open(identity), RaftError);
    assertEquals(error.code, "Corrupt");
    assertStringIncludes(error.message, "file is not a database");
  }));

Deno.test("SQLite: a second one on the same file is refused until the first is closed", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.sqlite`;
    const first = await sqlite({ path }).open(identity);
    const error = await assertRejects(() => sqlite({ path }).open(identity), RaftError);
    assertEquals(error.code, "Unavailable");
    assertStringIncludes(error.message, `${path} is in use`);
    await first.close();
    await (await sqlite({ path }).open(identity)).close();
  }));

Deno.test("SQLite: once its file was removed nothing is acknowledged any more", () =>
  inFolder(async (folder) => {
    const path = `${folder}/of/a.sqlite`;
    await Deno.mkdir(`${folder}/of`);
    const opened = await sqlite({ path }).open(identity);
    const write = { currentTerm: 1, votedFor: "b", from: 1, entries: [command(1, bytesOf(9))] };
    await opened.write(write);
    await Deno.remove(`${folder}/of`, { recursive: true });
    const error = await assertRejects(() => opened.write({ ...write, from: 2 }), RaftError);
    assertEquals(error.code, "Unavailable");
    assertStringIncludes(error.message, `${path} was removed while it was in use`);
    assertStringIncludes(error.message, "under another name, as a new learner");
    await opened.close();
  }));
