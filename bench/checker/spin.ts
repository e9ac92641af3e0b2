/** Two-phase commit for SPIN: the model is written in Promela, compiled to C, and searched breadth first, exactly. */
import { join } from "@std/path";
import { type Contender, type Counts, type Finished, firstLine, NoResult } from "./measure.ts";
import type { Rival } from "./rivals.ts";

/** SPIN, and the compiler that it needs. */
export const spin: Rival = {
  name: "SPIN, breadth first, exact",
  program: "spin",
  install: () => "apt-get install spin gcc libc6-dev",
};

/**
 * Two-phase commit with so many resource managers. One process, whose steps are indivisible, so that a state is
 * what it is in our spec: how far each manager is (0 working, 1 prepared, 2 committed, 3 aborted), whom the
 * transaction manager has heard, who has sent `prepared`, and what was decided (which is what was sent to all).
 */
export function promela(managers: number): string {
  const everyone = Array.from({ length: managers }, (_, manager) => manager);
  const allHeard = everyone.map((manager) => `heard[${manager}]`).join(" && ");
  const steps = [
    `undecided && ${allHeard} -> commits = 1; undecided = 0`,
    `undecided -> aborts = 1; undecided = 0`,
    ...everyone.flatMap((manager) => [
      `undecided && sent[${manager}] -> heard[${manager}] = 1`,
      `stage[${manager}] == 0 -> stage[${manager}] = 1; sent[${manager}] = 1`,
      `stage[${manager}] == 0 -> stage[${manager}] = 3`,
      `commits -> stage[${manager}] = 2`,
      `aborts -> stage[${manager}] = 3`,
    ]),
  ];
  return `bit undecided = 1, commits, aborts;
bit heard[${managers}], sent[${managers}];
byte stage[${managers}];

active proctype everybody() {
  do
${steps.map((step) => `  :: d_step { ${step} }`).join("\n")}
  od
}
`;
}

/** As many slots as this power of two: enough for every state of 8 managers, and less memory to clear than more. */
const slots = 22;

/**
 * Builds the searcher in a folder.
 *
 * @throws {NoResult} if SPIN or the compiler refuses.
 */
export async function buildSpin(path: string, folder: string, managers: number): Promise<Contender> {
  await Deno.writeTextFile(join(folder, "two_phase.pml"), promela(managers));
  await run(path, ["-a", "two_phase.pml"], folder);
  // Safety only, no reduction, breadth first, at most so many megabytes.
  const flags = ["-O2", "-DSAFETY", "-DNOREDUCE", "-DBFS", "-DMEMLIM=8000"];
  await run("gcc", [...flags, "-o", "searcher", "pan.c"], folder);
  return { name: spin.name, command: [join(folder, "searcher"), `-w${slots}`], read: readSpin };
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output().catch((error: Error) => {
    throw new NoResult(error.message);
  });
  if (success) return;
  const decoder = new TextDecoder();
  throw new NoResult(`${program}: ${firstLine(decoder.decode(stderr) || decoder.decode(stdout))}`);
}

/**
 * What SPIN counts. It calls every state that it met a transition, also the initial one.
 *
 * @throws {NoResult} if it didn't end, or gave up.
 */
export function readSpin({ stdout, stderr }: Pick<Finished, "stdout" | "stderr">): Counts {
  const stored = stdout.match(/^\s*(\d+) states, stored/m);
  const transitions = stdout.match(/^\s*(\d+) transitions \(/m);
  const gaveUp = stdout.match(/^.*(?:Search not completed|max search depth too small).*$/m);
  if (gaveUp !== null) throw new NoResult(gaveUp[0].trim());
  if (stored === null || transitions === null) throw new NoResult(firstLine(stderr));
  return { generated: Number(transitions[1]), distinct: Number(stored[1]) };
}
