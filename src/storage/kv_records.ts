/**
 * What the Deno KV storage keeps under which key. Pure: bytes and plain values, no database.
 *
 *     [...prefix, "quorate", "head"]                          one Head, as an object
 *     [...prefix, "quorate", "log", index, revision, part]    a part of an entry, as bytes
 *     [...prefix, "quorate", "snapshot", index, piece]        a piece of a snapshot, as bytes
 *     [...prefix, "quorate", "snapshotEnd", index]            how many pieces it has, once all are there
 *     [...prefix, "quorate", "loaded"]                        the last revision that was loaded; nobody reads it
 *
 * `revision` is the number of the write that the entry came with. A write that is too large for one commit can
 * so stand beside the entries that it will replace, until a new head makes it valid.
 */
import { z } from "zod";
import { decodeSnapshot, encodeSnapshot } from "../codec.ts";
import type { Compaction, LogIndex, PersistentState } from "../core/mod.ts";
import type { Identity } from "../ports.ts";
import { crc32 } from "./checksum.ts";

/** A key of Deno KV. */
export type Key = readonly (Uint8Array | string | number | bigint | boolean | symbol)[];

/** The version of the layout described here. */
export const FORMAT = 4;

/** The most bytes of an entry in one part: below the limit for a value, 65,536 bytes, with the part's header. */
export const MAX_PART_BYTES = 61_440;

/** A write that did not fit one commit. What it left is found at or after index `from`. */
export interface Unfinished {
  /**
   * - `writing`: its entries are being put beside the old ones, which are still the valid ones.
   * - `sweeping`: its entries are valid, and the old ones are being deleted.
   */
  readonly type: "writing" | "sweeping";
  /** The first index that the write replaces. */
  readonly from: LogIndex;
}

/** What the storage holds, except for the entries; written with every commit. */
export interface Head {
  /** Whose storage this is. */
  readonly owner: Identity;
  /** How many writes have become valid. */
  readonly revision: number;
  /** Figure 2's persistent state, the log by its last index; null before the first write. */
  readonly state: Pick<PersistentState, "currentTerm" | "votedFor"> & { readonly lastIndex: LogIndex } | null;
  /** What of the log is in a snapshot, or null. */
  readonly compaction: Compaction | null;
  /** The write that was not finished, or null. */
  readonly unfinished: Unfinished | null;
}

/** What a value under the head's key turned out to be. */
export type ReadHead =
  | { readonly type: "head"; readonly head: Head }
  | { readonly type: "otherFormat"; readonly format: number }
  | { readonly type: "damaged"; readonly reason: string };

/** A head as it is stored: readable by whoever looks into the database. */
export type StoredHead = Identity & Omit<Head, "owner" | "compaction"> & {
  /** What of the log is in a snapshot, which is encoded. */
  readonly compaction: Omit<Compaction, "snapshot"> & { readonly snapshot: Uint8Array } | null;
  /** The version of the layout, {@linkcode FORMAT}. */
  readonly format: typeof FORMAT;
  /** The CRC-32 of the other fields. */
  readonly checksum: number;
};

const count = z.number().int().nonnegative();

/** Strict: a field more or less is damage, too. */
const storedHead = z.strictObject({
  format: z.literal(FORMAT),
  clusterId: z.string(),
  id: z.string(),
  servers: z.array(z.string()),
  backup: z.string().optional(),
  revision: count,
  state: z.strictObject({ currentTerm: count, votedFor: z.string().nullable(), lastIndex: count }).nullable(),
  compaction: z.strictObject({
    snapshot: z.instanceof(Uint8Array),
    compactedIndex: count,
    compactedTerm: count,
  }).nullable(),
  unfinished: z.strictObject({ type: z.enum(["writing", "sweeping"]), from: count.min(1) }).nullable(),
  checksum: z.number(),
});

/** The value to store for a head. */
export function encodeHead({ owner, revision, state, compaction: plain, unfinished }: Head): StoredHead {
  const { id, clusterId, servers, backup } = owner;
  const compaction = plain === null ? null : { ...plain, snapshot: encodeSnapshot(plain.snapshot) };
  const fields = {
    format: FORMAT,
    clusterId,
    id,
    servers,
    backup,
    revision,
    state,
    compaction,
    unfinished,
  } as const;
  return { ...fields, checksum: headChecksum(fields) };
}

/** What a stored value says. The format comes first: another one may have other fields and checksums. */
export function decodeHead(value: unknown): ReadHead {
  const { success, data } = z.object({ format: z.number() }).safeParse(value);
  if (success && data.format !== FORMAT) return { type: "otherFormat", format: data.format };
  const parsed = storedHead.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { type: "damaged", reason: `${issue?.path.join(".") || "it"}: ${issue?.message ?? "invalid"}` };
  }
  const { checksum, ...fields } = parsed.data;
  if (checksum !== headChecksum(fields)) return { type: "damaged", reason: "its checksum is wrong" };
  const { clusterId, id, servers, backup, revision, state, compaction: encoded, unfinished } = fields;
  const owner = { id, clusterId, servers, backup };
  const compaction = encoded === null ? null : { ...encoded, snapshot: decodeSnapshot(encoded.snapshot) };
  return { type: "head", head: { owner, revision, state, compaction, unfinished } };
}

/** Names every field, in one order, so that what is checked does not depend on how the object was built. */
function headChecksum(
  { format, clusterId, id, servers, backup, revision, state, compaction, unfinished }: Omit<
    StoredHead,
    "checksum"
  >,
) {
  const ordered = [
    [format, clusterId, id, servers, ...(backup === undefined ? [] : [backup]), revision],
    state === null ? null : [state.currentTerm, state.votedFor, state.lastIndex],
    compaction === null
      ? null
      : [[...compaction.snapshot], compaction.compactedIndex, compaction.compactedTerm],
    unfinished === null ? null : [unfinished.type, unfinished.from],
  ];
  return crc32(new TextEncoder().encode(JSON.stringify(ordered)));
}

/** Where in the log a part of an entry belongs: the end of its key. */
export interface Position {
  /** The entry's index. */
  readonly index: LogIndex;
  /** The number of the write that it came with. */
  readonly revision: number;
  /** Which part of the entry it is, from 0 on. */
  readonly part: number;
}

/** What {@linkcode decodePart} found. */
export type ReadPart =
  | { readonly type: "part"; readonly parts: number; readonly bytes: Uint8Array }
  | { readonly type: "damaged"; readonly reason: string };

/** A part's value: checksum, index, revision, part, number of parts; then the bytes. */
const HEADER_BYTES = 4 + 8 + 8 + 4 + 4;

/** The values to store for the bytes of one entry: part 0 and so on, at least one. */
export function encodeParts(entry: Uint8Array, index: LogIndex, revision: number): readonly Uint8Array[] {
  const parts = Math.max(1, Math.ceil(entry.length / MAX_PART_BYTES));
  return Array.from({ length: parts }, (_, part) => {
    const bytes = entry.subarray(part * MAX_PART_BYTES, (part + 1) * MAX_PART_BYTES);
    const value = new Uint8Array(HEADER_BYTES + bytes.length);
    const view = new DataView(value.buffer);
    view.setFloat64(4, index);
    view.setFloat64(12, revision);
    view.setUint32(20, part);
    view.setUint32(24, parts);
    value.set(bytes, HEADER_BYTES);
    view.setUint32(0, crc32(value.subarray(4)));
    return value;
  });
}

/** The part of an entry in a stored value. It says itself where it belongs: a value under a wrong key is damage. */
export function decodePart(value: unknown, { index, revision, part }: Position): ReadPart {
  if (!(value instanceof Uint8Array)) return { type: "damaged", reason: "it holds no bytes" };
  if (value.length < HEADER_BYTES) return { type: "damaged", reason: "it is too short" };
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (view.getUint32(0) !== crc32(value.subarray(4))) {
    return { type: "damaged", reason: "its checksum is wrong" };
  }
  const belongsHere = view.getFloat64(4) === index && view.getFloat64(12) === revision &&
    view.getUint32(20) === part;
  if (!belongsHere) return { type: "damaged", reason: "its value belongs to another key" };
  return { type: "part", parts: view.getUint32(24), bytes: value.subarray(HEADER_BYTES) };
}

/** The key of the head, below `root`: the prefix and the storage's own name. */
export function headKey(root: Key): Key {
  return [...root, "head"];
}

/** The key that all keys of pieces of snapshots begin with. */
export function snapshotKey(root: Key): Key {
  return [...root, "snapshot"];
}

/** The key of what was loaded last. */
export function loadedKey(root: Key): Key {
  return [...root, "loaded"];
}

/** The key that all log keys begin with. */
export function logKey(root: Key): Key {
  return [...root, "log"];
}

/** The key that all keys of the entry at `index` begin with. */
export function entryKey(root: Key, index: LogIndex): Key {
  return [...root, "log", index];
}

/** The key of a part of an entry. */
export function partKey(root: Key, { index, revision, part }: Position): Key {
  return [...root, "log", index, revision, part];
}

/** The position that a log key names, or null if it is none of ours. */
export function positionOf(root: Key, key: Key): Position | null {
  const [index, revision, part, ...more] = key.slice(root.length + 1);
  if (!isCount(index) || !isCount(revision) || !isCount(part) || more.length > 0) return null;
  return { index, revision, part };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Whether the database takes this for a key, or the beginning of one. */
export function isKey(value: unknown): value is Key {
  return Array.isArray(value) &&
    value.every((part) =>
      ["string", "number", "bigint", "boolean"].includes(typeof part) || part instanceof Uint8Array
    );
}

/** How many bytes a key takes in the database. */
export function keyBytes(key: Key): number {
  return key.reduce<number>((sum, part) => sum + keyPartBytes(part), 0);
}

function keyPartBytes(part: Key[number]): number {
  switch (typeof part) {
    case "boolean":
      return 1;
    case "number":
      return 9;
    case "bigint":
      return 3 + part.toString(16).length;
    case "string":
      return stringBytes(new TextEncoder().encode(part));
    case "symbol":
      return 0;
    default:
      return stringBytes(part);
  }
}

/** A tag, the bytes with every zero escaped, and an end mark. */
function stringBytes(bytes: Uint8Array): number {
  return 2 + bytes.length + bytes.reduce((zeros, byte) => zeros + (byte === 0 ? 1 : 0), 0);
}

/** A key as an operator can read it. */
export function formatKey(key: Key): string {
  const parts = key.map((part) => {
    switch (typeof part) {
      case "string":
        return JSON.stringify(part);
      case "bigint":
        return `${part}n`;
      case "object":
        return `Uint8Array [${part.join(", ")}]`;
      case "number":
      case "boolean":
      case "symbol":
        return String(part);
    }
  });
  return `[${parts.join(", ")}]`;
}
