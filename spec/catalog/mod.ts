/** The catalog: specs by name. */
import { raft } from "../raft/mod.ts";
import type { Specification } from "../dsl/specification.ts";
import { alternatingBit } from "./alternating_bit.ts";
import { atomicCommitment } from "./atomic_commitment.ts";
import { dieHard } from "./die_hard.ts";
import { diningPhilosophers } from "./dining_philosophers.ts";
import { ewd840 } from "./ewd840.ts";
import { handover } from "./handover.ts";
import { lock } from "./lock.ts";
import { lamportMutex } from "./lamport_mutex.ts";
import { missionariesAndCannibals } from "./missionaries_and_cannibals.ts";
import { ongaroRaft } from "./ongaro_raft.ts";
import { paxos, paxosAsVoting } from "./paxos.ts";
import { paxosRegister } from "./paxos_register.ts";
import { peterson } from "./peterson.ts";
import { pingPong } from "./ping_pong.ts";
import { raftLite } from "./raft_lite.ts";
import { readersWriters } from "./readers_writers.ts";
import { registerAbd } from "./register_abd.ts";
import { singleCopyRegister } from "./single_copy_register.ts";
import { terminationDetection } from "./termination_detection.ts";
import { transactionCommit } from "./transaction_commit.ts";
import { twoPhaseCommit, twoPhaseCommitAsTransactionCommit } from "./two_phase_commit.ts";
import { voting } from "./voting.ts";

/** The specs of the catalog, by their names. */
export const catalog: Readonly<Record<string, Specification>> = {
  raft: raft(),
  die_hard: dieHard,
  missionaries_and_cannibals: missionariesAndCannibals,
  transaction_commit: transactionCommit,
  two_phase_commit: twoPhaseCommit,
  two_phase_commit_as_transaction_commit: twoPhaseCommitAsTransactionCommit,
  voting,
  paxos,
  paxos_as_voting: paxosAsVoting,
  lock,
  peterson,
  dining_philosophers: diningPhilosophers,
  termination_detection: terminationDetection,
  ewd840,
  readers_writers: readersWriters,
  handover,
  alternating_bit: alternatingBit,
  lamport_mutex: lamportMutex,
  atomic_commitment: atomicCommitment,
  ongaro_raft: ongaroRaft,
  raft_lite: raftLite,
  ping_pong: pingPong,
  single_copy_register: singleCopyRegister,
  register_abd: registerAbd,
  paxos_register: paxosRegister,
};
