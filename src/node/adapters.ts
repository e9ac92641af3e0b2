/**
 * Opens what the user put in, and looks at what comes back: adapters may be anybody's, and need not keep to their
 * types. Whatever is wrong becomes a RaftError that names the adapter.
 */
import { z } from "zod";
import type { Compaction, ConfigurationEntry, LogEntry, PersistentState } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Report } from "../logging.ts";
import { checked, integer, objectWith, that } from "../options.ts";
import type { Connection, Identity, OpenStorage, Storage, Transport, TransportContext } from "../ports.ts";

/** Opens a storage. */
export async function openStorage(
  storage: Storage,
  identity: Identity,
  report: Report,
): Promise<OpenStorage> {
  const opened = await available("the storage", () => storage.open(identity, report));
  return checked("options.storage.open()", openStorageSchema, opened);
}

/** What a storage holds. */
export async function load(storage: OpenStorage): Promise<PersistentState | null> {
  const loaded = await available("the storage", () => storage.load());
  const state = checked("options.storage.load()", persistentStateSchema, loaded, "Corrupt");
  if (state === null) return null;
  const { compaction, ...rest } = state;
  return compaction === undefined ? rest : { ...rest, compaction };
}

/** Opens a transport. */
export async function openTransport(transport: Transport, context: TransportContext): Promise<Connection> {
  const connection = await available("the transport", () => transport.open(context));
  return checked("options.transport.open()", connectionSchema, connection);
}

/** Adapters throw what their runtime throws: the user meets one kind of error. */
export async function available<T>(what: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof RaftError) throw error;
    throw new RaftError("Unavailable", `${what} can't be opened: ${reason(error)}`, { cause: error });
  }
}

/** One line, whatever was thrown. */
export function reason(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).replaceAll(/\s+/g, " ");
}

const openStorageSchema = objectWith<OpenStorage>(
  "an object with the methods load, write, writeSnapshot, readSnapshot and close",
  "load",
  "write",
  "writeSnapshot",
  "readSnapshot",
  "close",
);

const connectionSchema = objectWith<Connection>(
  "an object with the methods send, setPeers and close",
  "send",
  "setPeers",
  "close",
);

const logExpected = "log entries as they were written, of terms from 1 to currentTerm that never go down";

const compactionExpected = "what a write said of the snapshot, or nothing";

const persistentStateSchema = z.object({
  currentTerm: integer(0),
  votedFor: z.string("a name or null").nullable(),
  log: that<readonly LogEntry[]>(logExpected, isLog),
  compaction: that<Compaction>(compactionExpected, isCompaction).optional(),
}, "null, or an object with currentTerm, votedFor and log").refine(
  ({ currentTerm, log }) => (log.at(-1)?.term ?? 0) <= currentTerm,
  { path: ["log"], error: logExpected },
).nullable();

function isLog(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  let term = 1;
  return value.every((entry: unknown) => {
    if (!isEntry(entry) || entry.term < term) return false;
    term = entry.term;
    return true;
  });
}

function isEntry(value: unknown): value is LogEntry {
  const { type, term, id, command } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (!Number.isSafeInteger(term)) return false;
  if (type === "noop") return true;
  if (type === "configuration") return isConfiguration((value as Partial<ConfigurationEntry>).configuration);
  return type === "command" && typeof id === "object" && id !== null && command instanceof Uint8Array;
}

function isCompaction(value: unknown): boolean {
  const { snapshot, compactedIndex, compactedTerm } = (value ?? {}) as Partial<Compaction>;
  return [snapshot?.index, snapshot?.term, compactedIndex, compactedTerm].every(Number.isSafeInteger) &&
    isConfiguration(snapshot?.configuration);
}

function isConfiguration(value: unknown): boolean {
  const { voters, oldVoters, learners, target, addresses } = (value ?? {}) as Partial<
    Record<string, unknown>
  >;
  return [voters, oldVoters, learners].every(Array.isArray) && typeof target === "object" &&
    typeof addresses === "object" && addresses !== null;
}
