/**
 * The command line: `check`, `break`, `replay` and `explore`.
 *
 * ```sh
 * deno run -R jsr:@quorate/raft/cli check my_spec.ts
 * ```
 *
 * It needs no permission but to read the files of the spec; `explore` needs more, to make its page and serve it.
 *
 * @module
 */
import { parseCommand } from "./cli/arguments.ts";
import { isTheirs, run } from "./cli/commands.ts";
import { note } from "./cli/output.ts";
import { help, UsageError } from "./cli/usage.ts";
import { visibleLines } from "./report/visible.ts";

/** Runs a command, and returns its exit code: 0, 1 or 2 for what was found, 64 wrong usage, 70 a bug of ours. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(parseCommand(args));
  } catch (error) {
    if (isTheirs(error)) {
      note(visibleLines(`error: ${error.message}`));
      if (error instanceof UsageError) note(`help: ${helpFor(args[0] ?? "")}`);
      return 64;
    }
    note("This is a bug of Quorate. Please report it, with the command that you typed.");
    note(error instanceof Error ? error.stack ?? error.message : String(error));
    return 70;
  }
}

function helpFor(command: string): string {
  return command in help && command !== "" ? `${command} --help` : "--help";
}

if (import.meta.main) Deno.exit(await main(Deno.args));
