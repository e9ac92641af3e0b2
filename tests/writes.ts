/** Writes to a storage, and the model of what they do. */
import { assert, assertEquals } from "@std/assert";
import type { Command, LogEntry, NoOp, PersistentState, Term, Write } from "../src/core/mod.ts";

/** An entry without a command. */
export function noop(term: Term): NoOp {
  return { type: "noop", term };
}

/** An entry with a command. */
export function command(term: Term, bytes: Uint8Array): Command {
  return { type: "command", term, id: { node: "a", incarnation: 7, sequence: bytes.length }, command: bytes };
}

/** The model: what a storage that held `before` holds after a write. */
export function afterWrite(before: PersistentState | null, write: Write): PersistentState {
  const { currentTerm, votedFor, from, entries, compaction } = write;
  const first = (before?.compaction?.compactedIndex ?? 0) + 1;
  const kept = (compaction?.compactedIndex ?? 0) + 1;
  const stays = (before?.log ?? []).slice(Math.max(0, kept - first), Math.max(0, from - first));
  return {
    currentTerm,
    votedFor,
    log: [...stays, ...entries],
    ...(compaction === undefined ? {} : { compaction }),
  };
}

/** Whether two states are the same. Compares commands itself: `assertEquals` takes seconds for a megabyte. */
export function isSameState(a: PersistentState | null, b: PersistentState | null): boolean {
  if (a === null || b === null) return a === b;
  return JSON.stringify(a.compaction) === JSON.stringify(b.compaction) && a.currentTerm === b.currentTerm &&
    a.votedFor === b.votedFor && a.log.length === b.log.length &&
    a.log.every((entry, at) => isSameEntry(entry, b.log[at]!));
}

function isSameEntry(a: LogEntry, b: LogEntry): boolean {
  if (a.type !== "command" || b.type !== "command") return JSON.stringify(a) === JSON.stringify(b);
  return a.term === b.term && a.id.node === b.id.node && a.id.incarnation === b.id.incarnation &&
    a.id.sequence === b.id.sequence && a.command.length === b.command.length &&
    a.command.every((byte, at) => byte === b.command[at]);
}

/** Fails unless the two states are the same, and says in few lines where they differ. */
export function assertSameState(
  actual: PersistentState | null,
  expected: PersistentState | null,
  when = "",
): void {
  if (isSameState(actual, expected)) return;
  assertEquals(outline(actual), outline(expected), when);
  const at = actual?.log.findIndex((entry, index) => !isSameEntry(entry, expected!.log[index]!)) ?? 0;
  assert(false, `the entries at index ${at + 1} differ ${when}`);
}

/** A state in one line for each stretch of entries of one term. */
export function outline(state: PersistentState | null): readonly string[] {
  if (state === null) return ["nothing"];
  const { currentTerm, votedFor, log } = state;
  const lines = [`term ${currentTerm}, voted for ${votedFor}, ${log.length} entries`];
  log.forEach(({ term }, at) => {
    if (term !== log[at - 1]?.term) lines.push(`term ${term} from index ${at + 1}`);
  });
  return lines;
}
