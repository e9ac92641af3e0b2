/** The consensus core: Raft as one pure function, {@linkcode step}. Imports nothing outside this folder. */
export * from "./assert.ts";
export {
  type Configuration,
  configurationAt,
  configurationOfVoters,
  hasQuorum,
  isJoint,
  latestConfiguration,
  membersOf,
  type PlacedConfiguration,
  quorumIndexOf,
  type Target,
  votersOf,
} from "./configuration.ts";
export { applicableIndex, writeFrom } from "./durability.ts";
export type * from "./effect.ts";
export type * from "./event.ts";
export type * from "./extension.ts";
export type { Flow } from "./flow.ts";
export {
  type Command,
  type Compaction,
  type ConfigurationEntry,
  entriesBetween,
  entriesOf,
  entryAt,
  type Log,
  type LogEntry,
  type LogIndex,
  type NodeId,
  type NoOp,
  type ProposalId,
  type Snapshot,
  type Term,
  termAt,
} from "./log.ts";
export type { Change } from "./membership.ts";
export type * from "./message.ts";
export {
  type Candidate,
  type Config,
  configurationsInUse,
  type Follower,
  initialState,
  knownLeader,
  type Leader,
  type PersistentState,
  type PreCandidate,
  restart,
  type Role,
  type ServerState,
} from "./state.ts";
export {
  type Judgement,
  judgeRequest,
  type KeptAnswer,
  type Session,
  type SessionCommand,
  type SessionOpening,
  type SessionRequest,
  type Sessions,
  sessionsInOrder,
  type Verdict,
  withAnswer,
} from "./session.ts";
export { type Step, step } from "./step.ts";
export { type Timer, timersOf } from "./timer.ts";
export type { LeaderReads, OwnRead, PendingReads } from "./read.ts";
export type { ReceivedSnapshot, SentSnapshot } from "./snapshot.ts";
export type { Transfer } from "./transfer.ts";
