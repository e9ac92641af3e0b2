/** Snapshots in Deno KV: pieces of bytes, each below the limit for a value, and a mark that tells that all are there. */
import type { LogIndex } from "../core/mod.ts";
import type { RaftError } from "../error.ts";
import { decodePart, encodeParts, type Key, MAX_PART_BYTES, snapshotKey } from "./kv_records.ts";

/** How many pieces are put or deleted in one commit: some 600 kB. */
const piecesPerCommit = 10;

/** The snapshots of one place. */
export interface KvSnapshots {
  /** Stores one. Durable when it resolves. */
  write(index: LogIndex, content: ReadableStream<Uint8Array>): Promise<void>;
  /** Reads one. It stays until it is read, or the stream is cancelled. */
  read(index: LogIndex): Promise<ReadableStream<Uint8Array>>;
  /** Deletes all but this one and later ones, and what is being read. */
  keepFrom(index: LogIndex): Promise<void>;
  /** Deletes all but this one: whatever else there is was never finished, or is old. */
  keepOnly(index: LogIndex): Promise<void>;
}

/** Where they are. */
interface Place {
  readonly kv: Deno.Kv;
  readonly root: Key;
  /** How many read each. */
  readonly readers: Map<LogIndex, number>;
  /** Older ones go when nobody reads them any more. */
  kept: LogIndex;
}

/** The snapshots below `root` of a database. `damaged` says what is wrong at a key. */
export function kvSnapshots(
  kv: Deno.Kv,
  root: Key,
  damaged: (key: Key, what: string) => RaftError,
): KvSnapshots {
  const place: Place = { kv, root, readers: new Map(), kept: 0 };
  return {
    write: (index, content) => write(place, index, content),
    async read(index) {
      const { value: count } = await kv.get(endKey(root, index));
      if (typeof count === "number") return read(place, index, count, damaged);
      throw damaged(endKey(root, index), "there is no whole snapshot of this index");
    },
    async keepFrom(index) {
      if (index <= place.kept) return;
      place.kept = index;
      await removeAll(place, (other) => other < index);
    },
    async keepOnly(index) {
      place.kept = index;
      await removeAll(place, (other) => other !== index);
    },
  };
}

function pieceKey(root: Key, index: LogIndex, piece: number): Key {
  return [...snapshotKey(root), index, piece];
}

function endKey(root: Key, index: LogIndex): Key {
  return [...root, "snapshotEnd", index];
}

async function write(place: Place, index: LogIndex, content: ReadableStream<Uint8Array>): Promise<void> {
  await remove(place, index);
  let count = 0;
  let pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(content)) {
    pieces.push(piece);
    if (pieces.length < piecesPerCommit) continue;
    await put(place, index, count, pieces);
    count += pieces.length;
    pieces = [];
  }
  await put(place, index, count, pieces);
  await place.kv.set(endKey(place.root, index), count + pieces.length);
}

async function put(
  { kv, root }: Place,
  index: LogIndex,
  first: number,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const operation = kv.atomic();
  pieces.forEach((piece, at) => {
    const [value] = encodeParts(piece, index, first + at);
    operation.set(pieceKey(root, index, first + at), value);
  });
  await operation.commit();
}

function read(
  place: Place,
  index: LogIndex,
  count: number,
  damaged: (key: Key, what: string) => RaftError,
): ReadableStream<Uint8Array> {
  const { kv, root, readers } = place;
  readers.set(index, (readers.get(index) ?? 0) + 1);
  let piece = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (piece === count) {
        controller.close();
        return await leave(place, index);
      }
      const key = pieceKey(root, index, piece);
      const part = decodePart((await kv.get(key)).value, { index, revision: piece, part: 0 });
      if (part.type === "damaged") throw damaged(key, part.reason);
      piece++;
      controller.enqueue(part.bytes);
    },
    cancel: () => leave(place, index),
  }, { highWaterMark: 0 });
}

/** One reader less: what only it has kept goes. */
async function leave(place: Place, index: LogIndex): Promise<void> {
  const { readers, kept } = place;
  const left = (readers.get(index) ?? 1) - 1;
  if (left > 0) readers.set(index, left);
  else {
    readers.delete(index);
    if (index < kept) await remove(place, index);
  }
}

/** First the mark that it is whole. */
async function remove({ kv, root }: Place, index: LogIndex): Promise<void> {
  await kv.delete(endKey(root, index));
  const pieces = kv.list({ prefix: [...snapshotKey(root), index] }, { batchSize: 10 });
  const keys = await Array.fromAsync(pieces, ({ key }) => key);
  for (let at = 0; at < keys.length; at += 500) {
    const operation = kv.atomic();
    for (const key of keys.slice(at, at + 500)) operation.delete(key);
    await operation.commit();
  }
}

async function removeAll(place: Place, isMeant: (index: LogIndex) => boolean): Promise<void> {
  const prefix = snapshotKey(place.root);
  const found = new Set<LogIndex>();
  for await (const { key } of place.kv.list({ prefix }, { batchSize: 10 })) {
    const index = key[prefix.length];
    if (typeof index === "number") found.add(index);
  }
  for (const index of found) if (isMeant(index) && !place.readers.has(index)) await remove(place, index);
}

/** The same bytes in pieces as large as a value may be. */
async function* piecesOf(content: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array();
  for await (const chunk of content) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    let at = 0;
    for (; bytes.length - at >= MAX_PART_BYTES; at += MAX_PART_BYTES) {
      yield bytes.slice(at, at + MAX_PART_BYTES);
    }
    rest = bytes.slice(at);
  }
  if (rest.length > 0) yield rest;
}
