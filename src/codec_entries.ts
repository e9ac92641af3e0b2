/**
 * Entries of the log, configurations, and what snapshots stand for, to values of a flat array and back: a part of `codec.ts`,
 * for messages and for storages alike.
 */
import { type Configuration, type LogEntry, type NodeId, type Snapshot, unreachable } from "./core/mod.ts";
import {
  CodecError,
  maxAddressLength,
  readBoolean,
  readCounted,
  type Reader,
  readInteger,
  readKept,
  readList,
  readNodeId,
  readText,
} from "./codec_flat.ts";
import { kindOf, proposalKind, putProposal, readProposalOf } from "./codec_proposal.ts";
import { put, putAll, putWritten, type Writer } from "./codec_writer.ts";

/** The first value of an entry, on the wire and on disk. */
const entryKind = { ...proposalKind, noop: 0, configuration: 2 } as const;

/**
 * The entries that were last written or read one after the other, and their bytes: a leader sends the same ones to each of its
 * followers and stores them, and a follower stores what it was sent.
 */
const lastRun: { entries: readonly LogEntry[]; bytes: Uint8Array; count: number } = {
  entries: [],
  bytes: new Uint8Array(),
  count: 0,
};

/** Where their bytes are copied, if others may write to these. */
let copies = new Uint8Array(1 << 12);

/** Writes entries, one after the other. */
export function putEntries(writer: Writer, entries: readonly LogEntry[]): void {
  if (isLastRun(entries)) {
    return putWritten(writer, lastRun.bytes, lastRun.count);
  }
  const { at, count } = writer;
  for (const entry of entries) putEntry(writer, entry);
  if (entries.length === 0) return;
  const bytes = writer.bytes.subarray(at, writer.at);
  rememberRun(entries, { bytes, count: writer.count - count, isKept: false });
}

function isLastRun(entries: readonly LogEntry[]): boolean {
  const { length } = entries;
  if (length === 0 || length !== lastRun.entries.length) return false;
  return entries.every((entry, at) => entry === lastRun.entries[at]);
}

function rememberRun(
  entries: readonly LogEntry[],
  { bytes, count, isKept }: { readonly bytes: Uint8Array; readonly count: number; readonly isKept: boolean },
): void {
  if (bytes.length > maxRunBytes) return;
  // A copy: the caller's list may grow.
  lastRun.entries = [...entries];
  lastRun.bytes = isKept ? bytes : copied(bytes);
  lastRun.count = count;
}

function copied(bytes: Uint8Array): Uint8Array {
  if (bytes.length > copies.length) copies = new Uint8Array(2 * bytes.length);
  copies.set(bytes);
  return copies.subarray(0, bytes.length);
}

/** Longer ones are not remembered. */
const maxRunBytes = 1 << 18;

/** Writes an entry. */
export function putEntry(writer: Writer, entry: LogEntry): void {
  switch (entry.type) {
    case "noop":
      return putAll(writer, [entryKind.noop, entry.term]);
    case "command":
      put(writer, kindOf(entry));
      put(writer, entry.term);
      return putProposal(writer, entry);
    case "configuration":
      putAll(writer, [entryKind.configuration, entry.term]);
      return putConfiguration(writer, entry.configuration);
    default:
      unreachable(entry);
  }
}

/** Writes what a snapshot stands for. */
export function putSnapshot(writer: Writer, { index, term, configuration }: Snapshot): void {
  putAll(writer, [index, term]);
  putConfiguration(writer, configuration);
}

function putConfiguration(writer: Writer, configuration: Configuration): void {
  const { voters, oldVoters, learners, target, addresses } = configuration;
  for (const servers of [voters, oldVoters, learners]) putNames(writer, servers);
  put(writer, target !== null);
  if (target !== null) { for (const servers of [target.voters, target.learners]) putNames(writer, servers); }
  const places = Object.entries(addresses);
  putAll(writer, [places.length, ...places.flat()]);
}

/** How many, then each: what follows is not the end. */
function putNames(writer: Writer, servers: readonly NodeId[]): void {
  putAll(writer, [servers.length, ...servers]);
}

// Reading.

/** All that is left: entries. */
export function readEntries(reader: Reader): LogEntry[] {
  if (reader.next === reader.count) return [];
  return readKept(reader, (kept) => {
    const { at, next, bytes, isKept } = kept;
    const entries = readList(kept, readEntry);
    rememberRun(entries, { bytes: bytes.subarray(at, kept.at), count: kept.next - next, isKept });
    return entries;
  });
}

/** The next entry. */
export function readEntry(reader: Reader): LogEntry {
  const kind = readInteger(reader, "kind of entry");
  switch (kind) {
    case entryKind.noop:
      return { type: "noop", term: readInteger(reader, "term") };
    case entryKind.command:
    case entryKind.sessionCommand:
    case entryKind.sessionOpening: {
      const term = readInteger(reader, "term");
      // Not by spreading the proposal: that makes reading an entry a fifth slower.
      const { id, command, session } = readProposalOf(reader, kind);
      const entry = { type: "command", term, id, command } as const;
      return session === undefined ? entry : { ...entry, session };
    }
    case entryKind.configuration:
      return {
        type: "configuration",
        term: readInteger(reader, "term"),
        configuration: readConfiguration(reader),
      };
    default:
      throw new CodecError(`${reader.what}: unknown kind of entry: ${kind}`);
  }
}

function readConfiguration(reader: Reader): Configuration {
  const names = (field: string) => readCounted(reader, field, () => readNodeId(reader, field));
  const [voters, oldVoters, learners] = [names("voters"), names("oldVoters"), names("learners")];
  const target = readBoolean(reader, "target")
    ? { voters: names("target.voters"), learners: names("target.learners") }
    : null;
  const addresses = readCounted(reader, "addresses", () => [
    readNodeId(reader, "addresses"),
    readText(reader, "addresses", maxAddressLength),
  ]);
  return { voters, oldVoters, learners, target, addresses: Object.fromEntries(addresses) };
}

/** What a snapshot stands for. */
export function readSnapshot(reader: Reader): Snapshot {
  return {
    index: readInteger(reader, "snapshot.index"),
    term: readInteger(reader, "snapshot.term"),
    configuration: readConfiguration(reader),
  };
}
