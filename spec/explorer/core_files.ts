/** The files of the core as the page gets them, so that it can load the core with the wrong line of a mutant. */
import type { Core } from "../raft/core.ts";
import { importCore } from "../raft/import_core.ts";
import type { Mutant } from "../raft/mutants.ts";

/** What the page fetches when it first needs it. */
export interface CoreFiles {
  /** By the name of a file in `src/core`: its text. */
  readonly sources: Readonly<Record<string, string>>;
  /** The same without types, on the same lines: JavaScript. */
  readonly scripts: Readonly<Record<string, string>>;
  /** By the name of a mutant: what it changes in the script of its file. */
  readonly mutants: Readonly<Record<string, Patch>>;
}

/** Some lines in the place of others. */
export interface Patch {
  /** The name of the file. */
  readonly file: string;
  /** How many lines stand before them. */
  readonly from: number;
  /** How many lines are replaced. */
  readonly removed: number;
  /** What replaces them. */
  readonly lines: readonly string[];
}

/** What turns the text of a file into another one, if that is but one change. */
export function patchBetween(file: string, before: string, after: string): Patch {
  const [old, lines] = [before.split("\n"), after.split("\n")];
  let from = 0;
  while (from < old.length && old[from] === lines[from]) from++;
  let same = 0;
  while (
    same < old.length - from && same < lines.length - from && old.at(-1 - same) === lines.at(-1 - same)
  ) {
    same++;
  }
  return { file, from, removed: old.length - same - from, lines: lines.slice(from, lines.length - same) };
}

/** A text with a change. */
export function patched(text: string, { from, removed, lines }: Patch): string {
  return text.split("\n").toSpliced(from, removed, ...lines).join("\n");
}

/** The name of the file that holds them. */
export const coreFilesName = "core.json";

let fetched: Promise<CoreFiles> | null = null;

/** Fetches the files of the core, once. */
export function fetchCoreFiles(): Promise<CoreFiles> {
  fetched ??= fetch(new URL(coreFilesName, import.meta.url)).then((response) => {
    if (response.ok) return response.json();
    fetched = null;
    throw new Error(`${coreFilesName} can't be fetched: ${response.status} ${response.statusText}`);
  });
  return fetched;
}

/** Loads the core with the line of a mutant: a copy of its own, beside the one that is bundled. */
export async function loadCore(mutant: Mutant): Promise<Core> {
  const { scripts, mutants } = await fetchCoreFiles();
  const patch = mutants[mutant.name]!;
  return await importCore(
    { ...scripts, [patch.file]: patched(scripts[patch.file]!, patch) },
    "text/javascript",
  );
}
