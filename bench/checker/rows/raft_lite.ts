/** Raft Lite's model: ours against Raft Lite's own checker, and memory. */
import { type Bench, prepare, type Row } from "../bench.ts";
import { atLeast, atMost, bytesPerState, compared, type Entry, figure, speedup } from "../entry.ts";
import { measure } from "../measure.ts";
import { program, quorate, readCounts } from "../quorate.ts";
import { raftLite, raftLiteChecker } from "../stateright.ts";

const depth = 12;
const expected = { generated: 20_684_374, distinct: 6_274_697 };
const mostBytes = atMost(64);

async function run(bench: Bench): Promise<readonly Entry[]> {
  const results = await measure([
    quorate("Quorate", "raft_lite", "--depth", String(depth)),
    await prepare(bench, raftLite, (path) => raftLiteChecker(path, depth)),
    quorate("an empty run: die_hard", "die_hard"),
    {
      name: "Quorate, without a bound, until layer 12 is complete",
      command: [...program("last_layer.ts"), String(depth)],
      read: readCounts,
    },
  ], bench);
  const [ours, theirs, empty, lastLayer] = results;
  const bytes = { unit: "bytes", goal: mostBytes } as const;
  return [
    ...results,
    ...compared(ours, expected),
    figure(
      { name: "states a CPU second, ours to theirs", unit: "x", goal: atLeast(15) },
      [ours, theirs],
      speedup,
    ),
    figure({ ...bytes, name: "memory for a distinct state" }, [ours, empty], bytesPerState),
    figure({ ...bytes, name: "the same, last layer stored" }, [lastLayer, empty], bytesPerState),
  ];
}

/** Raft Lite's model to depth 12. */
export const raftLiteRow: Row = { name: "raft_lite", title: `Raft Lite's model to depth ${depth}`, run };
