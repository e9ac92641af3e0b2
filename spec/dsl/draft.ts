/** The state as the code of a spec sees it: it reads and changes it like plain data, and every place is recorded. */
import { ValueError } from "../checker/value.ts";
import { mayNotChange, plain, symbolInKeys, thawed } from "./plain.ts";
import { SetDraft } from "./set_draft.ts";
import {
  type Layout,
  placesOf,
  type RecordShape,
  Reshape,
  scatter,
  type SetShape,
  type Shape,
  type TupleShape,
} from "./shape.ts";

/** Where a draft reads from, and what it notes. */
export interface Recorder {
  /** The value of a place before any change. */
  readonly read: (place: number) => number;
  /** Changes a place; null where nothing may be changed. */
  readonly write: ((place: number, value: number) => void) | null;
  /** The value of a place after the changes so far. */
  readonly current: (place: number) => number;
  /** Notes that a set was looked at as a whole, so that an element met later may make a difference. */
  readonly lookAtAll: (set: SetShape) => void;
  /** The copies of values that the code may change without telling, by place. */
  readonly copies: Map<number, unknown>;
  /** A part as it is, where nobody need know what of it is read; else undefined. Always that if left out. */
  readonly whole?: (shape: RecordShape | TupleShape) => unknown;
}

/** A view of the state through a recorder. */
export function draftOf(layout: Layout, recorder: Recorder): object {
  return recordDraft(layout, layout.root, recorder).value as object;
}

/** What the code of a spec holds in its hands: a view of a part of the state. */
interface View {
  readonly value: unknown;
  /** From now on it looks through another recorder, and so do the views of its parts. */
  readonly moveTo: (recorder: Recorder) => void;
}

function viewOf(layout: Layout, shape: Exclude<Shape, { type: "leaf" }>, recorder: Recorder): View {
  switch (shape.type) {
    case "record":
      return recordDraft(layout, shape, recorder);
    case "tuple":
      return tupleDraft(layout, shape, recorder);
    case "set": {
      const value = new SetDraft(layout, shape, recorder);
      return { value, moveTo: (to) => value.moveTo(to) };
    }
  }
}

/** A primitive as it is; of anything else a copy, which may be changed. */
function leafDraft(layout: Layout, place: number, recorder: Recorder): unknown {
  if (recorder.copies.has(place)) return recorder.copies.get(place);
  const value = layout.places[place]!.values[recorder.current(place)];
  if (typeof value !== "object" || value === null) return value;
  const own = recorder.write === null ? plain(value, layout.places[place]!.name) : thawed(value);
  recorder.copies.set(place, own);
  return own;
}

/** The parts of an object or array. */
interface Parts {
  readonly get: (key: string, shape: Shape) => unknown;
  readonly set: (key: string, shape: Shape, value: unknown) => void;
  /** Whoever changes the shape of the value at this path where nothing may be changed is told that. */
  readonly reshaped: (path: string) => Error;
  readonly moveTo: View["moveTo"];
}

function partsOf(layout: Layout, first: Recorder): Parts {
  let recorder = first;
  const views = new Map<string, View>();
  return {
    get(key, shape) {
      if (shape.type === "leaf") return leafDraft(layout, shape.place, recorder);
      let view = views.get(key);
      if (view === undefined) {
        const whole = shape.type === "set" ? undefined : recorder.whole?.(shape);
        view = whole === undefined ? viewOf(layout, shape, recorder) : { value: whole, moveTo: () => {} };
        views.set(key, view);
      }
      return view.value;
    },
    set(key, shape, value) {
      const { write } = recorder;
      const path = shape.type === "leaf" ? layout.places[shape.place]!.name : shape.path;
      if (write === null) throw mayNotChange(path);
      const after = plain(value, path);
      lookAtSets(shape, recorder);
      // Whoever holds what was there before keeps it, as in `[s.a, s.b] = [s.b, s.a]`.
      views.get(key)?.moveTo(aside(shape, recorder));
      views.delete(key);
      scatter(layout, shape, after, (place, integer) => {
        recorder.copies.delete(place);
        write(place, integer);
      });
    },
    reshaped: (path) => recorder.write === null ? mayNotChange(path) : new Reshape(path),
    moveTo(to) {
      recorder = to;
      for (const view of views.values()) view.moveTo(to);
    },
  };
}

/** A recorder of what a part of the state is now, which no later change of the state reaches, or comes from. */
function aside(shape: Shape, recorder: Recorder): Recorder {
  const values = new Map(placesOf(shape).map((place) => [place, recorder.current(place)]));
  const read = (place: number) => values.get(place) ?? 0;
  return {
    read,
    current: read,
    write: (place, value) => values.set(place, value),
    lookAtAll: () => {},
    copies: new Map(recorder.copies),
  };
}

/** A set that is replaced loses every element: also one that is met only later. */
function lookAtSets(shape: Shape, recorder: Recorder): void {
  if (shape.type === "set") recorder.lookAtAll(shape);
  if (shape.type === "record") {
    for (const field of Object.values(shape.fields)) {
      lookAtSets(field, recorder);
    }
  }
  if (shape.type === "tuple") { for (const item of shape.items) lookAtSets(item, recorder); }
}

function recordDraft(layout: Layout, shape: RecordShape, recorder: Recorder): View {
  const { fields, path } = shape;
  const parts = partsOf(layout, recorder);
  function partOf(key: string): unknown {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    return field === undefined ? checkVariable(shape, key) : parts.get(key, field);
  }
  const target = Object.fromEntries(Object.keys(fields).map((key) => [key, null]));
  const value = new Proxy(target, {
    get: (target, key) =>
      typeof key === "symbol" || (path !== "" && key in Object.prototype && !Object.hasOwn(fields, key))
        ? Reflect.get(target, key)
        : partOf(key),
    set(_, key, value) {
      if (typeof key === "symbol") throw new ValueError(symbolInKeys(path));
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (field === undefined) {
        checkVariable(shape, key);
        throw parts.reshaped(path);
      }
      parts.set(key, field, value);
      return true;
    },
    deleteProperty(_, key) {
      if (path !== "") throw parts.reshaped(path);
      throw new ValueError(`the variable ${String(key)} is deleted: a state keeps its variables`);
    },
    ...onlyAssignments(path),
    getOwnPropertyDescriptor: (_, key) =>
      typeof key === "string" && Object.hasOwn(fields, key)
        ? { value: partOf(key), writable: true, enumerable: true, configurable: true }
        : undefined,
  });
  return { value, moveTo: parts.moveTo };
}

/** A variable that isn't there is a mistake; elsewhere objects may well be asked for what they don't have. */
function checkVariable({ path, fields }: RecordShape, key: string): void {
  // JSON.stringify asks everything for that.
  if (path !== "" || key === "toJSON") return;
  throw new ValueError(`there is no variable ${key}; there are ${Object.keys(fields).join(", ")}`);
}

/** What would change an object other than by assigning to it, and would be lost. */
function onlyAssignments(path: string): ProxyHandler<object> {
  const what = path === "" ? "the state" : path;
  function refuse(): never {
    throw new ValueError(
      `${what} is frozen, or changed by Object.defineProperty or its like: assign instead`,
    );
  }
  return { defineProperty: refuse, setPrototypeOf: refuse, preventExtensions: refuse };
}

function tupleDraft(layout: Layout, shape: TupleShape, recorder: Recorder): View {
  const parts = partsOf(layout, recorder);
  const itemAt = (key: string | symbol) =>
    typeof key === "string" && /^(0|[1-9][0-9]*)$/.test(key) ? shape.items[Number(key)] : undefined;
  const value = new Proxy(Array.from(shape.items, () => null as unknown), {
    get(target, key, receiver) {
      const item = itemAt(key);
      return item === undefined ? Reflect.get(target, key, receiver) : parts.get(String(key), item);
    },
    set(_, key, value) {
      if (key === "length" && value === shape.items.length) return true;
      const item = itemAt(key);
      if (item === undefined) throw parts.reshaped(shape.path);
      parts.set(String(key), item, value);
      return true;
    },
    deleteProperty() {
      throw parts.reshaped(shape.path);
    },
    ...onlyAssignments(shape.path),
    getOwnPropertyDescriptor(target, key) {
      const item = itemAt(key);
      return item === undefined
        ? Reflect.getOwnPropertyDescriptor(target, key)
        : { value: parts.get(String(key), item), writable: true, enumerable: true, configurable: true };
    },
  });
  return { value, moveTo: parts.moveTo };
}
