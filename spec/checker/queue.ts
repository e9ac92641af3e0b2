/** The states of a layer that are still to be expanded. */
import { type Layer, layer, release, type Segment } from "./layer.ts";
import type { Model, Refit } from "./model.ts";

/** The states. */
export interface Queue {
  /** Where they are. */
  readonly segments: Segment[];
  /** Where in the first segment the next record begins. */
  at: number;
  /** How many there are. */
  count: number;
}

/** All states of a layer, which keeps none but its first segment. */
export function queueOf(whole: Layer): Queue {
  const [first, ...others] = whole.segments.splice(0);
  whole.segments.push(first!);
  return { segments: [first!, ...others], at: 0, count: whole.count };
}

/** Goes on to the next state. What was expanded makes room for what is found. */
export function advance(model: Model, queue: Queue, { pool }: Layer): void {
  const [segment] = queue.segments;
  queue.count--;
  queue.at += model.sizeOf(segment!, queue.at);
  if (queue.at < segment!.used) return;
  release(pool, queue.segments.shift()!);
  queue.at = 0;
}

/** Writes all states anew, as their values need more bits than they had. Returns how their names change. */
export function refit(model: Model, queue: Queue, next: Layer): Refit["rename"] {
  const { convert, rename } = model.refit();
  const rest = layer(next.pool);
  convertAll(convert, queue.segments, queue.at, rest);
  queue.segments.splice(0, queue.segments.length, ...rest.segments);
  queue.at = 0;
  const found = layer(next.pool);
  convertAll(convert, next.segments, 0, found);
  next.segments.splice(0, next.segments.length, ...found.segments);
  return rename;
}

function convertAll(
  convert: Refit["convert"],
  segments: readonly Segment[],
  from: number,
  to: Layer,
): void {
  for (const [index, segment] of segments.entries()) {
    let at = index === 0 ? from : 0;
    while (at < segment.used) at = convert(segment, at, to);
  }
}
