/** The write-ahead log on the files of this machine: what it refuses, and its lock. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { RaftError } from "../src/error.ts";
import { wal } from "../src/storage/wal.ts";
import { inFolder } from "./deno_kv_files.ts";
import { run } from "./kill_processes.ts";
import { bytesOf } from "./random.ts";
import { command } from "./writes.ts";

const identity = { id: "a", clusterId: "wal", servers: ["a", "b", "c"] };

async function refusal(path: string): Promise<RaftError> {
  return await assertRejects(() => wal({ path }).open(identity), RaftError);
}

/** A log with a snapshot, closed. */
async function writtenTo(path: string): Promise<void> {
  const opened = await wal({ path, segmentBytes: 4096 }).open(identity);
  const configuration = { voters: ["a"], oldVoters: [], learners: [], target: null, addresses: {} };
  const compaction = { snapshot: { index: 1, term: 1, configuration }, compactedIndex: 1, compactedTerm: 1 };
  await opened.write({ currentTerm: 1, votedFor: "b", from: 1, entries: [command(1, bytesOf(9))] });
  await opened.writeSnapshot(1, ReadableStream.from([bytesOf(100)]));
  await opened.write({ currentTerm: 1, votedFor: "b", from: 2, entries: [], compaction });
  await opened.close();
}

Deno.test("WAL: options that are none are refused by name", () => {
  for (
    const options of [{}, { path: "" }, { path: 7 }, { path: "a", segmentBytes: 100 }, { path: "a", size: 1 }]
  ) {
    try {
      wal(options as never);
    } catch (error) {
      assertEquals(error instanceof RaftError && error.code, "InvalidOptions");
      continue;
    }
    throw new Error(`${JSON.stringify(options)} was taken`);
  }
});

Deno.test("WAL: a path that can't be a folder is refused, and why", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/text`, "no folder");
    for (const path of [`${folder}/text`, `${folder}/text/a`]) {
      const error = await refusal(path);
      assertEquals(error.code, "Unavailable");
      assertStringIncludes(error.message, `${path} can't be opened`);
      assertStringIncludes(error.message, "give it a path where no file is");
    }
  }));

/** What a process says that opens a log with these permissions only. */
async function openedWith(permissions: readonly string[], folder: string, path: string): Promise<string> {
  const program = `import { wal } from "${import.meta.resolve("../src/storage/wal.ts")}";
    const opening = wal({ path: "${path}" }).open(${JSON.stringify(identity)});
    await opening.then(() => console.log("opened"), (error) => console.log(error.code, error.message));
    Deno.exit();`;
  await Deno.writeTextFile(`${folder}/program.ts`, program);
  const config = new URL("../deno.json", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, "--config", config, `${folder}/program.ts`],
    cwd: folder,
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("WAL: without permission it says which flags to give", () =>
  inFolder(async (folder) => {
    const said = await openedWith(["--allow-read"], folder, `${folder}/a`);
    assertStringIncludes(said, "Unavailable");
    assertStringIncludes(said, `--allow-write=${folder}/a`);
  }));

Deno.test("WAL: permission for its folder is all that it needs", () =>
  inFolder(async (folder) => {
    for (const path of [`${folder}/a`, "b"]) {
      const permissions = [`--allow-read=${path}`, `--allow-write=${path}`];
      assertEquals(await openedWith(permissions, folder, path), "opened");
    }
  }));

Deno.test("WAL: another node's folder and another cluster's are refused", () =>
  inFolder(async (folder) => {
    await writtenTo(folder);
    for (const other of [{ ...identity, id: "b" }, { ...identity, clusterId: "other" }]) {
      const error = await assertRejects(() => wal({ path: folder }).open(other), RaftError);
      assertEquals(error.code, "Mismatch");
      assertStringIncludes(error.message, 'holds node "a" of cluster "wal"');
      assertStringIncludes(error.message, "give each node its own folder");
    }
  }));

Deno.test("WAL: a missing snapshot is refused by its file", () =>
  inFolder(async (folder) => {
    await writtenTo(folder);
    await Deno.remove(`${folder}/snapshot-0000000000000001`);
    const error = await refusal(folder);
    assertEquals(error.code, "Corrupt");
    assertStringIncludes(error.message, `${folder}/snapshot-0000000000000001 is missing`);
    assertStringIncludes(error.message, "as a new learner");
  }));

Deno.test("WAL: a folder that has lost all of its log isn't taken for a new one", () =>
  inFolder(async (folder) => {
    await writtenTo(folder);
    for await (const { name } of Deno.readDir(folder)) {
      if (name.startsWith("log-")) await Deno.remove(`${folder}/${name}`);
    }
    const error = await refusal(folder);
    assertEquals(error.code, "Corrupt");
    assertStringIncludes(error.message, `${folder} has no file log-..., and there was one`);
    assertStringIncludes(error.message, "under another name, as a new learner");
  }));

Deno.test("WAL: once its folder was removed nothing is acknowledged any more, after a tenth of a second at most", () =>
  inFolder(async (folder) => {
    for (const mayBlock of [true, false]) {
      const path = `${folder}/wal`;
      const opened = await wal({ path }).open(identity);
      const write = { currentTerm: 1, votedFor: "b", from: 1, entries: [command(1, bytesOf(9))] };
      await opened.write(write, { mayBlock });
      await Deno.remove(path, { recursive: true });
      const error = await assertRejects(async () => {
        for (let from = 2; from < 50_000; from++) await opened.write({ ...write, from }, { mayBlock });
      }, RaftError);
      assertEquals(error.code, "Unavailable");
      assertStringIncludes(
        error.message,
        `${path} can't be written: ENOENT: a file was removed while it was in use`,
      );
      assertStringIncludes(error.message, "under another name, as a new learner");
      await opened.close();
    }
  }));

Deno.test("WAL: a folder is locked in this process and against others, until its process is killed", () =>
  inFolder(async (folder) => {
    const first = await wal({ path: `${folder}/wal` }).open(identity);
    assertStringIncludes((await refusal(`${folder}/wal`)).message, `${folder}/wal is in use`);
    await first.close();

    const other = run("kill_child.ts", "WAL", folder, "1", "0");
    for await (const line of other.lines) {
      if (line !== "done 3") continue;
      const error = await refusal(`${folder}/wal`);
      assertEquals(error.code, "Unavailable");
      assertStringIncludes(
        error.message,
        `${folder}/wal is in use: a node runs once, end the other process first`,
      );
      other.kill();
    }
    await other.assertKilled();
    const error = await refusal(`${folder}/wal`);
    assertStringIncludes(error.message, 'holds node "a" of cluster "kill"');
  }));
