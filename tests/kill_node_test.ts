/**
 * A real node on a real disk that is killed under load.
 *
 * QUORATE_KILLS: how many times in all, 20 by default; `deno task storage:kills` does it 1,000 times. QUORATE_KILL_SEED: of the
 * moments.
 */
import { assert, assertEquals } from "@std/assert";
import { inFolder } from "./deno_kv_files.ts";
import { type Engine, engineNames } from "./engines.ts";
import { after, run } from "./kill_processes.ts";
import { between, randomFrom } from "./random.ts";

const kills = Number(Deno.env.get("QUORATE_KILLS") ?? 20);
const seed = Number(Deno.env.get("QUORATE_KILL_SEED") ?? 1);

engineNames.forEach((engine, at) => {
  const mine = Math.floor((kills + at) / engineNames.length);
  Deno.test(`${engine}: a node that is killed under load loses nothing acknowledged, and applies nothing twice (${mine} kills, seed ${seed})`, () =>
    inFolder(async (folder) => {
      const random = randomFrom(seed);
      const acknowledged = new Set<number>();
      let last = 0;
      for (let kill = 1; kill <= mine; kill++) {
        const delayMs = between(random, 0, 40);
        const { found, proposed } = await runAndKill(engine, folder, last, acknowledged, delayMs);
        const when = `at kill ${kill}, seed ${seed}`;
        const isFound = new Set(found);
        assertEquals(isFound.size, found.length, `something is there twice ${when}`);
        const lost = [...acknowledged].filter((number) => number <= last && !isFound.has(number));
        assertEquals(lost, [], when);
        assert(found.every((number) => number <= last), `something was never proposed ${when}`);
        last = proposed;
      }
      console.log(`${acknowledged.size} acknowledged of ${last} proposed`);
      assert(acknowledged.size > 0);
    }));
});

/** Runs the child, which proposes what comes after `last`. Says what it found, and what it proposed last. */
async function runAndKill(
  engine: Engine,
  folder: string,
  last: number,
  acknowledged: Set<number>,
  delayMs: number,
) {
  const child = run("kill_node_child.ts", engine, folder, `${last}`);
  let found: readonly number[] = [];
  let proposed = last;
  let killed: Promise<void> | null = null;
  for await (const line of child.lines) {
    const [event = "", value = ""] = line.split(" ");
    if (event === "found") {
      found = value === "" ? [] : value.split(",").map(Number);
      killed = after(delayMs).then(child.kill);
    } else if (event === "proposed") proposed = Number(value);
    else acknowledged.add(Number(value));
  }
  assert(killed !== null, "the child has found nothing");
  await killed;
  await child.assertKilled();
  return { found, proposed };
}
