/** The writes of the process that gets killed. Each follows from the seed, its number and what it finds. */
import type { LogEntry, PersistentState, Write } from "../src/core/mod.ts";
import { between, bytesOf, chance, type Random, randomFrom } from "./random.ts";

/** Whose storage it is. */
export const identity = { id: "a", clusterId: "kill", servers: ["a", "b", "c"] };

/** Write number `number`, from 1 on. No two lead to the same state: each leaves its number in votedFor. */
export function writeNumber(seed: number, number: number, before: PersistentState | null): Write {
  const random = randomFrom(seed * 1_000_003 + number);
  const lastIndex = before?.log.length ?? 0;
  const isReplacing = lastIndex > 3_000 || chance(random, 0.35);
  const from = isReplacing ? between(random, 1, Math.min(lastIndex, 2_000) + 1) : lastIndex + 1;
  const currentTerm = (before?.currentTerm ?? 0) + 1;
  return { currentTerm, votedFor: `write ${number}`, from, entries: entriesOf(random, number, currentTerm) };
}

/** Whether a write takes more than one commit. */
export function isOversized({ from, entries }: Write, before: PersistentState | null): boolean {
  const replaced = Math.max(0, (before?.log.length ?? 0) - from + 1);
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
