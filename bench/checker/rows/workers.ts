/** Two workers on one search, beside two searches at once. */
import type { Bench, Row } from "../bench.ts";
import { atLeast, compared, type Entry, figure } from "../entry.ts";
import { measure, type Measured, type Result } from "../measure.ts";
import { quorate } from "../quorate.ts";

const flags = ["raft_lite", "--depth", "13"];
/** As we count them, with one worker and in exact mode too; nobody else does. */
const expected = { generated: 78_295_060, distinct: 23_263_836 };

async function run(bench: Bench): Promise<readonly Entry[]> {
  const one = quorate("one worker", ...flags);
  const results = await measure([one, quorate("two workers", ...flags, "--workers", "2")], bench);
  const both = await Promise.all([
    measure([{ ...one, name: "one of two searches at once" }], bench),
    measure([{ ...one, name: "the other" }], bench),
  ]);
  const [single, double] = results;
  const [first, second] = both.flat();
  return [
    ...results,
    ...both.flat(),
    ...[single, double, first, second].flatMap((result) => compared(result, expected)),
    figure(
      { name: "wall time, one to two workers", unit: "x", goal: atLeast(1.5) },
      [single, double],
      wallRatio,
    ),
    control([single, first, second]),
  ];
}

function wallRatio(one: Measured, other: Measured): number {
  return one.usage.wall / other.usage.wall;
}

/** How much two processors can do of what one does: the machine's own limit for two workers. */
function control(
  results: readonly [single: Result | undefined, Result | undefined, Result | undefined],
): Entry {
  const name = "the machine's limit: two searches at once, of twice one";
  return figure<readonly [Measured, Measured, Measured]>(
    { name, unit: "x", goal: null },
    results,
    (single, first, second) => 2 * single.usage.wall / Math.max(first.usage.wall, second.usage.wall),
  );
}

/** Raft Lite's model to depth 13, with one and two workers. */
export const workersRow: Row = { name: "workers", title: "two workers: Raft Lite's model to depth 13", run };
