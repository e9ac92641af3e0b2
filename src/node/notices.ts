/**
 * News of the commitIndex that can wait. A leader tells its followers at once what is committed, in an AppendEntries without
 * entries if there are none. While an earlier one with entries is on its way to a follower, the next one soon follows: it
 * brings the news as well. So under load half of all messages, and of their answers, need not be.
 */
import type { AppendEntries, Event, NodeId, ServerState } from "../core/mod.ts";

/** The latest news for each follower that wait. Whatever is sent to a follower later is newer. */
export type Notices = Map<NodeId, AppendEntries>;

/**
 * Whether a message may wait that this event has called for. Not one that has entries, that confirms reads, or that the
 * heartbeat timer asks for: that is also how a leader finds out what was lost on the way.
 */
export function canWait({ role }: ServerState, { type }: Event, { to, entries }: AppendEntries): boolean {
  if (entries.length > 0 || (type !== "received" && type !== "persisted")) return false;
  return role.type === "leader" && role.reads.pending.length === 0 && isAwaited(role.flow, to);
}

/** Takes out what waits no longer: the follower has answered all, and nothing newer was sent. */
export function* due(notices: Notices, { role, currentTerm }: ServerState): Iterable<AppendEntries> {
  for (const [to, message] of notices) {
    const isLeading = role.type === "leader" && message.term === currentTerm;
    if (isLeading && role.reads.pending.length === 0 && isAwaited(role.flow, to)) continue;
    notices.delete(to);
    if (isLeading) yield message;
  }
}

/** Whether an answer to entries is to come from a follower. */
function isAwaited(flow: Readonly<Record<NodeId, { readonly inFlight: readonly unknown[] }>>, to: NodeId) {
  return (flow[to]?.inFlight.length ?? 0) > 0;
}
