/** The spec of a Raft cluster over the core that production runs. */
import {
  type Config,
  configurationAt,
  entriesOf,
  knownLeader,
  latestConfiguration,
  type LogEntry,
  type LogIndex,
  type Message,
  type NodeId,
  type PersistentState,
  type ServerState,
  type Session,
} from "../../src/core/mod.ts";
import { cluster, type ClusterDefinition, type Happening } from "../dsl/cluster.ts";
import { type Parameters, SpecError, type Specification } from "../dsl/specification.ts";
import { type Core, core } from "./core.ts";
import type { Widened } from "../dsl/spec.ts";
import { configurationText, type History, nameOf, noHistory, type Note, remember } from "./history.ts";
import { emptyDisk, type Host, type HostEvent, namesIn, outcomes, startedHost } from "./host.ts";
import { fairness, promises } from "./liveness.ts";
import { leasesAreKept, properties, type SeenServer } from "./properties.ts";
import { sessionHappenings } from "./sessions.ts";
import { starts } from "./starts.ts";
import { identity, isSymmetric } from "./symmetry.ts";

/** The budgets: how often what has a price may happen, from where a search begins. */
const budgets = {
  timeouts: 2,
  proposals: 1,
  crashes: 1,
  slow: 1,
  drops: 0,
  duplicates: 0,
  transfers: 0,
  changes: 0,
  reads: 0,
  snapshots: 0,
  sends: 0,
};

/**
 * Which extensions of the core are on; `priority` is the last server's. Unless there is `drift`, no election begins
 * before the leases end that count on who would begin it. `inFlight` is the
 * most messages with entries on their way to one follower; 0 for no limit. Who opens a session wants `maxSessions`.
 * `fair`: messages arrive and disks take their
 * writes in the end, so that what is to happen some day can be claimed.
 */
const extensions = {
  preVote: false,
  checkQuorum: false,
  priority: 0,
  leaseReads: false,
  drift: 0,
  inFlight: 0,
  maxSessions: 1,
  fair: false,
};

/** What liveness is claimed with: one candidate, and nobody crashes. */
const inTheEnd = { fair: true, timeouts: 1, proposals: 0, crashes: 0, slow: 0 };

/** The names of the budgets. */
export const budgetNames: readonly string[] = Object.keys(budgets);

/** What of the spec to use: a mutant can't run every start, and is to die by one property. */
export interface RaftOptions {
  /** The names of the starts; all if left out. */
  readonly starts?: readonly string[];
  /** The names of the properties to judge; all if left out. */
  readonly properties?: readonly string[];
  /** What servers find on their disks at first, by name; an empty disk if left out. */
  readonly disks?: Readonly<Record<string, PersistentState>>;
}

/** The spec of `src/core`, or of a mutant of it. */
export function raft(under: Core = core, options: RaftOptions = {}): Specification {
  const parameters = { servers: 3, voters: 0, ...budgets, entries: 1, rounds: 2, ...extensions };
  return {
    ...cluster("raft", parameters, (values) => definitionOf(under, values, options)),
    bounds: {
      default: {},
      election: { proposals: 0, timeouts: 3, slow: 0 },
      pair: { servers: 2 },
      four: { servers: 4, crashes: 0, slow: 0 },
      network: { crashes: 0, slow: 0, duplicates: 1 },
      preVote: { preVote: true, checkQuorum: true, timeouts: 3, proposals: 0, crashes: 0, slow: 0 },
      transfer: { checkQuorum: true, transfers: 1, slow: 0 },
      reads: { reads: 1, crashes: 0, slow: 0 },
      lease: { checkQuorum: true, leaseReads: true, reads: 1, transfers: 1, timeouts: 3, slow: 0 },
      flow: { inFlight: 1, proposals: 2, crashes: 0, slow: 0 },
      snapshots: { snapshots: 2, crashes: 0, slow: 0 },
      sessions: { sends: 3, snapshots: 1, timeouts: 1, proposals: 0, crashes: 0, slow: 0 },
      membership: { servers: 4, voters: 3, changes: 1, crashes: 0, slow: 0 },
      liveness: { ...inTheEnd },
      livenessPreVote: { ...inTheEnd, preVote: true, checkQuorum: true },
      livenessTerms: { ...inTheEnd, servers: 2, checkQuorum: true, timeouts: 2 },
      livenessProposals: { ...inTheEnd, servers: 2, proposals: 2 },
      livenessFlow: { ...inTheEnd, servers: 2, inFlight: 1, proposals: 2 },
      // One message at a time: what another one overtakes is lost until the next heartbeat, which costs a timeout.
      livenessMembership: { ...inTheEnd, inFlight: 1, voters: 2, changes: 1 },
    },
    depth: 10,
    summary,
  };
}

function summary(parameters: Parameters): string {
  const parts = [`${parameters.servers} servers`];
  for (const budget of budgetNames) {
    if (parameters[budget] !== 0) parts.push(`${budget} <= ${parameters[budget]}`);
  }
  if (parameters.voters !== 0) parts.push(`${parameters.voters} of them vote at first`);
  for (const extension of ["preVote", "checkQuorum", "leaseReads", "drift", "inFlight", "fair"]) {
    if (parameters[extension]) parts.push(extension);
  }
  return [...parts, "network: reorders, loses"].join(" · ");
}

/** Of more servers there are too many sets for a round to take place among. */
const mostServersInRounds = 4;

type Values = Widened<typeof budgets & typeof extensions> & {
  readonly servers: number;
  /** How many of them are members at first; 0 for all. */
  readonly voters: number;
  readonly entries: number;
  /** How many rounds to search; see `spec/dsl/cluster_rounds.ts`. */
  readonly rounds: number;
};

function definitionOf(
  under: Core,
  values: Values,
  options: RaftOptions,
): ClusterDefinition<Host, Message, HostEvent, Note, History, SeenServer> {
  const { servers, voters, leaseReads, drift, fair } = values;
  const budgets = Object.fromEntries(budgetNames.map((name) => [name, Number(values[name as keyof Values])]));
  const names = "abcdefghi".slice(0, servers).split("");
  if (names.length === 0 || names.length !== servers) {
    throw new SpecError(`servers of raft is ${servers}, expected 1 to 9`);
  }
  if (values.entries === 0) throw new SpecError("entries of raft is 0, expected at least 1");
  return {
    servers: names,
    budgets,
    initial: (id) => startedHost(under, configOf(id, names, values), options.disks?.[id] ?? emptyDisk),
    happenings: (host, proposed) => [
      ...happenings(under, host, proposed, names),
      ...(values.sends > 0 && host.failure === null ? sessionHappenings(host, values.maxSessions) : []),
    ],
    otherHappening,
    received: (message) => ({ type: "core", event: { type: "received", message } }),
    outcomes: (host, event) => outcomes(under, host, event),
    history: {
      ...noHistory,
      firstVoters: new Set(names.slice(0, voters || names.length)),
      stood: Object.values(options.disks ?? {}).map(({ currentTerm }) => currentTerm),
    },
    remember,
    ...(leaseReads && drift === 0 ? { constraint: leasesAreKept } : {}),
    identity,
    ...(isSymmetric(values, options.disks) ? { symmetry: [names] } : {}),
    observe: fair ? observeMore : observe,
    describe,
    ...(fair ? { fairness } : {}),
    properties: [...properties, ...(fair ? promises : [])].filter(({ name }) =>
      (options.properties?.includes(name) ?? true) && isWithinReach(name, values)
    ),
    ...(fair || values.rounds === 0 || servers > mostServersInRounds
      ? {}
      : { rounds: { most: values.rounds, spending: ["timeouts", "proposals"] } }),
    starts: fair ? {} : startsFor(values, options.starts ?? Object.keys(starts)),
  };
}

function configOf(id: string, names: readonly string[], values: Values): Config {
  const voters = names.slice(0, values.voters || names.length);
  return {
    id,
    servers: voters.includes(id) ? voters : [],
    maxEntriesPerAppend: values.entries,
    maxBytesPerAppend: 1000,
    maxHeldProposals: 10,
    preVote: values.preVote,
    checkQuorum: values.checkQuorum,
    leaseReads: values.leaseReads,
    ...(values.inFlight > 0 ? { maxInFlightMessages: values.inFlight } : {}),
    priority: id === names.at(-1) ? values.priority : 0,
  };
}

/** Whether so few servers and crashes are enough: what can't be reached says nothing by never being reached. */
function isWithinReach(property: string, values: Values): boolean {
  const { servers, crashes, timeouts, transfers, changes } = values;
  switch (property) {
    case "two leaders at once":
      // Of one or two servers each is needed for a majority: the old leader hears of the new one's term first.
      return servers > 2 && timeouts + transfers > 1;
    case "a commit after a leader crashed":
      return crashes > 0;
    case "leadership is transferred":
      return transfers > 0;
    case "Linearizable Reads":
    case "a read is answered":
      return values.reads > 0;
    case "Applied Once":
    case "Acknowledged Snapshots Are On Disk":
    case "a snapshot is installed":
      return values.snapshots > 0;
    case "Executed Once":
    case "Executed Alike":
    case "a command is sent again and answered":
      return values.sends > 0;
    case "Terms Begin With Candidates":
      return values.preVote;
    case "Latest Configuration Counts":
    case "One Change At A Time":
    case "a change of members is committed":
      return changes > 0;
    case "In Flight Is Limited":
      return values.inFlight > 0;
    case "An Election Ends":
      return timeouts === 1;
    case "A Proposal Is Answered":
      // Who is no member waits for ever.
      return timeouts === 1 && values.proposals > 0 && values.voters === 0;
    case "A Change Of Members Ends":
      return timeouts === 1 && changes > 0;
    default:
      return true;
  }
}

/** The traces of the starts that are meant for so many servers. */
function startsFor(values: Values, names: readonly string[]): Readonly<Record<string, string>> {
  const fitting = Object.entries(starts).filter(([name, start]) => {
    const { servers, voters = 0, preVote = false, checkQuorum = false, leaseReads = false } = start;
    if (start.snapshots && values.snapshots === 0 || (start.sessions && values.sends === 0)) return false;
    return names.includes(name) && servers === values.servers && voters === values.voters &&
      preVote === values.preVote && (!leaseReads || values.leaseReads) &&
      (checkQuorum === "either" || checkQuorum === values.checkQuorum);
  });
  return Object.fromEntries(fitting.map(([name, { trace }]) => [name, trace]));
}

function happenings(
  under: Core,
  host: Host,
  proposed: number,
  names: readonly string[],
): readonly Happening<HostEvent>[] {
  if (host.failure !== null) return [];
  const timers = under.timersOf(host.server);
  const fired = timers.map((timer): Happening<HostEvent> => ({
    notation: timers.length === 1 ? "!" : `!${timer}`,
    aliases: [`!${timer}`],
    title: `${timer} timeout`,
    event: { type: "core", event: { type: "timerFired", timer } },
    spends: "timeouts",
  }));
  const crashes = [...host.held.keys(), host.held.length].map((survived): Happening<HostEvent> => ({
    notation: survived === 0 ? "^" : `^${survived}`,
    aliases: [`^${survived}`],
    title: survived === 0 ? "crash and restart" : `crash and restart, ${survived} held writes survive`,
    event: { type: "crash", survived },
    spends: "crashes",
  })).filter(({ event }) => losesSomething(host, event));
  const disk: readonly Happening<HostEvent>[] = host.held.length > 0
    ? [{ notation: "*", title: "the disk takes the oldest write", event: { type: "disk" } }]
    : [];
  return [
    ...fired,
    ...disk,
    ...crashes,
    proposal(host, commandName(proposed), proposed),
    ...requests(host, names),
    read(host),
    ...compactions(host),
  ];
}

/** What an administrator may ask of a leader; others refuse. */
function requests({ server }: Host, names: readonly string[]): readonly Happening<HostEvent>[] {
  if (server.role.type !== "leader") return [];
  const { voters } = latestConfiguration(server.log).configuration;
  const others = names.filter((name) => name !== server.config.id);
  const changes = subsets(names).filter((set) => set.length > 1 && set.join() !== voters.join());
  return [...others.map(transfer), ...changes.map((set) => change(set, []))];
}

function read({ server, restarts, asked }: Host): Happening<HostEvent> {
  const id = { node: server.config.id, incarnation: restarts, sequence: asked };
  return {
    notation: "?",
    title: "a client reads",
    event: { type: "core", event: { type: "readRequested", ids: [id] } },
    spends: "reads",
  };
}

function compactions({ server }: Host): readonly Happening<HostEvent>[] {
  const { lastApplied, log, snapshot } = server;
  if (lastApplied <= (snapshot?.index ?? 0) || configurationAt(log, lastApplied).voters.length === 0) {
    return [];
  }
  return [{ notation: "/", title: "compacts its log", event: { type: "compact" }, spends: "snapshots" }];
}

function subsets(names: readonly string[]): readonly (readonly string[])[] {
  return names.reduce<string[][]>((sets, name) => [...sets, ...sets.map((set) => [...set, name])], [[]]);
}

function transfer(to: string): Happening<HostEvent> {
  return {
    notation: `@${to}`,
    title: `is asked to hand over to ${to}`,
    event: { type: "core", event: { type: "transferRequested", to } },
    spends: "transfers",
  };
}

function change(voters: readonly string[], learners: readonly string[]): Happening<HostEvent> {
  const names = [...voters, ...learners.map((learner) => `(${learner})`)].join();
  return {
    notation: `&${names}`,
    title: `is asked for the members ${names}`,
    event: { type: "core", event: { type: "changeRequested", change: { voters, learners, addresses: {} } } },
    spends: "changes",
  };
}

/** What isn't enumerated, but possible: any command, any members. */
function otherHappening(host: Host, notation: string, proposed: number): Happening<HostEvent> | null {
  if (/^=[A-Za-z0-9]+$/.test(notation)) return proposal(host, notation.slice(1), proposed);
  if (/^@[A-Za-z0-9]+$/.test(notation)) return transfer(notation.slice(1));
  if (!/^&[A-Za-z0-9,()]+$/.test(notation)) return null;
  const names = notation.slice(1).split(",");
  const learners = names.filter((name) => name.startsWith("(")).map((name) => name.slice(1, -1));
  return change(names.filter((name) => !name.startsWith("(")), learners);
}

/** A crash of a server that has nothing in memory that its disk hasn't changes nothing. */
function losesSomething({ server, held }: Host, event: HostEvent): boolean {
  if (event.type === "crash" && event.survived > 0) return held[event.survived - 1]?.write !== null;
  return held.length > 0 || server.role.type !== "follower" || server.role.leaderId !== null ||
    server.commitIndex > 0 || server.heldProposals.length > 0;
}

function proposal(host: Host, command: string, proposed: number): Happening<HostEvent> {
  const id = { node: host.server.config.id, incarnation: host.restarts, sequence: proposed };
  const proposals = [{ id, command: new TextEncoder().encode(command) }];
  return {
    notation: `=${command}`,
    title: `a client proposes ${command}`,
    event: { type: "core", event: { type: "proposed", proposals } },
    spends: "proposals",
  };
}

/** x, y, z, and then x3, x4, ... */
function commandName(proposed: number): string {
  return ["x", "y", "z"][proposed] ?? `x${proposed}`;
}

function observe({ server, disk, machine, snapshots, restarts, failure, timedOut }: Host): SeenServer {
  return {
    id: server.config.id,
    restarts,
    failure,
    role: server.role.type,
    currentTerm: server.currentTerm,
    votedFor: server.votedFor,
    log: namesIn(server.log, machine),
    commitIndex: server.commitIndex,
    lastApplied: server.lastApplied,
    disk: { currentTerm: disk.currentTerm, log: namesOnDisk(disk, snapshots) },
    leaseOf: leaseOf(server),
    timedOut,
    machineIndex: machine.length,
    snapshotIndex: server.snapshot?.index ?? 0,
    configuration: configurationText(latestConfiguration(server.log).configuration),
    flooded: floodedBy(server),
    holds: 0,
    unheard: [],
  };
}

function floodedBy({ role, config: { maxInFlightMessages = Infinity } }: ServerState): readonly NodeId[] {
  if (role.type !== "leader") return [];
  const { flow } = role;
  return Object.keys(flow).filter((peer) => flow[peer]!.inFlight.length > maxInFlightMessages).sort();
}

/** And what promises are about. */
function observeMore(host: Host): SeenServer {
  const { role, heldProposals } = host.server;
  const unheard = role.type === "leader"
    ? Object.keys(role.matchIndex).filter((peer) => role.matchIndex[peer] === 0)
    : [];
  return { ...observe(host), holds: heldProposals.length, unheard: unheard.sort() };
}

function namesOnDisk({ log, compaction }: PersistentState, snapshots: Host["snapshots"]): readonly string[] {
  const names = log.map(nameOf);
  if (compaction === undefined) return names;
  const { machine = [] } = snapshots[compaction.snapshot.index] ?? {};
  return [...machine.slice(0, compaction.compactedIndex), ...names];
}

function leaseOf({ role }: ServerState): readonly NodeId[] {
  if (role.type !== "leader" || role.reads.leaseRound === 0) return [];
  const { leaseRound, acknowledged } = role.reads;
  return Object.keys(acknowledged).filter((server) => acknowledged[server]! >= leaseRound).sort();
}

/** What a person wants to know of a server, in short. */
function describe(host: Host): Record<string, string> {
  const { server, disk, held } = host;
  const { role } = server;
  const memory = { currentTerm: server.currentTerm, votedFor: server.votedFor, log: entriesOf(server.log) };
  return {
    role: (role.type === "preCandidate" ? "P" : role.type.charAt(0).toUpperCase()) + server.currentTerm,
    votedFor: server.votedFor ?? "-",
    leader: knownLeader(server) ?? "-",
    log: logText(memory.log, server.log.compactedIndex),
    commitIndex: String(server.commitIndex),
    ...membersShown(server),
    ...(role.type === "candidate" || role.type === "preCandidate"
      ? { votesGranted: role.votesGranted.join(",") || "-" }
      : {}),
    ...(role.type === "leader"
      ? {
        nextIndex: byServer(role.nextIndex),
        matchIndex: byServer(role.matchIndex),
        ...(Object.keys(role.snapshots).length > 0
          ? { sendsSnapshotTo: Object.keys(role.snapshots).join() }
          : {}),
        ...(role.activePeers.length > 0 ? { activePeers: role.activePeers.join() } : {}),
        ...(role.reads.round > 0 ? { round: String(role.reads.round) } : {}),
        ...(role.reads.leaseRound > 0 ? { lease: `since round ${role.reads.leaseRound}` } : {}),
        ...(role.transfer === null ? {} : { handsOverTo: role.transfer.to }),
      }
      : {}),
    ...(server.snapshot === null ? {} : { snapshot: String(server.snapshot.index) }),
    ...(server.heardFromLeader ? { heardFromLeader: "yes" } : {}),
    ...(server.heldProposals.length > 0 ? { heldProposals: String(server.heldProposals.length) } : {}),
    ...(host.sessions.length > 0 ? { sessions: host.sessions.map(sessionText).join(" ") } : {}),
    ...(server.ownReads.length > 0 ? { reads: server.ownReads.map(readText).join(" ") } : {}),
    ...(held.length > 0 ? { unfinishedWrites: String(held.length) } : {}),
    ...(diskText(memory) === diskText(disk) ? {} : { disk: diskText(disk) }),
    ...(host.failure === null ? {} : { stopped: host.failure }),
  };
}

/** The members, unless they are those with which the cluster began. */
function membersShown({ log, config }: ServerState): Record<string, string> {
  const { index, configuration } = latestConfiguration(log);
  if (index === 0 && config.servers.length > 0) return {};
  return { members: configurationText(configuration) || "-" };
}

/** A session and the numbers of the answers that it keeps: `s2[1 2]`. */
function sessionText({ id, answers }: Session): string {
  return `s${id}[${answers.map(({ sequence }) => sequence).join(" ")}]`;
}

function readText({ askedIn, index }: ServerState["ownReads"][number]): string {
  if (index !== null) return `at ${index}`;
  return askedIn === null ? "waits for a leader" : `asked in term ${askedIn}`;
}

/** A log, after what was compacted: `..2 [1x 1y]` begins at index 3. */
function logText(entries: readonly LogEntry[], compactedIndex: LogIndex = 0): string {
  const prefix = compactedIndex === 0 ? "" : `..${compactedIndex} `;
  return `${prefix}[${entries.map(nameOf).join(" ")}]`;
}

function diskText(disk: { currentTerm: number; votedFor: string | null; log: readonly LogEntry[] }): string {
  return `term ${disk.currentTerm} votedFor ${disk.votedFor ?? "-"} ${logText(disk.log)}`;
}

function byServer(indexes: Readonly<Record<string, number>>): string {
  return Object.entries(indexes).map(([server, index]) => server + index).join(" ");
}
