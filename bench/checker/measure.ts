/** What a command takes, as a whole process: the median of several runs. */
import { fromFileUrl } from "@std/path";

/** What a process took. */
export interface Usage {
  /** Seconds of processors in the program itself. */
  readonly user: number;
  /** Seconds of processors in the operating system on its behalf. */
  readonly system: number;
  /** Seconds from start to end. */
  readonly wall: number;
  /** The most memory that it held at once. */
  readonly peakBytes: number;
}

/** A command that has ended. */
export interface Finished {
  /** Its exit code. */
  readonly code: number;
  /** The signal that ended it, or null. */
  readonly signal: string | null;
  /** What it printed. */
  readonly stdout: string;
  /** What it printed as errors. */
  readonly stderr: string;
  /** What it took. */
  readonly usage: Usage;
}

/** What was counted: the initial states and every successor, and how many of these were distinct. */
export interface Counts {
  /** How many states were generated. */
  readonly generated: number;
  /** How many of them were distinct. */
  readonly distinct: number;
}

/** A command to be measured, and how to understand it. */
export interface Contender {
  /** Its name in the table. */
  readonly name: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** What it counted. Throws a `NoResult` if it has none. */
  readonly read: (finished: Finished) => Counts;
}

/** A command, and what it took. */
export interface Measured {
  /** It has a result. */
  readonly type: "measured";
  /** Its name in the table. */
  readonly name: string;
  /** The medians over all runs. */
  readonly usage: Usage;
  /** What it counted, in the last run. */
  readonly counts: Counts;
}

/** A command that has no result. */
export interface Skipped {
  /** It has none. */
  readonly type: "skipped";
  /** Its name in the table. */
  readonly name: string;
  /** Why, and what to do. */
  readonly why: string;
}

/** What came of a command. */
export type Result = Measured | Skipped;

/** Why a command has no result. */
export class NoResult extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "NoResult";
}

/** Seconds of processors, in the program and on its behalf. */
export function cpu({ user, system }: Usage): number {
  return user + system;
}

/** The value in the middle; the mean of the two in the middle of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const below = sorted[Math.ceil(sorted.length / 2) - 1];
  const above = sorted[Math.floor(sorted.length / 2)];
  if (below === undefined || above === undefined) throw new RangeError("nothing has no median");
  return (below + above) / 2;
}

/** The median of each figure on its own. */
export function medianUsage(usages: readonly Usage[]): Usage {
  const of = (figure: keyof Usage) => median(usages.map((usage) => usage[figure]));
  return { user: of("user"), system: of("system"), wall: of("wall"), peakBytes: of("peakBytes") };
}

/**
 * Runs a command once.
 *
 * @throws {NoResult} if it can't be run, or doesn't end in time.
 */
export async function runOnce(command: readonly string[], seconds: number): Promise<Finished> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-run",
      "--allow-ffi",
      fromFileUrl(new URL("usage.ts", import.meta.url)),
      String(seconds),
      ...command,
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) throw new NoResult(firstLine(new TextDecoder().decode(stderr)));
  const finished: Finished = JSON.parse(new TextDecoder().decode(stdout));
  if (finished.signal !== null) throw new NoResult(`ended by ${finished.signal}; more time: --timeout`);
  return finished;
}

/** How to measure. */
export interface MeasureOptions {
  /** How often each command is run. */
  readonly runs: number;
  /** How many seconds a command may take before it is ended. */
  readonly seconds: number;
  /** Tells which command runs now. */
  readonly tell: (text: string) => void;
}

/**
 * Measures commands in turns, so that a machine that gets slower is slow for all of them. What was skipped before
 * keeps its place among the results.
 */
export async function measure(
  contenders: readonly (Contender | Skipped)[],
  { runs, seconds, tell }: MeasureOptions,
): Promise<readonly Result[]> {
  const all = contenders.map((contender): Attempt | Skipped =>
    "type" in contender ? contender : { contender, usages: [], counts: null, failure: null }
  );
  const attempts = all.filter((attempt) => "contender" in attempt);
  for (let round = 1; round <= runs; round++) {
    for (const attempt of attempts.filter(({ failure }) => failure === null)) {
      const { name, command } = attempt.contender;
      tell(`run ${round} of ${runs}: ${name}: ${command.join(" ")}`);
      await tryOnce(attempt, seconds);
    }
  }
  return all.map((attempt) => "contender" in attempt ? resultOf(attempt) : attempt);
}

interface Attempt {
  readonly contender: Contender;
  readonly usages: Usage[];
  counts: Counts | null;
  failure: string | null;
}

function resultOf({ contender: { name }, usages, counts, failure }: Attempt): Result {
  if (failure !== null || counts === null) return { type: "skipped", name, why: failure ?? "not run" };
  return { type: "measured", name, usage: medianUsage(usages), counts };
}

async function tryOnce(attempt: Attempt, seconds: number): Promise<void> {
  try {
    const finished = await runOnce(attempt.contender.command, seconds);
    attempt.counts = attempt.contender.read(finished);
    attempt.usages.push(finished.usage);
  } catch (error) {
    if (!(error instanceof NoResult)) throw error;
    attempt.failure = error.message;
  }
}

/** The first line that isn't empty. */
export function firstLine(text: string): string {
  return text.split("\n").find((line) => line.trim() !== "")?.trim() ?? "no word of why";
}
