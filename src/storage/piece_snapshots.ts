/** Snapshots in a database: pieces of bytes, each below its limit for a value, and a mark that tells that all are there. */
import type { LogIndex } from "../core/mod.ts";
import { RaftError } from "../error.ts";

/** Where a database keeps the pieces of snapshots. */
export interface Pieces {
  /** The most bytes of a piece. */
  readonly maxBytes: number;
  /** Puts some, the first of which has this number, in one commit. */
  put(index: LogIndex, first: number, pieces: readonly Uint8Array[]): Promise<void>;
  /** A piece; throws if it isn't there whole. */
  get(index: LogIndex, piece: number): Promise<Uint8Array>;
  /** Marks that all pieces are there, durably, and how many they are. */
  mark(index: LogIndex, count: number): Promise<void>;
  /** How many pieces there are; null without a mark. */
  count(index: LogIndex): Promise<number | null>;
  /** Deletes the mark of a snapshot, then its pieces. */
  remove(index: LogIndex): Promise<void>;
  /** The snapshots of which there is a piece or a mark. */
  indexes(): Promise<readonly LogIndex[]>;
}

/** How many pieces are put in one commit: some 600 kB. */
const piecesPerCommit = 10;

/** The snapshots of one storage. */
export interface PieceSnapshots {
  /** Stores one. Durable when it resolves. */
  write(index: LogIndex, content: ReadableStream<Uint8Array>): Promise<void>;
  /** Reads one. It stays until it is read, or the stream is cancelled. */
  read(index: LogIndex): Promise<ReadableStream<Uint8Array>>;
  /** Deletes all but this one and later ones, and what is being read. */
  keepFrom(index: LogIndex): Promise<void>;
  /** Deletes all but this one: whatever else there is was never finished, or is old. */
  keepOnly(index: LogIndex): Promise<void>;
}

/** The state of {@linkcode PieceSnapshots}. */
interface State {
  readonly pieces: Pieces;
  /** How many read each. */
  readonly readers: Map<LogIndex, number>;
  /** Older ones go when nobody reads them any more. */
  kept: LogIndex;
}

/** The snapshots of the storage that messages call `name`. */
export function pieceSnapshots(name: string, pieces: Pieces): PieceSnapshots {
  const state: State = { pieces, readers: new Map(), kept: 0 };
  return {
    write: (index, content) => write(pieces, index, content),
    async read(index) {
      const count = await pieces.count(index);
      if (count !== null) return read(state, index, count);
      const advice =
        "restore it, or bring the node back under another name, as a new learner (docs/storage.md)";
      throw new RaftError("Corrupt", `${name} holds no whole snapshot of index ${index}: ${advice}`);
    },
    async keepFrom(index) {
      if (index <= state.kept) return;
      state.kept = index;
      await removeAll(state, (other) => other < index);
    },
    async keepOnly(index) {
      state.kept = index;
      await removeAll(state, (other) => other !== index);
    },
  };
}

async function write(pieces: Pieces, index: LogIndex, content: ReadableStream<Uint8Array>): Promise<void> {
  await pieces.remove(index);
  let count = 0;
  let batch: Uint8Array[] = [];
  for await (const piece of inPieces(content, pieces.maxBytes)) {
    batch.push(piece);
    if (batch.length < piecesPerCommit) continue;
    await pieces.put(index, count, batch);
    count += batch.length;
    batch = [];
  }
  await pieces.put(index, count, batch);
  await pieces.mark(index, count + batch.length);
}

function read(state: State, index: LogIndex, count: number): ReadableStream<Uint8Array> {
  const { pieces, readers } = state;
  readers.set(index, (readers.get(index) ?? 0) + 1);
  let piece = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (piece === count) {
        controller.close();
        return await leave(state, index);
      }
      controller.enqueue(await pieces.get(index, piece++));
    },
    cancel: () => leave(state, index),
  }, { highWaterMark: 0 });
}

/** One reader less: what only it has kept goes. */
async function leave({ pieces, readers, kept }: State, index: LogIndex): Promise<void> {
  const left = (readers.get(index) ?? 1) - 1;
  if (left > 0) readers.set(index, left);
  else {
    readers.delete(index);
    if (index < kept) await pieces.remove(index);
  }
}

async function removeAll({ pieces, readers }: State, isMeant: (index: LogIndex) => boolean): Promise<void> {
  for (const index of await pieces.indexes()) {
    if (isMeant(index) && !readers.has(index)) await pieces.remove(index);
  }
}

/** The same bytes in pieces as large as one may be. */
async function* inPieces(
  content: ReadableStream<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array();
  for await (const chunk of content) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    let at = 0;
    for (; bytes.length - at >= maxBytes; at += maxBytes) yield bytes.slice(at, at + maxBytes);
    rest = bytes.slice(at);
  }
  if (rest.length > 0) yield rest;
}
