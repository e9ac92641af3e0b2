/** What Raft promises, in the paper's sentences. Each property names who is at fault. */
import type { LogIndex, NodeId, Term } from "../../src/core/mod.ts";
import type { ClusterView } from "../dsl/cluster.ts";
import { always, type Judgement, type Property, sometimes, steps } from "../dsl/property.ts";
import type { History } from "./history.ts";

/** What properties see of a server. Entries are named by term and command, such as `1x`, or `1-` for a no-op. */
export interface SeenServer {
  /** Its name. */
  readonly id: NodeId;
  /** How often it was restarted. */
  readonly restarts: number;
  /** What its core found impossible; null while all is well. */
  readonly failure: string | null;
  /** Its role. */
  readonly role: "follower" | "candidate" | "leader";
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
  steps(
    "Leader Append-Only",
    "a leader never overwrites or deletes entries in its log; it only appends new entries (§5.3, Figure 3)",
    (before, after) =>
      everyServer(before, after, (earlier, later) => {
        const stayed = earlier.role === "leader" && later.role === "leader" && isRunning(earlier, later) &&
          earlier.currentTerm === later.currentTerm;
        const index = earlier.log.findIndex((entry, position) => later.log[position] !== entry);
        return !stayed || index === -1 ||
          `leader ${later.id} lost its entry ${index + 1}, ${earlier.log[index]}`;
      }),
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
    ({ servers, history }) =>
      firstFault(history.applied, ({ index, entry }) => {
        const holders = servers.filter(({ disk }) => disk.log[index - 1] === entry).map(({ id }) => id);
        return 2 * holders.length > servers.length ||
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
  steps(
    "Never Back In Memory",
    "in a running server commitIndex and currentTerm never decrease (§5.1, §5.3)",
    (before, after) =>
      everyServer(before, after, (earlier, later) => {
        if (!isRunning(earlier, later)) return true;
        return goesBack(later.id, "commitIndex", earlier.commitIndex, later.commitIndex) ??
          goesBack(later.id, "currentTerm", earlier.currentTerm, later.currentTerm) ?? true;
      }),
  ),
  steps(
    "Never Back On Disk",
    "on a disk currentTerm never decreases, and a server never runs in an older term than its disk's (§5.1, Figure 2)",
    (before, after) =>
      everyServer(
        before,
        after,
        (earlier, later) =>
          goesBack(later.id, "currentTerm on disk", earlier.disk.currentTerm, later.disk.currentTerm) ??
            goesBack(later.id, "currentTerm", later.disk.currentTerm, later.currentTerm) ?? true,
      ),
  ),
  always(
    "Local Claims",
    "no server finds itself in a state that it knows to be impossible (src/core/invariants.ts)",
    ({ servers }) =>
      firstFault(servers, ({ id, failure }) => failure === null || `${id} stopped: ${failure}`),
  ),
  sometimes("a leader is elected", "some server leads (§5.2)", ({ history }) => history.elected.size > 0),
  sometimes(
    "an entry is committed",
    "some entry is committed (§5.3)",
    ({ history }) => history.committed.size > 0,
  ),
  sometimes(
    "two leaders at once",
    "a deposed leader does not know yet that another leads a later term (§5.1)",
    ({ servers }) => servers.filter(({ role }) => role === "leader").length > 1,
  ),
  sometimes(
    "a commit after a leader crashed",
    "the cluster goes on when its leader has crashed (§5.4)",
    ({ history }) => history.committedAtCrash !== null && history.committed.size > history.committedAtCrash,
  ),
];

function firstFault<T>(items: Iterable<T>, judge: (item: T) => Judgement): Judgement {
  for (const item of items) {
    const judgement = judge(item);
    if (judgement !== true) return judgement;
  }
  return true;
}

function everyServer(
  before: RaftView,
  after: RaftView,
  judge: (earlier: SeenServer, later: SeenServer) => Judgement,
): Judgement {
  return firstFault(after.servers, (later) => {
    const earlier = before.servers.find(({ id }) => id === later.id);
    return earlier === undefined || earlier === later || judge(earlier, later);
  });
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
