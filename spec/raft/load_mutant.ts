/** Loads the core with one line replaced. */
import type { Specification } from "../dsl/specification.ts";
import type { Core } from "./core.ts";
import { entry, importCore, importsOf } from "./import_core.ts";
import { raft } from "./mod.ts";
import type { Mutant } from "./mutants.ts";

const folder = new URL("../../src/core/", import.meta.url);

/**
 * Loads `src/core` with the mutant's line replaced: a copy of its own, beside the core that production runs.
 *
 * @throws if the line doesn't occur exactly once in its file.
 */
export async function loadMutant(mutant: Mutant): Promise<Core> {
  return await importCore(mutated(await coreTexts(), mutant), "application/typescript");
}

/** The spec of a mutant: from where it is to be found, with the properties of these names; all if left out. */
export async function mutantSpec(mutant: Mutant, properties?: readonly string[]): Promise<Specification> {
  const starts = mutant.from === undefined ? [] : [mutant.from];
  return raft(await loadMutant(mutant), { starts, ...(properties === undefined ? {} : { properties }) });
}

/** The text of each file of the core that is imported at run time, by its name. */
export async function coreTexts(): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  const files = [entry];
  for (let file = files.pop(); file !== undefined; file = files.pop()) {
    const text = await (await fetch(new URL(file, folder))).text();
    texts[file] = text;
    files.push(...importsOf(text).filter((other) => !(other in texts) && !files.includes(other)));
  }
  return texts;
}

/**
 * The texts of the core with the mutant's line replaced.
 *
 * @throws if the line doesn't occur exactly once in its file.
 */
export function mutated(
  texts: Readonly<Record<string, string>>,
  mutant: Mutant,
): Readonly<Record<string, string>> {
  const file = mutant.file.slice("src/core/".length);
  const parts = texts[file]!.split(`\n${mutant.line}\n`);
  const [before, after] = parts;
  if (parts.length !== 2 || before === undefined || after === undefined) {
    const count = parts.length - 1;
    throw new Error(
      `the line of mutant ${mutant.name} occurs ${count} times in ${mutant.file}, expected once`,
    );
  }
  return { ...texts, [file]: `${before}\n${mutant.becomes}\n${after}` };
}
