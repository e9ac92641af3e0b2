/** Whether the memory of a server grows under load. */
import { startCluster } from "./cluster.ts";
import { quorate } from "./contenders.ts";
import { load } from "./load.ts";
import { memoryOf } from "./processes.ts";

/** Loads a cluster for so many minutes. The most memory that any server held in each tenth of the time, in bytes. */
export async function watchMemory(program: string, minutes: number): Promise<readonly number[]> {
  await using cluster = await startCluster(quorate());
  const seconds = minutes * 60;
  const samples: { readonly at: number; readonly bytes: number }[] = [];
  const start = performance.now();
  const timer = setInterval(() => {
    const bytes = Math.max(...cluster.servers.map(({ process }) => memoryOf(process.pid)));
    samples.push({ at: performance.now() - start, bytes });
  }, 100);
  try {
    await load(cluster, { program, clients: 64, warmSeconds: 0, seconds });
  } finally {
    clearInterval(timer);
  }
  return tenths(samples, seconds * 1000);
}

/** The highest sample of each tenth of the time. */
export function tenths(
  samples: readonly { readonly at: number; readonly bytes: number }[],
  milliseconds: number,
): readonly number[] {
  return Array.from({ length: 10 }, (_, tenth) => {
    const inside = samples.filter(({ at }) => Math.min(9, Math.floor(at / milliseconds * 10)) === tenth);
    return Math.max(0, ...inside.map(({ bytes }) => bytes));
  });
}
