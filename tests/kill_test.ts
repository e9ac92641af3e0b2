/**
 * A real process that writes to a storage, and is killed.
 *
 * QUORATE_KILLS: how many times each engine, 20 by default; `deno task storage:kills` does it 1,000 times. QUORATE_KILL_SEED:
 * of the writes and of the moments.
 */
import { assert, assertEquals } from "@std/assert";
import type { PersistentState } from "../src/core/mod.ts";
import type { OpenStorage } from "../src/ports.ts";
import { behind, headKey, headOf, inFolder } from "./deno_kv_files.ts";
import { type Engine, engineNames, engines, kvPath } from "./engines.ts";
import { after, run } from "./kill_processes.ts";
import { identity, snapshotOf, writeNumber } from "./kill_workload.ts";
import { between, chance, type Random, randomFrom } from "./random.ts";
import { afterWrite, assertSameState, isSameState } from "./writes.ts";

const kills = Number(Deno.env.get("QUORATE_KILLS") ?? 20);
const seed = Number(Deno.env.get("QUORATE_KILL_SEED") ?? 1);

for (const engine of engineNames) {
  Deno.test(`${engine}: what was acknowledged is there after SIGKILL, and no part of a write is (${kills} kills, seed ${seed})`, () =>
    inFolder(async (folder) => {
      const random = randomFrom(seed);
      const seen = { acknowledged: 0, inFlight: 0, halfWay: 0 };
      let number = 0;
      let state: PersistentState | null = null;
      for (let kill = 1; kill <= kills; kill++) {
        const when = `at kill ${kill}, seed ${seed}`;
        const { begun, done } = await runAndKill(engine, folder, number, random);
        assert(begun === done || begun === done + 1, `the child is out of step ${when}: ${begun}, ${done}`);
        while (number < done) state = afterWrite(state, writeNumber(seed, ++number, state));
        if (engine === "Deno KV" && await isHalfWay(folder)) seen.halfWay++;
        const found = await load(engine, folder);
        const inFlight: PersistentState = afterWrite(state, writeNumber(seed, number + 1, state));
        if (begun > done && isSameState(found, inFlight)) {
          seen.inFlight++;
          number++;
          state = inFlight;
        } else {
          seen.acknowledged++;
          assertSameState(found, state, when);
        }
      }
      console.log(
        `${number} writes; found what was acknowledged ${seen.acknowledged} times, the write in flight as well ` +
          `${seen.inFlight} times` +
          (engine === "Deno KV"
            ? `; ${seen.halfWay} times the kill came between two commits of one write`
            : ""),
      );
    }));
}

/** Runs the child from after write `last` until a random moment. Says which write began last, and which was done. */
async function runAndKill(engine: Engine, folder: string, last: number, random: Random) {
  // Most of the kills hit a large write; in Deno KV between two commits of it: there is most to get wrong.
  const isLarge = chance(random, 0.7);
  const target = last + between(random, 1, 10);
  let commits = isLarge && engine === "Deno KV" ? between(random, 1, 3) : 0;
  const delayMs = between(random, 0, 3);
  const child = run("kill_child.ts", engine, folder, `${seed}`, `${last}`);
  let [begun, done] = [last, last];
  let isWaited = false;
  let killed: Promise<void> | null = null;
  for await (const line of child.lines) {
    const [event = "", number = ""] = line.split(" ");
    if (event === "done") done = Number(number);
    else if (event !== "commit") begun = Number(number);
    isWaited ||= begun >= target && event === (isLarge ? "beginLarge" : "begin");
    if (isWaited && event === "commit") commits--;
    if (isWaited && commits <= 0) killed ??= after(delayMs).then(child.kill);
  }
  await killed;
  await child.assertKilled();
  return { begun, done };
}

function isHalfWay(folder: string): Promise<boolean> {
  return behind(kvPath(folder), async (kv) => {
    const { versionstamp } = await kv.get(headKey);
    return versionstamp !== null && (await headOf(kv)).unfinished !== null;
  });
}

async function load(engine: Engine, folder: string): Promise<PersistentState | null> {
  const opened = await engines[engine](folder).open(identity);
  try {
    const state = await opened.load();
    await checkSnapshot(opened, state);
    return state;
  } finally {
    await opened.close();
  }
}

async function checkSnapshot(opened: OpenStorage, state: PersistentState | null): Promise<void> {
  const index = state?.compaction?.snapshot.index;
  if (index === undefined) return;
  const found = new Uint8Array(await new Response(await opened.readSnapshot(index)).arrayBuffer());
  const expected = snapshotOf(index);
  assertEquals(found.length, expected.length);
  assert(found.every((byte, at) => byte === expected[at]), `the snapshot of index ${index}`);
}
