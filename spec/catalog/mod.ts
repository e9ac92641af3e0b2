/** The catalog: specs by name. */
import { raft } from "../raft/mod.ts";
import type { Specification } from "../dsl/specification.ts";
import { dieHard } from "./die_hard.ts";
import { twoPhaseCommit } from "./two_phase_commit.ts";

/** The specs of the catalog, by their names. */
export const catalog: Readonly<Record<string, Specification>> = {
  raft: raft(),
  die_hard: dieHard,
  two_phase_commit: twoPhaseCommit,
};
