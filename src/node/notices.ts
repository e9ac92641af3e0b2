/**
 * News of the commitIndex that may wait. The core tells followers at once what is committed, in messages without entries if
 * there are none to send. But the next entries mostly follow at once, and bring the news as well: so a leader's host keeps
 * such a message back for a moment, and drops it when a newer one leaves. That saves half of all messages and of their
 * answers, and those who proposed are answered before the others are told.
 */
import { type AppendEntries, entryAt, type Event, type ServerState } from "../core/mod.ts";

/** How long news may wait, in milliseconds: well below a heartbeat, so that nobody takes a leader for gone. */
export const noticeMs = 2;

/**
 * Whether a message may wait that a step has called for. Not one that has entries, that confirms reads, that the heartbeat
 * timer asks for (so a leader finds out what was lost on the way), or that somebody waits for at the follower: it proposed
 * what is committed now.
 */
export function canWait(
  before: ServerState,
  event: Event,
  after: ServerState,
  { to, entries }: AppendEntries,
): boolean {
  if (entries.length > 0 || (event.type !== "received" && event.type !== "persisted")) return false;
  if (after.role.type !== "leader" || after.role.reads.pending.length > 0) return false;
  if (after.commitIndex === before.commitIndex) return false;
  const { log } = after;
  for (let index = before.commitIndex + 1; index <= after.commitIndex; index++) {
    const entry = entryAt(log, index);
    if (entry?.type !== "command" || entry.id.node === to) return false;
  }
  return true;
}
