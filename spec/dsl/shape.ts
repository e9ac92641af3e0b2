/**
 * How a state of a plain spec is taken apart into places: fields of objects, items of arrays that keep their
 * length, and for each element of a set whether it is in it. The finer the places, the less an action reads, and
 * the more of what was learned of it applies to other states.
 */
import { type Place, place } from "../checker/place.ts";
import { encode } from "../checker/value.ts";
import { plain } from "./plain.ts";

/** A value of one place: whatever is not taken apart. */
export interface LeafShape {
  readonly type: "leaf";
  readonly place: number;
}

/** An object that keeps its keys. */
export interface RecordShape {
  readonly type: "record";
  readonly path: string;
  readonly fields: Readonly<Record<string, Shape>>;
}

/** An array that keeps its length. */
export interface TupleShape {
  readonly type: "tuple";
  readonly path: string;
  readonly items: readonly Shape[];
}

/** A set. Its places come as its elements are met: by their text, in the order in which they are met. */
export interface SetShape {
  readonly type: "set";
  readonly path: string;
  readonly members: Map<string, { readonly place: number; readonly element: unknown }>;
}

/** How a value is taken apart. */
export type Shape = LeafShape | RecordShape | TupleShape | SetShape;

/** The state, taken apart. */
export interface Layout {
  /** The variables. */
  readonly root: RecordShape;
  /** The places met so far. */
  readonly places: Place<unknown>[];
}

/** Thrown when a value doesn't keep the shape that it had at first. It will be one place, and all begins again. */
export class Reshape extends Error {
  /** The path of the value. */
  readonly path: string;

  /** The value at this path must be one place. */
  constructor(path: string) {
    super(`${path} changes its shape`);
    this.path = path;
  }
}

/** Begins again whenever a value turns out not to keep its shape: the spec, built again, makes it one place. */
export function untilInShape<T>(run: () => T): T {
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Reshape)) throw error;
    }
  }
}

/** Takes apart what all of these states have in common. Values at the paths in `whole` are one place each. */
export function layoutOf(
  states: readonly Readonly<Record<string, unknown>>[],
  whole: ReadonlySet<string>,
): Layout {
  const places: Place<unknown>[] = [];
  const keys = Object.keys(states[0] ?? {});
  const fields = Object.fromEntries(
    keys.map((key) => [key, shapeOf(key, states.map((state) => state[key]), whole, places)]),
  );
  return { root: { type: "record", path: "", fields }, places };
}

function shapeOf(
  path: string,
  values: readonly unknown[],
  whole: ReadonlySet<string>,
  places: Place<unknown>[],
): Shape {
  if (whole.has(path)) return leaf(path, places);
  if (values.every((value) => value instanceof Set)) return { type: "set", path, members: new Map() };
  const [first] = values;
  // An empty list is there to grow.
  if (
    Array.isArray(first) && first.length > 0 &&
    values.every((value) => Array.isArray(value) && value.length === first.length)
  ) {
    const at = (index: number) => values.map((value) => (value as readonly unknown[])[index]);
    const items = first.map((_, index) => shapeOf(`${path}[${index}]`, at(index), whole, places));
    return { type: "tuple", path, items };
  }
  if (isRecord(first) && values.every((value) => isRecord(value) && sameKeys(value, first))) {
    const at = (key: string) => values.map((value) => (value as Record<string, unknown>)[key]);
    const fields = Object.fromEntries(
      Object.keys(first).map((key) => [key, shapeOf(`${path}.${key}`, at(key), whole, places)]),
    );
    return { type: "record", path, fields };
  }
  return leaf(path, places);
}

function leaf(path: string, places: Place<unknown>[]): LeafShape {
  return { type: "leaf", place: places.push(place({ name: path })) - 1 };
}

/** The place that tells whether an element is in a set. */
export function memberOf(layout: Layout, set: SetShape, element: unknown): number {
  const own = plain(element, `${set.path}{}`);
  const text = encode(own);
  const known = set.members.get(text);
  if (known !== undefined) return known.place;
  const added = place<unknown>({ name: `${set.path}{${text}}` });
  added.intern(false);
  added.intern(true);
  // Not to be in a set adds nothing to a fingerprint: so states don't change theirs when a place is added.
  added.words.items.fill(0, 0, 2);
  added.observedWords.items.fill(0, 0, 2);
  const integer = layout.places.push(added) - 1;
  set.members.set(text, { place: integer, element: own });
  return integer;
}

/** Writes a value that has this shape: calls `write` for every place with the value's integer. */
export function scatter(
  layout: Layout,
  shape: Shape,
  value: unknown,
  write: (place: number, value: number) => void,
): void {
  switch (shape.type) {
    case "leaf": {
      const target = layout.places[shape.place]!;
      return write(shape.place, target.intern(plain(value, target.name)));
    }
    case "record":
      if (!isRecord(value) || !sameKeys(value, shape.fields)) throw new Reshape(shape.path);
      for (const [key, field] of Object.entries(shape.fields)) scatter(layout, field, value[key], write);
      return;
    case "tuple":
      if (!Array.isArray(value) || value.length !== shape.items.length) throw new Reshape(shape.path);
      shape.items.forEach((item, index) => scatter(layout, item, value[index], write));
      return;
    case "set": {
      if (!(value instanceof Set)) throw new Reshape(shape.path);
      const present = new Set([...value].map((element) => memberOf(layout, shape, element)));
      for (const { place } of shape.members.values()) write(place, present.has(place) ? 1 : 0);
    }
  }
}

/** The places of a value that has this shape. */
export function placesOf(shape: Shape): readonly number[] {
  switch (shape.type) {
    case "leaf":
      return [shape.place];
    case "record":
      return Object.values(shape.fields).flatMap(placesOf);
    case "tuple":
      return shape.items.flatMap(placesOf);
    case "set":
      return [...shape.members.values()].map(({ place }) => place);
  }
}

/** Puts a value together again, from the integer of each place. */
export function gather(layout: Layout, shape: Shape, read: (place: number) => number): unknown {
  switch (shape.type) {
    case "leaf":
      return layout.places[shape.place]!.values[read(shape.place)];
    case "record":
      return gatherFields(layout, shape, read);
    case "tuple":
      return shape.items.map((item) => gather(layout, item, read));
    case "set":
      return new Set(
        [...shape.members.values()].filter(({ place }) => read(place) === 1).map(({ element }) => element),
      );
  }
}

function gatherFields(layout: Layout, { fields }: RecordShape, read: (place: number) => number): unknown {
  const gathered: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) gathered[key] = gather(layout, fields[key]!, read);
  return gathered;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Set) &&
    !(value instanceof Uint8Array);
}

function sameKeys(value: object, other: object): boolean {
  const keys = Object.keys(value);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key));
}
