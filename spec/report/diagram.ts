/** A run as a picture in text: a column for each server, a row for each step, arrows for messages. */
import type { Model, State, Step } from "../checker/model.ts";
import { differences } from "../dsl/plain.ts";
import type { Violation } from "../trace/replay.ts";
import { type Run, statesOf } from "../trace/run.ts";
import { visible } from "./visible.ts";

/** How long a line should be, as far as the picture leaves room for words. */
const widest = 120;

/** How much room there is for words beside a picture, however wide that is. */
const narrowestNotes = 44;

/** The picture of a run without an end: some steps, and then others again and again, or none. */
export function lassoDiagram(
  model: Model,
  run: Run,
  loop: readonly Step[],
  violations: readonly Violation[],
): readonly string[] {
  const { length } = run.steps;
  const back = length === 0 ? "back to the first state" : `back to where it was after step ${length}`;
  return [
    ...diagram(model, { ...run, steps: [...run.steps, ...loop] }, violations),
    `  ...   ${loop.length === 0 ? "and then nothing happens for ever" : `${back}, and so on for ever`}`,
  ];
}

/** The picture of a run. Each violation is marked at its step. */
export function diagram(model: Model, run: Run, violations: readonly Violation[]): readonly string[] {
  const isPlain = model.servers.length === 0;
  const columns = isPlain ? [] : columnsOf(model, run);
  const rows = isPlain ? plainRows(model, run) : clusterRows(model, run, columns);
  const width = Math.max(...rows.map(({ picture }) => picture.length));
  const digits = String(rows.length).length + 2;
  const room = Math.max(narrowestNotes, widest - digits - width - 6);
  const header = draw(columns, model.servers.map((text, i) => ({ at: columns[i]!, text })));
  const lines = rows.flatMap(({ picture, notes }, step) => {
    const marks = violations.filter((violation) => violation.step === step).map(({ witness }) =>
      `<- ${witness}`
    );
    const words = lined(notes, room);
    const [first = ""] = marks;
    const isShort = words.length === 1 && marks.length === 1 && notes.length + first.length + 3 <= room;
    const beside = isShort
      ? [`${notes}   ${first}`]
      : [...words, ...marks.flatMap((mark) => lined(mark, room))];
    return beside.map((text, line) => {
      const number = line === 0 ? String(step) : "";
      const drawn = line === 0 ? picture : draw(columns, []);
      return `${number.padStart(digits)}   ${drawn.padEnd(width)}   ${text}`;
    });
  });
  return [...(isPlain ? [] : [" ".repeat(digits + 3) + header]), ...lines].map((line) =>
    visible(line.trimEnd())
  );
}

/** A text in lines of at most `room` letters, broken between words. */
function lined(text: string, room: number): readonly string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= room) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines;
}

/** What one line shows: the picture, and in words what happened and changed. */
interface Row {
  readonly picture: string;
  readonly notes: string;
}

function plainRows(model: Model, run: Run): readonly Row[] {
  const valuesAt = (state: State) => model.values?.(state) ?? {};
  return statesOf(run).map((state, number, states): Row => {
    const before = states[number - 1];
    if (before === undefined) {
      const all = Object.entries(model.describe(state)).map(([name, { value }]) => `${name} ${value}`);
      return { picture: startLabel(run), notes: all.join(", ") };
    }
    const earlier = valuesAt(before);
    const changes = Object.entries(valuesAt(state)).flatMap(([name, value]) =>
      differences(name, earlier[name], value)
    );
    return { picture: run.steps[number - 1]!.label, notes: changes.join(", ") || "(nothing changes)" };
  });
}

function startLabel({ start }: Run): string {
  return start.name === "1" ? "" : `@${start.name}`;
}

type Description = Readonly<Record<string, Readonly<Record<string, string>>>>;

function clusterRows(model: Model, run: Run, columns: readonly number[]): readonly Row[] {
  const { servers } = model;
  const texts = statesOf(run).map((state) => model.describe(state));
  const first = texts[0] ?? {};
  const badges = draw(columns, servers.map((name, i) => ({ at: columns[i]!, text: badgeOf(first, name) })));
  const { name, trace } = run.start;
  const rest = run.steps.map((step, index): Row => {
    const before = texts[index]!;
    const after = texts[index + 1]!;
    return { picture: pictureOf(model, columns, step, after), notes: notesOf(step, before, after) };
  });
  return [{ picture: badges, notes: name === "1" ? "" : `@${name}: ${trace}` }, ...rest];
}

function badgeOf(description: Description, server: string): string {
  return description[server]?.role ?? "o";
}

/** The sign between two servers: `>` delivers, `~` drops, `+` duplicates. */
function signOf({ label, servers: [from = ""] }: Step): string {
  return label.charAt(from.length);
}

/** What a step looks like at a server by itself: the notation without the server's name. */
function symbolOf({ label, servers: [at = ""] }: Step): string {
  return label.slice(at.length);
}

function pictureOf(model: Model, columns: readonly number[], step: Step, after: Description): string {
  const [from = "", to] = step.servers;
  const source = model.servers.indexOf(from);
  const target = to === undefined ? source : model.servers.indexOf(to);
  const badge = badgeOf(after, to ?? from);
  if (to === undefined || source === target) {
    return draw(columns, [{ at: columns[source]!, text: `${badge} ${symbolOf(step)}` }]);
  }
  const sign = signOf(step);
  const isRight = source < target;
  const head = sign === "~" ? "x" : sign === "+" ? "+" : isRight ? ">" : "<";
  const left = columns[Math.min(source, target)]! + (isRight ? 1 : sign === ">" ? badge.length : 1);
  const length = columns[Math.max(source, target)]! - left;
  const shaft = dashed(step.event, length - 1);
  const arrow = { at: left, text: isRight ? shaft + head : head + shaft };
  // What is lost or only duplicated does not reach the server.
  const arrival = { at: columns[target]!, text: sign === ">" ? badge : "|" };
  return draw(columns, [arrow, arrival]);
}

/** A label in the middle of a line of dashes. */
function dashed(label: string, length: number): string {
  const left = Math.max(0, (length - label.length) >> 1);
  return `${"-".repeat(left)}${label}`.padEnd(length, "-");
}

/** Lifelines, with texts drawn over them. */
function draw(
  columns: readonly number[],
  texts: readonly { readonly at: number; readonly text: string }[],
): string {
  const cells: string[] = [];
  for (const column of columns) cells[column] = "|";
  for (const { at, text } of texts) [...text].forEach((character, i) => cells[at + i] = character);
  return Array.from(cells, (cell) => cell ?? " ").join("");
}

/** Where each server's lifeline is: as close together as the arrows and symbols between them allow. */
function columnsOf({ servers, describe }: Model, run: Run): readonly number[] {
  const texts = statesOf(run).map(describe);
  const badge = Math.max(...texts.flatMap((text) => servers.map((name) => badgeOf(text, name).length)));
  const gaps = servers.map((name) => Math.max(badge, name.length) + 2);
  const spans = run.steps.map((step) => {
    const at = step.servers.map((name) => servers.indexOf(name));
    const isLocal = Math.min(...at) === Math.max(...at);
    const room = isLocal ? symbolOf(step).length + 3 : step.event.length + 6;
    return { left: Math.min(...at), right: Math.max(...at) + (isLocal ? 1 : 0), room: badge + room };
  }).sort((a, b) => a.right - a.left - (b.right - b.left));
  for (const { left, right, room } of spans) {
    const width = gaps.slice(left, right).reduce((sum, gap) => sum + gap, 0);
    const more = Math.max(0, room - width);
    const share = Math.ceil(more / (right - left));
    for (let i = left; i < right; i++) gaps[i] = gaps[i]! + share;
  }
  return servers.map((_, i) => gaps.slice(0, i).reduce((sum, gap) => sum + gap, 0));
}

/** In words: what happens by itself or to a message, and what changed where. */
function notesOf(step: Step, before: Description, after: Description): string {
  const isMessage = step.servers.length === 2;
  const sign = isMessage ? signOf(step) : "";
  const what = !isMessage
    ? [step.event]
    : sign === "~"
    ? [`${step.event} is lost`]
    : sign === "+"
    ? [`${step.event} is duplicated`]
    : [];
  const held = step.label.endsWith("_") ? ["its write is held back"] : [];
  const changes = Object.keys(after).flatMap((server) => changesAt(server, before, after, ["role"]));
  const isNothing =
    Object.keys(after).every((server) => badgeOf(before, server) === badgeOf(after, server)) &&
    what.length + held.length + changes.length === 0;
  const nothing = isNothing ? ["(nothing changes)"] : [];
  return [...what, ...held, ...changes, ...nothing].join("; ");
}

/** What changed at a server, in one phrase, but for what is seen without that: in a picture its role. */
export function changesAt(
  server: string,
  before: Description,
  after: Description,
  isSeen: readonly string[],
): readonly string[] {
  const fields = Object.entries(after[server] ?? {}).filter(([key]) => !isSeen.includes(key));
  const changes = fields.flatMap(([key, value]) => {
    const old = before[server]?.[key];
    if (old === value) return [];
    return [old === undefined ? `${key} ${value}` : `${key} ${old} -> ${value}`];
  });
  return changes.length > 0 ? [`${server}: ${changes.join(", ")}`] : [];
}
