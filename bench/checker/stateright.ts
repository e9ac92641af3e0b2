/** Checkers built on Stateright: Raft Lite's own, and its example of two-phase commit. */
import { type Contender, type Counts, type Finished, firstLine, NoResult } from "./measure.ts";
import { onOneProcessor, type Rival } from "./rivals.ts";

/** The checker of Raft Lite. */
export const raftLite: Rival = {
  name: "Raft Lite's checker (Stateright 0.30.2)",
  program: "checker",
  install: (folder) => `cargo install raft-lite --version 0.2.7 --root ${folder}`,
};

/** Stateright's example of two-phase commit. */
export const twoPhase: Rival = {
  name: "Stateright 0.31",
  program: "2pc",
  install: (folder) => `cargo install stateright --version 0.31.0 --example 2pc --root ${folder}`,
};

/**
 * Raft Lite's checker, to a depth. On one processor it has one thread: with more its search is not in layers, and
 * what it counts depends on luck.
 */
export async function raftLiteChecker(path: string, depth: number): Promise<Contender> {
  const command = [...await onOneProcessor(), path, "-m", "check", "--depth", String(depth)];
  return { name: raftLite.name, command, read: readStateright };
}

/** Stateright's two-phase commit, with so many resource managers. */
export async function twoPhaseChecker(path: string, managers: number): Promise<Contender> {
  return {
    name: twoPhase.name,
    command: [...await onOneProcessor(), path, "check", String(managers)],
    read: readStateright,
  };
}

/**
 * What Stateright counts.
 *
 * @throws {NoResult} if it didn't end.
 */
export function readStateright({ stdout, stderr }: Pick<Finished, "stdout" | "stderr">): Counts {
  const done = stdout.match(/^Done\. states=(\d+), unique=(\d+)/m);
  if (done === null) throw new NoResult(firstLine(stderr));
  return { generated: Number(done[1]), distinct: Number(done[2]) };
}
