/** `explore`: the page in which a spec is played by hand. */
import { fromFileUrl, resolve } from "@std/path";
import { BuildError, buildExplorer, type BuildOptions, type Files } from "../explorer/build.ts";
import { type FileServer, serveFiles } from "../explorer/serve.ts";
import { standardPort } from "../explorer/hash.ts";
import type { ExploreFlags } from "./arguments.ts";
import { loadSpec, sourceOf } from "./load.ts";
import { note, print } from "./output.ts";
import { UsageError } from "./usage.ts";

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
  print(`${server.url}${name === "raft" ? "" : `#spec=${encodeURIComponent(name)}`}`);
  note("the explorer is there until you press Ctrl-C");
  const stop = new AbortController();
  const end = () => stop.abort();
  Deno.addSignalListener("SIGINT", end);
  Deno.addSignalListener("SIGTERM", end);
  if (flags.watch) watchFiles(options, server, stop.signal);
  await new Promise((stopped) => stop.signal.addEventListener("abort", stopped));
  await server.close();
  Deno.removeSignalListener("SIGINT", end);
  Deno.removeSignalListener("SIGTERM", end);
  return 0;
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

/** How long to wait for more changes: an editor saves in several steps. */
const quietMs = 100;

/** Makes the page anew when a file of the project, or the spec of the user's, is saved. */
function watchFiles(options: BuildOptions, server: FileServer, signal: AbortSignal): void {
  const folders = ["../", "../../src/"].map((path) => new URL(path, import.meta.url))
    .filter(({ protocol }) => protocol === "file:").map(fromFileUrl);
  const { theirs } = options;
  const file = theirs?.module.startsWith("file:") ? [fromFileUrl(new URL(".", theirs.module))] : [];
  const watcher = Deno.watchFs([...folders, ...file]);
  signal.addEventListener("abort", () => watcher.close());
  let timer: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener("abort", () => clearTimeout(timer));
  async function rebuild(): Promise<void> {
    try {
      server.change(await build(options));
      note("made anew");
    } catch (error) {
      note(`error: ${error instanceof Error ? error.message : error}`);
    }
  }
  (async () => {
    for await (const { kind, paths } of watcher) {
      if (kind === "access" || !paths.some((path) => /\.(tsx?|css|html)$/.test(path))) continue;
      clearTimeout(timer);
      timer = setTimeout(rebuild, quietMs);
    }
  })();
}
