/** What every storage expects of a write. */
import { assert, type Compaction, type LogIndex, type Write } from "../core/mod.ts";

/** Fails unless a write continues or replaces the end of what is stored, or a snapshot replaces all of it. */
export function assertFollows(
  { from, compaction }: Write,
  before: { readonly lastIndex: LogIndex; readonly compaction: Compaction | null },
): void {
  const first = (before.compaction?.compactedIndex ?? 0) + 1;
  const kept = (compaction?.compactedIndex ?? 0) + 1;
  assert(
    from === kept || (from >= first && from <= before.lastIndex + 1),
    "a write leaves no gap in the log",
  );
}
