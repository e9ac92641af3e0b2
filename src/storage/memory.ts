/** Storage in memory, for tests and demonstrations: survives a restart of the node, not of the process. */
import { type LogEntry, type LogIndex, type PersistentState, unreachable, type Write } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Identity, OpenStorage, Storage } from "../ports.ts";
import { assertFollows } from "./follows.ts";
import { checkOwner } from "./owner.ts";

/**
 * Storage that keeps what was written for as long as the returned object lives: opening it again is a restart.
 *
 * It holds one node, the first that writes. Opening it again without closing it stands for a crash: what was
 * opened before then rejects every further write.
 *
 * @example A node that restarts
 * ```ts
 * import { memoryStorage } from "@quorate/raft";
 *
 * const storage = memoryStorage();
 * const identity = { id: "a", clusterId: "demo", servers: ["a"] };
 * const before = await storage.open(identity);
 * await before.write({ currentTerm: 1, votedFor: "a", from: 1, entries: [{ type: "noop", term: 1 }] });
 * await before.close();
 * const after = await storage.open(identity);
 * console.log(await after.load()); // { currentTerm: 1, votedFor: "a", log: [{ type: "noop", term: 1 }] }
 * ```
 */
export function memoryStorage(): Storage {
  let stored: { readonly owner: Identity; readonly state: Kept } | null = null;
  const snapshots = new Map<LogIndex, Uint8Array<ArrayBuffer>>();
  let opened = 0;
  return {
    // async, so that a refusal is a rejection.
    // deno-lint-ignore require-await
    async open(identity: Identity): Promise<OpenStorage> {
      const owner = stored?.owner ?? { ...identity, servers: [...identity.servers] };
      checkOwner("this storage in memory", owner, identity, "give each node its own memoryStorage()");
      const mine = ++opened;
      const usable = <T>(what: () => T): Promise<T> => {
        if (mine === opened) return new Promise((resolve) => resolve(what()));
        return Promise.reject(new RaftError("Stopped", "this storage was closed, or opened again since"));
      };
      return {
        owner,
        load: () => usable(() => stored === null ? null : copyState(stored.state)),
        write: (write) =>
          usable(() => {
            const kept = stored?.state ?? { currentTerm: 0, votedFor: null, log: [] };
            stored = { owner, state: applied(kept, write) };
            for (const index of snapshots.keys()) {
              if (index < (write.compaction?.snapshot.index ?? 0)) snapshots.delete(index);
            }
          }),
        async writeSnapshot(index, content) {
          const bytes = new Uint8Array(await new Response(content).arrayBuffer());
          await usable(() => snapshots.set(index, bytes));
        },
        readSnapshot: (index) =>
          usable(() => {
            const bytes = snapshots.get(index);
            if (bytes === undefined) throw new RaftError("Corrupt", `there is no snapshot of index ${index}`);
            return new Blob([bytes]).stream();
          }),
        close: () => {
          if (mine === opened) opened++;
          return Promise.resolve();
        },
      };
    },
  };
}

/** What is stored. The log changes in place, so that a write costs no more than its entries. */
interface Kept extends PersistentState {
  readonly log: LogEntry[];
}

function applied({ log, compaction: before }: Kept, write: Write): Kept {
  const { currentTerm, votedFor, from, entries, compaction } = write;
  const first = (before?.compactedIndex ?? 0) + 1;
  const kept = (compaction?.compactedIndex ?? 0) + 1;
  assertFollows(write, { lastIndex: first - 1 + log.length, compaction: before ?? null });
  log.length = Math.min(log.length, Math.max(0, from - first));
  if (kept > first) log.splice(0, kept - first);
  for (const entry of entries) log.push(copyEntry(entry));
  return { currentTerm, votedFor, log, ...(compaction === undefined ? {} : { compaction }) };
}

function copyState({ log, ...rest }: PersistentState): PersistentState {
  return { ...structuredClone(rest), log: log.map(copyEntry) };
}

/** What the caller does to its objects later must not reach what is stored, as with a disk. */
function copyEntry(entry: LogEntry): LogEntry {
  switch (entry.type) {
    case "noop":
      return { ...entry };
    case "command":
      return { ...entry, id: { ...entry.id }, command: entry.command.slice() };
    case "configuration":
      return structuredClone(entry);
    default:
      return unreachable(entry);
  }
}
