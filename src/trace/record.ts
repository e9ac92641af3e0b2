/**
 * Records what a node steps through: events and what came of them, a line each, so that every step can be replayed
 * through `step` and compared (`replay.ts`). `docs/operations.md` shows how to keep it.
 *
 * A trace is lines of JSON, format 1. Blank lines mean nothing. There are three kinds:
 *
 *     {"trace":1,"config":{...},"persisted":{...}}            a start: Config, and what the disk held
 *     {"event":{...},"changed":{...},"effects":["..."]}       a step
 *     {"event":{...},"threw":"AssertionError: ..."}           the last step of a node that found itself in an impossible state
 *
 * `event` is the {@linkcode Event}; `changed` holds those of the observed values that differ after the step; `effects` says
 * what it asked for, in order. Of commands and chunks of snapshots only the length is kept: `step` looks at no more, so
 * a trace holds no data of users. Commands in a row, of one origin and one length, are one array:
 * `[term, node, incarnation, sequence of the first, how many, bytes of each]`; the term of a proposal is 0.
 */
import {
  type Effect,
  entriesOf,
  type Event,
  knownLeader,
  type LogEntry,
  type Message,
  type Proposal,
  type ServerState,
  type Step,
  termAt,
  unreachable,
} from "../core/mod.ts";

/** The version of the format. */
export const traceFormat = 1;

/** Takes the next lines of a trace, each with its line break. Must be quick; what it throws is ignored. */
export type TraceWriter = (lines: string) => void;

/** The consensus core, or a mutant of it. */
export type StepFunction = (state: ServerState, event: Event) => Step;

/** How much of a trace waits for the end of the turn. */
const maxHeldCharacters = 1 << 16;

/** The values of a state whose changes a trace names. */
const observed: Readonly<Record<string, (state: ServerState) => string | number | null>> = {
  currentTerm: (state) => state.currentTerm,
  votedFor: (state) => state.votedFor,
  role: (state) => state.role.type,
  leaderId: knownLeader,
  lastLogIndex: (state) => state.log.lastIndex,
  lastLogTerm: (state) => termAt(state.log, state.log.lastIndex),
  compactedIndex: (state) => state.log.compactedIndex,
  snapshotIndex: (state) => state.snapshot?.index ?? 0,
  commitIndex: (state) => state.commitIndex,
  lastApplied: (state) => state.lastApplied,
  durableIndex: (state) => state.durableIndex,
  unfinishedWrites: (state) => state.unfinishedWrites.length,
  heldProposals: (state) => state.heldProposals.length,
  ownReads: (state) => state.ownReads.length,
};

const observedNames = Object.keys(observed);
const observers = Object.values(observed);

/** The same step, whose first state and every call is written down. Lines are handed over once a turn of the node. */
export function recorded(step: StepFunction, writer: TraceWriter): StepFunction {
  let lines = "";
  let hasBegun = false;
  const flush = () => {
    const due = lines;
    lines = "";
    try {
      if (due !== "") writer(due);
    } catch {
      // Who can't take a line must not stop the node.
    }
  };
  const put = (line: string) => {
    if (lines === "") queueMicrotask(flush);
    lines += `${line}\n`;
    if (lines.length > maxHeldCharacters) flush();
  };
  return (state, event) => {
    // After a blank line: the last one may have been cut off in the middle.
    if (!hasBegun) put(`\n${startLine(state)}`);
    hasBegun = true;
    try {
      const result = step(state, event);
      put(stepLine(event, outcomeOf(state, result)));
      return result;
    } catch (error) {
      put(stepLine(event, { threw: String(error) }));
      // Perhaps there is no other turn.
      flush();
      throw error;
    }
  };
}

/** What came of a step, as far as a trace tells. */
export type Outcome =
  | {
    /** The observed values that have changed. */
    readonly changed: Readonly<Record<string, string | number | null>>;
    /** What the host was asked to do. */
    readonly effects: readonly string[];
  }
  | {
    /** What was thrown. */
    readonly threw: string;
  };

/** What a trace tells of a step. */
export function outcomeOf(before: ServerState, { state, effects }: Step): Outcome {
  const changed: Record<string, string | number | null> = {};
  for (const [at, observe] of observers.entries()) {
    const value = observe(state);
    if (value !== observe(before)) changed[observedNames[at]!] = value;
  }
  return { changed, effects: effects.map(effectText) };
}

function startLine({ config, currentTerm, votedFor, log, snapshot }: ServerState): string {
  const { compactedIndex, compactedTerm } = log;
  const compaction = snapshot === null ? {} : { compaction: { snapshot, compactedIndex, compactedTerm } };
  const persisted = { currentTerm, votedFor, log: packed(entriesOf(log)), ...compaction };
  return JSON.stringify({ trace: traceFormat, config, persisted });
}

function stepLine(event: Event, outcome: Outcome): string {
  return JSON.stringify({ event: packedEvent(event), ...outcome });
}

function packedEvent(event: Event): unknown {
  switch (event.type) {
    case "received":
    case "chunkStored":
    case "snapshotStored":
      return { ...event, message: packedMessage(event.message) };
    case "proposed":
      return { ...event, proposals: packed(event.proposals) };
    default:
      return event;
  }
}

function packedMessage(message: Message): unknown {
  switch (message.type) {
    case "AppendEntries":
      return message.entries.length === 0 ? message : { ...message, entries: packed(message.entries) };
    case "Propose":
      return { ...message, proposals: packed(message.proposals) };
    case "InstallSnapshot":
      return { ...message, data: message.data.byteLength };
    default:
      return message;
  }
}

/** Commands in a row: [term, node, incarnation, sequence of the first, how many, bytes of each]. */
export type Run = [number, string, number, number, number, number];

/** Entries or proposals without the bytes of their commands. */
function packed(items: readonly (LogEntry | Proposal)[]): unknown[] {
  const list: unknown[] = [];
  let run: Run | null = null;
  for (const item of items) {
    if (!("command" in item)) {
      list.push(item);
      run = null;
      continue;
    }
    const { id, command } = item;
    const isEntry = "term" in item;
    const bytes = command.byteLength;
    if (Object.keys(item).length > (isEntry ? 4 : 2)) {
      // It carries more than its origin.
      list.push({ ...item, command: bytes });
      run = null;
      continue;
    }
    const term = isEntry ? item.term : 0;
    if (run !== null && follows(run, id, term, bytes)) run[4]++;
    else list.push(run = [term, id.node, id.incarnation, id.sequence, 1, bytes]);
  }
  return list;
}

function follows(run: Run, id: Proposal["id"], term: number, bytes: number): boolean {
  return run[3] + run[4] === id.sequence && run[5] === bytes && run[0] === term &&
    run[2] === id.incarnation &&
    run[1] === id.node;
}

function effectText(effect: Effect): string {
  switch (effect.type) {
    case "send":
      return `send ${messageText(effect.message)}`;
    case "persist":
      return effect.write === null ? "barrier" : `write ${effect.write.from}+${effect.write.entries.length}`;
    case "startTimer":
      return `start ${effect.timer}`;
    case "stopTimer":
      return `stop ${effect.timer}`;
    case "apply":
      return `apply ${effect.index}`;
    case "refuse":
      return `refuse ${effect.outcome} [${effect.ids.length}]`;
    case "refuseRequest":
      return `refuseRequest ${effect.reason}`;
    case "readReady":
    case "refuseReads":
      return `${effect.type} [${effect.ids.length}]`;
    case "readChunk":
      return `readChunk ${effect.to} ${effect.snapshot.index} ${effect.offset}`;
    case "storeChunk":
      return `storeChunk ${effect.message.snapshot.index} ${effect.message.offset}`;
    default:
      return unreachable(effect);
  }
}

/** To whom, what, and its fields in their order; of lists and bytes only how many there are. */
function messageText(message: Message): string {
  let text = `${message.to} ${message.type}`;
  for (const [field, value] of Object.entries(message)) {
    if (field === "type" || field === "from" || field === "to") continue;
    text += " " + fieldText(value);
  }
  return text;
}

function fieldText(value: unknown): string {
  if (value instanceof Uint8Array) return `[${value.byteLength}]`;
  if (Array.isArray(value)) return `[${value.length}]`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
