/** Two-phase commit with 8 resource managers: ours, SPIN, Stateright, and a program written by hand for it. */
import { type Bench, prepare, type Row } from "../bench.ts";
import { atLeast, atMost, compared, cpuRatio, type Entry, figure, speedup } from "../entry.ts";
import { measure } from "../measure.ts";
import { program, quorate, readCounts } from "../quorate.ts";
import { buildSpin, spin } from "../spin.ts";
import { twoPhase, twoPhaseChecker } from "../stateright.ts";

const managers = 8;
const expected = { generated: 18_507_778, distinct: 1_745_408 };

async function run(bench: Bench): Promise<readonly Entry[]> {
  const folder = await Deno.makeTempDir();
  try {
    const results = await measure([
      quorate("Quorate", "two_phase_commit", "--set", `managers=${managers}`),
      {
        name: "packed by hand, same language",
        command: [...program("packed_two_phase.ts"), String(managers)],
        read: readCounts,
      },
      await prepare(bench, spin, (path) => buildSpin(path, folder, managers)),
      await prepare(bench, twoPhase, (path) => twoPhaseChecker(path, managers)),
    ], bench);
    const [ours, packed, theirs, stateright] = results;
    return [
      ...results,
      ...results.flatMap((result) => compared(result, expected)),
      figure(
        { name: "states a CPU second, ours to SPIN's", unit: "x", goal: atLeast(2) },
        [ours, theirs],
        speedup,
      ),
      figure(
        { name: "CPU time, ours to packed by hand", unit: "x", goal: atMost(1.6) },
        [ours, packed],
        cpuRatio,
      ),
      figure(
        { name: "states a CPU second, ours to Stateright's", unit: "x", goal: null },
        [ours, stateright],
        speedup,
      ),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Two-phase commit with 8 resource managers. */
export const twoPhaseRow: Row = {
  name: "two_phase_commit",
  title: `two-phase commit, ${managers} resource managers`,
  run,
};
