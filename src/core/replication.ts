/** Log replication (§5.3), and when an entry is committed (§5.3, §5.4.2). */
import { assert } from "./assert.ts";
import { latestConfiguration, quorumIndexOf } from "./configuration.ts";
import type { Send } from "./effect.ts";
import { mayCarryEntries, noteAcknowledged, noteRefused, noteSent } from "./flow.ts";
import {
  append,
  entriesBetween,
  lastIndexUpTo,
  type Log,
  type LogEntry,
  type LogIndex,
  type NodeId,
  termAt,
  truncate,
} from "./log.ts";
import type {
  AppendEntries,
  AppendEntriesFailure,
  AppendEntriesResponse,
  AppendEntriesSuccess,
  InstallSnapshotResponse,
} from "./message.ts";
import { beginSnapshots, onInstallSnapshotResponse, without } from "./snapshot.ts";
import { type Leader, others, type ServerState } from "./state.ts";
import type { Step } from "./step.ts";

/** §5.3: the leader appends to its log, and sends the new entries to everyone. */
export function appendAsLeader(state: ServerState, entries: readonly LogEntry[]): Step {
  const appended = { ...state, log: append(state.log, entries) };
  return replicate(appended, others(appended));
}

/** §5.2: a heartbeat to everyone; it repeats what was lost, as a follower that misses entries refuses it. */
export function replicateToAll(state: ServerState): Step {
  return replicate(state, others(state));
}

/** Figure 2, "AppendEntries RPC", receiver implementation 1 to 5. */
export function onAppendEntries(state: ServerState, request: AppendEntries): Step {
  if (request.term < state.currentTerm) return refuse(state, request);
  assert(state.role.type !== "leader", "a leader hears of no other leader of its term (§5.2)");
  const follower: ServerState = { ...state, role: { type: "follower", leaderId: request.from } };
  const { state: after, effects } = storeEntries(follower, request);
  return { state: after, effects: [{ type: "startTimer", timer: "election" }, ...effects] };
}

/** Figure 2, "Rules for Servers", leaders: what a follower's answer changes. */
export function onAppendEntriesResponse(state: ServerState, response: AppendEntriesResponse): Step {
  const { role } = state;
  const matched = role.type === "leader" ? role.matchIndex[response.from] : undefined;
  if (role.type !== "leader" || matched === undefined || response.term !== state.currentTerm) {
    return { state, effects: [] };
  }
  return response.success
    ? onSuccess(state, role, matched, response)
    : onFailure(state, role, matched, response);
}

/**
 * §5.3: an entry is committed when a majority stores it durably; §5.4.2: only an entry of the leader's own term
 * by counting, and with it all before. Followers learn of it at once.
 */
export function advanceCommitIndex(state: ServerState): Step {
  if (state.role.type !== "leader") return { state, effects: [] };
  const index = quorumIndexOf(
    latestConfiguration(state.log).configuration,
    (server) => storedIndex(state, server),
  );
  if (index <= state.commitIndex || termAt(state.log, index) !== state.currentTerm) {
    return { state, effects: [] };
  }
  return replicate({ ...state, commitIndex: index }, others(state));
}

/** Up to where a server stores the log durably, as far as the leader knows; itself, by what its disk has taken. */
function storedIndex(state: ServerState, server: NodeId): LogIndex {
  if (server === state.config.id) return state.durableIndex;
  return state.role.type === "leader" ? state.role.matchIndex[server] ?? 0 : 0;
}

/** §7: a follower has taken a chunk of a snapshot; when it has all, the log goes on from there. */
export function onSnapshotProgress(state: ServerState, response: InstallSnapshotResponse): Step {
  const progress = onInstallSnapshotResponse(state, response);
  return progress.isDone ? replicate(progress.state, [response.from]) : progress;
}

function onSuccess(
  state: ServerState,
  role: Leader,
  matched: LogIndex,
  response: AppendEntriesSuccess,
): Step {
  const { from } = response;
  const matchIndex = Math.max(matched, response.matchIndex);
  const nextIndex = Math.max(role.nextIndex[from] ?? 1, matchIndex + 1);
  const known: ServerState = {
    ...state,
    role: {
      ...role,
      matchIndex: { ...role.matchIndex, [from]: matchIndex },
      nextIndex: { ...role.nextIndex, [from]: nextIndex },
      flow: noteAcknowledged(role.flow, from, matchIndex),
      snapshots: nextIndex > state.log.compactedIndex ? without(role.snapshots, from) : role.snapshots,
    },
  };
  const committed = advanceCommitIndex(known);
  if (committed.state !== known) return committed;
  return nextIndex <= known.log.lastIndex ? replicate(known, [from]) : committed;
}

/** §5.3: back up and try again. A refusal that an earlier back-up or a later success has overtaken is stale. */
function onFailure(
  state: ServerState,
  role: Leader,
  matched: LogIndex,
  response: AppendEntriesFailure,
): Step {
  const { from, prevLogIndex } = response;
  const next = role.nextIndex[from] ?? 1;
  if (prevLogIndex <= matched || prevLogIndex >= next) return { state, effects: [] };
  const backedUp = Math.max(matched + 1, Math.min(prevLogIndex, afterConflict(state.log, response)));
  const known: ServerState = {
    ...state,
    role: {
      ...role,
      nextIndex: { ...role.nextIndex, [from]: backedUp },
      flow: noteRefused(state, role.flow, from),
    },
  };
  return replicate(known, [from]);
}

/** End of §5.3: past the leader's last entry of the conflicting term, or else where the follower's begins. */
function afterConflict(
  log: Log,
  { conflictTerm, conflictIndex, prevLogIndex }: AppendEntriesFailure,
): LogIndex {
  const last = lastIndexUpTo(log, conflictTerm, prevLogIndex);
  return conflictTerm > 0 && termAt(log, last) === conflictTerm ? last + 1 : conflictIndex;
}

/**
 * Sends each of `servers` what follows its nextIndex, and counts it as sent (thesis 10.2.2, pipelining): if it
 * is lost, the follower refuses the next message, and nextIndex backs up.
 */
function replicate(state: ServerState, servers: readonly NodeId[]): Step {
  const { role, log } = state;
  assert(role.type === "leader", "only a leader replicates");
  const { round } = role.reads;
  const nextIndex: Record<NodeId, LogIndex> = { ...role.nextIndex };
  const behind: NodeId[] = [];
  let { flow } = role;
  const effects = servers.map((server): Send => {
    const next = nextIndex[server] ?? 1;
    // What comes next is compacted: a snapshot must replace it (§7). Until then this is only a sign of life.
    const isBehind = next <= log.compactedIndex;
    if (isBehind) behind.push(server);
    const prevLogIndex = isBehind ? log.compactedIndex : next - 1;
    const entries = isBehind || !mayCarryEntries(state, role, server) ? [] : entriesToSend(state, next);
    flow = noteSent(state, flow, server, { entries, lastIndex: prevLogIndex + entries.length });
    nextIndex[server] = next + entries.length;
    return { type: "send", message: appendEntries(state, server, { prevLogIndex, entries, round }) };
  });
  const sent = { ...state, role: { ...role, nextIndex, flow } };
  if (behind.length === 0) return { state: sent, effects };
  const snapshots = beginSnapshots(sent, behind);
  return { state: snapshots.state, effects: [...effects, ...snapshots.effects] };
}

function appendEntries(
  state: ServerState,
  to: NodeId,
  { prevLogIndex, entries, round }: Pick<AppendEntries, "prevLogIndex" | "entries" | "round">,
): AppendEntries {
  return {
    type: "AppendEntries",
    from: state.config.id,
    to,
    term: state.currentTerm,
    prevLogIndex,
    prevLogTerm: termAt(state.log, prevLogIndex),
    entries,
    leaderCommit: state.commitIndex,
    round,
  };
}

/** As many entries as one message may carry, but at least one if there is one. */
function entriesToSend({ log, config }: ServerState, from: LogIndex): readonly LogEntry[] {
  const entries = entriesBetween(log, from, from + config.maxEntriesPerAppend - 1);
  let bytes = 0;
  const tooMany = entries.findIndex((entry, position) => {
    bytes += entry.type === "command" ? entry.command.byteLength : 0;
    return position > 0 && bytes > config.maxBytesPerAppend;
  });
  return tooMany === -1 ? entries : entries.slice(0, tooMany);
}

/** Receiver implementation 2 to 5: the consistency check, the entries, the commitIndex. */
function storeEntries(state: ServerState, request: AppendEntries): Step {
  const { prevLogIndex, prevLogTerm, entries } = request;
  if (prevLogIndex < state.log.compactedIndex) return acknowledge(state, request, state.commitIndex);
  const matches = prevLogIndex <= state.log.lastIndex && termAt(state.log, prevLogIndex) === prevLogTerm;
  if (!matches) return refuse(state, request);
  const matchIndex = prevLogIndex + entries.length;
  const commitIndex = Math.max(state.commitIndex, Math.min(request.leaderCommit, matchIndex));
  const log = mergeEntries(state.log, prevLogIndex, entries);
  return acknowledge({ ...state, log, commitIndex }, request, matchIndex);
}

/** All up to the commitIndex agrees with any leader's log, also where it is compacted (§5.4). */
function acknowledge(state: ServerState, request: AppendEntries, matchIndex: LogIndex): Step {
  const response: AppendEntriesSuccess = {
    type: "AppendEntriesResponse",
    from: state.config.id,
    to: request.from,
    term: state.currentTerm,
    success: true,
    matchIndex,
    round: request.round,
  };
  return { state, effects: [{ type: "send", message: response }] };
}

/**
 * §5.3: an entry that conflicts is deleted with all that follow it. What agrees stays, also beyond the new
 * entries: the message may be an old one, and what came later may be acknowledged already.
 */
function mergeEntries(log: Log, prevLogIndex: LogIndex, entries: readonly LogEntry[]): Log {
  const isNew = (entry: LogEntry, position: number) => {
    const index = prevLogIndex + 1 + position;
    return index > log.lastIndex || termAt(log, index) !== entry.term;
  };
  const firstNew = entries.findIndex(isNew);
  if (firstNew === -1) return log;
  return append(truncate(log, prevLogIndex + firstNew), entries.slice(firstNew));
}

/** Says where the leader should try next: at the first entry of the conflicting term (end of §5.3). */
function refuse(state: ServerState, request: AppendEntries): Step {
  const { log } = state;
  const tooShort = request.prevLogIndex > log.lastIndex;
  const conflictTerm = tooShort ? 0 : termAt(log, request.prevLogIndex);
  const conflictIndex = tooShort
    ? log.lastIndex + 1
    : lastIndexUpTo(log, conflictTerm - 1, request.prevLogIndex) + 1;
  const response: AppendEntriesFailure = {
    type: "AppendEntriesResponse",
    from: state.config.id,
    to: request.from,
    term: state.currentTerm,
    success: false,
    prevLogIndex: request.prevLogIndex,
    conflictTerm,
    conflictIndex,
    // A round of an earlier term confirms nothing in this one.
    round: request.term === state.currentTerm ? request.round : 0,
  };
  return { state, effects: [{ type: "send", message: response }] };
}
