/**
 * Messages that decode, and that yet no server sends that follows the protocol. Raft trusts its members: what a member
 * that lies could still say is in `docs/network.md`. But a claim of the core must not fall, and stop the node, by what can
 * be told from a message alone.
 */
import {
  type AppendEntries,
  type Configuration,
  type LogEntry,
  type Message,
  type NodeId,
  type Target,
  type Term,
  unreachable,
} from "../core/mod.ts";

/** The highest term that is believed. At a thousand elections a second it takes nine thousand years to get there. */
export const maxTerm: Term = 2 ** 48;

/** Why no honest server can have sent this; null if one can. */
export function dishonesty(message: Message): string | null {
  switch (message.type) {
    case "RequestVote": {
      const { term, lastLogIndex, lastLogTerm } = message;
      return first(termFrom(1, term), lastOf(lastLogIndex, lastLogTerm), below(lastLogTerm, term));
    }
    case "PreVote": {
      const { nextTerm, lastLogIndex, lastLogTerm } = message;
      return first(termFrom(1, nextTerm), lastOf(lastLogIndex, lastLogTerm), below(lastLogTerm, nextTerm));
    }
    case "AppendEntries":
      return ofAppendEntries(message);
    case "AppendEntriesResponse":
      return first(
        termFrom(1, message.term),
        message.success ? null : upTo(message.conflictTerm, message.term),
      );
    case "InstallSnapshot": {
      const { term, snapshot } = message;
      const isPlaced = snapshot.index >= 1 && snapshot.term >= 1;
      return first(
        termFrom(1, term),
        isPlaced ? null : "a snapshot of nothing",
        upTo(snapshot.term, term),
        ofConfiguration(snapshot.configuration),
      );
    }
    case "InstallSnapshotResponse":
      return first(termFrom(1, message.term), message.index >= 1 ? null : "a snapshot of nothing");
    case "PreVoteGranted":
      return termFrom(1, message.nextTerm);
    case "RequestVoteResponse":
    case "TimeoutNow":
      return termFrom(1, message.term);
    case "PreVoteRefused":
      return termFrom(0, message.term);
    case "Propose":
    case "ProposeRefused":
    case "ReadIndex":
    case "ReadIndexResponse":
      return null;
    default:
      return unreachable(message);
  }
}

function ofAppendEntries({ term, prevLogIndex, prevLogTerm, entries }: AppendEntries): string | null {
  const wrong = first(termFrom(1, term), lastOf(prevLogIndex, prevLogTerm), upTo(prevLogTerm, term));
  if (wrong !== null) return wrong;
  let before = Math.max(1, prevLogTerm);
  for (const entry of entries) {
    const reason = ofEntry(entry, before, term);
    if (reason !== null) return reason;
    before = entry.term;
  }
  return null;
}

/** Terms never decrease along a log (§5.3). */
function ofEntry(entry: LogEntry, before: Term, term: Term): string | null {
  if (entry.term < before) return `an entry of term ${entry.term} after one of term ${before}`;
  return first(
    upTo(entry.term, term),
    entry.type === "configuration" ? ofConfiguration(entry.configuration) : null,
  );
}

function ofConfiguration(configuration: Configuration): string | null {
  const { oldVoters, target } = configuration;
  return first(ofTarget(configuration), isCanonical(oldVoters), target === null ? null : ofTarget(target));
}

function ofTarget({ voters, learners }: Target): string | null {
  if (voters.length === 0) return "members of whom none votes";
  const votes = new Set(voters);
  const both = learners.some((server) => votes.has(server));
  return first(isCanonical(voters), isCanonical(learners), both ? "a learner that votes" : null);
}

function isCanonical(servers: readonly NodeId[]): string | null {
  const isSorted = servers.every((server, at) => at === 0 || servers[at - 1]! < server);
  return isSorted ? null : "members that are not sorted, or are named twice";
}

function termFrom(lowest: Term, term: Term): string | null {
  return term >= lowest && term <= maxTerm ? null : `term ${term} is not from ${lowest} to ${maxTerm}`;
}

function lastOf(index: number, term: Term): string | null {
  return (index === 0) === (term === 0) ? null : `index ${index} can't be of term ${term}`;
}

function below(logTerm: Term, term: Term): string | null {
  return logTerm < term ? null : `a log of term ${logTerm} before an election of term ${term}`;
}

function upTo(logTerm: Term, term: Term): string | null {
  return logTerm <= term ? null : `an entry of term ${logTerm} in term ${term}`;
}

function first(...reasons: readonly (string | null)[]): string | null {
  return reasons.find((reason) => reason !== null) ?? null;
}
