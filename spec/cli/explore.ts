/** `explore`: the page in which a spec is played by hand. */
import { resolve } from "@std/path";
import { BuildError, buildExplorer, type BuildOptions, type Files } from "../explorer/build.ts";
import { type FileServer, serveFiles } from "../explorer/serve.ts";
import { hashOf, homeOf, standardPort } from "../explorer/hash.ts";
import { visibleLines } from "../report/visible.ts";
import type { ExploreFlags } from "./arguments.ts";
import { loadSpec, sourceOf } from "./load.ts";
import { note, print } from "./output.ts";
import { UsageError } from "./usage.ts";
import { watchSources } from "./watch.ts";

/** Serves the page until a signal ends it, or writes its files into a folder. */
export async function runExplore(name: string, flags: ExploreFlags): Promise<number> {
  // First of all, so that a spec that is wrong says so here, and not in the page.
  const spec = await loadSpec(name, flags);
  spec.build(spec.parameters);
  const { module, name: isOurs } = await sourceOf(name, flags);
  const options = { theirs: isOurs === undefined ? { name, module } : null, first: name };
  const files = await build(options);
  if (flags.build !== undefined) return await writeFiles(resolve(flags.cwd ?? ".", flags.build), files);
  const server = serve(files, flags);
  print(name === "raft" ? server.url : `${server.url}#${hashOf(homeOf(name))}`);
  if (new URL(server.url).port !== String(standardPort)) {
    note(`links that check and break print lead to port ${standardPort}: put this one in its place`);
  }
  note("the explorer is there until you press Ctrl-C");
  const stop = new AbortController();
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, () => stop.abort());
  if (flags.watch) {
    const { theirs } = options;
    watchSources(theirs?.module ?? null, () => makeAnew(options, server), stop.signal);
  }
  await new Promise((stopped) => stop.signal.addEventListener("abort", stopped));
  await server.close();
  return 0;
}

/** What is served is made anew; if that fails, it stays as it is. */
async function makeAnew(options: BuildOptions, server: FileServer): Promise<void> {
  try {
    server.change(await build(options));
    note("made anew");
  } catch (error) {
    note(visibleLines(`error: ${error instanceof Error ? error.message : error}`));
  }
}

async function build(options: BuildOptions): Promise<Files> {
  if (typeof Deno.bundle !== "function") {
    throw new UsageError("explore needs the flag --unstable-bundle: deno run -A --unstable-bundle ...");
  }
  try {
    return await buildExplorer(options);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    throw new UsageError(`the page can't be made: ${error.message}`, { cause: error });
  }
}

function serve(files: Files, { port, watch }: ExploreFlags): FileServer {
  try {
    return serveFiles(files, port ?? null, watch);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new UsageError(
      `port ${port} is taken: choose another one, or none to get ${standardPort} or a free one`,
    );
  }
}

async function writeFiles(folder: string, files: Files): Promise<number> {
  try {
    await Deno.mkdir(folder, { recursive: true });
    for (const [path, content] of files) await Deno.writeFile(`${folder}/${path}`, content);
  } catch (error) {
    throw new UsageError(`${folder} can't be written: ${error instanceof Error ? error.message : error}`);
  }
  print(`${files.size} files in ${folder}, for any web server`);
  return 0;
}
