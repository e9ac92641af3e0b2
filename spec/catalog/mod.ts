/** The catalog: specs by name. */
import { raft } from "../raft/mod.ts";
import type { Specification } from "../dsl/specification.ts";
import { atomicCommitment } from "./atomic_commitment.ts";
import { dieHard } from "./die_hard.ts";
import { diningPhilosophers } from "./dining_philosophers.ts";
import { ewd840 } from "./ewd840.ts";
import { missionariesAndCannibals } from "./missionaries_and_cannibals.ts";
import { paxos } from "./paxos.ts";
import { paxosRegister } from "./paxos_register.ts";
import { peterson } from "./peterson.ts";
import { raftLite } from "./raft_lite.ts";
import { readersWriters } from "./readers_writers.ts";
import { registerAbd } from "./register_abd.ts";
import { singleCopyRegister } from "./single_copy_register.ts";
import { transactionCommit } from "./transaction_commit.ts";
import { twoPhaseCommit } from "./two_phase_commit.ts";
import { voting } from "./voting.ts";

/** The specs of the catalog, by their names. */
export const catalog: Readonly<Record<string, Specification>> = {
  raft: raft(),
  die_hard: dieHard,
  missionaries_and_cannibals: missionariesAndCannibals,
  transaction_commit: transactionCommit,
  two_phase_commit: twoPhaseCommit,
  voting,
  paxos,
  peterson,
  dining_philosophers: diningPhilosophers,
  ewd840,
  readers_writers: readersWriters,
  atomic_commitment: atomicCommitment,
  raft_lite: raftLite,
  single_copy_register: singleCopyRegister,
  register_abd: registerAbd,
  paxos_register: paxosRegister,
};
