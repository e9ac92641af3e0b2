/** The consensus core: Raft as one pure function, {@linkcode step}. Imports nothing outside this folder. */
export * from "./assert.ts";
export { applicableIndex, writeFrom } from "./durability.ts";
export type * from "./effect.ts";
export type * from "./event.ts";
export {
  type Command,
  entriesBetween,
  entriesOf,
  entryAt,
  type Log,
  type LogEntry,
  type LogIndex,
  type NodeId,
  type NoOp,
  type ProposalId,
  type Term,
  termAt,
} from "./log.ts";
export type * from "./message.ts";
export {
  type Candidate,
  type Config,
  type Follower,
  initialState,
  knownLeader,
  type Leader,
  type PersistentState,
  restart,
  type Role,
  type ServerState,
} from "./state.ts";
export { type Step, step } from "./step.ts";
export { type Timer, timersOf } from "./timer.ts";
