/** What a node reports of itself: changes that one wants to find in the log later. */
import { knownLeader, latestConfiguration, type ServerState } from "../core/mod.ts";
import type { LogEvent, Logger, Report } from "../logging.ts";

/** What reports for one node. */
export interface Reporter {
  /** Reports what has happened, with the node's name and term. Never throws. */
  readonly report: Report;
  /** Looks for changes; called after every step. */
  readonly onState: (state: ServerState) => void;
}

/** Reports for the node that is in this state. */
export function createReporter(first: ServerState, log: Logger): Reporter {
  let last = first;
  const report = (event: LogEvent) => {
    try {
      log({ ...event, node: first.config.id, term: last.currentTerm });
    } catch {
      // Who can't take a line must not stop the node.
    }
  };
  return {
    report,
    onState(state) {
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
    },
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
