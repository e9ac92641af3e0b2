/** Plain data as users write it: checked, copied and frozen on its way into a state; shown to people. */
import { encode, ValueError } from "../checker/value.ts";
import { StateSet, ValueSet } from "./value_set.ts";

/** Copies that were made here and are frozen through and through: they need not be copied again. */
const frozen = new WeakSet<object>();

/**
 * A frozen copy of plain data, in which a set holds no two equal elements.
 *
 * @throws {ValueError} on anything that is not plain data, naming its path.
 */
export function plain(value: unknown, path: string, parents: readonly object[] = []): unknown {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (typeof value !== "object") {
    encode(value, path);
    return Object.is(value, -0) ? 0 : value;
  }
  if (frozen.has(value)) return value;
  if (parents.includes(value)) throw new ValueError(`${path} contains itself: a state holds no cycles`);
  const within = [...parents, value];
  if (Array.isArray(value)) {
    checkKind(value, path, Array.prototype, value.length + 1);
    const items = Array.from(value, (item, index) => plain(item, `${path}[${index}]`, within));
    return known(Object.freeze(items), items);
  }
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof Set) {
    if (!(value instanceof StateSet)) checkKind(value, path, Set.prototype, 0);
    const items = [...value].map((item) => plain(item, `${path}{}`, within));
    return known(ValueSet.from(items).freeze(), items);
  }
  return plainObject(value, path, within);
}

/** Nothing freezes bytes: what holds some is never known. */
function known<T extends object>(copy: T, parts: readonly unknown[]): T {
  for (const part of parts) if (typeof part === "object" && part !== null && !frozen.has(part)) return copy;
  frozen.add(copy);
  return copy;
}

/** An array or set that is more than that would lose what makes it so. */
function checkKind(value: object, path: string, kind: object, keys: number): void {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== kind) throw ofClass(path, prototype);
  if (Reflect.ownKeys(value).length <= keys) return;
  const odd = Reflect.ownKeys(value).find((key) => typeof key === "symbol" || !/^([0-9]+|length)$/.test(key));
  if (odd === undefined) return;
  throw new ValueError(`${path} has a field ${String(odd)}: a state holds arrays and sets without`);
}

function ofClass(path: string, prototype: object): ValueError {
  const kind = prototype?.constructor?.name || "object";
  return new ValueError(`${path} is of the class ${kind}: a state holds plain objects, arrays and sets`);
}

function plainObject(value: object, path: string, within: readonly object[]): unknown {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw ofClass(path, prototype);
  const copy: Record<string, unknown> = {};
  let isKnown = true;
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === "symbol") throw new ValueError(symbolInKeys(path));
    const descriptor = Object.getOwnPropertyDescriptor(value, key)!;
    if (descriptor.get !== undefined || descriptor.set !== undefined) {
      throw new ValueError(`${path}.${key} is a getter or setter: a state is plain data`);
    }
    if (descriptor.value === undefined) {
      throw new ValueError(`${path}.${key} is undefined: leave the field out, or use null`);
    }
    const part = plain(descriptor.value, `${path}.${key}`, within);
    isKnown &&= typeof part !== "object" || part === null || frozen.has(part);
    if (key === "__proto__") Object.defineProperty(copy, key, { value: part, enumerable: true });
    else copy[key] = part;
  }
  if (isKnown) frozen.add(copy);
  return Object.freeze(copy);
}

/** What is wrong with an object that has such a key. */
export function symbolInKeys(path: string): string {
  return `${path === "" ? "the state" : path} has a symbol among its keys: use strings`;
}

/** What is wrong where a property, or whoever else may only look, changes the state. */
export function mayNotChange(path: string): ValueError {
  return new ValueError(`${path} is changed: only an action changes the state`);
}

/** A copy of a frozen value that may be changed. */
export function thawed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(thawed);
  if (value instanceof Uint8Array) return value.slice();
  if (value instanceof Set) return ValueSet.from([...value].map(thawed));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, thawed(item)]));
}

/** A value as people read it: words without quotes, sets in braces. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    return /^[\w.:<>-]+( [\w.:<>-]+)*$/.test(value) ? value : JSON.stringify(value);
  }
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (value instanceof Set) return `{${[...value].map(show).sort().join(", ")}}`;
  if (value instanceof Uint8Array) return `bytes ${Array.from(value).join(" ")}`;
  return `(${Object.entries(value).map(([key, item]) => `${key}: ${show(item)}`).join(", ")})`;
}

/** A part of a value that differs from what it was. */
export interface PartChange {
  /** Which part, such as `rm[1]`. */
  readonly path: string;
  /** What it was; null for an element that a set has now. */
  readonly before: string | null;
  /** What it became; null for an element that a set has no more. */
  readonly after: string | null;
}

/** What differs between two values, part by part. */
export function changesBetween(path: string, before: unknown, after: unknown): readonly PartChange[] {
  if (encode(before) === encode(after)) return [];
  if (before instanceof Set && after instanceof Set) {
    const gone = [...before].filter((item) => !hasEqual(after, item));
    const come = [...after].filter((item) => !hasEqual(before, item));
    return [
      ...gone.map((item) => ({ path, before: show(item), after: null })),
      ...come.map((item) => ({ path, before: null, after: show(item) })),
    ];
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, index) => changesBetween(`${path}[${index}]`, item, after[index]));
  }
  if (isRecord(before) && isRecord(after) && sameKeys(before, after)) {
    return Object.keys(before).flatMap((key) => changesBetween(`${path}.${key}`, before[key], after[key]));
  }
  return [{ path, before: show(before), after: show(after) }];
}

/** The same in words: `big 0 -> 3`, `rm[1] working -> prepared`, `sent + commit`. */
export function differences(path: string, before: unknown, after: unknown): readonly string[] {
  return changesBetween(path, before, after).map((change) => {
    if (change.before === null) return `${change.path} + ${change.after}`;
    if (change.after === null) return `${change.path} - ${change.before}`;
    return `${change.path} ${change.before} -> ${change.after}`;
  });
}

function hasEqual(set: ReadonlySet<unknown>, item: unknown): boolean {
  return set.has(item) || [...set].some((other) => encode(other) === encode(item));
}

/** A state in a sentence: `n 0, list [1]`. */
export function showState(state: unknown): string {
  return isRecord(state)
    ? Object.entries(state).map(([variable, value]) => `${variable} ${show(value)}`).join(", ")
    : show(state);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Set) &&
    !(value instanceof Uint8Array);
}

function sameKeys(a: object, b: object): boolean {
  return Object.keys(a).sort().join() === Object.keys(b).sort().join();
}
