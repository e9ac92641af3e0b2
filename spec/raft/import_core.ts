/** Imports the core from the texts of its files: a copy of its own, beside the core that production runs. */
import type { Core } from "./core.ts";

/** The file of the core that exports the rest. */
export const entry = "mod.ts";

/** The names of the files that a text imports, but for those of which it imports types only. */
export function importsOf(text: string): readonly string[] {
  return [...withoutTypes(text).matchAll(imported)].map(([, file = ""]) => file);
}

/** Imports the core, given the text of each of its files by name, and the media type of these. */
export async function importCore(texts: Readonly<Record<string, string>>, type: string): Promise<Core> {
  const urls = new Map<string, string>();
  function urlOf(file: string): string {
    const known = urls.get(file);
    if (known !== undefined) return known;
    const text = withoutTypes(texts[file]!).replace(
      imported,
      (_, other: string) => ` from "${urlOf(other)}";`,
    );
    // Not a data: URL, which would hold those of all that it imports, and they theirs in turn.
    const url = URL.createObjectURL(new Blob([text], { type }));
    urls.set(file, url);
    return url;
  }
  try {
    return await import(urlOf(entry));
  } finally {
    for (const url of urls.values()) URL.revokeObjectURL(url);
  }
}

const imported = / from "\.\/([a-z_]+\.ts)";/g;

function withoutTypes(text: string): string {
  return text.replace(/^(import|export) type [^;]*? from "[^"]*";$/gm, "");
}
