/** What processes take, as the system says; on Linux. */

/** How many ticks of the system's clock are a second. */
const ticksPerSecond = 100;

/** Seconds of processors that a process has taken. */
export interface Cpu {
  /** In the program itself. */
  readonly user: number;
  /** In the system on its behalf. */
  readonly system: number;
}

/** What a process has taken since its start, all its threads together; nothing if it has ended. */
export function cpuOf(pid: number): Cpu {
  const text = read(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { user: Number(fields[11] ?? 0) / ticksPerSecond, system: Number(fields[12] ?? 0) / ticksPerSecond };
}

/** What was taken between two readings. */
export function between(before: Cpu, after: Cpu): Cpu {
  return { user: after.user - before.user, system: after.system - before.system };
}

/** Both together. */
export function total({ user, system }: Cpu): number {
  return user + system;
}

/** Seconds for which processors of the machine were busy since it started. */
export function machineSeconds(): number {
  const [, user, nice, system, , , interrupts, soft, steal] = read("/proc/stat").split(/\s+/).map(Number);
  return [user, nice, system, interrupts, soft, steal].reduce<number>((sum, value) => sum + (value ?? 0), 0) /
    ticksPerSecond;
}

/** The bytes of memory that a process holds, without what others hold as well. */
export function memoryOf(pid: number): number {
  const text = read(`/proc/${pid}/status`);
  return Number(text.match(/RssAnon:\s+(\d+) kB/)?.[1] ?? 0) * 1024;
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
