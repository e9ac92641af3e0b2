/** Where everything of a sequence diagram is: time downwards, a column for each server. */
import { unreachable } from "../../../src/core/mod.ts";
import {
  type Arrow,
  type Badge,
  type Diagram,
  type DiskMark,
  type Glyph,
  type Row,
  wordsOf,
} from "./diagram.ts";
import { familyOf } from "./message_text.ts";
import { colourOfTerm } from "./palette.ts";
import { arrowHead, fitted, line, path, roleOutline, round, type Shape, text, wrapped } from "./shapes.ts";

/** How tall a row is. */
export const rowHeight = 46;

/** How wide the numbers of the steps are. */
const gutter = 38;

/** Bold letters take more room than their size. */
const boldSize = 13;

/** The size of the words beside a badge, and how wide their letters are. */
const wordSize = 11;
const wordWidth = 6;

/** How far from a badge's middle they begin. */
const besideBadge = 30;

/** How large a badge is. */
const radius = 10;

/** Where columns are, and how much room words have beside them. */
export interface Frame {
  /** The middle of each server's column. */
  readonly columns: readonly number[];
  /** Where the words begin. */
  readonly notes: number;
  /** How wide all of it is. */
  readonly width: number;
}

/** The frame of a diagram that is so wide. */
export function frameOf(servers: number, width: number): Frame {
  const room = Math.max(120, (width - gutter) * 0.4);
  const gap = servers === 0 ? 0 : Math.min(150, Math.max(52, (width - gutter - room) / servers));
  const columns = Array.from({ length: servers }, (_, i) => gutter + gap * (i + 0.5));
  return { columns, notes: gutter + gap * servers + (servers === 0 ? 8 : 4), width };
}

/** How tall a diagram of so many rows is. */
export function heightOf(rows: number): number {
  return rows * rowHeight;
}

/** The middle of a row. */
export function middleOf(row: number): number {
  return row * rowHeight + rowHeight / 2;
}

/** The shapes of a row: the back of all rows is drawn before the front of any. */
export interface RowShapes {
  /** Lines. */
  readonly back: readonly Shape[];
  /** Badges, signs and words. */
  readonly front: readonly Shape[];
}

/** The shapes of one row, given the badges before it and what it violates. */
export function shapesOfRow(
  frame: Frame,
  servers: readonly string[],
  row: Row,
  before: readonly Badge[] | null,
  violations: readonly string[],
): RowShapes {
  const y = middleOf(row.number);
  const lines = before === null ? [] : lifelines(frame, before, middleOf(row.number - 1), y);
  const arrow = row.arrow === null ? [] : arrowShapes(frame, servers, row.arrow, y);
  return {
    back: [...lines, ...arrow.filter(({ tag }) => tag === "line")],
    front: [
      ...arrow.filter(({ tag }) => tag !== "line"),
      ...badgeShapes(frame, servers, row, before, y),
      ...happeningShapes(frame, servers, row, y),
      text(gutter - 12, y + 4, String(row.number), "number", "end"),
      ...wordShapes(frame, servers, row, violations, y),
    ],
  };
}

/** What is below the last row: lifelines go on, and what is still in flight has left. */
export function shapesOfEnd(frame: Frame, { servers, rows, inFlight }: Diagram): readonly Shape[] {
  const last = rows.length - 1;
  const end = middleOf(last);
  return [
    ...lifelines(frame, rows[last]!.badges, end, end + rowHeight / 2),
    ...inFlight.flatMap((arrow) => arrowShapes(frame, servers, arrow, middleOf(arrow.sentAt))),
  ];
}

/** A run without an end goes back to an earlier row, again and again. */
export function shapesOfLoop(from: number, to: number): readonly Shape[] {
  if (from === to) return [];
  const [top, bottom] = [middleOf(to), middleOf(from)];
  const [x, bow] = [13, 4];
  const d = `M${x} ${bottom}H${bow + 6}Q${bow} ${bottom} ${bow} ${bottom - 6}V${top + 6}Q${bow} ${top} ${
    bow + 6
  } ${top}H${x}`;
  return [path(d, "loop"), path(arrowHead(bow, top, x, top, 7), "loop head")];
}

function lifelines(
  { columns }: Frame,
  badges: readonly Badge[],
  from: number,
  to: number,
): readonly Shape[] {
  return badges.map(({ role, term }, i) => {
    const x = columns[i]!;
    return line(x, from, x, to, `life ${termClass(term)} role-${role ?? "none"}`);
  });
}

function termClass(term: number | null): string {
  return `term-${colourOfTerm(term ?? 0)}`;
}

function arrowShapes(
  { columns }: Frame,
  servers: readonly string[],
  arrow: Arrow,
  y: number,
): readonly Shape[] {
  const fromX = columns[servers.indexOf(arrow.from)];
  const toX = columns[servers.indexOf(arrow.to)];
  if (fromX === undefined || toX === undefined) return [];
  const startY = middleOf(arrow.sentAt);
  const family = `${familyOf(arrow.type)}${arrow.type.endsWith("Response") ? " response" : ""}`;
  const isRight = toX > fromX;
  const [x1, y1] = towards(fromX, startY, toX, y, radius + 1);
  const label = (x: number, below: number, anchor: "start" | "middle" | "end") =>
    text(x, below, arrow.type, `label ${familyOf(arrow.type)}`, anchor);
  switch (arrow.end) {
    case ">": {
      const [x2, y2] = towards(toX, y, fromX, startY, radius + 2);
      return [
        line(x1, y1, x2, y2, `arrow ${family}`),
        path(arrowHead(x1, y1, x2, y2, 8), `head ${family}`),
        label(toX + (isRight ? -radius - 5 : radius + 5), y + 16, isRight ? "end" : "start"),
      ];
    }
    case "~": {
      const x = fromX + (toX - fromX) * 0.6;
      return [
        line(x1, y1, x, y, `arrow lost ${family}`),
        path(`M${round(x - 5)} ${y - 5}l10 10m0 -10l-10 10`, "lost-mark"),
        label(x, y + 18, "middle"),
      ];
    }
    case "+": {
      const x = fromX + (toX - fromX) * 0.6;
      return [
        line(x1, y1, x, y, `arrow twice ${family}`),
        path(`M${round(x - 7)} ${y}a7 7 0 1 0 14 0a7 7 0 1 0 -14 0Z`, `twice-ring ${family}`),
        path(`M${round(x - 3.5)} ${y}h7m-3.5 -3.5v7`, `twice-mark ${family}`),
        label(x, y + 19, "middle"),
      ];
    }
    case "inFlight": {
      const x = fromX + (isRight ? 9 : -9);
      return [
        line(
          fromX + (isRight ? 3 : -3),
          startY + radius + 1,
          x,
          startY + radius + 8,
          `arrow waiting ${family}`,
        ),
        path(
          `M${round(x - 2.5)} ${round(startY + radius + 9)}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0Z`,
          `waiting-mark ${family}`,
        ),
      ];
    }
    default:
      return unreachable(arrow.end);
  }
}

/** A place on the way from one to another. */
function towards(
  x: number,
  y: number,
  toX: number,
  toY: number,
  distance: number,
): readonly [number, number] {
  const length = Math.hypot(toX - x, toY - y) || 1;
  return [x + (toX - x) / length * distance, y + (toY - y) / length * distance];
}

/** A badge where something happens to a server, and where its role or term is new. */
function badgeShapes(
  { columns }: Frame,
  servers: readonly string[],
  { at, arrow, badges }: Row,
  before: readonly Badge[] | null,
  y: number,
): readonly Shape[] {
  return badges.flatMap((badge, i): readonly Shape[] => {
    const old = before?.[i];
    const isNew = old === undefined || old.role !== badge.role || old.term !== badge.term;
    const isHere = servers[i] === at && (arrow === null || arrow.end === ">");
    if (!isNew && !isHere) return [];
    const x = columns[i]!;
    const colour = termClass(badge.term);
    const label = badge.term === null ? servers[i]! : String(badge.term);
    return [
      path(roleOutline(badge.role, x, y, radius), `badge ${colour} role-${badge.role ?? "none"}`),
      text(x, y + 3.8, label, `badge-text ${colour}`, "middle"),
    ];
  });
}

/** What happens at a server by itself: a sign beside it, and a word; and what the disk does. */
function happeningShapes(
  { columns, notes }: Frame,
  servers: readonly string[],
  { at, arrow, glyph, title, disk }: Row,
  y: number,
): readonly Shape[] {
  const i = servers.indexOf(at ?? "");
  const x = columns[i];
  if (x === undefined) return [];
  const needed = arrow === null ? title.length * wordWidth : 0;
  const [left, right] = [x - gutter - besideBadge, notes - x - besideBadge];
  const isLeft = needed > right && left > right;
  const side = isLeft ? -1 : 1;
  const signAt = x + side * (radius + 11);
  const sign = arrow === null ? glyphPath(glyph, signAt, y) : null;
  const word = isLeft ? signAt - 9 : signAt + 9;
  return [
    ...(sign === null ? [] : [path(sign, `sign ${glyph}`)]),
    ...(arrow === null
      ? [
        text(
          word,
          y + 3.8,
          fitted(title, isLeft ? left : right, wordSize),
          "label happening",
          isLeft ? "end" : "start",
        ),
      ]
      : []),
    ...diskShapes(disk, x - side * (radius + 9), y),
  ];
}

/** A cylinder: full when the write is done, open while it is held back, crossed out when it is lost. */
function diskShapes(disk: DiskMark, x: number, y: number): readonly Shape[] {
  if (disk === null) return [];
  const cylinder = path(
    `M${round(x - 5)} ${y - 4}a5 2 0 0 1 10 0v8a5 2 0 0 1 -10 0ZM${round(x - 5)} ${y - 4}a5 2 0 0 0 10 0`,
    `disk ${disk}`,
  );
  return disk === "lost" ? [cylinder, path(`M${round(x - 6)} ${y + 6}l12 -12`, "lost-mark")] : [cylinder];
}

/** The sign of what happens, around a place; null for what has none. */
export function glyphPath(glyph: Glyph, x: number, y: number): string | null {
  const m = `M${round(x)} ${round(y)}`;
  switch (glyph) {
    case "timer":
      return `${m}m-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M${round(x)} ${round(y - 3.5)}v3.5l2.5 1.5`;
    case "crash":
      return `${m}m1.5 -7l-5 8h3.5l-1.5 6l5.5 -8.5h-3.5Z`;
    case "disk":
      return null;
    case "proposal":
      return `${m}m-5.5 0h8m-3 -3.5l3.5 3.5l-3.5 3.5M${round(x + 5.5)} ${round(y - 5)}v10`;
    case "read":
      return `${m}m-6 0q6 -7 12 0q-6 7 -12 0M${round(x - 2)} ${round(y)}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0`;
    case "compaction":
      return `${m}m-5 -5h10m-10 10h10M${round(x)} ${
        round(y - 5)
      }v3m0 7v-3m-2.5 -2.5l2.5 -1.5l2.5 1.5m-5 0l2.5 1.5l2.5 -1.5`;
    case "transfer":
      return `${m}m-6 -2.5h10l-3 -3m5 8h-10l3 3`;
    case "change":
      return `${m}m-4 -2a2.2 2.2 0 1 0 .01 0M${round(x - 6.5)} ${round(y + 6)}q2.5 -4 5 0M${round(x + 4)} ${
        round(y - 3)
      }v7m-3.5 -3.5h7`;
    case "start":
    case "message":
    case "action":
      return null;
    default:
      return unreachable(glyph);
  }
}

/** What changed, in words, beside the picture; what is violated instead, where something is. */
function wordShapes(
  { notes, width }: Frame,
  servers: readonly string[],
  { label, title, glyph, changes }: Row,
  violations: readonly string[],
  y: number,
): readonly Shape[] {
  const room = width - notes - 6;
  const isPlain = servers.length === 0;
  if (violations.length > 0) {
    const lines = wrapped(`⚠ ${violations.join("; ")}`, room, boldSize, 3);
    return spread(lines, notes, y, "violation");
  }
  const heading = isPlain ? label || title : glyph === "start" ? label : "";
  const words = wordsOf(changes, ["role"]);
  if (heading === "") return spread(wrapped(words, room, 11, 3), notes, y, "told");
  return [
    text(notes, y - 4, fitted(heading, room, 12), "heading"),
    text(notes, y + 11, fitted(words, room, 11), "told"),
  ];
}

function spread(lines: readonly string[], x: number, y: number, name: string): readonly Shape[] {
  const top = y + 4 - (lines.length - 1) * 7;
  return lines.map((content, i) => text(x, top + i * 14, content, name));
}
