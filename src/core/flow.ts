/**
 * Flow control: how much may be on its way to a follower, and how much may wait to be committed. Optimistic, as before: what
 * is sent counts as received until a refusal shows that it was not; then one message at a time probes what the follower has.
 */
import { entriesBetween, type LogEntry, type LogIndex, type NodeId } from "./log.ts";
import type { Proposal } from "./message.ts";
import type { Leader, ServerState } from "./state.ts";

/** What is on its way to a follower. */
export interface Flow {
  /** Messages with entries that were not acknowledged yet, the oldest first. */
  readonly inFlight: readonly {
    /** The index of the last entry in it. */
    readonly lastIndex: LogIndex;
    /** The bytes of its commands. */
    readonly bytes: number;
  }[];
  /** Whether nobody knows what it has: then it gets one message at a time. */
  readonly isProbing: boolean;
}

const idle: Flow = { inFlight: [], isProbing: false };

/** Whether a message with entries may leave for this server now. One without always may. */
export function mayCarryEntries({ config }: ServerState, { flow }: Leader, server: NodeId): boolean {
  const { maxInFlightMessages = Infinity, maxInFlightBytes = Infinity } = config;
  const { inFlight, isProbing } = flow[server] ?? idle;
  if (inFlight.length === 0) return true;
  const bytes = inFlight.reduce((sum, message) => sum + message.bytes, 0);
  return !isProbing && inFlight.length < maxInFlightMessages && bytes < maxInFlightBytes;
}

/** Notes that these entries, the last one at `lastIndex`, have left for a server. */
export function noteSent(
  { config }: ServerState,
  flow: Leader["flow"],
  server: NodeId,
  { entries, lastIndex }: { readonly entries: readonly LogEntry[]; readonly lastIndex: LogIndex },
): Leader["flow"] {
  if (entries.length === 0 || !isLimited(config)) return flow;
  const known = flow[server] ?? idle;
  const inFlight = [...known.inFlight, { lastIndex, bytes: bytesOf(entries) }];
  return { ...flow, [server]: { ...known, inFlight } };
}

/** Notes that a server has all up to `matchIndex`. */
export function noteAcknowledged(flow: Leader["flow"], server: NodeId, matchIndex: LogIndex): Leader["flow"] {
  const known = flow[server];
  if (known === undefined) return flow;
  const inFlight = known.inFlight.filter(({ lastIndex }) => lastIndex > matchIndex);
  return { ...flow, [server]: { inFlight, isProbing: false } };
}

/** Notes that something got lost on its way to a server: what followed it was in vain. */
export function noteRefused({ config }: ServerState, flow: Leader["flow"], server: NodeId): Leader["flow"] {
  return isLimited(config) ? { ...flow, [server]: { inFlight: [], isProbing: true } } : flow;
}

/** How many of these proposals there is room for: one is always taken, however long, if nothing else waits. */
export function roomFor(state: ServerState, proposals: readonly Proposal[]): number {
  const { role, config: { maxUncommittedBytes = Infinity } } = state;
  if (role.type !== "leader" || maxUncommittedBytes === Infinity) return proposals.length;
  let bytes = role.uncommittedBytes;
  const room = proposals.findIndex(({ command }) => {
    const isFull = bytes > 0 && bytes + command.byteLength > maxUncommittedBytes;
    bytes += command.byteLength;
    return isFull;
  });
  return room === -1 ? proposals.length : room;
}

/** Notes what this step appended, and what it committed. Part of every step. */
export function noteUncommitted(before: ServerState, after: ServerState): ServerState {
  const { role, log, config } = after;
  if (config.maxUncommittedBytes === undefined || role.type !== "leader") return after;
  const from = before.log.lastIndex;
  const appended = log.lastIndex > from ? bytesOf(entriesBetween(log, from + 1, log.lastIndex)) : 0;
  const first = Math.max(before.commitIndex, log.compactedIndex) + 1;
  const committed = after.commitIndex >= first ? bytesOf(entriesBetween(log, first, after.commitIndex)) : 0;
  if (appended === committed) return after;
  const uncommittedBytes = Math.max(0, role.uncommittedBytes + appended - committed);
  return { ...after, role: { ...role, uncommittedBytes } };
}

function isLimited({ maxInFlightMessages, maxInFlightBytes }: ServerState["config"]): boolean {
  return maxInFlightMessages !== undefined || maxInFlightBytes !== undefined;
}

function bytesOf(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, entry) => sum + (entry.type === "command" ? entry.command.byteLength : 0), 0);
}
