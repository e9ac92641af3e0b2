/** Who is a member of the cluster (§6): the latest configuration in the log counts, committed or not. */
import type { Log, LogIndex, NodeId } from "./log.ts";
import { isQuorum, quorumIndex } from "./quorum.ts";

/** What a change of members leads to. */
export interface Target {
  /** Whose votes count, sorted. */
  readonly voters: readonly NodeId[];
  /** Who receives the log but has no vote, sorted. */
  readonly learners: readonly NodeId[];
}

/** The members of a cluster. */
export interface Configuration extends Target {
  /** While a change is under way that needs both majorities (joint consensus, §6): the voters before it; else none. */
  readonly oldVoters: readonly NodeId[];
  /** What to change to once the learners that are to vote have caught up (thesis 4.2.1); null if there is no such wish. */
  readonly target: Target | null;
  /** Where members are found, as far as anybody said; opaque to Raft. */
  readonly addresses: Readonly<Record<NodeId, string>>;
}

/** A configuration, and where in the log it is; 0 for the one that a server starts with. */
export interface PlacedConfiguration {
  /** The index of its entry. */
  readonly index: LogIndex;
  /** The configuration. */
  readonly configuration: Configuration;
}

/** The configuration with these voters and nobody else. */
export function configurationOfVoters(voters: readonly NodeId[]): Configuration {
  return { voters, oldVoters: [], learners: [], target: null, addresses: {} };
}

/** The configuration that counts, and where it is: the latest in the log, whether committed or not (§6). */
export function latestConfiguration(log: Log): PlacedConfiguration {
  return log.configurations[log.configurations.length - 1]!;
}

/** The configuration at an index: what a snapshot up to there must hold (§7). */
export function configurationAt(log: Log, index: LogIndex): Configuration {
  const placed = log.configurations.findLast((candidate) => candidate.index <= index);
  return (placed ?? log.configurations[0]!).configuration;
}

/** Whether two majorities are needed (§6). */
export function isJoint(configuration: Configuration): boolean {
  return configuration.oldVoters.length > 0;
}

/** Everybody whose vote counts, sorted; in a joint configuration, the old and the new voters. */
export function votersOf({ voters, oldVoters }: Configuration): readonly NodeId[] {
  return oldVoters.length === 0 ? voters : sorted([...voters, ...oldVoters]);
}

/** Everybody who receives the log, sorted. */
export function membersOf(configuration: Configuration): readonly NodeId[] {
  const voters = votersOf(configuration);
  return configuration.learners.length === 0 ? voters : sorted([...voters, ...configuration.learners]);
}

/** Whether these servers decide (§6): a majority of the voters, and of the old ones too, if joint. Learners don't count. */
export function hasQuorum(configuration: Configuration, servers: readonly NodeId[]): boolean {
  const { voters, oldVoters } = configuration;
  return isQuorum(servers, voters) &&
    (oldVoters.length === 0 || isQuorum(servers, oldVoters));
}

/** The highest index that such servers have reached. */
export function quorumIndexOf(
  configuration: Configuration,
  indexOf: (server: NodeId) => LogIndex,
): LogIndex {
  const { voters, oldVoters } = configuration;
  const index = quorumIndex(voters.map(indexOf));
  return oldVoters.length === 0 ? index : Math.min(index, quorumIndex(oldVoters.map(indexOf)));
}

/** Without repetitions, in the one canonical order. */
export function sorted(servers: readonly NodeId[]): readonly NodeId[] {
  return [...new Set(servers)].sort();
}
