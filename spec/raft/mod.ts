/** The spec of a Raft cluster over the core that production runs. */
import { type Effect, entriesOf, knownLeader, type LogEntry, type Message } from "../../src/core/mod.ts";
import { encode } from "../checker/value.ts";
import { cluster, type ClusterDefinition, type Happening } from "../dsl/cluster.ts";
import { type Parameters, SpecError, type Specification } from "../dsl/specification.ts";
import { type Core, core } from "./core.ts";
import { type History, nameOf, noHistory, type Note, remember } from "./history.ts";
import { emptyHost, type Host, type HostEvent, outcomes } from "./host.ts";
import { properties, type SeenServer } from "./properties.ts";
import { starts } from "./starts.ts";

/** The budgets: how often what has a price may happen, from where a search begins. */
const budgets = { timeouts: 2, proposals: 1, crashes: 1, slow: 1, drops: 0, duplicates: 0 };

/** What of the spec to use: a mutant can't run every start, and is to die by one property. */
export interface RaftOptions {
  /** The names of the starts; all if left out. */
  readonly starts?: readonly string[];
  /** The names of the properties to judge; all if left out. */
  readonly properties?: readonly string[];
}

/** The spec of `src/core`, or of a mutant of it. */
export function raft(under: Core = core, options: RaftOptions = {}): Specification {
  const parameters = { servers: 3, ...budgets, entries: 1 };
  return {
    ...cluster("raft", parameters, (values) => definitionOf(under, values, options)),
    bounds: {
      default: {},
      election: { proposals: 0, timeouts: 3, slow: 0 },
      pair: { servers: 2 },
      four: { servers: 4, crashes: 0, slow: 0 },
      network: { crashes: 0, slow: 0, duplicates: 1 },
    },
    depth: 10,
    summary,
  };
}

function summary(parameters: Parameters): string {
  const parts = [`${parameters.servers} servers`];
  for (const budget of Object.keys(budgets)) {
    if (parameters[budget] !== 0) parts.push(`${budget} <= ${parameters[budget]}`);
  }
  return [...parts, "network: reorders, loses"].join(" · ");
}

type Values = typeof budgets & { readonly servers: number; readonly entries: number };

function definitionOf(
  under: Core,
  { servers, entries, ...budgets }: Values,
  options: RaftOptions,
): ClusterDefinition<Host, Message, HostEvent, Note, History, SeenServer> {
  const names = "abcdefghi".slice(0, servers).split("");
  if (names.length === 0 || names.length !== servers) {
    throw new SpecError(`servers of raft is ${servers}, expected 1 to 9`);
  }
  if (entries === 0) throw new SpecError("entries of raft is 0, expected at least 1");
  return {
    servers: names,
    budgets,
    initial: (id) => emptyHost(under, id, names, entries),
    happenings: (host, proposed) => happenings(under, host, proposed),
    otherHappening: (host, notation, proposed) =>
      /^=[A-Za-z0-9]+$/.test(notation) ? proposal(host, notation.slice(1), proposed) : null,
    received: (message) => ({ type: "core", event: { type: "received", message } }),
    outcomes: (host, event) => outcomes(under, host, event),
    history: noHistory,
    remember,
    identity,
    observe,
    describe,
    properties: properties.filter(({ name }) =>
      (options.properties?.includes(name) ?? true) && isWithinReach(name, servers, budgets.crashes)
    ),
    starts: startsFor(servers, options.starts ?? Object.keys(starts)),
    symmetry: [names],
  };
}

/** Whether so few servers and crashes are enough: what can't be reached says nothing by never being reached. */
function isWithinReach(property: string, servers: number, crashes: number): boolean {
  switch (property) {
    case "two leaders at once":
      // Of one or two servers each is needed for a majority: the old leader hears of the new one's term first.
      return servers > 2;
    case "a commit after a leader crashed":
      return crashes > 0;
    default:
      return true;
  }
}

/** The traces of the starts that are meant for so many servers. */
function startsFor(servers: number, names: readonly string[]): Readonly<Record<string, string>> {
  const fitting = Object.entries(starts).filter(([name, start]) =>
    names.includes(name) && start.servers === servers
  );
  return Object.fromEntries(fitting.map(([name, { trace }]) => [name, trace]));
}

function happenings(under: Core, host: Host, proposed: number): readonly Happening<HostEvent>[] {
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
  return [...fired, ...disk, ...crashes, proposal(host, commandName(proposed), proposed)];
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

/**
 * The log is a view of a shared array: its entries are what it is. What never changes is left out. What is only in some
 * order, as servers have names, is a set.
 */
function identity({ server, disk, held, restarts, failure }: Host): unknown {
  const { config: _, log, role, ...rest } = server;
  return {
    ...rest,
    role: role.type === "candidate" ? { ...role, votesGranted: new Set(role.votesGranted) } : role,
    log: entriesOf(log),
    disk,
    held: held.map(({ write, late }) => ({ write, late: bagOf(late) })),
    restarts,
    failure,
  };
}

/** What waits for one write goes to the network at once, which reorders it. */
function bagOf(late: readonly Effect[]): ReadonlySet<unknown> {
  const texts = late.map((effect) => encode(effect));
  return new Set(late.map((effect, index) => ({
    effect,
    count: texts.filter((text) => text === texts[index]).length,
  })));
}

function observe({ server, disk, restarts, failure }: Host): SeenServer {
  return {
    id: server.config.id,
    restarts,
    failure,
    role: server.role.type,
    currentTerm: server.currentTerm,
    votedFor: server.votedFor,
    log: entriesOf(server.log).map(nameOf),
    commitIndex: server.commitIndex,
    lastApplied: server.lastApplied,
    disk: { currentTerm: disk.currentTerm, log: disk.log.map(nameOf) },
  };
}

/** What a person wants to know of a server, in short. */
function describe(host: Host): Record<string, string> {
  const { server, disk, held } = host;
  const { role } = server;
  const memory = { currentTerm: server.currentTerm, votedFor: server.votedFor, log: entriesOf(server.log) };
  return {
    role: role.type.charAt(0).toUpperCase() + server.currentTerm,
    votedFor: server.votedFor ?? "-",
    leader: knownLeader(server) ?? "-",
    log: logText(memory.log),
    commitIndex: String(server.commitIndex),
    ...(role.type === "candidate" ? { votesGranted: role.votesGranted.join(",") || "-" } : {}),
    ...(role.type === "leader"
      ? { nextIndex: byServer(role.nextIndex), matchIndex: byServer(role.matchIndex) }
      : {}),
    ...(server.heldProposals.length > 0 ? { heldProposals: String(server.heldProposals.length) } : {}),
    ...(held.length > 0 ? { unfinishedWrites: String(held.length) } : {}),
    ...(diskText(memory) === diskText(disk) ? {} : { disk: diskText(disk) }),
    ...(host.failure === null ? {} : { stopped: host.failure }),
  };
}

function logText(entries: readonly LogEntry[]): string {
  return `[${entries.map(nameOf).join(" ")}]`;
}

function diskText(disk: { currentTerm: number; votedFor: string | null; log: readonly LogEntry[] }): string {
  return `term ${disk.currentTerm} votedFor ${disk.votedFor ?? "-"} ${logText(disk.log)}`;
}

function byServer(indexes: Readonly<Record<string, number>>): string {
  return Object.entries(indexes).map(([server, index]) => server + index).join(" ");
}
