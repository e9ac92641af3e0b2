/** Our own checker, as a command. */
import { fromFileUrl } from "@std/path";
import { type Contender, type Counts, type Finished, firstLine, NoResult } from "./measure.ts";

/** A property, as the command line reports it. */
export interface PropertyLine {
  /** Its name. */
  readonly name: string;
  /** What became of it. */
  readonly result: string;
  /** The steps of the shortest run to it, or null. */
  readonly steps: number | null;
}

/** What a check reported. */
export interface Result extends Counts {
  /** The depth of the deepest state. */
  readonly depth: number;
  /** Whether nothing reachable was left out. */
  readonly exhausted: boolean;
  /** What became of each property. */
  readonly properties: readonly PropertyLine[];
}

const wrongUsage = 64;

/** A check by the command line. */
export function quorate(name: string, ...flags: readonly string[]): Contender {
  return { name, command: checkCommand(...flags), read: readCheck };
}

/** The command that checks with these flags. */
export function checkCommand(...flags: readonly string[]): readonly string[] {
  return [...program("../../spec/cli.ts"), "check", ...flags, "--json"];
}

/** The command that runs a module of ours, given relative to this one. */
export function program(module: string): readonly string[] {
  return [
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--allow-read",
    fromFileUrl(new URL(module, import.meta.url)),
  ];
}

/**
 * What a check reported in JSON.
 *
 * @throws {NoResult} if it didn't get so far.
 */
export function readCheck({ code, stdout, stderr }: Finished): Result {
  if (code === wrongUsage) throw new NoResult(`not available: ${complaint(stderr)}`);
  const lines = stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const end = lines.find(({ type }) => type === "end");
  if (end === undefined) throw new NoResult(`ended with exit code ${code}: ${firstLine(stderr)}`);
  const { generated, distinct, depth, exhausted } = end;
  const properties = lines.filter(({ type }) => type === "property").map((line): PropertyLine => ({
    name: line.name,
    result: line.result,
    steps: line.trace === null ? null : stepsOf(line.trace),
  }));
  return { generated, distinct, depth, exhausted, properties };
}

/** What the command line says is wrong, without what there is instead. */
function complaint(stderr: string): string {
  const error = stderr.split("\n").find((line) => line.startsWith("error: ")) ?? firstLine(stderr);
  return error.replace(/^error: /, "").replace(/: there are .*/, "");
}

/**
 * What a program of this folder counted, in one line of JSON.
 *
 * @throws {NoResult} if it didn't get so far.
 */
export function readCounts({ code, stdout, stderr }: Finished): Counts {
  if (code !== 0) throw new NoResult(`ended with exit code ${code}: ${firstLine(stderr)}`);
  const { generated, distinct } = JSON.parse(stdout);
  return { generated, distinct };
}

/** How many steps a trace has. Spaces part them, but for those within a text among the arguments. */
function stepsOf(trace: string): number {
  const outside = trace.replace(/"(?:[^"\\]|\\.)*"/g, "");
  return outside.split(" ").filter((word) => word !== "" && !word.startsWith("@")).length;
}
