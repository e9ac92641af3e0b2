/** Tells when a file is saved from which the explorer's page is made. */
import { dirname, fromFileUrl } from "@std/path";

/** How long to wait for more changes: an editor saves in several steps. */
const quietMs = 100;

/**
 * Calls `changed` after a source is saved, of the project or beside the spec of the user's, whose URL this is; not again
 * while it is still at it. Ends by the signal.
 */
export function watchSources(theirs: string | null, changed: () => Promise<void>, signal: AbortSignal): void {
  const folders = ["../", "../../src/"].map((path) => new URL(path, import.meta.url))
    .filter(({ protocol }) => protocol === "file:").map(fromFileUrl);
  const beside = theirs?.startsWith("file:") ? [dirname(fromFileUrl(theirs))] : [];
  // All of the project; but who knows what else is where a user keeps a spec.
  const watchers = [Deno.watchFs(folders), ...beside.map((path) => Deno.watchFs(path, { recursive: false }))];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let working = Promise.resolve();
  function soon(): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      working = working.then(changed);
    }, quietMs);
  }
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  });
  for (const watcher of watchers) void follow(watcher, soon);
}

async function follow(watcher: Deno.FsWatcher, soon: () => void): Promise<void> {
  for await (const { kind, paths } of watcher) {
    if (kind !== "access" && paths.some((path) => /\.(tsx?|css|html)$/.test(path))) soon();
  }
}
