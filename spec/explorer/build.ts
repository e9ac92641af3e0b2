/** Makes the explorer: the files of a page that holds the core, the checker and the specs, for any web server. */
import { stripTypeScriptTypes } from "node:module";
import { coreTexts, mutated } from "../raft/load_mutant.ts";
import { mutants } from "../raft/mutants.ts";
import { type CoreFiles, coreFilesName, patchBetween } from "./core_files.ts";
import { workerName } from "./searcher.ts";

/** What the page is to hold besides the catalog. */
export interface BuildOptions {
  /** The user's spec: how it is called, and the URL of its module; null: none. */
  readonly theirs: { readonly name: string; readonly module: string } | null;
  /** The name of the spec that opens first. */
  readonly first: string;
}

/** The files, by their paths: whole, or null if the page can't be made. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** The page can't be made: some module can't be bundled, such as a spec of the user's that doesn't compile. */
export class BuildError extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "BuildError";
}

/**
 * Makes the files.
 *
 * @throws {BuildError} if some module can't be bundled: which one, and why.
 */
export async function buildExplorer(options: BuildOptions): Promise<Files> {
  const [scripts, core, page, ...style] = await Promise.all([
    bundle(options),
    coreFiles(),
    read("page/index.html"),
    ...styles.map((name) => read(`page/style/${name}.css`)),
  ]);
  const encoder = new TextEncoder();
  return new Map([
    ["index.html", page],
    ["style.css", new Uint8Array(style.flatMap((part) => [...part]))],
    ...scripts,
    [coreFilesName, encoder.encode(JSON.stringify(core))],
  ]);
}

/** The parts of the style sheet, in their order: what comes later wins. */
const styles = ["base", "frame", "run", "state", "source", "next", "dialogs", "narrow"];

async function read(path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(new URL(path, import.meta.url))).arrayBuffer());
}

/** The programs, by name: the page, and the worker that searches. */
const programs = { "page.js": "page/main.tsx", [workerName]: "worker.ts" } as const;

async function bundle({ theirs, first }: BuildOptions): Promise<readonly (readonly [string, Uint8Array])[]> {
  const folder = await Deno.makeTempDir({ prefix: "quorate-explorer-" });
  try {
    const entrypoints = await Promise.all(
      Object.entries(programs).map(async ([name, module]) => {
        const entry = `${folder}/${name.replace(/js$/, "ts")}`;
        await Deno.writeTextFile(entry, entryText(new URL(module, import.meta.url).href, theirs, first));
        return entry;
      }),
    );
    const result = await Deno.bundle({
      entrypoints,
      outputDir: folder,
      platform: "browser",
      format: "esm",
      minify: true,
      write: false,
    });
    if (!result.success) throw new BuildError(result.errors.map(({ text }) => text).join("\n"));
    return (result.outputFiles ?? []).map(({ path, contents }) => [
      path.slice(path.lastIndexOf("/") + 1),
      contents!,
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A program that begins with the specs that there are. */
function entryText(module: string, theirs: BuildOptions["theirs"], first: string): string {
  const setup = new URL("setup.ts", import.meta.url).href;
  const loaded = theirs === null
    ? "null"
    : `{ name: ${JSON.stringify(theirs.name)}, load: () => import(${JSON.stringify(theirs.module)}) }`;
  return [
    `import { setupWith } from ${JSON.stringify(setup)};`,
    `import { begin } from ${JSON.stringify(module)};`,
    `begin(await setupWith(${loaded}, ${JSON.stringify(first)}));`,
  ].join("\n");
}

/** The files of the core, for a page to load it from. */
export async function coreFiles(): Promise<CoreFiles> {
  const sources = await coreTexts();
  const scripts = Object.fromEntries(
    Object.entries(sources).map(([file, text]) => [file, stripTypeScriptTypes(text)]),
  );
  const changed = mutants.map((mutant) => {
    const file = mutant.file.slice("src/core/".length);
    const script = stripTypeScriptTypes(mutated(sources, mutant)[file]!);
    return [mutant.name, patchBetween(file, scripts[file]!, script)] as const;
  });
  return { sources, scripts, mutants: Object.fromEntries(changed) };
}
