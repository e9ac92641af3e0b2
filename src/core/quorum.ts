/** Majorities: any two of them share a server (§5.2), on which all of Raft's safety rests. */
import type { LogIndex, NodeId } from "./log.ts";

/** Whether `votes` are a majority of `servers`. Votes of strangers don't count. */
export function isQuorum(votes: readonly NodeId[], servers: readonly NodeId[]): boolean {
  const members = servers.filter((server) => votes.includes(server));
  return 2 * members.length > servers.length;
}

/** The highest index that a majority has reached, given the index that each server has reached. */
export function quorumIndex(indexes: readonly LogIndex[]): LogIndex {
  const descending = [...indexes].sort((a, b) => b - a);
  return descending[Math.floor(descending.length / 2)] ?? 0;
}
