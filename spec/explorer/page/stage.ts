/** Where servers and messages are on the stage: servers on a ring, messages on their way between them. */
import type { NodeId } from "../../../src/core/mod.ts";
import { round } from "./shapes.ts";

/** How large the stage is. */
export interface Size {
  /** From left to right. */
  readonly width: number;
  /** From top to bottom. */
  readonly height: number;
}

/** The stage, where there is room. */
export const wideStage: Size = { width: 640, height: 318 };

/** The stage on a phone: what is on it stays large enough to be read. */
export const narrowStage: Size = { width: 400, height: 336 };

/** How large a server is. */
export const serverRadius = 36;

/** A place on the stage. */
export interface Place {
  /** From the left. */
  readonly x: number;
  /** From the top. */
  readonly y: number;
}

/** The places of so many servers: the first one on top, the others clockwise. */
export function ringOf(count: number, { width, height }: Size): readonly Place[] {
  const [centreX, centreY] = [width / 2, height / 2 - 3];
  const widest = width / 2 - serverRadius - 24;
  const radiusX = Math.min(widest, count < 4 ? 205 : 235);
  const radiusY = count < 3 ? 0 : height / 2 - serverRadius - 25;
  return Array.from({ length: count }, (_, i) => {
    // Two stand side by side.
    const angle = (count === 2 ? i / 2 + 0.5 : i / count - 0.25) * 2 * Math.PI;
    const x = count === 1 ? centreX : centreX + radiusX * Math.cos(angle);
    return { x: round(x), y: round(centreY + radiusY * Math.sin(angle)) };
  });
}

/** The bow of a message from one server to another: those that go the other way have another one. */
export interface Bow {
  /** Where it begins. */
  readonly from: Place;
  /** Where it ends. */
  readonly to: Place;
  /** What it is drawn to on its way. */
  readonly by: Place;
}

/** The bow between two places. */
export function bowOf(from: Place, to: Place): Bow {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const aside = 34;
  const gap = serverRadius + 8;
  return {
    from: { x: round(from.x + dx * gap), y: round(from.y + dy * gap) },
    to: { x: round(to.x - dx * gap), y: round(to.y - dy * gap) },
    by: { x: round((from.x + to.x) / 2 - dy * aside), y: round((from.y + to.y) / 2 + dx * aside) },
  };
}

/** The outline of a bow. */
export function outlineOf({ from, by, to }: Bow): string {
  return `M${from.x} ${from.y}Q${by.x} ${by.y} ${to.x} ${to.y}`;
}

/** Where on a bow something is that has gone this part of the way. */
export function pointOn({ from, by, to }: Bow, part: number): Place {
  const rest = 1 - part;
  return {
    x: round(rest * rest * from.x + 2 * rest * part * by.x + part * part * to.x),
    y: round(rest * rest * from.y + 2 * rest * part * by.y + part * part * to.y),
  };
}

/** How far the messages on one bow have come: the first one, which was sent before the others, the furthest. */
export function progressOf(count: number): readonly number[] {
  if (count === 1) return [0.5];
  return Array.from({ length: count }, (_, i) => round(100 * (0.82 - 0.64 * i / (count - 1))) / 100);
}

/** Messages by who sends them to whom, in their order. */
export function byWay<T extends { readonly message: { readonly from: NodeId; readonly to: NodeId } }>(
  messages: readonly T[],
): readonly (readonly [way: string, messages: readonly T[]])[] {
  const ways = new Map<string, T[]>();
  for (const flying of messages) {
    const way = `${flying.message.from}>${flying.message.to}`;
    ways.set(way, [...ways.get(way) ?? [], flying]);
  }
  return [...ways];
}
