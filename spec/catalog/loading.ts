/** The specs of the catalog, by their names; each is loaded when somebody asks for it. */
import type { Specification } from "../dsl/specification.ts";

/** What loads each spec. */
export const catalog: Readonly<Record<string, () => Promise<Specification>>> = {
  raft: async () => (await import("../raft/mod.ts")).raft(),
  die_hard: async () => (await import("./die_hard.ts")).dieHard,
  missionaries_and_cannibals: async () =>
    (await import("./missionaries_and_cannibals.ts")).missionariesAndCannibals,
  transaction_commit: async () => (await import("./transaction_commit.ts")).transactionCommit,
  two_phase_commit: async () => (await import("./two_phase_commit.ts")).twoPhaseCommit,
  two_phase_commit_as_transaction_commit: async () =>
    (await import("./two_phase_commit.ts")).twoPhaseCommitAsTransactionCommit,
  voting: async () => (await import("./voting.ts")).voting,
  paxos: async () => (await import("./paxos.ts")).paxos,
  paxos_as_voting: async () => (await import("./paxos.ts")).paxosAsVoting,
  lock: async () => (await import("./lock.ts")).lock,
  peterson: async () => (await import("./peterson.ts")).peterson,
  dining_philosophers: async () => (await import("./dining_philosophers.ts")).diningPhilosophers,
  termination_detection: async () => (await import("./termination_detection.ts")).terminationDetection,
  ewd840: async () => (await import("./ewd840.ts")).ewd840,
  readers_writers: async () => (await import("./readers_writers.ts")).readersWriters,
  handover: async () => (await import("./handover.ts")).handover,
  alternating_bit: async () => (await import("./alternating_bit.ts")).alternatingBit,
  lamport_mutex: async () => (await import("./lamport_mutex.ts")).lamportMutex,
  atomic_commitment: async () => (await import("./atomic_commitment.ts")).atomicCommitment,
  ongaro_raft: async () => (await import("./ongaro_raft.ts")).ongaroRaft,
  raft_lite: async () => (await import("./raft_lite.ts")).raftLite,
  ping_pong: async () => (await import("./ping_pong.ts")).pingPong,
  single_copy_register: async () => (await import("./single_copy_register.ts")).singleCopyRegister,
  register_abd: async () => (await import("./register_abd.ts")).registerAbd,
  paxos_register: async () => (await import("./paxos_register.ts")).paxosRegister,
};
