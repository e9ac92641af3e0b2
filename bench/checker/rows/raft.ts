/** Our own Raft. */
import type { Bench, Row } from "../bench.ts";
import { atMost, type Entry, figure } from "../entry.ts";
import { cpu, measure } from "../measure.ts";
import { quorate } from "../quorate.ts";

async function run(bench: Bench): Promise<readonly Entry[]> {
  const results = await measure([quorate("Quorate", "--depth", "10")], bench);
  const [ours] = results;
  return [
    ...results,
    figure({ name: "CPU time", unit: "s", goal: atMost(2) }, [ours], ({ usage }) => cpu(usage)),
  ];
}

/** Our own Raft to depth 10: single steps, from the initial state and from the named starts. */
export const raftRow: Row = { name: "raft", title: "our own Raft, check --depth 10", run };
