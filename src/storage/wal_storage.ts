/** Storage on a write-ahead log, over any files: `wal.ts` puts those of the machine below. */
import { AssertionError, type LogIndex, type PersistentState, type Write } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Report } from "../logging.ts";
import type { Identity, OpenStorage, Storage, WriteOptions } from "../ports.ts";
import { type ByteWriter, byteWriter } from "./bytes.ts";
import type { OpenFile } from "./files.ts";
import { assertFollows } from "./follows.ts";
import { checkOwner } from "./owner.ts";
import { turns } from "./turns.ts";
import { emptySummary, putWrite, type Summary } from "./wal_content.ts";
import { alignment, beginRecord, endRecord } from "./wal_records.ts";
import {
  advice,
  beginSegment,
  countUnneeded,
  endSegment,
  type Found,
  makeSegment,
  readSegments,
  removeSegments,
  reopenSegment,
  type Segment,
  type Tail,
  type WalFolder,
} from "./wal_segments.ts";
import { type WalSnapshots, walSnapshots } from "./wal_snapshots.ts";

/** A log that is open. */
interface Log {
  readonly folder: WalFolder;
  readonly snapshots: WalSnapshots;
  readonly owner: Identity;
  /** What was written, but for the entries; null if nothing was. */
  summary: Summary | null;
  readonly segments: Segment[];
  /** The number of the next record. */
  number: number;
  /** Where it goes; null before the first write. */
  tail: Tail | null;
  /** For records: its buffer is used again and again. */
  readonly writer: ByteWriter;
  /** The segment after that, as soon as it is made; null before the first write. */
  next: Promise<OpenFile> | null;
  /** Resolves when all is removed that a write has made needless, or can't be: then `failure` says why. Never rejects. */
  removal: Promise<void>;
  /** Why something could not be removed, for the next write; null if nothing was wrong. */
  failure: { readonly error: unknown } | null;
}

/** Storage in a folder that `lock` keeps to one process at a time. */
export function walStorage(folder: WalFolder, lock: (path: string) => Promise<() => void>): Storage {
  return {
    async open(identity, report) {
      const unlock = await available(folder, "opened", async () => {
        await folder.files.makeFolder(folder.path);
        return await lock(folder.path);
      });
      try {
        return await open(folder, identity, { unlock, report });
      } catch (error) {
        unlock();
        throw error;
      }
    },
  };
}

async function open(
  folder: WalFolder,
  identity: Identity,
  { unlock, report }: { readonly unlock: () => void; readonly report: Report | undefined },
): Promise<OpenStorage> {
  const snapshots = walSnapshots(folder.files, folder.path);
  let found = await available(folder, "read", () => readSegments(folder));
  const log = await available(folder, "opened", () => openLog(folder, snapshots, found, identity, report));
  const turn = turns(folder.path);
  return {
    owner: log.owner,
    load: () =>
      turn.inTurn(async () => {
        await log.removal;
        // What was read when it was opened is the whole log: it is given away once.
        const state = stateOf(found ?? await available(folder, "read", () => readSegments(folder)));
        found = null;
        return state;
      }),
    write: (write, options) =>
      turn.write(() => {
        found = null;
        return available(folder, "written", () => append(log, write, options));
      }),
    writeSnapshot: (index, content) =>
      turn.beside(() => available(folder, "written", () => snapshots.write(index, content))),
    readSnapshot: (index) =>
      turn.beside(() =>
        available(folder, "read", async () => {
          // One that is about to go isn't there any more.
          await log.removal;
          return await snapshots.read(index);
        })
      ),
    close: () =>
      turn.close(async () => {
        await log.removal;
        await log.tail?.file.close();
        await log.next?.then((file) => file.close(), () => {});
        unlock();
      }),
  };
}

function stateOf(found: Found | null): PersistentState | null {
  if (found === null || found.summary === null) return null;
  const { summary: { currentTerm, votedFor, compaction }, log } = found;
  return { currentTerm, votedFor, log, ...(compaction === null ? {} : { compaction }) };
}

async function openLog(
  folder: WalFolder,
  snapshots: WalSnapshots,
  found: Found | null,
  identity: Identity,
  report: Report | undefined,
): Promise<Log> {
  const fresh = {
    folder,
    snapshots,
    writer: byteWriter(),
    next: null,
    removal: Promise.resolve(),
    failure: null,
  };
  if (found === null) {
    return { ...fresh, owner: identity, summary: null, segments: [], number: 1, tail: null };
  }
  const { owner, summary, segments, unneeded, number } = found;
  checkOwner(
    folder.path,
    owner,
    identity,
    "give each node its own folder; or the id, or the clusterId, is wrong",
  );
  const snapshotIndex = summary?.compaction?.snapshot.index ?? 0;
  if (snapshotIndex > 0) await snapshots.check(snapshotIndex);
  const tail = await reopenSegment(folder, found, report);
  try {
    // What was found is durable only now: what it has replaced must not go before.
    await snapshots.keep(snapshotIndex, "nothing newer");
    await removeSegments(folder, unneeded);
  } catch (error) {
    await tail.file.close();
    throw error;
  }
  return { ...fresh, owner, summary, segments: [...segments], number, tail };
}

/** Makes a write durable. */
async function append(log: Log, write: Write, options: WriteOptions | undefined): Promise<void> {
  const { writer, failure } = log;
  if (failure !== null) throw failure.error;
  const summary = log.summary ?? emptySummary;
  const { currentTerm, votedFor, from, entries, compaction = null } = write;
  assertFollows(write, summary);
  beginRecord(writer);
  putWrite(writer, write, summary.compaction);
  const tail = tailWithRoom(log, writer.length()) ?? await nextTail(log);
  const record = endRecord(writer, { number: log.number, position: tail.position });
  tail.file.write(record, tail.position);
  await tail.file.sync(options);
  tail.position += record.length;
  log.number = log.number + 1 >>> 0;
  const lastIndex = from - 1 + entries.length;
  log.summary = { currentTerm, votedFor, lastIndex, compaction };
  const segment = log.segments.at(-1)!;
  segment.lastIndex = Math.max(segment.lastIndex, lastIndex);
  if (compaction === null || compaction.snapshot.index === summary.compaction?.snapshot.index) return;
  await log.removal;
  const unneeded = log.segments.splice(0, countUnneeded(log.segments, compaction.compactedIndex));
  log.removal = remove(log, unneeded, compaction.snapshot.index)
    .catch((error) => void (log.failure = { error }));
}

/** Removes these segments, and the snapshots before that of an index. The next write need not wait for it. */
async function remove(
  { folder, snapshots }: Log,
  unneeded: readonly Segment[],
  index: LogIndex,
): Promise<void> {
  await removeSegments(folder, unneeded.map(({ number }) => number));
  await snapshots.keep(index);
}

/** Where a record of so many bytes goes, if there is room for it. */
function tailWithRoom(log: Log, length: number): Tail | null {
  const { folder, tail } = log;
  if (tail === null) return null;
  if (tail.position > tail.size / 2) log.next ??= unheard(makeSegment(folder));
  const isFresh = tail.position === tail.begins;
  // The alignment, what belongs behind a record, and the record that ends the segment.
  return isFresh || tail.position + length + 5 * alignment <= tail.size ? tail : null;
}

/** A new segment, to go on with. */
async function nextTail(log: Log): Promise<Tail> {
  const { folder, owner, summary, tail } = log;
  const file = await (log.next ?? makeSegment(folder));
  log.next = null;
  const segment = (log.segments.at(-1)?.number ?? 0) + 1;
  log.tail = await beginSegment(folder, file, { segment, owner, before: summary }, log.number);
  if (tail !== null) await endSegment(tail, log.number);
  log.number = log.number + 1 >>> 0;
  log.segments.push({ number: segment, lastIndex: 0 });
  await tail?.file.close();
  return log.tail;
}

/** Whoever awaits it later hears of its failure. */
function unheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Does something with the files, and says what it means if they can't. */
async function available<T>({ path }: WalFolder, verb: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof RaftError || cause instanceof AssertionError) throw cause;
    // What Deno refuses has a name, and no code.
    const { code, name, message } = cause as { code?: string; name?: string; message?: string };
    const what = `${path} can't be ${verb}: ${message ?? cause}${hintFor(code ?? name ?? "", path)}`;
    throw new RaftError("Unavailable", what, { cause });
  }
}

function hintFor(code: string, path: string): string {
  switch (code) {
    case "ENOSPC":
      return "; make room on the disk, and start the node again if it has stopped";
    case "ENOENT":
      return `; ${advice}`;
    case "EACCES":
    case "EPERM":
    case "NotCapable":
      return `; may this user and process read and write it? In Deno: --allow-read=${path} --allow-write=${path}`;
    case "EEXIST":
    case "ENOTDIR":
      return "; wal keeps a folder, so give it a path where no file is";
    default:
      return "";
  }
}
