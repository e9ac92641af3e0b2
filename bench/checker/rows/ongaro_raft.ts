/** raft.tla within bounds, with and without symmetry. */
import type { Bench, Row } from "../bench.ts";
import { atLeast, atMost, compared, cpuRatio, type Entry, figure } from "../entry.ts";
import { cpu, measure } from "../measure.ts";
import { quorate } from "../quorate.ts";

const flags = ["servers=3", "restarts=false", "duplicates=false", "drops=false"].flatMap((
  set,
) => ["--set", set]);

async function run(bench: Bench): Promise<readonly Entry[]> {
  const results = await measure([
    quorate("Quorate", "ongaro_raft", ...flags),
    quorate("Quorate, --symmetry", "ongaro_raft", ...flags, "--symmetry"),
  ], bench);
  const [plain, symmetric] = results;
  return [
    ...results,
    ...compared(plain, { generated: 4_088_992, distinct: 511_055 }),
    ...compared(symmetric, { distinct: 85_352 }),
    figure({ name: "CPU time", unit: "s", goal: atMost(2) }, [plain], ({ usage }) => cpu(usage)),
    figure(
      { name: "CPU time, without to with symmetry", unit: "x", goal: atLeast(3) },
      [plain, symmetric],
      cpuRatio,
    ),
  ];
}

/** raft.tla, bounded: the row on which TLC took 85 s of CPU time, 24 s with symmetry. */
export const ongaroRow: Row = { name: "ongaro_raft", title: "raft.tla, bounded, 3 servers", run };
