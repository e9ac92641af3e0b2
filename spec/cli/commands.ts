/** What the commands do: each in a module of its own, which is loaded only for it. Each returns its exit code. */
import { SpecError } from "../dsl/specification.ts";
import type { Command } from "./arguments.ts";
import { OutputError, print } from "./output.ts";
import { UsageError } from "./usage.ts";

/** Runs a command. */
export async function run(command: Command): Promise<number> {
  switch (command.type) {
    case "help":
      print(command.text);
      return 0;
    case "check":
      if (command.flags.walks !== undefined) {
        return await (await import("./walks.ts")).runWalks(command.spec, command.flags);
      }
      if (command.flags.explain !== undefined) {
        const { runExplain } = await import("./explain.ts");
        return await runExplain(command.spec, command.flags.explain, command.flags);
      }
      return await (await import("./check.ts")).runCheck(command.spec, command.flags);
    case "merge":
      return await (await import("./merge.ts")).runMerge(command.files, command.flags);
    case "break":
      return await (await import("./break.ts")).runBreak(command.mutant, command.flags);
    case "replay":
      return await (await import("./replay.ts")).runReplay(command.trace, command.spec, command.flags);
    case "explore":
      return await (await import("./explore.ts")).runExplore(command.spec, command.flags);
  }
}

/** Whether the person who typed the command, or wrote the spec, can mend it. */
export function isTheirs(error: unknown): error is Error {
  const kinds = [UsageError, SpecError, OutputError, Deno.errors.NotCapable];
  // A spec from elsewhere may bring a Quorate of its own, with errors of its own.
  return kinds.some((kind) => error instanceof kind) ||
    (error instanceof Error && (error.name === "SpecError" || error.name === "ValueError"));
}
