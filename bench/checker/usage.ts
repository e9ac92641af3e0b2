/**
 * Runs a command to its end, and prints in one line of JSON what it printed and what it took.
 *
 *     deno run --allow-run --allow-ffi bench/checker/usage.ts SECONDS COMMAND [ARGUMENT ...]
 *
 * The operating system adds up what the ended children of a process took, and tells the largest of them: so each
 * command needs a process of its own that waits for it.
 */
import type { Finished } from "./measure.ts";

/** `RUSAGE_CHILDREN`. */
const ofChildren = -1;

/** A `struct rusage` of 64-bit systems: two times of two words each, the peak, and what doesn't matter here. */
const words = 18;

async function run(seconds: number, [program = "", ...args]: readonly string[]): Promise<Finished> {
  const began = performance.now();
  const { code, signal, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(seconds * 1000),
  }).output();
  const wall = (performance.now() - began) / 1000;
  const decoder = new TextDecoder();
  return {
    code,
    signal,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
    usage: { ...usageOfChildren(), wall },
  };
}

function usageOfChildren(): Omit<Finished["usage"], "wall"> {
  const isDarwin = Deno.build.os === "darwin";
  const library = Deno.dlopen(isDarwin ? "libSystem.B.dylib" : "libc.so.6", {
    getrusage: { parameters: ["i32", "buffer"], result: "i32" },
  });
  const usage = new BigInt64Array(words);
  const failed = library.symbols.getrusage(ofChildren, usage) !== 0;
  library.close();
  if (failed) throw new Error("the system doesn't tell what a command took");
  // Microseconds are 32 bits on one system, 64 on another; they fit 32 on both.
  const time = (at: number) => Number(usage[at]) + Number(BigInt.asIntN(32, usage[at + 1]!)) / 1e6;
  return { user: time(0), system: time(2), peakBytes: Number(usage[4]) * (isDarwin ? 1 : 1024) };
}

const [seconds, ...command] = Deno.args;
console.log(JSON.stringify(await run(Number(seconds), command)));
