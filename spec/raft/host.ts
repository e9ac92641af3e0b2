/** A server with its disk, as the model sees it: what `src/node.ts` is in production, without time and sockets. */
import {
  type Config,
  type Effect,
  entriesBetween,
  entriesOf,
  type Event,
  type InstallSnapshot,
  type Log,
  type LogIndex,
  type Message,
  type PersistentState,
  type ProposalId,
  type ReadChunk,
  type ServerState,
  type Session,
  type Write,
} from "../../src/core/mod.ts";
import type { Outcome } from "../dsl/cluster.ts";
import type { Core } from "./core.ts";
import { nameOf, type Note } from "./history.ts";
import { applySessions, sessionsIn, sessionsText } from "./sessions.ts";

/** A write that has not reached the disk yet, and what waits for it. */
export interface HeldWrite {
  /** The write; null for a barrier. */
  readonly write: Write | null;
  /** What may be sent and answered once it is done. */
  readonly late: readonly Effect[];
}

/** What a snapshot holds. */
export interface StoredSnapshot {
  /** The names of the entries that had been applied. */
  readonly machine: readonly string[];
  /** The sessions, as text. */
  readonly sessions: string;
}

/** A server, and what surrounds it. */
export interface Host {
  /** The state of the core. */
  readonly server: ServerState;
  /** What would survive a crash. */
  readonly disk: PersistentState;
  /** Writes that the disk has not taken yet, the oldest first. */
  readonly held: readonly HeldWrite[];
  /** The state machine: the names of the entries that it has applied, in order. */
  readonly machine: readonly string[];
  /** The open sessions of clients, in their order. */
  readonly sessions: readonly Session[];
  /** The snapshots on the disk, by their index: what the state machine was like, and the sessions. */
  readonly snapshots: Readonly<Record<LogIndex, StoredSnapshot>>;
  /** How often it was restarted. */
  readonly restarts: number;
  /** How many reads its clients asked for since it was restarted. */
  readonly asked: number;
  /** Whether its election timer has fired since it last heard from a leader, where that matters: for leases. */
  readonly timedOut: boolean;
  /** What the core found impossible, and stopped for; null while all is well. */
  readonly failure: string | null;
}

/** What may happen to a host. */
export type HostEvent =
  | { readonly type: "core"; readonly event: Event }
  | { readonly type: "disk" }
  | { readonly type: "compact" }
  | { readonly type: "crash"; readonly survived: number };

/** A host on its way through one action: what it was asked to do so far. */
interface Run {
  readonly core: Core;
  host: Host;
  readonly sends: Message[];
  readonly notes: Note[];
  /** Whether the first write of this action is held back. */
  isSlow: boolean;
}

/** What an event may lead to: the disk is quick, or, if there is something to write, slow. */
export function outcomes(core: Core, host: Host, event: HostEvent): readonly Outcome<Host, Message, Note>[] {
  if (host.failure !== null) return [];
  const quick = perform(core, host, event, false);
  // Nothing can be held back where nothing was written.
  const mayBeSlow = event.type === "core" && host.held.length === 0 && quick.local.disk !== host.disk;
  if (!mayBeSlow) return [quick];
  const slow = perform(core, host, event, true);
  return slow.local.held.length > 0 ? [quick, { ...slow, notation: "_", spends: "slow" }] : [quick];
}

/** What an event leads to; `isSlow`: the write that it asks for is held back. */
export function perform(
  core: Core,
  host: Host,
  event: HostEvent,
  isSlow: boolean,
): Outcome<Host, Message, Note> {
  const run: Run = { core, host, sends: [], notes: [], isSlow };
  try {
    if (event.type === "core") feed(run, event.event);
    else if (event.type === "disk") takeOldestWrite(run);
    else if (event.type === "compact") takeSnapshot(run);
    else crash(run, event.survived);
  } catch (error) {
    // By its name, as a mutant has an AssertionError of its own.
    if (!(error instanceof Error) || error.name !== "AssertionError") throw error;
    run.host = { ...run.host, failure: error.message };
  }
  return { notation: "", local: run.host, sends: run.sends, notes: run.notes };
}

/** One step of the core, and what it asks for. */
function feed(run: Run, event: Event): void {
  const before = run.host.server;
  const { state, effects } = run.core.step(before, event);
  run.host = { ...run.host, server: state, timedOut: isTimedOut(run.host, event, state) };
  run.notes.push(...notesOf(before, state, run.host.machine));
  if (event.type === "readRequested") {
    run.host = { ...run.host, asked: run.host.asked + event.ids.length };
    for (const id of event.ids) run.notes.push({ type: "readStarted", read: readName(id) });
  }
  if (event.type === "received" && event.message.type === "TimeoutNow" && state.role.type === "candidate") {
    run.notes.push({ type: "handedOver", term: state.currentTerm, server: state.config.id });
  }
  const marker = effects.findIndex((effect) => effect.type === "persist");
  const early = marker === -1 ? effects : effects.slice(0, marker);
  const applies = marker === -1 ? [] : effects.slice(marker).filter((effect) => effect.type === "apply");
  const late = marker === -1 ? [] : effects.slice(marker + 1).filter((effect) => effect.type !== "apply");
  for (const effect of [...early, ...applies]) if (effect.type !== "storeChunk") obey(run, effect);
  const persist = effects[marker];
  if (persist?.type === "persist") write(run, { write: persist.write, late });
  // It takes the host a while, so that what this step writes comes first.
  const chunk = early.find((effect) => effect.type === "storeChunk");
  if (chunk !== undefined) obey(run, chunk);
}

/** What a clock would tell: whether a lease that this server has promised to keep is over. */
function isTimedOut({ timedOut }: Host, event: Event, { config, currentTerm }: ServerState): boolean {
  if (!config.leaseReads) return false;
  if (event.type === "timerFired" && event.timer === "election") return true;
  if (event.type !== "received" || !("term" in event.message)) return timedOut;
  const { type, term } = event.message;
  const isOfLeader = type === "AppendEntries" || type === "InstallSnapshot";
  return isOfLeader && term === currentTerm ? false : timedOut;
}

function readName({ node, incarnation, sequence }: ProposalId): string {
  return `${node}${incarnation}.${sequence}`;
}

/** A write waits behind those that are held, and is held itself if the disk is slow. */
function write(run: Run, pending: HeldWrite): void {
  const isHeld = run.host.held.length > 0 || (run.isSlow && pending.write !== null);
  run.host = { ...run.host, held: [...run.host.held, pending] };
  run.isSlow = false;
  if (!isHeld) takeOldestWrite(run);
}

function takeOldestWrite(run: Run): void {
  const [oldest, ...held] = run.host.held;
  if (oldest === undefined) return;
  const disk = written(run.host.disk, oldest.write);
  const { index = 0 } = disk.compaction?.snapshot ?? {};
  // Only now that a newer one is on record, older ones can go.
  const snapshots = Object.entries(run.host.snapshots).filter(([of]) => Number(of) >= index);
  run.host = { ...run.host, held, disk, snapshots: Object.fromEntries(snapshots) };
  for (const effect of oldest.late) obey(run, effect);
  feed(run, { type: "persisted", count: 1 });
}

function obey(run: Run, effect: Effect): void {
  if (effect.type === "send") {
    run.sends.push(effect.message);
    run.notes.push(...noteOfVote(effect.message), ...noteOfSnapshot(run.host, effect.message));
  }
  if (effect.type === "readReady") {
    const index = run.host.server.lastApplied;
    for (const id of effect.ids) run.notes.push({ type: "readAnswered", read: readName(id), index });
  }
  if (effect.type === "apply") {
    const { log, lastApplied } = run.host.server;
    const entries = entriesBetween(log, lastApplied + 1, effect.index);
    const names = entries.map(nameOf);
    noteApplied(run, lastApplied, names);
    const { sessions, notes } = applySessions(run.core, run.host.sessions, entries, lastApplied + 1);
    run.notes.push(...notes);
    run.host = { ...run.host, sessions, machine: [...run.host.machine, ...names] };
    feed(run, { type: "applied", index: effect.index });
  }
  if (effect.type === "readChunk") sendSnapshot(run, effect);
  if (effect.type === "storeChunk") storeSnapshot(run, effect.message);
}

function noteApplied(run: Run, lastApplied: LogIndex, names: readonly string[]): void {
  names.forEach((entry, position) => {
    run.notes.push({ type: "applied", index: lastApplied + 1 + position, entry });
  });
}

/** The state machine as it is goes to the disk, and then the core hears of it. */
function takeSnapshot(run: Run): void {
  const { lastApplied } = run.host.server;
  const { machine, snapshots } = run.host;
  const stored = { machine, sessions: sessionsText(run.core, run.host.sessions) };
  run.host = { ...run.host, snapshots: { ...snapshots, [lastApplied]: stored } };
  feed(run, { type: "snapshotTaken", index: lastApplied });
}

/** In the model a snapshot is one chunk. */
function sendSnapshot(run: Run, { to, term, snapshot }: ReadChunk): void {
  const content = run.host.snapshots[snapshot.index];
  if (content === undefined) return feed(run, { type: "chunkUnread", to, index: snapshot.index });
  const data = new TextEncoder().encode(`${content.machine.join(" ")}|${content.sessions}`);
  const from = run.host.server.config.id;
  run.sends.push({ type: "InstallSnapshot", from, to, term, snapshot, offset: 0, data, isLast: true });
}

/** The snapshot is durable, and the state machine restored, before the core hears of it. */
function storeSnapshot(run: Run, message: InstallSnapshot): void {
  const [text = "", sessions = ""] = new TextDecoder().decode(message.data).split(/\|(.*)/);
  const machine = text === "" ? [] : text.split(" ");
  const { lastApplied } = run.host.server;
  const snapshots = { ...run.host.snapshots, [message.snapshot.index]: { machine, sessions } };
  noteApplied(run, lastApplied, machine.slice(lastApplied));
  run.host = { ...run.host, snapshots, machine, sessions: sessionsIn(sessions) };
  run.notes.push({ type: "installed", index: message.snapshot.index, server: run.host.server.config.id });
  feed(run, { type: "snapshotStored", message });
}

/** What is in memory is gone; of the held writes, the `survived` oldest reached the disk. */
function crash(run: Run, survived: number): void {
  const { host } = run;
  if (host.server.role.type === "leader") run.notes.push({ type: "leaderCrashed" });
  const disk = host.held.slice(0, survived).reduce((taken, { write }) => written(taken, write), host.disk);
  const server = run.core.restart(host.server.config, disk);
  const restarts = host.restarts + 1;
  const { snapshots } = host;
  const { machine, sessions } = snapshots[server.lastApplied] ?? { machine: [], sessions: "" };
  run.host = {
    server,
    disk,
    held: [],
    machine,
    sessions: sessionsIn(sessions),
    snapshots,
    restarts,
    asked: 0,
    timedOut: false,
    failure: null,
  };
}

function written(disk: PersistentState, write: Write | null): PersistentState {
  if (write === null) return disk;
  const { currentTerm, votedFor, from, entries } = write;
  const first = (disk.compaction?.compactedIndex ?? 0) + 1;
  const kept = (write.compaction?.compactedIndex ?? 0) + 1;
  const log = [...disk.log.slice(Math.max(0, kept - first), Math.max(0, from - first)), ...entries];
  return {
    currentTerm,
    votedFor,
    log,
    ...(write.compaction === undefined ? {} : { compaction: write.compaction }),
  };
}

/** What an observer of the cluster must remember of a step. */
function notesOf(before: ServerState, after: ServerState, machine: readonly string[]): readonly Note[] {
  const { id } = after.config;
  const term = after.currentTerm;
  const notes: Note[] = [];
  const wasLeader = before.role.type === "leader" && before.currentTerm === term;
  if (after.role.type === "leader" && !wasLeader) {
    notes.push({ type: "elected", term, server: id, log: namesIn(before.log, machine) });
  }
  if (after.config.preVote && after.role.type === "candidate" && term > before.currentTerm) {
    notes.push({ type: "stood", term });
  }
  if (countsOwnVote(after)) notes.push({ type: "voted", term, voter: id, candidate: id });
  if (after.commitIndex > before.commitIndex) {
    namesIn(after.log, machine).slice(before.commitIndex, after.commitIndex).forEach((entry, position) => {
      notes.push({ type: "committed", term, index: before.commitIndex + 1 + position, entry });
    });
  }
  return notes;
}

function noteOfSnapshot({ disk }: Host, message: Message): readonly Note[] {
  if (message.type !== "InstallSnapshotResponse" || !message.isDone) return [];
  const lastIndex = (disk.compaction?.compactedIndex ?? 0) + disk.log.length;
  return lastIndex >= message.index ? [] : [{ type: "early", index: message.index, server: message.from }];
}

/** The names of all entries from index 1 on: those that the log has no more are in the state machine. */
export function namesIn(log: Log, machine: readonly string[]): readonly string[] {
  const names = entriesOf(log).map(nameOf);
  return log.compactedIndex === 0 ? names : [...machine.slice(0, log.compactedIndex), ...names];
}

function countsOwnVote({ role, config }: ServerState): boolean {
  return role.type === "candidate" && role.votesGranted.includes(config.id);
}

function noteOfVote(message: Message): readonly Note[] {
  if (message.type !== "RequestVoteResponse" || !message.voteGranted) return [];
  const { term, from, to } = message;
  return [{ type: "voted", term, voter: from, candidate: to }];
}

/** What an empty disk holds. */
export const emptyDisk: PersistentState = { currentTerm: 0, votedFor: null, log: [] };

/** A host that has just started from its disk. */
export function startedHost(core: Core, config: Config, disk: PersistentState): Host {
  const server = core.restart(config, disk);
  const rest = { restarts: 0, asked: 0, timedOut: false, failure: null };
  return { server, disk, held: [], machine: [], sessions: [], snapshots: {}, ...rest };
}
