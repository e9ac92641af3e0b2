/** The writes of the process that gets killed. Each follows from the seed, its number and what it finds. */
import type { Compaction, LogEntry, LogIndex, PersistentState, Write } from "../src/core/mod.ts";
import { between, bytesOf, chance, type Random, randomFrom } from "./random.ts";

/** Whose storage it is. */
export const identity = { id: "a", clusterId: "kill", servers: ["a", "b", "c"] };

/**
 * Write number `number`, from 1 on. No two lead to the same state: each leaves its number in votedFor. If its compaction
 * is another than before, the snapshot of this index must be written first.
 */
export function writeNumber(seed: number, number: number, before: PersistentState | null): Write {
  const random = randomFrom(seed * 1_000_003 + number);
  const compacted = before?.compaction?.compactedIndex ?? 0;
  const lastIndex = compacted + (before?.log.length ?? 0);
  const isReplacing = lastIndex - compacted > 3_000 || chance(random, 0.35);
  const latest = Math.min(lastIndex, compacted + 2_000) + 1;
  const isCompacting = number > 1 && lastIndex > (before?.compaction?.snapshot.index ?? 0) &&
    chance(random, 0.1);
  const from = isReplacing && !isCompacting ? between(random, compacted + 1, latest) : lastIndex + 1;
  const currentTerm = (before?.currentTerm ?? 0) + 1;
  const compaction = isCompacting ? compactionUpTo(lastIndex, compacted, random) : before?.compaction;
  return {
    currentTerm,
    votedFor: `write ${number}`,
    from,
    entries: entriesOf(random, number, currentTerm),
    ...compaction && { compaction },
  };
}

/** Whether a write comes with a new snapshot. */
export function isCompacting({ compaction }: Write, before: PersistentState | null): boolean {
  return compaction?.snapshot.index !== before?.compaction?.snapshot.index;
}

/** What the snapshot of an index holds. */
export function snapshotOf(index: LogIndex): Uint8Array {
  return bytesOf(index % 100_003);
}

function compactionUpTo(lastIndex: LogIndex, compacted: LogIndex, random: Random): Compaction {
  const configuration = { voters: ["a"], oldVoters: [], learners: [], target: null, addresses: {} };
  const compactedIndex = between(random, compacted, lastIndex);
  return { snapshot: { index: lastIndex, term: 1, configuration }, compactedIndex, compactedTerm: 1 };
}

/** Whether a write takes more than one commit of Deno KV. */
export function isOversized({ from, entries }: Write, before: PersistentState | null): boolean {
  const lastIndex = (before?.compaction?.compactedIndex ?? 0) + (before?.log.length ?? 0);
  const replaced = Math.max(0, lastIndex - from + 1);
  const isLong = entries.some((entry) => entry.type === "command" && entry.command.length >= 1 << 20);
  return isLong || entries.length + replaced >= 1_000;
}

function entriesOf(random: Random, number: number, term: number): readonly LogEntry[] {
  const kind = random();
  if (kind < 0.1) return [];
  if (kind < 0.2) return [entry(number, 1, term, (1 << 20) + between(random, 0, 1_000))];
  const count = kind < 0.5 ? between(random, 1_100, 2_000) : between(random, 1, 20);
  return Array.from({ length: count }, (_, sequence) => entry(number, sequence, term, sequence % 50));
}

function entry(incarnation: number, sequence: number, term: number, length: number): LogEntry {
  return { type: "command", term, id: { node: "a", incarnation, sequence }, command: bytesOf(length) };
}
