/** Values of states: plain data, encoded injectively, so that equal encodings mean equal values. */

/** What a state may be made of. Objects and arrays of these; sets compare by their elements. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | ReadonlySet<Value>
  | { readonly [key: string]: Value };

/** A value that no state may hold, or a change that none allows; the message names the place in the state. */
export class ValueError extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "ValueError";
}

/**
 * Writes a value as text, so that two values have the same text only if they are equal: every part is marked
 * with its kind and its length or end, keys and set elements are sorted.
 *
 * @throws {ValueError} on anything that is not plain data, naming its path.
 */
export function encode(value: unknown, path = "state"): string {
  const text = textOf(value);
  if (text === null) throw new ValueError(problemIn(value, path));
  return text;
}

/** The text of a value; null if it, or something inside, is not plain data. */
function textOf(value: unknown): string | null {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "boolean":
      return value ? "T" : "F";
    case "number":
      return !Number.isFinite(value) ? null : String(value === 0 ? 0 : value);
    case "object":
      break;
    default:
      return null;
  }
  if (value === null) return "N";
  return textOfObject(value);
}

function textOfObject(value: object): string | null {
  if (Array.isArray(value)) {
    let text = "[";
    for (let i = 0; i < value.length; i++) {
      const item = textOf(value[i]);
      if (item === null) return null;
      text += i === 0 ? item : `,${item}`;
    }
    return `${text}]`;
  }
  if (value instanceof Uint8Array) return `x${Array.from(value, hex).join("")}`;
  if (value instanceof Set) {
    const elements = new Set([...value].map((item) => textOf(item)));
    return elements.has(null) ? null : `(${[...elements].sort().join(",")})`;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return null;
  const { keys, labels } = keysOf(value);
  let text = "{";
  for (let i = 0; i < keys.length; i++) {
    const item = textOf((value as Record<string, unknown>)[keys[i]!]);
    if (item === null) return null;
    text += labels[i]! + item;
  }
  return `${text}}`;
}

/** A string in quotes. Most strings come again and again. */
function quote(text: string): string {
  let quoted = quotes.get(text);
  if (quoted === undefined) {
    quoted = JSON.stringify(text);
    if (quotes.size < 10_000) quotes.set(text, quoted);
  }
  return quoted;
}

const quotes = new Map<string, string>();

/** The keys of objects of one make: as given, sorted, and as each is written in a text. */
interface Keys {
  readonly given: readonly string[];
  readonly keys: readonly string[];
  readonly labels: readonly string[];
}

/** Most objects are made by the same code with their keys in the same order: sort only where need be. */
function keysOf(value: object): Keys {
  const given = Object.keys(value);
  const [first = ""] = given;
  let alike = makes.get(first);
  if (alike === undefined) makes.set(first, alike = []);
  for (let i = 0; i < alike.length; i++) if (isSame(alike[i]!.given, given)) return alike[i]!;
  const keys = [...given].sort();
  const found = { given, keys, labels: keys.map((key) => `,${JSON.stringify(key)}:`) };
  if (alike.length === mostAlike) alike.shift();
  alike.push(found);
  return found;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** By the first key: the keys of objects of various makes, those met last. */
const makes = new Map<string, Keys[]>();

const mostAlike = 8;

/** What is wrong with a value that has no text, and where. */
function problemIn(value: unknown, path: string): string {
  if (typeof value === "number") return `${path} is ${value}: a state holds finite numbers`;
  if (value === undefined) {
    return `${path} is undefined: a state is plain data, where null stands for nothing`;
  }
  if (typeof value !== "object" || value === null) {
    return `${path} is ${article(typeof value)}: a state is plain data`;
  }
  const wrong = (item: unknown) => item === undefined || textOf(item) === null;
  if (Array.isArray(value)) {
    const index = value.findIndex(wrong);
    return problemIn(value[index], `${path}[${index}]`);
  }
  if (value instanceof Set) return problemIn([...value].find(wrong), `${path}{}`);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const kind = prototype.constructor?.name ?? "object";
    return `${path} is ${article(kind)}: a state holds plain objects, arrays and sets`;
  }
  const [key = "", item] = Object.entries(value).find(([, item]) => wrong(item)) ?? [];
  if (item === undefined) return `${path}.${key} is undefined: leave the field out, or use null`;
  return problemIn(item, `${path}.${key}`);
}

/** A copy that shares nothing with `value` that anyone could change. */
export function copy<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copy) as T;
  if (value instanceof Uint8Array) return value.slice() as T;
  if (value instanceof Set) return new Set([...value].map(copy)) as T;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)])) as T;
}

/** Two 32-bit halves of a fingerprint of `text`, from the text alone, so that runs agree. */
export function fingerprint(text: string): readonly [low: number, high: number] {
  let low = 0x9e3779b9 ^ text.length;
  let high = 0x85ebca6b ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    low ^= low >>> 15;
    high = Math.imul(high ^ unit, 0x5bd1e995);
    high ^= high >>> 13;
  }
  return [avalanche(low ^ Math.imul(high, 0x27d4eb2f)), avalanche(high ^ Math.imul(low, 0x165667b1))];
}

/** Mixes the bits of a 32-bit integer so that each depends on all. */
export function avalanche(word: number): number {
  word ^= word >>> 16;
  word = Math.imul(word, 0x21f0aaad);
  word ^= word >>> 15;
  word = Math.imul(word, 0x735a2d97);
  return word ^ (word >>> 15);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function article(noun: string): string {
  return /^[AEIOUaeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}
