/** Runs the real command, as a process with no permission but to read. */
import { fromFileUrl, join } from "@std/path";

/** The top of the checkout. */
export const root = fromFileUrl(new URL("../..", import.meta.url));
const flags = ["run", "--no-prompt", "--no-check", "--config", join(root, "deno.json")];

/** What a command wrote, and its exit code. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Each line of stdout, as JSON. */
  json(): Record<string, unknown>[];
}

/** A command, in this folder, with these permissions. */
export function command(
  args: readonly string[],
  cwd: string,
  permissions: readonly string[] = ["-R"],
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...flags, ...permissions, join(root, "spec/cli.ts"), ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a command. */
export async function quorate(args: readonly string[], cwd = root): Promise<Result> {
  const { code, stdout, stderr } = await command(args, cwd).output();
  const text = new TextDecoder().decode(stdout);
  const json = () => text.trimEnd().split("\n").map((line) => JSON.parse(line));
  return { code, stdout: text, stderr: new TextDecoder().decode(stderr), json };
}

/** A folder with these files, for as long as `use` takes. */
export async function withFiles(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is said of an error, whichever line of a test threw it. */
export function withoutPlaces(message: string): string {
  return message.replaceAll(/, at \w+\.ts:\d+:\d+/g, "");
}
