/** Replays a trace (`record.ts`) through `step`, and compares. */
import {
  type Config,
  type Event,
  type LogEntry,
  type PersistentState,
  type Proposal,
  restart,
  type ServerState,
  step,
} from "../core/mod.ts";
import { RaftError } from "../error.ts";
import { type Outcome, outcomeOf, type Run, type StepFunction, traceFormat } from "./record.ts";

/** A start or a step, as a trace holds it. */
export type TraceRecord =
  | {
    /** A node has started. */
    readonly type: "start";
    /** On which line it stands, the first being 1. */
    readonly line: number;
    /** The state with which it began. */
    readonly state: ServerState;
  }
  | {
    /** A node has made a step. */
    readonly type: "step";
    /** On which line it stands, the first being 1. */
    readonly line: number;
    /** What happened. */
    readonly event: Event;
    /** What came of it. */
    readonly outcome: Outcome;
  };

/** The first step of a trace that `step` makes differently. */
export interface TraceDifference {
  /** On which line it stands, the first being 1. */
  readonly line: number;
  /** What happened. */
  readonly event: Event;
  /** What came of it then. */
  readonly recorded: Outcome;
  /** What comes of it now. */
  readonly replayed: Outcome;
}

/** What a replay has found. */
export interface TraceReplay {
  /** How many starts were replayed. */
  readonly starts: number;
  /** How many steps were, the one that differs included. */
  readonly steps: number;
  /** Null if `step` does what was recorded. */
  readonly difference: TraceDifference | null;
}

/**
 * Steps through a trace of one node, and compares what comes of each step with what was recorded. A line that was cut
 * off by a crash, before a start or at the end, is passed over.
 *
 * @param trace Its text, or its lines.
 * @throws {RaftError} with code `Corrupt` or `Mismatch`, which names the line, if this is no such trace.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryNetwork, memoryStorage, RaftNode, replayTrace } from "@quorate/raft";
 *
 * let text = "";
 * const node = await RaftNode.start({
 *   id: "a",
 *   peers: [],
 *   bootstrap: true,
 *   transport: memoryNetwork().transport(),
 *   storage: memoryStorage(),
 *   trace: (lines) => text += lines,
 * });
 * await node.broadcast(new TextEncoder().encode("hello"));
 * await node.close();
 * assertEquals(replayTrace(text).difference, null);
 * ```
 */
export function replayTrace(
  trace: string | Iterable<string>,
  { step: replayed = step }: {
    /** The consensus core, or a mutant of it. */
    readonly step?: StepFunction;
  } = {},
): TraceReplay {
  let state: ServerState | null = null;
  let [starts, steps] = [0, 0];
  for (const record of readTrace(trace)) {
    if (record.type === "start") {
      state = record.state;
      starts++;
      continue;
    }
    if (state === null) throw corrupt(record.line, "expected a start before the first step");
    steps++;
    const { line, event, outcome: recorded } = record;
    const { outcome, after } = attempt(replayed, state, event);
    if (JSON.stringify(outcome) !== JSON.stringify(recorded)) {
      return { starts, steps, difference: { line, event, recorded, replayed: outcome } };
    }
    state = after;
  }
  return { starts, steps, difference: null };
}

/** Makes a step. After one that throws there is no state. */
function attempt(step: StepFunction, before: ServerState, event: Event) {
  try {
    const result = step(before, event);
    return { outcome: outcomeOf(before, result), after: result.state };
  } catch (error) {
    return { outcome: { threw: String(error) }, after: null };
  }
}

/**
 * The starts and steps of a trace.
 *
 * @throws {RaftError} like {@linkcode replayTrace}.
 */
export function* readTrace(trace: string | Iterable<string>): Generator<TraceRecord, void> {
  let line = 0;
  let cutOff = 0;
  for (const text of typeof trace === "string" ? trace.split("\n") : trace) {
    line++;
    if (text.trim() === "") continue;
    const value = parsed(text);
    const isStart = value !== null && "trace" in value;
    if (cutOff > 0 && !isStart) throw corrupt(cutOff, "expected JSON");
    cutOff = value === null ? line : 0;
    if (value !== null) yield isStart ? startOf(value, line) : stepOf(value, line);
  }
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : null;
  } catch {
    return null;
  }
}

function startOf({ trace, config, persisted }: Record<string, unknown>, line: number): TraceRecord {
  if (trace !== traceFormat) {
    const message = `line ${line} of the trace: expected format ${traceFormat}, got ${JSON.stringify(trace)}`;
    throw new RaftError("Mismatch", `${message}; use the version of the library that has written it`);
  }
  try {
    const { log, ...rest } = persisted as { readonly log: readonly unknown[] } & Omit<PersistentState, "log">;
    const entries = unpacked(log, (command, term): LogEntry => ({ type: "command", term, ...command }));
    return { type: "start", line, state: restart(config as Config, { ...rest, log: entries }) };
  } catch (error) {
    throw corrupt(line, `expected a start (${error})`);
  }
}

function stepOf({ event, ...outcome }: Record<string, unknown>, line: number): TraceRecord {
  const isOutcome = "threw" in outcome || ("changed" in outcome && Array.isArray(outcome["effects"]));
  if (typeof event !== "object" || event === null || !isOutcome) throw corrupt(line, "expected a step");
  try {
    return { type: "step", line, event: eventOf(event as Event), outcome: outcome as Outcome };
  } catch (error) {
    throw corrupt(line, `expected an event (${error})`);
  }
}

/** The event, with bytes where the trace has lengths. */
function eventOf(event: Event): Event {
  if (event.type === "proposed") return { ...event, proposals: proposalsOf(event.proposals) };
  if (!("message" in event)) return event;
  const { message } = event;
  switch (message.type) {
    case "AppendEntries": {
      const entries = unpacked(message.entries, (command, term): LogEntry => ({
        type: "command",
        term,
        ...command,
      }));
      return { type: "received", message: { ...message, entries } };
    }
    case "Propose":
      return { type: "received", message: { ...message, proposals: proposalsOf(message.proposals) } };
    case "InstallSnapshot":
      return { ...event, message: { ...message, data: zeros(message.data) } };
    default:
      return event;
  }
}

function proposalsOf(items: readonly unknown[]): Proposal[] {
  return unpacked(items, (command): Proposal => command);
}

/** Entries or proposals from what `packed` made of them. */
function unpacked<Item>(
  items: readonly unknown[],
  itemOf: (command: Proposal, term: number) => Item,
): Item[] {
  return items.flatMap((item) => {
    if (!Array.isArray(item)) {
      const { command } = item as { readonly command?: unknown };
      return (command === undefined ? item : { ...item as object, command: zeros(command) }) as Item;
    }
    const [term, node, incarnation, first, count, bytes] = item as Run;
    const command = zeros(bytes);
    return Array.from(
      { length: count },
      (_, at) => itemOf({ id: { node, incarnation, sequence: first + at }, command }, term),
    );
  });
}

/** So many bytes, the values of which are not known. */
function zeros(length: unknown): Uint8Array {
  return new Uint8Array(length as number);
}

function corrupt(line: number, what: string): RaftError {
  return new RaftError("Corrupt", `line ${line} of the trace: ${what}`);
}
