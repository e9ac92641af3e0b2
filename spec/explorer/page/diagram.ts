/** A run as the rows of a sequence diagram: what happened where, and which message came from which step. */
import type { Model, State, Step } from "../../checker/model.ts";
import type { Run } from "../../trace/run.ts";
import { type Change, changesOf } from "../snapshot.ts";
import { envelopeOf, type NetworkSign, type Traffic, trafficAtStart, trafficOf } from "./flights.ts";

/** What a step is, by its look. */
export type Glyph =
  | "start"
  | "message"
  | "timer"
  | "crash"
  | "disk"
  | "proposal"
  | "read"
  | "compaction"
  | "transfer"
  | "change"
  | "action";

/** What a step does to the disk of the server where it happens. */
export type DiskMark = "written" | "held" | "lost" | null;

/** A server's role and term, as a badge such as `L1` tells them; no role where a spec tells of none. */
export interface Badge {
  /** The letter of the role: F, P, C or L. */
  readonly role: string | null;
  /** The term. */
  readonly term: number | null;
}

/** A message on its way, from the step that sent it. */
export interface Arrow {
  /** Who sent it. */
  readonly from: string;
  /** Whom it is for. */
  readonly to: string;
  /** What kind of message it is. */
  readonly type: string;
  /** The row of the step that sent it. */
  readonly sentAt: number;
  /** What became of it: delivered, dropped, duplicated; or still in flight at the end. */
  readonly end: NetworkSign | "inFlight";
}

/** One step. */
export interface Row {
  /** How many steps of the run there are up to here; 0 for the first state. */
  readonly number: number;
  /** The notation of the step; of the start, where it has a name. */
  readonly label: string;
  /** Where it happens; null where a spec has no servers. */
  readonly at: string | null;
  /** How it looks. */
  readonly glyph: Glyph;
  /** In a word or two. */
  readonly title: string;
  /** The message that arrives, is lost or is duplicated. */
  readonly arrow: Arrow | null;
  /** What it does to the disk. */
  readonly disk: DiskMark;
  /** Each server after it. */
  readonly badges: readonly Badge[];
  /** What changed. */
  readonly changes: readonly Change[];
}

/** A run, told row by row. */
export interface Diagram {
  /** The columns. */
  readonly servers: readonly string[];
  /** The run that it tells. */
  readonly run: Run;
  /** The rows, first that of the first state. */
  readonly rows: readonly Row[];
  /** What each step does to messages. */
  readonly traffic: readonly Traffic[];
  /** What is still in flight at the end. */
  readonly inFlight: readonly Arrow[];
}

/** What only who knows the spec can tell. */
export interface Telling {
  /** What a step does to the disk of the server where it happens. */
  readonly diskOf?: (before: State, step: Step) => DiskMark;
}

/** The diagram of a run. What it has in common with an earlier one is taken from there. */
export function diagramOf(
  model: Model,
  run: Run,
  { diskOf = heldOf }: Telling = {},
  earlier: Diagram | null = null,
): Diagram {
  const known = earlier !== null && earlier.run.start.name === run.start.name
    ? common(earlier.run.steps, run.steps)
    : -1;
  const rows: Row[] = known < 0 ? [] : earlier!.rows.slice(0, known + 1);
  const traffic: Traffic[] = known < 0 ? [] : earlier!.traffic.slice(0, known + 1);
  if (rows.length === 0) {
    traffic.push(trafficAtStart(model, run.start.state));
    rows.push(firstRow(model, run));
  }
  for (let number = rows.length; number <= run.steps.length; number++) {
    const step = run.steps[number - 1]!;
    const before = run.steps[number - 2]?.to ?? run.start.state;
    traffic.push(trafficOf(model, traffic[number - 1]!, before, step, number));
    rows.push({
      number,
      label: step.label,
      at: step.servers.at(-1) ?? null,
      glyph: glyphOf(step),
      title: step.event,
      arrow: arrowOf(model, traffic[number]!),
      disk: diskOf(before, step),
      badges: badgesOf(model, step.to),
      changes: changesOf(model, before, step.to),
    });
  }
  const inFlight = traffic.at(-1)!.inFlight.map(({ message, sentAt }): Arrow => ({
    ...directionOf(model, message),
    sentAt,
    end: "inFlight",
  }));
  return { servers: model.servers, run, rows, traffic, inFlight };
}

function common(earlier: readonly Step[], steps: readonly Step[]): number {
  const length = Math.min(earlier.length, steps.length);
  for (let i = 0; i < length; i++) if (earlier[i] !== steps[i]) return i;
  return length;
}

function firstRow(model: Model, { start }: Run): Row {
  const values = model.servers.length > 0 ? [] : Object.entries(model.describe(start.state));
  const changes = values.map(([where, { value = "" }]) => ({ where, what: "", before: null, after: value }));
  return {
    number: 0,
    label: start.name === "1" ? "" : `@${start.name}`,
    at: null,
    glyph: "start",
    title: start.name === "1" ? "the first state" : `from ${start.name}`,
    arrow: null,
    disk: null,
    badges: badgesOf(model, start.state),
    changes,
  };
}

function arrowOf(model: Model, { handled, sign }: Traffic): Arrow | null {
  if (handled === null || sign === null) return null;
  return { ...directionOf(model, handled.message), sentAt: handled.sentAt, end: sign };
}

function directionOf(model: Model, message: number): Pick<Arrow, "from" | "to" | "type"> {
  const { from, to, type } = envelopeOf(model, message);
  return { from, to, type };
}

/** As far as the notation tells: a write is held back, or the disk takes the oldest. */
function heldOf(_: State, { label }: Step): DiskMark {
  if (label.endsWith("_")) return "held";
  return label.endsWith("*") ? "written" : null;
}

function badgesOf(model: Model, state: State): readonly Badge[] {
  const texts = model.describe(state);
  return model.servers.map((server): Badge => {
    const [, role = null, term = null] = /^([A-Z])([0-9]+)$/.exec(texts[server]?.role ?? "") ?? [];
    return { role, term: term === null ? null : Number(term) };
  });
}

/** What a step looks like. */
export function glyphOf({ label, servers }: Step): Glyph {
  const [at = "", to] = servers;
  if (at === "") return "action";
  if (to !== undefined) return "message";
  switch (label.charAt(at.length)) {
    case "!":
      return "timer";
    case "^":
    case "-":
      return "crash";
    case "*":
      return "disk";
    case "=":
      return "proposal";
    case "?":
      return "read";
    case "/":
      return "compaction";
    case "@":
      return "transfer";
    case "&":
      return "change";
    default:
      return "action";
  }
}

/** What changed, in words, such as `b: votedFor - -> a`; but for what is seen without them. */
export function wordsOf(changes: readonly Change[], isSeen: readonly string[] = []): string {
  const told = changes.filter(({ what }) => !isSeen.includes(what));
  return told.map(({ where, what, before, after }, i) => {
    const isPart = what === "" || /^[.[]/.test(what);
    const isSame = told[i - 1]?.where === where && !isPart;
    const name = isPart ? where + what : isSame ? what : `${where}: ${what}`;
    const values = before === null
      ? after
      : after === null
      ? `${before} -> nothing`
      : `${before} -> ${after}`;
    return `${i === 0 ? "" : isSame ? ", " : "; "}${name} ${values}`;
  }).join("");
}
