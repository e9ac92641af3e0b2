/**
 * The loop of a node: feeds what happens to `step`, and performs what it asks for.
 *
 * It takes all that waits, steps through it, and merges what the steps ask for: early effects are performed at
 * once, in order; one write makes all of it durable (group commit); then late effects follow, in order; then
 * the core hears `persisted`, and what is committed is applied. What happens while a write is in progress is
 * stepped at once too, so that an AppendEntries can leave while the disk is busy: its write and its late
 * effects are the next batch.
 */
import {
  type AppendEntries,
  type Effect,
  entriesBetween,
  type Event,
  type InstallSnapshot,
  type LogEntry,
  type LogIndex,
  type Message,
  type Proposal,
  type ProposalId,
  type ReadChunk,
  type ReadReady,
  type Refuse,
  type RefuseReads,
  type RefuseRequest,
  type Send,
  type ServerState,
  type Step,
  type Timer,
  timersOf,
  unreachable,
  type Write,
  writeFrom,
} from "../core/mod.ts";
import type { Clock, WriteOptions } from "../ports.ts";
import { canWait, noticeMs } from "./notices.ts";
import { createTimers, type Firing, type Timers } from "./timers.ts";

/** The most entries applied in one turn: applying a long log must not keep heartbeats from leaving. */
const maxEntriesPerTurn = 1024;

/** How many turns may follow each other before a rest: nodes in one process could keep each other busy for ever. */
const maxTurnsAtAStretch = 256;

/** What the loop acts on. */
export interface Host {
  /** The core, or a mutant of it. */
  readonly step: (state: ServerState, event: Event) => Step;
  /** Measures the timers. */
  readonly clock: Clock;
  /** How long this run of a timer takes, in milliseconds. */
  readonly durationMs: (timer: Timer) => number;
  /** Makes a write durable. */
  readonly write: (write: Write, options: WriteOptions) => Promise<void>;
  /** Hands a message to the network. */
  readonly send: (message: Message) => void;
  /**
   * Applies committed entries, the first of which has this index. If it returns a promise, nothing else is applied until that
   * has settled.
   */
  readonly apply: (entries: readonly LogEntry[], first: LogIndex) => void | Promise<void>;
  /** Called when entries have been applied, and the state tells so. */
  readonly onApplied: () => void;
  /** Tells who proposed that there was no room. */
  readonly refuse: (refused: Refuse) => void;
  /** Sends a chunk of a snapshot. */
  readonly readChunk: (chunk: ReadChunk) => void;
  /** Stores a chunk of a snapshot. */
  readonly storeChunk: (message: InstallSnapshot) => void;
  /** Answers reads. */
  readonly readReady: (ready: ReadReady) => void;
  /** Tells whoever reads that there was no room. */
  readonly refuseReads: (refused: RefuseReads) => void;
  /** Tells the administrator that nothing comes of a request. */
  readonly refuseRequest: (refused: RefuseRequest) => void;
  /** Called after every step: the state has changed. */
  readonly onState: (state: ServerState) => void;
  /** Called once: the core, the storage or the state machine failed. The loop has stopped. */
  readonly onFailure: (error: unknown) => void;
}

/** What happened, and was not stepped through yet. */
interface Inbox {
  readonly messages: Message[];
  readonly proposals: Proposal[];
  readonly reads: ProposalId[];
  /** What an administrator, or the keeper of the snapshots, has to say. */
  readonly requests: Event[];
  readonly firings: Firing[];
}

/** What may have to wait for a write. */
type Late = Send | Refuse | RefuseRequest | ReadReady | RefuseReads;

/** What several steps asked for, and one write makes good. */
interface Batch {
  /** How many `persist` effects it merges, barriers included. */
  persists: number;
  /** The lowest index that changed; null if all of them are barriers. */
  from: LogIndex | null;
  /** What waits for the write, in order. */
  readonly late: Late[];
}

/** A loop. Only the functions of this file change it. */
export interface Loop {
  readonly host: Host;
  readonly timers: Timers;
  /** The state of the server after the last step. */
  state: ServerState;
  /** Whether the loop runs: not before `begin`, nor after `stop`. */
  running: boolean;
  /** Whether a turn is to come. */
  scheduled: boolean;
  inbox: Inbox;
  batch: Batch;
  /** What may be told to followers later: the latest for each. */
  notices: readonly AppendEntries[];
  /** Cancels the timer with whose end they are told; null if none runs. */
  cancelNotices: (() => void) | null;
  /** Settles when the write in progress has settled; null if there is none. Never rejects. */
  writing: Promise<void> | null;
  /** The index up to which the core asked to apply. */
  applyUpTo: LogIndex;
  /** Whether the state machine is being restored from a snapshot. */
  isApplyingPaused: boolean;
  /** Settles when the entries that are being applied have been; null if none are. Never rejects. */
  applying: Promise<void> | null;
  /** How many turns there have been since the runtime could last do other work, as far as is known. */
  turns: number;
  /** Whether the next turn waits for the end of a rest. */
  resting: boolean;
  /** Cancels the timer that ends a rest; null if there is none. */
  cancelRest: (() => void) | null;
}

/** A loop that does nothing until `begin`, but keeps what it is told. */
export function createLoop(state: ServerState, host: Host): Loop {
  const loop: Loop = {
    host,
    timers: createTimers(host.clock, host.durationMs, (firing) => {
      loop.inbox.firings.push(firing);
      schedule(loop);
    }),
    state,
    running: false,
    scheduled: false,
    inbox: emptyInbox(),
    batch: emptyBatch(),
    notices: [],
    cancelNotices: null,
    writing: null,
    applyUpTo: state.lastApplied,
    isApplyingPaused: false,
    applying: null,
    turns: 0,
    resting: false,
    cancelRest: null,
  };
  return loop;
}

/** Starts the timers, and steps through what has come so far. */
export function begin(loop: Loop): void {
  loop.running = true;
  for (const timer of timersOf(loop.state)) loop.timers.start(timer);
  schedule(loop);
}

/** Takes a message that arrived. */
export function receive(loop: Loop, message: Message): void {
  loop.inbox.messages.push(message);
  schedule(loop);
}

/** Takes a proposal of this node. */
export function propose(loop: Loop, proposal: Proposal): void {
  loop.inbox.proposals.push(proposal);
  schedule(loop);
}

/** Lets nothing be applied, or lets it go on. */
export function pauseApplying(loop: Loop, isPaused: boolean): void {
  loop.isApplyingPaused = isPaused;
}

/** Takes a read of this node. */
export function read(loop: Loop, id: ProposalId): void {
  loop.inbox.reads.push(id);
  schedule(loop);
}

/** Takes what an administrator asks for, or what became of a snapshot. */
export function submit(loop: Loop, event: Event): void {
  loop.inbox.requests.push(event);
  schedule(loop);
}

/** Takes a proposal back that no step has seen. False if one has: nobody can call it back any more. */
export function withdraw(loop: Loop, id: ProposalId): boolean {
  const position = loop.inbox.proposals.findIndex((proposal) => proposal.id === id);
  if (position !== -1) loop.inbox.proposals.splice(position, 1);
  return position !== -1;
}

/** Whether a proposal provably never left this node's memory. Tells so of a loop that has stopped. */
export function neverLeft(loop: Loop, id: ProposalId): boolean {
  return [...loop.inbox.proposals, ...loop.state.heldProposals].some((proposal) => proposal.id === id);
}

/** Stops at once: from here on nothing is sent, written, applied or answered. */
export function stop(loop: Loop): void {
  loop.running = false;
  loop.timers.stopAll();
  loop.cancelRest?.();
  loop.cancelRest = null;
  loop.cancelNotices?.();
  loop.cancelNotices = null;
}

/** Sees to it that there is a turn: at once, or after a rest in which the runtime may do other work. */
function schedule(loop: Loop, rest: boolean = false): void {
  if (loop.scheduled || !loop.running) return;
  loop.scheduled = true;
  loop.turns++;
  if (rest || loop.turns >= maxTurnsAtAStretch / 8) {
    loop.cancelRest ??= loop.host.clock.after(0, () => endRest(loop));
  }
  loop.resting = rest || loop.turns >= maxTurnsAtAStretch;
  if (!loop.resting) queueMicrotask(() => run(loop));
}

/** The runtime has had its chance, whether or not this loop had to stop for it. */
function endRest(loop: Loop): void {
  loop.cancelRest = null;
  loop.turns = 0;
  if (loop.resting) run(loop);
}

function run(loop: Loop): void {
  loop.scheduled = false;
  loop.resting = false;
  guard(loop, () => turn(loop));
}

/** Whatever throws stops the node: the core in an impossible state, a state machine, a storage. */
function guard(loop: Loop, action: () => void): void {
  if (!loop.running) return;
  try {
    action();
  } catch (error) {
    fail(loop, error);
  }
}

function fail(loop: Loop, error: unknown): void {
  if (!loop.running) return;
  stop(loop);
  loop.host.onFailure(error);
}

function turn(loop: Loop): void {
  const { messages, proposals, reads, requests, firings } = loop.inbox;
  loop.inbox = emptyInbox();
  for (const message of messages) advance(loop, { type: "received", message });
  for (const chunk of chunks(proposals, loop.state)) advance(loop, { type: "proposed", proposals: chunk });
  if (reads.length > 0) advance(loop, { type: "readRequested", ids: reads });
  for (const event of requests) {
    advance(loop, event);
    // From here on what is applied follows on the snapshot.
    if (event.type === "snapshotStored") loop.isApplyingPaused = false;
  }
  // Last, so that a leader's message that has waited keeps this server from standing for election.
  for (const firing of firings) {
    if (loop.timers.take(firing)) advance(loop, { type: "timerFired", timer: firing.timer });
  }
  // What was sent leaves first, and others can write it meanwhile.
  queueMicrotask(() => guard(loop, () => settle(loop)));
}

/** Writes and applies what there is. Writing is begun first: it takes the disk longer than it does us. */
function settle(loop: Loop): void {
  flush(loop);
  applyCommitted(loop);
}

/** As many proposals at a time as one message may carry. */
function* chunks(proposals: readonly Proposal[], { config }: ServerState): Iterable<readonly Proposal[]> {
  let chunk: Proposal[] = [];
  let bytes = 0;
  for (const proposal of proposals) {
    bytes += proposal.command.byteLength;
    const full = chunk.length === config.maxEntriesPerAppend || bytes > config.maxBytesPerAppend;
    if (full && chunk.length > 0) {
      yield chunk;
      chunk = [];
      bytes = proposal.command.byteLength;
    }
    chunk.push(proposal);
  }
  if (chunk.length > 0) yield chunk;
}

function advance(loop: Loop, event: Event): void {
  if (!loop.running) return;
  const before = loop.state;
  const { state, effects } = loop.host.step(before, event);
  loop.state = state;
  loop.host.onState(state);
  let isLate = false;
  for (const effect of effects) {
    if (!isLate && mayWait(loop, before, event, effect)) continue;
    perform(loop, effect, isLate);
    isLate ||= effect.type === "persist";
  }
}

/** Keeps back what the next entries will say as well. */
function mayWait(loop: Loop, before: ServerState, event: Event, effect: Effect): boolean {
  if (effect.type !== "send") return false;
  const { message } = effect;
  if (message.type !== "AppendEntries") return false;
  // What it says, this message says too.
  if (loop.notices.length > 0) loop.notices = loop.notices.filter(({ to }) => to !== message.to);
  if (!canWait(before, event, loop.state, message)) return false;
  loop.notices = [...loop.notices, message];
  loop.cancelNotices ??= loop.host.clock.after(noticeMs, () => guard(loop, () => sendNotices(loop)));
  return true;
}

function sendNotices(loop: Loop): void {
  const { notices, state } = loop;
  loop.cancelNotices?.();
  loop.cancelNotices = null;
  loop.notices = [];
  for (const message of notices) {
    const isLeading = state.role.type === "leader" && message.term === state.currentTerm;
    if (isLeading) loop.host.send(message);
  }
}

function perform(loop: Loop, effect: Effect, isLate: boolean): void {
  switch (effect.type) {
    case "send":
    case "refuse":
    case "refuseRequest":
    case "readReady":
    case "refuseReads":
      if (isLate) addLate(loop.batch, effect);
      else release(loop, effect);
      return;
    case "persist":
      loop.batch.persists++;
      if (effect.write !== null) {
        loop.batch.from = Math.min(loop.batch.from ?? effect.write.from, effect.write.from);
      }
      return;
    case "startTimer":
      return loop.timers.start(effect.timer);
    case "stopTimer":
      return loop.timers.stop(effect.timer);
    case "apply":
      loop.applyUpTo = effect.index;
      return;
    case "readChunk":
      return loop.host.readChunk(effect);
    case "storeChunk":
      return loop.host.storeChunk(effect.message);
    default:
      return unreachable(effect);
  }
}

/** An answer to a leader says all that the one before it says: that need not be sent. */
function addLate({ late }: Batch, effect: Late): void {
  const last = late.at(-1);
  if (last !== undefined && isReplacedBy(last, effect)) late.pop();
  late.push(effect);
}

function isReplacedBy(before: Late, after: Late): boolean {
  if (before.type !== "send" || after.type !== "send") return false;
  const [old, message] = [before.message, after.message];
  if (old.type !== "AppendEntriesResponse" || message.type !== "AppendEntriesResponse") return false;
  return old.success && message.success && old.to === message.to && old.term === message.term &&
    old.matchIndex <= message.matchIndex && old.round <= message.round;
}

function release(loop: Loop, effect: Late): void {
  switch (effect.type) {
    case "refuse":
      return loop.host.refuse(effect);
    case "refuseRequest":
      return loop.host.refuseRequest(effect);
    case "readReady":
      return loop.host.readReady(effect);
    case "refuseReads":
      return loop.host.refuseReads(effect);
    case "send":
      return send(loop, effect);
    default:
      return unreachable(effect);
  }
}

function send(loop: Loop, { message }: Send): void {
  // What is committed must be known where the read is to be answered.
  if (message.type === "ReadIndexResponse") sendNotices(loop);
  if (message.type !== "Propose") return loop.host.send(message);
  // All that was held goes out at once when a leader is known: more, perhaps, than a transport carries in one piece.
  for (const proposals of chunks(message.proposals, loop.state)) loop.host.send({ ...message, proposals });
}

/** Begins to write the batch, unless a write is in progress. Barriers alone have nothing to wait for then. */
function flush(loop: Loop): void {
  while (loop.running && loop.writing === null && loop.batch.persists > 0) {
    const batch = loop.batch;
    loop.batch = emptyBatch();
    if (batch.from === null) finish(loop, batch);
    else loop.writing = write(loop, batch, writeFrom(loop.state, batch.from));
  }
}

async function write(loop: Loop, batch: Batch, write: Write): Promise<void> {
  try {
    await loop.host.write(write, { mayBlock: loop.state.role.type !== "leader" });
  } catch (error) {
    // After a failed fsync nobody knows what the disk holds.
    return fail(loop, error);
  } finally {
    loop.writing = null;
  }
  guard(loop, () => {
    finish(loop, batch);
    settle(loop);
  });
}

/** The batch is durable: what has waited for it goes out, then the core hears of it. */
function finish(loop: Loop, batch: Batch): void {
  for (const effect of batch.late) release(loop, effect);
  advance(loop, { type: "persisted", count: batch.persists });
}

function applyCommitted(loop: Loop): void {
  const { lastApplied, log } = loop.state;
  if (loop.applyUpTo <= lastApplied || loop.isApplyingPaused || loop.applying !== null) return;
  const end = Math.min(loop.applyUpTo, lastApplied + maxEntriesPerTurn);
  const done = loop.host.apply(entriesBetween(log, lastApplied + 1, end), lastApplied + 1);
  if (done === undefined) return finishApplying(loop, end);
  loop.applying = done.then(
    () => {
      loop.applying = null;
      guard(loop, () => finishApplying(loop, end));
      guard(loop, () => applyCommitted(loop));
    },
    (error) => {
      loop.applying = null;
      fail(loop, error);
    },
  );
}

function finishApplying(loop: Loop, end: LogIndex): void {
  if (!loop.running) return;
  advance(loop, { type: "applied", index: end });
  if (!loop.running) return;
  loop.host.onApplied();
  if (end < loop.applyUpTo) schedule(loop, true);
}

function emptyInbox(): Inbox {
  return { messages: [], proposals: [], reads: [], requests: [], firings: [] };
}

function emptyBatch(): Batch {
  return { persists: 0, from: null, late: [] };
}
