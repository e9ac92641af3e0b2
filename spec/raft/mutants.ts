/** Mutants: each is the core with one line wrong, and shows what breaks without that line. */
import type { Parameters } from "../dsl/specification.ts";
import { extensionMutants } from "./mutants_extensions.ts";
import { sessionMutants } from "./mutants_sessions.ts";
import { livenessMutants } from "./mutants_liveness.ts";

/** One wrong line. */
export interface Mutant {
  /** The name, for `deno task break NAME`. */
  readonly name: string;
  /** What the server does wrong, in a sentence. */
  readonly sentence: string;
  /** The name of the property that it violates. */
  readonly property: string;
  /** The values of the parameters with which it is found fast. */
  readonly bounds: Parameters;
  /** How deep to search for it. */
  readonly depth: number;
  /** The start from which to search; the initial state if left out. */
  readonly from?: string;
  /** The file, from the top of the project. */
  readonly file: string;
  /** The right line, which occurs once in the file. */
  readonly line: string;
  /** The wrong line. */
  readonly becomes: string;
}

const noDisk = { crashes: 0, slow: 0 };
const noProposals = { proposals: 0 };

/** The mutants, in the order of the paper, then those of the extensions. */
export const mutants: readonly Mutant[] = [
  {
    name: "vote-twice",
    sentence: "a server votes for every candidate that asks (§5.2)",
    property: "Election Safety",
    bounds: { ...noDisk, ...noProposals },
    depth: 8,
    file: "src/core/election.ts",
    line: "    (state.votedFor === null || state.votedFor === request.from) &&",
    becomes: "    true &&",
  },
  {
    name: "minority-quorum",
    sentence: "a third of the servers is enough for a majority (§5.2)",
    property: "Election Safety",
    bounds: { ...noDisk, ...noProposals },
    depth: 8,
    file: "src/core/quorum.ts",
    line: "  return 2 * members.length > servers.length;",
    becomes: "  return 3 * members.length >= servers.length;",
  },
  {
    name: "half-quorum",
    sentence: "half of an even cluster is enough for a majority (§5.2)",
    property: "Election Safety",
    bounds: { servers: 2, ...noDisk, ...noProposals },
    depth: 8,
    file: "src/core/quorum.ts",
    line: "  return 2 * members.length > servers.length;",
    becomes: "  return 2 * members.length >= servers.length;",
  },
  {
    name: "stale-vote-counted",
    sentence: "a candidate counts a vote that it got in an earlier election (§5.2)",
    property: "Election Safety",
    bounds: { ...noDisk, ...noProposals, timeouts: 3 },
    depth: 9,
    file: "src/core/election.ts",
    line: "  if (response.term !== state.currentTerm) return { state, effects: [] };",
    becomes: "",
  },
  {
    name: "vote-cleared-on-stepping-down",
    sentence: "a candidate that hears of the leader of its term forgets whom it voted for (§5.2)",
    property: "One Vote A Term",
    bounds: { ...noDisk, ...noProposals, timeouts: 3 },
    depth: 9,
    file: "src/core/replication.ts",
    line: '  const follower: ServerState = { ...state, role: { type: "follower", leaderId: request.from } };',
    becomes:
      '  const follower: ServerState = { ...state, votedFor: null, role: { type: "follower", leaderId: request.from } };',
  },
  {
    name: "vote-for-staler-log",
    sentence: "a server votes for a candidate whose log is less up-to-date than its own (§5.4.1)",
    property: "Leader Completeness",
    bounds: noDisk,
    depth: 10,
    file: "src/core/election.ts",
    line: "    isUpToDate(request, state) &&",
    becomes: "    true &&",
  },
  {
    name: "longer-log-wins",
    sentence: "of two logs the longer one counts as more up-to-date, whatever its last term (§5.4.1)",
    property: "Leader Completeness",
    bounds: { slow: 0 },
    from: "divided",
    depth: 10,
    file: "src/core/election.ts",
    line: "  if (request.lastLogTerm !== ownLastTerm) return request.lastLogTerm > ownLastTerm;",
    becomes: "",
  },
  {
    name: "old-leader-obeyed",
    sentence: "a follower accepts entries of a leader whose term is over (§5.1)",
    property: "Acknowledged On A Majority Of Disks",
    bounds: noDisk,
    depth: 10,
    file: "src/core/replication.ts",
    line: "  if (request.term < state.currentTerm) return refuse(state, request);",
    becomes: "",
  },
  {
    name: "no-consistency-check",
    sentence: "a follower accepts entries without the one before them (§5.3)",
    property: "Log Matching",
    bounds: noDisk,
    depth: 10,
    file: "src/core/replication.ts",
    line:
      "  const matches = prevLogIndex <= state.log.lastIndex && termAt(state.log, prevLogIndex) === prevLogTerm;",
    becomes: "  const matches = true;",
  },
  {
    name: "consistency-check-without-term",
    sentence: "a follower checks that it has an entry before the new ones, but not its term (§5.3)",
    property: "Log Matching",
    bounds: noDisk,
    depth: 10,
    file: "src/core/replication.ts",
    line:
      "  const matches = prevLogIndex <= state.log.lastIndex && termAt(state.log, prevLogIndex) === prevLogTerm;",
    becomes: "  const matches = prevLogIndex <= state.log.lastIndex;",
  },
  {
    name: "no-truncation",
    sentence: "a follower keeps entries that conflict with the leader's (§5.3)",
    property: "Log Matching",
    bounds: noDisk,
    depth: 10,
    file: "src/core/replication.ts",
    line: "  return append(truncate(log, prevLogIndex + firstNew), entries.slice(firstNew));",
    becomes: "  return append(log, entries.slice(firstNew));",
  },
  {
    name: "truncation-without-conflict",
    sentence: "a follower cuts its log at an old message, and with it what it acknowledged since (§5.3)",
    property: "Acknowledged On A Majority Of Disks",
    bounds: noDisk,
    depth: 10,
    file: "src/core/replication.ts",
    line: "  if (firstNew === -1) return log;",
    becomes: "  if (firstNew === -1) return truncate(log, prevLogIndex + entries.length);",
  },
  {
    name: "commit-past-what-matches",
    sentence: "a follower takes over the leader's commitIndex for entries that it doesn't have (§5.3)",
    property: "Local Claims",
    bounds: noDisk,
    from: "lag",
    depth: 7,
    file: "src/core/replication.ts",
    line: "  const commitIndex = Math.max(state.commitIndex, Math.min(request.leaderCommit, matchIndex));",
    becomes: "  const commitIndex = Math.max(state.commitIndex, request.leaderCommit);",
  },
  {
    name: "commit-index-goes-back",
    sentence: "a follower believes an old message about what is committed (§5.3)",
    property: "Local Claims",
    bounds: noDisk,
    depth: 10,
    file: "src/core/replication.ts",
    line: "  const commitIndex = Math.max(state.commitIndex, Math.min(request.leaderCommit, matchIndex));",
    becomes: "  const commitIndex = Math.min(request.leaderCommit, matchIndex);",
  },
  {
    name: "leader-overwrites",
    sentence: "a leader that appends drops what it has not committed yet (§5.3)",
    property: "Leader Append-Only",
    bounds: noDisk,
    depth: 8,
    file: "src/core/replication.ts",
    line: "  const appended = { ...state, log: append(state.log, entries) };",
    becomes: "  const appended = { ...state, log: append(truncate(state.log, state.commitIndex), entries) };",
  },
  {
    name: "commit-of-an-old-term",
    sentence: "a leader commits an entry of an earlier term by counting (§5.4.2, Figure 8)",
    property: "Leader Completeness",
    bounds: { ...noDisk, ...noProposals },
    from: "repair",
    depth: 10,
    file: "src/core/replication.ts",
    line: "  if (index <= state.commitIndex || termAt(state.log, index) !== state.currentTerm) {",
    becomes: "  if (index <= state.commitIndex) {",
  },
  {
    name: "match-index-goes-back",
    sentence: "a leader believes an old acknowledgement rather than a newer one (§5.3)",
    property: "Local Claims",
    bounds: noDisk,
    depth: 10,
    file: "src/core/replication.ts",
    line: "  const matchIndex = Math.max(matched, response.matchIndex);",
    becomes: "  const matchIndex = response.matchIndex;",
  },
  {
    name: "commit-without-majority",
    sentence: "a leader commits what one follower stores, or none (§5.3)",
    property: "Acknowledged On A Majority Of Disks",
    bounds: noDisk,
    depth: 8,
    file: "src/core/quorum.ts",
    line: "  return descending[Math.floor(descending.length / 2)] ?? 0;",
    becomes: "  return descending[0] ?? 0;",
  },
  {
    name: "vote-not-persisted",
    sentence: "a vote is not on disk, and a crash forgets it (§5.2, Figure 2)",
    property: "One Vote A Term",
    bounds: { ...noProposals, slow: 0 },
    depth: 9,
    file: "src/core/durability.ts",
    line:
      "  return { currentTerm, votedFor, from, entries: entriesBetween(log, from, log.lastIndex), ...compaction };",
    becomes:
      "  return { currentTerm, votedFor: null, from, entries: entriesBetween(log, from, log.lastIndex), ...compaction };",
  },
  {
    name: "own-vote-counted-early",
    sentence: "a candidate counts its own vote before it is durable (§5.2)",
    property: "One Vote A Term",
    bounds: noProposals,
    depth: 9,
    file: "src/core/election.ts",
    line: '    role: { type: "candidate", votesGranted: [] },',
    becomes: '    role: { type: "candidate", votesGranted: [state.config.id] },',
  },
  {
    name: "send-before-persist",
    sentence: "votes and acknowledgements leave before they are durable (Figure 2)",
    property: "One Vote A Term",
    bounds: noProposals,
    depth: 9,
    file: "src/core/durability.ts",
    line: "      return !earlyMessages.includes(effect.message.type);",
    becomes: "      return false;",
  },
  {
    name: "vote-request-before-persist",
    sentence:
      "a candidate asks for votes before its own is durable, and may lead a term that it forgets (§5.2)",
    property: "Local Claims",
    bounds: { ...noProposals, crashes: 0 },
    depth: 8,
    file: "src/core/durability.ts",
    line: '  "AppendEntries",',
    becomes: '  "AppendEntries", "RequestVote",',
  },
  {
    name: "no-barrier",
    sentence: "a repeated AppendEntries is acknowledged while its entry is still being written (Figure 2)",
    property: "Acknowledged On A Majority Of Disks",
    bounds: { crashes: 0 },
    depth: 9,
    file: "src/core/durability.ts",
    line: "  if (!changed && late.length === 0) return { state, effects };",
    becomes: "  if (!changed) return { state, effects };",
  },
  {
    name: "leader-counts-itself-early",
    sentence: "a leader counts its own copy of an entry before its disk has it (thesis 10.2.1)",
    property: "Acknowledged On A Majority Of Disks",
    bounds: { crashes: 0 },
    depth: 9,
    file: "src/core/replication.ts",
    line: "  if (server === state.config.id) return state.durableIndex;",
    becomes: "  if (server === state.config.id) return state.log.lastIndex;",
  },
  {
    name: "restart-forgets-term",
    sentence: "a server restarts in term 0, whatever its disk says (Figure 2)",
    property: "Never Back On Disk",
    bounds: { ...noProposals, slow: 0 },
    depth: 8,
    file: "src/core/state.ts",
    line: "    currentTerm: persisted.currentTerm,",
    becomes: "    currentTerm: 0,",
  },
  {
    name: "restart-forgets-vote",
    sentence: "a server restarts without its vote, whatever its disk says (Figure 2)",
    property: "One Vote A Term",
    bounds: { ...noProposals, slow: 0 },
    depth: 8,
    file: "src/core/state.ts",
    line: "    votedFor: persisted.votedFor,",
    becomes: "    votedFor: null,",
  },
  {
    name: "restart-forgets-log",
    sentence: "a server restarts with an empty log, whatever its disk says (Figure 2)",
    property: "Acknowledged On A Majority Of Disks",
    bounds: { slow: 0 },
    depth: 10,
    file: "src/core/state.ts",
    line: "  const log = logOf(persisted.log, configurationOfVoters(config.servers), compaction);",
    becomes: "  const log = logOf([], configurationOfVoters(config.servers), compaction);",
  },
  {
    name: "truncation-keeps-unfinished-writes",
    sentence: "a write that is done makes an entry durable that was deleted while it was written (Figure 2)",
    property: "Local Claims",
    bounds: { crashes: 0, timeouts: 1, proposals: 2 },
    from: "leader",
    depth: 10,
    file: "src/core/durability.ts",
    line: "    unfinishedWrites: [...state.unfinishedWrites.map(kept), state.log.lastIndex],",
    becomes: "    unfinishedWrites: [...state.unfinishedWrites, state.log.lastIndex],",
  },
  ...extensionMutants,
  ...sessionMutants,
  ...livenessMutants,
];
