/** How a node ends: closed, or failed. */
import { RaftError } from "../error.ts";
import { reason } from "./adapters.ts";
import type { CloseOptions } from "./options.ts";
import { drain } from "./draining.ts";
import { wakeAll } from "./deliveries.ts";
import * as loops from "./loop.ts";
import * as proposals from "./proposals.ts";
import * as readTable from "./reads.ts";
import * as requests from "./requests.ts";
import type { Running } from "./running.ts";
import * as snapshots from "./snapshots.ts";
import type { Health } from "./status.ts";

/** Closes the node: at once, or when what waits has come to its end, but after so many milliseconds at the latest. */
export async function close(node: Running, { drainMs = 0 }: CloseOptions = {}): Promise<void> {
  if (drainMs > 0 && node.health.type === "running") {
    node.health = { type: "closing" };
    const message = `node ${node.settings.id} takes nothing new, and closes within ${drainMs} ms`;
    node.report({ level: "info", event: "stopping", message });
    await drain(node, drainMs);
  } else if (drainMs > 0 && node.health.type === "closing") {
    // Whoever asks for it again waits for the same end; only who asks for no more time cuts it short.
    await node.stopped;
  }
  if (node.health.type === "running" || node.health.type === "closing") {
    end(node, { type: "closed" });
    node.report({ level: "info", event: "stopped", message: `node ${node.settings.id} was closed` });
  }
  node.closing ??= release(node);
  await node.closing;
}

export function fail(node: Running, cause: unknown): void {
  const { id } = node.settings;
  const message = `node ${id} has stopped: ${reason(cause)}`;
  end(node, { type: "failed", error: new RaftError("Stopped", message, { outcome: "unknown", cause }) });
  node.closing = release(node);
  node.report({ level: "error", event: "failed", message });
}

/** Nothing happens any more, and all that wait hear of it. */
function end(node: Running, health: Health): void {
  node.health = health;
  loops.stop(node.loop);
  proposals.rejectAll(
    node.table,
    (id) => stoppedError(node, health, loops.neverLeft(node.loop, id) ? "no" : "unknown"),
  );
  readTable.rejectAll(node.reads, stoppedError(node, health, "no"));
  requests.rejectWaiting(node.requests, stoppedError(node, health, "unknown"));
  node.ended.abort(stoppedError(node, health, "no"));
  wakeAll(node.source);
  node.resolveStopped(health);
}

/** Whatever happens, both are closed, the storage when its last write has settled. */
async function release(node: Running): Promise<void> {
  await snapshots.close(node.snapshots);
  const results = await Promise.allSettled([
    node.connection?.close(),
    node.loop.applying,
    node.loop.writing?.then(() => node.storage.close()) ?? node.storage.close(),
  ]);
  for (const result of results) {
    // All that was acknowledged is durable, so this is no reason to fail.
    if (result.status === "fulfilled") continue;
    node.report({ level: "warn", event: "releaseFailed", message: reason(result.reason) });
  }
}

export function stoppedError(node: Running, health: Health, outcome: "no" | "unknown"): RaftError {
  const { id } = node.settings;
  const error = errorOf(health);
  const verb = health.type === "closing" ? "is being" : "was";
  const why = error === null ? `node ${id} ${verb} closed` : error.message;
  const options = error === null ? { outcome } : { outcome, cause: error.cause };
  return new RaftError("Stopped", `${why}; the proposal: ${proposals.meaning(outcome)}`, options);
}

export function errorOf(health: Health): RaftError | null {
  return health.type === "failed" ? health.error : null;
}
