/**
 * A real process that writes, and is killed.
 *
 * QUORATE_KILLS: how many times, 20 by default. QUORATE_KILL_SEED: of the writes and of the moments.
 */
import { assert, assertEquals } from "@std/assert";
import type { PersistentState } from "../src/core/mod.ts";
import { denoKv } from "../src/storage/deno_kv.ts";
import { behind, headKey, headOf, inFolder } from "./deno_kv_files.ts";
import { identity, writeNumber } from "./kill_workload.ts";
import { between, chance, type Random, randomFrom } from "./random.ts";
import { afterWrite, assertSameState, isSameState } from "./writes.ts";

const kills = Number(Deno.env.get("QUORATE_KILLS") ?? 20);
const seed = Number(Deno.env.get("QUORATE_KILL_SEED") ?? 1);

Deno.test(`what was acknowledged is there after SIGKILL, and no part of a write is (${kills} kills, seed ${seed})`, () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.kv`;
    const random = randomFrom(seed);
    const seen = { acknowledged: 0, inFlight: 0, halfWay: 0 };
    let number = 0;
    let state: PersistentState | null = null;
    for (let kill = 1; kill <= kills; kill++) {
      const when = `at kill ${kill}, seed ${seed}`;
      const { begun, done } = await runAndKill(path, number, random);
      assert(begun === done || begun === done + 1, `the child is out of step ${when}: ${begun}, ${done}`);
      while (number < done) state = afterWrite(state, writeNumber(seed, ++number, state));
      if (await isHalfWay(path)) seen.halfWay++;
      const found = await load(path);
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
        `${seen.inFlight} times; ${seen.halfWay} times the kill came between two commits of one write`,
    );
  }));

/** Runs the child from after write `last` until a random moment. Says which write began last, and which was done. */
async function runAndKill(path: string, last: number, random: Random) {
  // Most of the kills wait for a commit of a large write: between two of them there is most to get wrong.
  const isLarge = chance(random, 0.7);
  const target = last + between(random, 1, 10);
  let commits = isLarge ? between(random, 1, 3) : 0;
  const delayMs = between(random, 0, 3);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-read",
      "--allow-write",
      import.meta.resolve("./kill_child.ts"),
      path,
      `${seed}`,
      `${last}`,
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let [begun, done] = [last, last];
  let isWaited = false;
  let killed: Promise<void> | null = null;
  for await (const line of linesOf(child.stdout)) {
    const [event = "", number = ""] = line.split(" ");
    if (event === "done") done = Number(number);
    else if (event !== "commit") begun = Number(number);
    isWaited ||= begun >= target && event === (isLarge ? "beginLarge" : "begin");
    if (isWaited && event === "commit") commits--;
    if (isWaited && commits <= 0) killed ??= after(delayMs).then(() => child.kill("SIGKILL"));
  }
  await killed;
  const { signal } = await child.status;
  assertEquals(signal, "SIGKILL", "the child ended by itself");
  return { begun, done };
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncIterable<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function isHalfWay(path: string): Promise<boolean> {
  return behind(path, async (kv) => {
    const { versionstamp } = await kv.get(headKey);
    return versionstamp !== null && (await headOf(kv)).unfinished !== null;
  });
}

async function load(path: string): Promise<PersistentState | null> {
  const opened = await denoKv({ path }).open(identity);
  try {
    return await opened.load();
  } finally {
    await opened.close();
  }
}
