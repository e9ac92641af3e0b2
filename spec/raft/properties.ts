/** What Raft promises, in the paper's sentences. Each property names who is at fault. */
import type { LogIndex, NodeId, Term } from "../../src/core/mod.ts";
import type { ClusterView } from "../dsl/cluster.ts";
import { always, type Judgement, type Property, serverSteps, sometimes } from "../dsl/property.ts";
import { electorates, type History, votersNamed } from "./history.ts";

/** What properties see of a server. Entries are named by term and command, such as `1x`, or `1-` for a no-op. */
export interface SeenServer {
  /** Its name. */
  readonly id: NodeId;
  /** How often it was restarted. */
  readonly restarts: number;
  /** What its core found impossible; null while all is well. */
  readonly failure: string | null;
  /** Its role. */
  readonly role: "follower" | "preCandidate" | "candidate" | "leader";
  /** Figure 2's currentTerm. */
  readonly currentTerm: Term;
  /** Figure 2's votedFor. */
  readonly votedFor: NodeId | null;
  /** The names of its entries, from index 1 on. */
  readonly log: readonly string[];
  /** Figure 2's commitIndex. */
  readonly commitIndex: LogIndex;
  /** Figure 2's lastApplied. */
  readonly lastApplied: LogIndex;
  /** How many entries its state machine has taken in, one by one or by a snapshot. */
  readonly machineIndex: LogIndex;
  /** The index of its latest snapshot; 0 if it has none. */
  readonly snapshotIndex: LogIndex;
  /** The members that count for it, as they are written in the name of an entry. */
  readonly configuration: string;
  /** The followers by whose word it leads until its lease is over; none if it has none. */
  readonly leaseOf: readonly NodeId[];
  /** Whether its election timer has fired since it last heard from a leader, where that matters. */
  readonly timedOut: boolean;
  /** At a leader: the followers to whom more messages with entries are on their way than its limit allows. */
  readonly flooded: readonly NodeId[];
  /** How many proposals wait at it for a leader; 0 where liveness is not claimed. */
  readonly holds: number;
  /** At a leader: the members that it has not heard from yet; none where liveness is not claimed. */
  readonly unheard: readonly NodeId[];
  /** What would survive a crash. */
  readonly disk: { readonly currentTerm: Term; readonly log: readonly string[] };
}

/** What properties see of the cluster. */
export type RaftView = ClusterView<SeenServer, History>;

/** The properties, in the order in which they are reported. */
export const properties: readonly Property<RaftView>[] = [
  always(
    "Election Safety",
    "at most one leader can be elected in a given term (§5.2, Figure 3)",
    ({ history }) =>
      onePer(history.elected, ({ term }) => `term ${term}`, ({ server }) => server, "were both elected in"),
  ),
  serverSteps(
    "Leader Append-Only",
    "a leader never overwrites or deletes entries in its log; it only appends new entries (§5.3, Figure 3)",
    (before, after) => {
      const stayed = before.role === "leader" && after.role === "leader" && isRunning(before, after) &&
        before.currentTerm === after.currentTerm;
      const index = before.log.findIndex((entry, position) => after.log[position] !== entry);
      return !stayed || index === -1 ||
        `leader ${after.id} lost its entry ${index + 1}, ${before.log[index]}`;
    },
  ),
  always(
    "No Disjoint Majorities",
    "there is no point at which two majorities that share no server can each decide: of two leaders at most one is followed by a majority (§6, thesis 4.1)",
    ({ servers }) => {
      const leaders = servers.filter((leader) => leader.role === "leader" && isFollowed(leader, servers));
      const [one, other] = leaders;
      return one === undefined || other === undefined ||
        `${one.id} in term ${one.currentTerm} and ${other.id} in term ${other.currentTerm} can both decide`;
    },
  ),
  always(
    "Log Matching",
    "if two logs contain an entry with the same index and term, then the logs are identical in all entries up through the given index (§5.3, Figure 3)",
    ({ servers }) => everyPair(servers, logsMatch),
  ),
  always(
    "Leader Completeness",
    "if a log entry is committed in a given term, then that entry will be present in the logs of the leaders for all higher-numbered terms (§5.4, Figure 3)",
    ({ history }) =>
      firstFault(
        history.elected,
        (leader) =>
          firstFault(history.committed, ({ index, entry, term }) =>
            term >= leader.term || leader.log[index - 1] === entry ||
            `leader ${leader.server} of term ${leader.term} lacks entry ${index}, ${entry}, committed in term ${term}`),
      ),
  ),
  always(
    "State Machine Safety",
    "if a server has applied a log entry at a given index to its state machine, no other server will ever apply a different log entry for the same index (§5.4.3, Figure 3)",
    ({ history }) =>
      onePer(history.applied, ({ index }) => `index ${index}`, ({ entry }) => entry, "were both applied at"),
  ),
  always(
    "Acknowledged On A Majority Of Disks",
    "what was applied, so that a client could be answered, is on the disks of a majority (§5.3)",
    (view) =>
      firstFault(view.history.applied, ({ index, entry }) => {
        const holders = view.servers.filter(({ disk }) => disk.log[index - 1] === entry).map(({ id }) => id);
        const isOnMajority = decidingVoters(view).some((voters) =>
          2 * voters.filter((voter) => holders.includes(voter)).length > voters.length
        );
        return isOnMajority ||
          `entry ${index}, ${entry}, was applied but is only on the disks of ${
            holders.join(" and ") || "nobody"
          }`;
      }),
  ),
  always(
    "One Vote A Term",
    "each server will vote for at most one candidate in a given term, also across crashes (§5.2)",
    ({ history }) =>
      onePer(
        history.votes,
        ({ term, voter }) => `${voter} in term ${term}`,
        ({ candidate }) => candidate,
        "both got the vote of",
      ),
  ),
  serverSteps(
    "Never Back In Memory",
    "in a running server commitIndex and currentTerm never decrease (§5.1, §5.3)",
    (before, after) => {
      if (!isRunning(before, after)) return true;
      return goesBack(after.id, "commitIndex", before.commitIndex, after.commitIndex) ??
        goesBack(after.id, "currentTerm", before.currentTerm, after.currentTerm) ?? true;
    },
  ),
  serverSteps(
    "Never Back On Disk",
    "on a disk currentTerm never decreases, and a server never runs in an older term than its disk's (§5.1, Figure 2)",
    (before, after) =>
      goesBack(after.id, "currentTerm on disk", before.disk.currentTerm, after.disk.currentTerm) ??
        goesBack(after.id, "currentTerm", after.disk.currentTerm, after.currentTerm) ?? true,
  ),
  always(
    "Local Claims",
    "no server finds itself in a state that it knows to be impossible (src/core/invariants.ts)",
    ({ servers }) =>
      firstFault(servers, ({ id, failure }) => failure === null || `${id} stopped: ${failure}`),
  ),
  always(
    "Terms Begin With Candidates",
    "a term begins when a server stands for election, which a pre-vote is not (thesis 9.6)",
    ({ servers, history }) =>
      firstFault(servers, ({ id, currentTerm }) =>
        currentTerm === 0 || history.stood.includes(currentTerm) ||
        `${id} is in term ${currentTerm}, in which nobody stood for election`),
  ),
  always(
    "Latest Configuration Counts",
    "a server uses the latest configuration in its log, whether committed or not (§6)",
    ({ servers, history: { firstVoters } }) =>
      firstFault(servers, ({ id, configuration, log, snapshotIndex }) => {
        const first = firstVoters.has(id) || snapshotIndex > 0 ? `&${[...firstVoters]}` : "&";
        const latest = log.findLast((entry) => votersNamed(entry) !== null) ?? first;
        return latest.endsWith(`&${configuration}`) ||
          `${id} uses ${configuration}, but the latest configuration that it knows is ${latest}`;
      }),
  ),
  always(
    "One Change At A Time",
    "a leader appends no configuration before the one before it is committed (thesis 4.1)",
    ({ servers }) =>
      firstFault(servers, ({ id, role, log, commitIndex }) => {
        const pending = log.slice(commitIndex).filter((entry) => votersNamed(entry) !== null);
        return role !== "leader" || pending.length < 2 ||
          `leader ${id} has ${pending.join(" and ")} uncommitted`;
      }),
  ),
  always(
    "In Flight Is Limited",
    "no more messages with entries are on their way to a follower than its leader's limit allows (thesis 10.2.2)",
    ({ servers }) =>
      firstFault(
        servers,
        ({ id, flooded }) => flooded.length === 0 || `${id} floods ${flooded.join(" and ")}`,
      ),
  ),
  always(
    "Applied Once",
    "a state machine has taken in each entry up to lastApplied once, whether alone or in a snapshot (§7)",
    ({ servers }) =>
      firstFault(
        servers,
        ({ id, failure, machineIndex, lastApplied }) =>
          failure !== null || machineIndex === lastApplied ||
          `${id} has applied up to ${lastApplied}, but its state machine holds ${machineIndex} entries`,
      ),
  ),
  always(
    "Acknowledged Snapshots Are On Disk",
    "a server says that it has a snapshot only when its disk has it (§7)",
    ({ history }) =>
      firstFault(
        history.early,
        ({ index, server }) =>
          `${server} acknowledged the snapshot of index ${index}, which its disk doesn't have`,
      ),
  ),
  always(
    "Linearizable Reads",
    "a read returns at least what was acknowledged, or read, before it began (thesis 6.4)",
    ({ history }) =>
      firstFault(history.answers, ({ read, index }) => {
        const atLeast = history.reads.find((started) => started.read === read)?.atLeast ?? 0;
        return index >= atLeast ||
          `read ${read} has seen entries up to ${index}, but ${atLeast} was acknowledged`;
      }),
  ),
  always(
    "Executed Once",
    "a command of a session is executed once, however often it is sent, and its answer stays the same (thesis 6.3)",
    ({ history }) =>
      onePer(
        history.judged.filter(({ executedAt }) => executedAt !== null),
        ({ command }) => command,
        ({ executedAt }) => `index ${executedAt}`,
        "are both where a server executed",
      ),
  ),
  always(
    "Executed Alike",
    "all servers execute the same entries: their state machines stay the same (thesis 6.3)",
    ({ history }) =>
      onePer(
        history.judged,
        ({ index }) => `index ${index}`,
        ({ command, executedAt }) => `${command}, executed at ${executedAt ?? "no index"},`,
        "are both what servers made of",
      ),
  ),
  sometimes("a leader is elected", "some server leads (§5.2)", ({ history }) => history.elected.size > 0),
  sometimes(
    "an entry is committed",
    "some entry is committed (§5.3)",
    ({ history }) => history.committed.length > 0,
  ),
  sometimes(
    "two leaders at once",
    "a deposed leader does not know yet that another leads a later term (§5.1)",
    ({ servers }) => servers.filter(({ role }) => role === "leader").length > 1,
  ),
  sometimes(
    "a commit after a leader crashed",
    "the cluster goes on when its leader has crashed (§5.4)",
    ({ history }) => history.committedAtCrash !== null && history.committed.length > history.committedAtCrash,
  ),
  sometimes(
    "leadership is transferred",
    "a server leads because the leader before it asked for that (thesis 3.10)",
    ({ history }) =>
      [...history.elected].some(({ term }) =>
        [...history.handedOver].some((handedOver) => handedOver.term === term)
      ),
  ),
  sometimes(
    "a read is answered",
    "some read is answered, without an entry in the log (thesis 6.4)",
    ({ history }) => history.answers.length > 0,
  ),
  sometimes(
    "a snapshot is installed",
    "a server that lags gets a snapshot instead of entries that the leader has no more (§7)",
    ({ history }) => history.installed.length > 0,
  ),
  sometimes(
    "a command is sent again and answered",
    "a client gets the answer to a command that was executed before it sent it again (thesis 6.3)",
    ({ history }) =>
      history.judged.some(({ index, executedAt }) => executedAt !== null && executedAt < index),
  ),
  sometimes(
    "a change of members is committed",
    "a configuration is committed, and no other is on its way (§6)",
    ({ history }) => history.committed.some(({ entry }) => /^\d+&[^&>]*$/.test(entry)),
  ),
];

/**
 * The voters of whom a majority must hold what was applied: those of the latest committed configuration, or of one after
 * it, as the latest in a leader's log counts, committed or not.
 */
function decidingVoters({ servers, history }: RaftView): readonly (readonly NodeId[])[] {
  const changes = history.committed.filter(({ entry }) => votersNamed(entry) !== null);
  const latest = changes.toSorted((a, b) => b.index - a.index)[0];
  const later = servers.flatMap(({ log }) => log.slice(latest?.index ?? 0)).map(votersNamed);
  const committed = latest === undefined ? [...history.firstVoters] : votersNamed(latest.entry);
  return [committed, ...later].filter((voters) => voters !== null);
}

/** Whether majorities of all voters that count for a leader are in its term. */
function isFollowed(leader: SeenServer, servers: readonly SeenServer[]): boolean {
  const followers = servers.filter(({ currentTerm }) => currentTerm === leader.currentTerm).map(({ id }) =>
    id
  );
  return electorates(leader.configuration).every((voters) =>
    2 * voters.filter((voter) => followers.includes(voter)).length > voters.length
  );
}

/** Whether nobody stands for election whose word a leader's lease still counts on: true wherever clocks agree. */
export function leasesAreKept({ servers }: RaftView): boolean {
  return servers.every(({ leaseOf }) =>
    servers.every(({ id, timedOut }) => !timedOut || !leaseOf.includes(id))
  );
}

function firstFault<T>(items: Iterable<T>, judge: (item: T) => Judgement): Judgement {
  for (const item of items) {
    const judgement = judge(item);
    if (judgement !== true) return judgement;
  }
  return true;
}

function everyPair(
  servers: readonly SeenServer[],
  judge: (a: SeenServer, b: SeenServer) => Judgement,
): Judgement {
  return firstFault(servers, (a) => firstFault(servers, (b) => a.id >= b.id || judge(a, b)));
}

/** No key, such as a term, has two values, such as leaders. */
function onePer<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  valueOf: (item: T) => string,
  verb: string,
): Judgement {
  const first = new Map<string, T>();
  return firstFault(items, (item) => {
    const other = first.get(keyOf(item));
    first.set(keyOf(item), other ?? item);
    return other === undefined || valueOf(other) === valueOf(item) ||
      `${valueOf(other)} and ${valueOf(item)} ${verb} ${keyOf(item)}`;
  });
}

function logsMatch(a: SeenServer, b: SeenServer): Judgement {
  let index = Math.min(a.log.length, b.log.length);
  while (index > 0 && termOf(a.log[index - 1]) !== termOf(b.log[index - 1])) index--;
  for (let earlier = 1; earlier <= index; earlier++) {
    const [ofA, ofB] = [a.log[earlier - 1], b.log[earlier - 1]];
    if (ofA !== ofB) {
      return `${a.id} and ${b.id} agree on the term of entry ${index}, but entry ${earlier} is ${ofA} and ${ofB}`;
    }
  }
  return true;
}

function termOf(entry: string | undefined): number {
  return Number.parseInt(entry ?? "0");
}

function isRunning(earlier: SeenServer, later: SeenServer): boolean {
  return earlier.restarts === later.restarts;
}

function goesBack(id: NodeId, name: string, before: number, after: number): string | null {
  return after < before ? `${id}: ${name} goes back from ${before} to ${after}` : null;
}
