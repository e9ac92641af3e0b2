/** A cluster whose state machine counts, for the tests of sessions. */
import { assert } from "@std/assert";
import { RaftNode, type RaftNodeOptions } from "../src/node.ts";
import type { BatchStateMachine, SingleStateMachine, Storage } from "../src/ports.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { memoryNetwork } from "../src/transport/memory.ts";
import { fakeClock, seeded, text } from "./node_support.ts";

/** Counts how often each command was executed; answers with how many commands there have been before. */
export function counter(): SingleStateMachine<{ before: number }> & { readonly counts: Map<string, number> } {
  const counts = new Map<string, number>();
  let total = 0;
  return {
    counts,
    apply(command) {
      counts.set(text(command), (counts.get(text(command)) ?? 0) + 1);
      return { before: total++ };
    },
    query: () => total,
    snapshot: () => new Blob([JSON.stringify([...counts])]).stream(),
    async restore(content) {
      const restored: [string, number][] = JSON.parse(await new Response(content).text());
      counts.clear();
      for (const [command, count] of restored) counts.set(command, count);
      total = restored.reduce((sum, [, count]) => sum + count, 0);
    },
  };
}

/** The same, many commands at a time, and not at once. */
export function slowCounter(pause: () => Promise<void>) {
  const { apply, ...inner } = counter();
  const batches: number[] = [];
  const machine: BatchStateMachine<{ before: number }> = {
    ...inner,
    async applyBatch(commands) {
      batches.push(commands.length);
      await pause();
      return commands.map(({ command, index }) => apply(command, index));
    },
  };
  return { ...machine, counts: inner.counts, batches };
}

const ids = ["a", "b", "c"];

/** Three nodes on a network in memory, a clock that stands still, and disks that stay. */
export async function cluster(seed: number, options: Partial<RaftNodeOptions> = {}) {
  const clock = fakeClock();
  const network = memoryNetwork({ clock, seed });
  const random = seeded(seed);
  const storages = new Map<string, Storage>(ids.map((id) => [id, memoryStorage()]));
  const machines = new Map<string, ReturnType<typeof counter>>();
  const start = async (id: string, more: Partial<RaftNodeOptions> = {}) => {
    const stateMachine = counter();
    machines.set(id, stateMachine);
    const { transport, storage } = { transport: network.transport(), storage: storages.get(id)! };
    const common = { peers: ids, bootstrap: true, keptEntries: 0, clock, random };
    return await RaftNode.start({ id, transport, storage, stateMachine, ...common, ...options, ...more });
  };
  const nodes = new Map<string, RaftNode>();
  for (const id of ids) nodes.set(id, await start(id));
  await clock.until(nodes.get("a")!.read(new Uint8Array()).catch(() => {}));
  const leader = () => {
    const found = [...nodes.values()].find((node) => node.status().role === "leader");
    assert(found !== undefined, "there is a leader");
    return found;
  };
  const others = () => [...nodes.values()].filter((node) => node !== leader());
  /** The process goes, and another one starts on its disk. */
  const restart = async (id: string) => {
    await nodes.get(id)?.close();
    nodes.set(id, await start(id));
  };
  const close = () => Promise.all([...nodes.values()].map((node) => node.close()));
  return { clock, network, random, nodes, machines, storages, start, leader, others, restart, close };
}
