/** Where Deno KV keeps the pieces of snapshots. */
import type { LogIndex } from "../core/mod.ts";
import type { RaftError } from "../error.ts";
import { decodePart, encodeParts, type Key, MAX_PART_BYTES, snapshotKey } from "./kv_records.ts";
import type { Pieces } from "./piece_snapshots.ts";

/** How many keys are deleted in one commit. */
const deletionsPerCommit = 500;

/** The pieces below `root` of a database. `damaged` says what is wrong at a key. */
export function kvPieces(
  kv: Deno.Kv,
  root: Key,
  damaged: (key: Key, what: string) => RaftError,
): Pieces {
  const pieceKey = (index: LogIndex, piece: number) => [...snapshotKey(root), index, piece];
  const endKey = (index: LogIndex) => [...root, "snapshotEnd", index];
  const keysBelow = (prefix: Key) =>
    Array.fromAsync(kv.list({ prefix }, { batchSize: 10 }), ({ key }) => key);
  return {
    maxBytes: MAX_PART_BYTES,
    async put(index, first, pieces) {
      const operation = kv.atomic();
      pieces.forEach((piece, at) => {
        const [value] = encodeParts(piece, index, first + at);
        operation.set(pieceKey(index, first + at), value);
      });
      await operation.commit();
    },
    async get(index, piece) {
      const key = pieceKey(index, piece);
      const part = decodePart((await kv.get(key)).value, { index, revision: piece, part: 0 });
      if (part.type === "damaged") throw damaged(key, part.reason);
      return part.bytes;
    },
    mark: async (index, count) => void await kv.set(endKey(index), count),
    async count(index) {
      const { value } = await kv.get(endKey(index));
      return typeof value === "number" ? value : null;
    },
    async remove(index) {
      await kv.delete(endKey(index));
      const keys = await keysBelow([...snapshotKey(root), index]);
      for (let at = 0; at < keys.length; at += deletionsPerCommit) {
        const operation = kv.atomic();
        for (const key of keys.slice(at, at + deletionsPerCommit)) operation.delete(key);
        await operation.commit();
      }
    },
    async indexes() {
      const keys = [...await keysBelow(snapshotKey(root)), ...await keysBelow([...root, "snapshotEnd"])];
      const found = keys.map((key) => key[root.length + 1]).filter((part) => typeof part === "number");
      return [...new Set(found)];
    },
  };
}
