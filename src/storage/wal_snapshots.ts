/**
 * Snapshots of the write-ahead log: a file each, `snapshot-INDEX`, in frames with checksums. Written under another name,
 * and renamed once it is durable.
 */
import type { LogIndex } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Files, OpenFile } from "./files.ts";
import { crc32c } from "./checksum.ts";

/** The snapshots of a folder. */
export interface WalSnapshots {
  /** Stores the snapshot of an index, durably. */
  write(index: LogIndex, content: ReadableStream<Uint8Array>): Promise<void>;
  /** The content of the snapshot of an index. */
  read(index: LogIndex): Promise<ReadableStream<Uint8Array>>;
  /** Throws what reading it would if the snapshot of an index is not there. */
  check(index: LogIndex): Promise<void>;
  /** Removes all older than this index, or, with `also`, all others: what no write has named. */
  keep(index: LogIndex, also?: "nothing newer"): Promise<void>;
}

/** The most bytes of a frame. */
const maxFrameBytes = 1 << 18;

/** Before each frame: its length and the CRC-32C of its bytes. The last frame is empty, and its second word is the sum of all checksums. */
const frameHeaderBytes = 8;

const name = (index: LogIndex) => `snapshot-${String(index).padStart(16, "0")}`;
const unfinishedSuffix = ".new";
const advice =
  "restore the file, or bring the node back under another name, as a new learner (docs/storage.md)";

/** The index of the snapshot that a file holds; null if it holds none. */
function indexOf(file: string): LogIndex | null {
  const [, digits] = file.match(/^snapshot-(\d{16})$/) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** The snapshots of a folder. */
export function walSnapshots(files: Files, folder: string): WalSnapshots {
  const pathOf = (index: LogIndex) => `${folder}/${name(index)}`;
  const check = async (index: LogIndex) => {
    if ((await files.list(folder)).includes(name(index))) return;
    const what = `there is no snapshot of index ${index}: ${pathOf(index)} is missing`;
    throw new RaftError("Corrupt", `${what}; ${advice}`);
  };
  return {
    check,
    async write(index, content) {
      const unfinished = pathOf(index) + unfinishedSuffix;
      const file = await files.open(unfinished, "create");
      try {
        await writeFrames(file, content);
        await file.sync();
      } catch (error) {
        await file.close();
        // Else it goes when the folder is opened again.
        await files.remove(unfinished).catch(() => {});
        throw error;
      }
      await file.close();
      await files.rename(unfinished, pathOf(index));
      await files.syncFolder(folder);
    },
    async read(index) {
      await check(index);
      return frames(await files.open(pathOf(index), "existing"), pathOf(index));
    },
    async keep(index, also) {
      for (const file of await files.list(folder)) {
        const found = indexOf(file);
        const isOld = found !== null && (found < index || (also !== undefined && found > index));
        const isUnfinished = also !== undefined && /^snapshot-\d{16}\.new$/.test(file);
        if (isOld || isUnfinished) await files.remove(`${folder}/${file}`);
      }
    },
  };
}

async function writeFrames(file: OpenFile, content: ReadableStream<Uint8Array>): Promise<void> {
  let position = 0;
  let sum = 0;
  const put = (bytes: Uint8Array, word: number) => {
    const frame = new Uint8Array(frameHeaderBytes + bytes.length);
    const view = new DataView(frame.buffer);
    view.setUint32(0, bytes.length, true);
    view.setUint32(4, word, true);
    frame.set(bytes, frameHeaderBytes);
    file.write(frame, position);
    position += frame.length;
  };
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length; at += maxFrameBytes) {
      const bytes = chunk.subarray(at, at + maxFrameBytes);
      const checksum = crc32c(bytes);
      sum = (sum + checksum) >>> 0;
      put(bytes, checksum);
    }
  }
  put(new Uint8Array(0), sum);
}

/** The content of a file of frames, read as it is asked for. */
function frames(file: OpenFile, path: string): ReadableStream<Uint8Array> {
  let position = 0;
  let sum = 0;
  let isClosed = false;
  const close = async () => {
    if (!isClosed) await file.close();
    isClosed = true;
  };
  const next = async (): Promise<Uint8Array | null> => {
    const header = new Uint8Array(frameHeaderBytes);
    const read = await file.read(header, position);
    const view = new DataView(header.buffer);
    const [length, word] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (read < frameHeaderBytes || length > maxFrameBytes) throw damaged(path, position);
    if (length === 0) {
      if (word !== sum) throw damaged(path, position);
      return null;
    }
    const bytes = new Uint8Array(length);
    const isWhole = await file.read(bytes, position + frameHeaderBytes) === length && crc32c(bytes) === word;
    if (!isWhole) throw damaged(path, position);
    sum = (sum + word) >>> 0;
    position += frameHeaderBytes + length;
    return bytes;
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        const bytes = await next();
        if (bytes !== null) return controller.enqueue(bytes);
        await close();
        controller.close();
      } catch (error) {
        await close();
        throw error;
      }
    },
    cancel: close,
  }, { highWaterMark: 0 });
}

function damaged(path: string, position: number): RaftError {
  return new RaftError("Corrupt", `${path} is damaged at byte ${position}: ${advice}`);
}
