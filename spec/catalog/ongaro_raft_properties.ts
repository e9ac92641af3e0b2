/** What `ongaro_raft` claims: the sentences of Figure 3 of the paper, by means of its history variables. */
import { always, type Property, sometimes } from "../mod.ts";
import type { Cluster, Log } from "./ongaro_raft_state.ts";

/** The properties. */
export const properties: readonly Property<Cluster>[] = [
  always(
    "Election Safety",
    "at most one leader can be elected in a given term (Figure 3)",
    ({ elections }) => {
      const all = [...elections];
      const second = all.find(({ term, leader }) =>
        all.some((other) => other.term === term && other.leader < leader)
      );
      return second === undefined ||
        `server ${second.leader} is a second leader of term ${second.term}`;
    },
  ),
  always(
    "Log Matching",
    "if two logs contain an entry with the same index and term, they are identical up to it (Figure 3)",
    ({ allLogs }) => {
      const logs = [...allLogs];
      const isOdd = logs.some((log) => logs.some((other) => !matches(log, other)));
      return !isOdd ||
        "two logs have the same entry, but not the same ones before";
    },
  ),
  always(
    "State Machine Safety",
    "no two servers have committed different entries at the same index (Figure 3)",
    ({ servers }) => {
      for (const [i, { log, commitIndex }] of Object.entries(servers)) {
        for (const [j, other] of Object.entries(servers)) {
          if (j >= i) break;
          const shared = Math.min(commitIndex, other.commitIndex);
          if (!isSame(log.slice(0, shared), other.log.slice(0, shared))) {
            return `servers ${j} and ${i} have committed different entries`;
          }
        }
      }
      return true;
    },
  ),
  sometimes(
    "a leader is elected",
    "it can come to a leader",
    ({ servers }) => Object.values(servers).some(({ role }) => role === "leader"),
  ),
  sometimes(
    "an entry is committed",
    "a leader can commit",
    ({ servers }) => Object.values(servers).some(({ commitIndex }) => commitIndex > 0),
  ),
  sometimes(
    "a follower commits",
    "a follower can hear of it",
    ({ servers }) =>
      Object.values(servers).some(({ role, commitIndex }) => role === "follower" && commitIndex > 0),
  ),
];

function isSame(a: Log, b: Log): boolean {
  return a.length === b.length &&
    a.every(({ term, value }, at) => term === b[at]!.term && value === b[at]!.value);
}

function matches(a: Log, b: Log): boolean {
  const shared = a.findLastIndex(({ term }, at) => b[at]?.term === term) + 1;
  return isSame(a.slice(0, shared), b.slice(0, shared));
}
