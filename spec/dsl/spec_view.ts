/** What properties see of a state of a plain spec. */
import type { Model } from "../checker/model.ts";
import { draftOf } from "./draft.ts";
import { gather, type Layout, placesOf, type RecordShape, type Shape, type TupleShape } from "./shape.ts";

/** Whether all of a part is looked at, as far as was known when so many places were. */
interface Finding {
  readonly known: number;
  readonly isKnown: boolean;
}

/**
 * Makes views that tell which places are read. Parts of which somebody is known to look at all places are given to him as
 * they are: to tell again what is known would take several times as long as most properties do.
 */
export function viewer(layout: Layout): Model["view"] {
  const findings = new WeakMap<ReadonlySet<number>, Map<Shape, Finding>>();

  function findingsFor(known: ReadonlySet<number>): Map<Shape, Finding> {
    const before = findings.get(known);
    if (before !== undefined) return before;
    const found = new Map<Shape, Finding>();
    findings.set(known, found);
    return found;
  }

  return (vector, at, onRead, known) => {
    const valueAt = (place: number) => vector[at + place] ?? 0;
    const read = (place: number) => {
      onRead(place);
      return valueAt(place);
    };
    const recorder = { read, current: read, write: null, copies: new Map(), lookAtAll: () => {} };
    if (known === undefined) return draftOf(layout, recorder);
    const found = findingsFor(known);
    return draftOf(layout, {
      ...recorder,
      whole: (shape) => isKnown(shape, known, found) ? frozen(gather(layout, shape, valueAt)) : undefined,
    });
  };
}

function isKnown(
  shape: RecordShape | TupleShape,
  known: ReadonlySet<number>,
  found: Map<Shape, Finding>,
): boolean {
  const last = found.get(shape);
  if (last !== undefined && (last.isKnown || last.known === known.size)) return last.isKnown;
  const isKnown = !hasSets(shape) && placesOf(shape).every((place) => known.has(place));
  found.set(shape, { known: known.size, isKnown });
  return isKnown;
}

/** Sets have places of their own for elements that are met later. */
function hasSets(shape: Shape): boolean {
  switch (shape.type) {
    case "leaf":
      return false;
    case "record":
      return Object.values(shape.fields).some(hasSets);
    case "tuple":
      return shape.items.some(hasSets);
    case "set":
      return true;
  }
}

/** Whoever looks at a state must not change it, and is to hear of it if he tries. */
function frozen(part: unknown): unknown {
  if (typeof part !== "object" || part === null || Object.isFrozen(part)) return part;
  for (const value of Object.values(part)) frozen(value);
  return Object.freeze(part);
}
