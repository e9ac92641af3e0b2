/** The state as the code of a spec sees it: it reads and changes it like plain data, and every place is recorded. */
import { copy, encode } from "../checker/value.ts";
import { plain, show } from "./plain.ts";
import {
  type Layout,
  memberOf,
  type RecordShape,
  Reshape,
  scatter,
  type SetShape,
  type Shape,
  type TupleShape,
} from "./shape.ts";
import { SpecError } from "./specification.ts";

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
  /** The spec and the action, for errors. */
  readonly where: string;
}

/** A view of the state through a recorder. */
export function draftOf(layout: Layout, recorder: Recorder): object {
  return recordDraft(layout, layout.root, recorder);
}

function draft(layout: Layout, shape: Shape, recorder: Recorder): unknown {
  switch (shape.type) {
    case "leaf":
      return leafDraft(layout, shape.place, recorder);
    case "record":
      return recordDraft(layout, shape, recorder);
    case "tuple":
      return tupleDraft(layout, shape, recorder);
    case "set":
      return setDraft(layout, shape, recorder);
  }
}

/** A primitive as it is; of anything else a copy, which may be changed. */
function leafDraft(layout: Layout, place: number, recorder: Recorder): unknown {
  if (recorder.copies.has(place)) return recorder.copies.get(place);
  const value = layout.places[place]!.values[recorder.current(place)];
  if (typeof value !== "object" || value === null || recorder.write === null) return value;
  const own = copy(value);
  recorder.copies.set(place, own);
  return own;
}

function assign(layout: Layout, shape: Shape, value: unknown, recorder: Recorder): void {
  const { write } = recorder;
  if (write === null) throw new SpecError(`${recorder.where} changes the state: only actions may`);
  lookAtSets(shape, recorder);
  scatter(
    layout,
    shape,
    plain(value, shape.type === "leaf" ? layout.places[shape.place]!.name : shape.path),
    (place, integer) => {
      recorder.copies.delete(place);
      write(place, integer);
    },
  );
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

function recordDraft(layout: Layout, shape: RecordShape, recorder: Recorder): object {
  const { fields, path } = shape;
  const children = new Map<string, unknown>();
  function childOf(key: string): unknown {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field === undefined) return checkVariable(shape, key, recorder);
    if (field.type === "leaf") return leafDraft(layout, field.place, recorder);
    if (!children.has(key)) children.set(key, draft(layout, field, recorder));
    return children.get(key);
  }
  const target = Object.fromEntries(Object.keys(fields).map((key) => [key, null]));
  return new Proxy(target, {
    get: (target, key) =>
      typeof key === "symbol" || (path !== "" && key in Object.prototype)
        ? Reflect.get(target, key)
        : childOf(key),
    set(_, key, value) {
      const field = Object.hasOwn(fields, String(key)) ? fields[String(key)] : undefined;
      if (field === undefined) {
        checkVariable(shape, String(key), recorder);
        throw new Reshape(path);
      }
      assign(layout, field, value, recorder);
      return true;
    },
    deleteProperty(_, key) {
      if (path !== "") throw new Reshape(path);
      throw new SpecError(
        `${recorder.where} deletes the variable ${String(key)}: a state keeps its variables`,
      );
    },
    defineProperty(_, key) {
      throw new SpecError(`${recorder.where} defines ${String(key)}: assign to it instead`);
    },
    getOwnPropertyDescriptor: (_, key) =>
      typeof key === "string" && Object.hasOwn(fields, key)
        ? { value: childOf(key), writable: true, enumerable: true, configurable: true }
        : undefined,
  });
}

/** A variable that isn't there is a mistake; elsewhere objects may well be asked for what they don't have. */
function checkVariable({ path, fields }: RecordShape, key: string, { where }: Recorder): void {
  if (path !== "") return;
  throw new SpecError(`${where}: there is no variable ${key}; there are ${Object.keys(fields).join(", ")}`);
}

function tupleDraft(layout: Layout, shape: TupleShape, recorder: Recorder): object {
  const children = new Map<number, unknown>();
  function childOf(index: number): unknown {
    const item = shape.items[index]!;
    if (item.type === "leaf") return leafDraft(layout, item.place, recorder);
    if (!children.has(index)) children.set(index, draft(layout, item, recorder));
    return children.get(index);
  }
  const indexOf = (key: string | symbol) =>
    typeof key === "string" && /^(0|[1-9][0-9]*)$/.test(key) ? Number(key) : -1;
  const isItem = (key: string | symbol) => indexOf(key) >= 0 && indexOf(key) < shape.items.length;
  return new Proxy(Array.from(shape.items, () => null as unknown), {
    get: (target, key, receiver) => isItem(key) ? childOf(indexOf(key)) : Reflect.get(target, key, receiver),
    set(_, key, value) {
      if (key === "length" && value === shape.items.length) return true;
      if (!isItem(key)) throw new Reshape(shape.path);
      assign(layout, shape.items[indexOf(key)]!, value, recorder);
      return true;
    },
    deleteProperty() {
      throw new Reshape(shape.path);
    },
    getOwnPropertyDescriptor: (target, key) =>
      isItem(key)
        ? { value: childOf(indexOf(key)), writable: true, enumerable: true, configurable: true }
        : Reflect.getOwnPropertyDescriptor(target, key),
  });
}

/** Behaves like a `Set` whose elements compare by what they are. */
function setDraft(layout: Layout, shape: SetShape, recorder: Recorder): ReadonlySet<unknown> {
  const { write } = recorder;
  const isIn = (place: number) => recorder.current(place) === 1;
  function elements(): Set<unknown> {
    recorder.lookAtAll(shape);
    const present = [...shape.members.values()].filter(({ place }) => isIn(place));
    return new Set(present.map(({ element }) => element));
  }
  function has(element: unknown): boolean {
    if (write !== null) return isIn(memberOf(layout, shape, element));
    // Who only looks adds no place: until one is added by an action, the element is in no set.
    const known = shape.members.get(encode(element, shape.path));
    return known !== undefined && isIn(known.place);
  }
  function put(element: unknown, value: 0 | 1): boolean {
    if (write === null) throw new SpecError(`${recorder.where} changes the state: only actions may`);
    const place = memberOf(layout, shape, element);
    const wasIn = isIn(place);
    write(place, value);
    return wasIn;
  }
  const own = {
    has,
    add(element: unknown) {
      put(element, 1);
      return result;
    },
    delete: (element: unknown) => put(element, 0),
    clear() {
      for (const element of elements()) put(element, 0);
    },
    forEach: (run: (a: unknown, b: unknown, set: unknown) => void) =>
      elements().forEach((e) => run(e, e, result)),
    values: () => elements().values(),
    keys: () => elements().keys(),
    entries: () => elements().entries(),
    union: (other: Set<unknown>) => elements().union(other),
    intersection: (other: Set<unknown>) => elements().intersection(other),
    difference: (other: Set<unknown>) => elements().difference(other),
    symmetricDifference: (other: Set<unknown>) => elements().symmetricDifference(other),
    isSubsetOf: (other: Set<unknown>) => elements().isSubsetOf(other),
    isSupersetOf: (other: Set<unknown>) => elements().isSupersetOf(other),
    isDisjointFrom: (other: Set<unknown>) => elements().isDisjointFrom(other),
    [Symbol.iterator]: () => elements().values(),
  };
  const result: ReadonlySet<unknown> = Object.create(Set.prototype, {
    ...Object.fromEntries(
      Reflect.ownKeys(own).map((key) => [key, { value: own[key as keyof typeof own] }]),
    ),
    size: { get: () => elements().size },
    toString: { value: () => show(elements()) },
  });
  return result;
}
