/** Loads the core with one line replaced. */
import type { Specification } from "../dsl/specification.ts";
import type { Core } from "./core.ts";
import { raft } from "./mod.ts";
import type { Mutant } from "./mutants.ts";

const folder = new URL("../../src/core/", import.meta.url);

/**
 * Loads `src/core` with the mutant's line replaced: a copy of its own, beside the core that production runs.
 *
 * @throws if the line doesn't occur exactly once in its file.
 */
export async function loadMutant(mutant: Mutant): Promise<Core> {
  const urls = new Map<string, string>();
  const module = await import(await urlOf("mod.ts", mutant, urls));
  return module as Core;
}

/** The spec of a mutant: from where it is to be found, with the one property by which it is to die. */
export async function mutantSpec(mutant: Mutant): Promise<Specification> {
  const starts = mutant.from === undefined ? [] : [mutant.from];
  return raft(await loadMutant(mutant), { starts, properties: [mutant.property] });
}

/** The text of a file of the core, with the mutant's line replaced. */
async function sourceOf(file: string, mutant: Mutant): Promise<string> {
  const source = await (await fetch(new URL(file, folder))).text();
  if (mutant.file !== `src/core/${file}`) return source;
  const parts = source.split(`\n${mutant.line}\n`);
  const [before, after] = parts;
  if (parts.length !== 2 || before === undefined || after === undefined) {
    const count = parts.length - 1;
    throw new Error(
      `the line of mutant ${mutant.name} occurs ${count} times in ${mutant.file}, expected once`,
    );
  }
  return `${before}\n${mutant.becomes}\n${after}`;
}

/** A URL of the file's text, whose imports are such URLs in turn. Imports of types only are left out. */
async function urlOf(file: string, mutant: Mutant, urls: Map<string, string>): Promise<string> {
  const known = urls.get(file);
  if (known !== undefined) return known;
  let source = (await sourceOf(file, mutant)).replace(/^(import|export) type [^;]*? from "[^"]*";$/gm, "");
  for (const [, imported] of [...source.matchAll(/ from "\.\/([a-z_]+\.ts)";/g)]) {
    if (imported === undefined) continue;
    const url = await urlOf(imported, mutant, urls);
    source = source.replaceAll(` from "./${imported}";`, ` from "${url}";`);
  }
  // Not a data: URL, which would hold those of all that it imports, and they theirs in turn.
  const url = URL.createObjectURL(new Blob([source], { type: "application/typescript" }));
  urls.set(file, url);
  return url;
}
