/** Processes of tests that are killed. */
import { assertEquals } from "@std/assert";
import { linesOf } from "./lines.ts";

/** A process that runs. */
export interface Victim {
  /** What it writes to stdout, line by line. */
  readonly lines: AsyncIterable<string>;
  /** Kills it, now. */
  readonly kill: () => void;
  /** Fails unless it was killed, rather than ended by itself. */
  readonly assertKilled: () => Promise<void>;
}

/** Runs a program of this folder. */
export function run(program: string, ...args: readonly string[]): Victim {
  const path = new URL(program, import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-write", path, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  return {
    lines: linesOf(child.stdout),
    kill: () => child.kill("SIGKILL"),
    async assertKilled() {
      const { signal } = await child.status;
      assertEquals(signal, "SIGKILL", "the child ended by itself");
    },
  };
}

/** Some milliseconds later. */
export function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
