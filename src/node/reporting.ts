/** What a node reports of itself: changes that one wants to find in the log later. */
import { knownLeader, latestConfiguration, type NodeId, type ServerState, type Term } from "../core/mod.ts";
import type { Logger, Report } from "../logging.ts";

/** What reports for a node: with its name, and its term at the time. Never throws. */
export function reportTo(log: Logger, node: NodeId, term: () => Term): Report {
  return (event) => {
    try {
      log({ ...event, node, term: term() });
    } catch {
      // Who can't take a line must not stop the node.
    }
  };
}

/** Looks for changes after every step. The first state is one that was known before. */
export function watchStates(first: ServerState, report: Report): (state: ServerState) => void {
  let last = first;
  return (state) => {
    const before = last;
    last = state;
    if (before.role !== state.role) reportRole(before, state, report);
    if (before.log !== state.log) reportMembers(before, state, report);
    if (before.snapshot !== state.snapshot && state.snapshot !== null) {
      const { index } = state.snapshot;
      const isOwn = index <= before.lastApplied;
      const event = isOwn ? "snapshotTaken" : "snapshotInstalled";
      const message = isOwn ? `a snapshot of index ${index}` : `the leader's snapshot of index ${index}`;
      report({ level: "info", event, message });
    }
  };
}

function reportRole(before: ServerState, after: ServerState, report: Report): void {
  if (before.role.type !== after.role.type) {
    const message = `${before.role.type} -> ${after.role.type}`;
    report({ level: "info", event: "roleChanged", message });
  }
  const leader = knownLeader(after);
  if (leader === knownLeader(before)) return;
  if (leader === null) report({ level: "info", event: "leaderChanged", message: "no leader is known" });
  else report({ level: "info", event: "leaderChanged", message: `${leader} leads`, peer: leader });
}

function reportMembers(before: ServerState, after: ServerState, report: Report): void {
  const { index, configuration } = latestConfiguration(after.log);
  if (configuration === latestConfiguration(before.log).configuration) return;
  const { voters, oldVoters, learners } = configuration;
  const parts = [
    `voters ${voters.join(", ")}`,
    oldVoters.length === 0 ? "" : `; together with ${oldVoters.join(", ")}`,
    learners.length === 0 ? "" : `; learners ${learners.join(", ")}`,
  ];
  report({ level: "info", event: "membersChanged", message: `from index ${index} on: ${parts.join("")}` });
}
