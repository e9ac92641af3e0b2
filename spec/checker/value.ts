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

/** A value that no state may hold; the message names the place in the state. */
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
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "T" : "F";
    case "number":
      if (!Number.isFinite(value)) throw new ValueError(`${path} is ${value}: a state holds finite numbers`);
      return Object.is(value, -0) ? "0" : String(value);
    case "object":
      return value === null ? "N" : encodeObject(value, path);
    default:
      throw new ValueError(`${path} is ${article(typeof value)}: a state is plain data`);
  }
}

function encodeObject(value: object, path: string): string {
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => encode(item, `${path}[${index}]`)).join(",")}]`;
  }
  if (value instanceof Uint8Array) return `x${Array.from(value, hex).join("")}`;
  if (value instanceof Set) {
    const elements = new Set([...value].map((item) => encode(item, `${path}{}`)));
    return `(${[...elements].sort().join(",")})`;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const kind = prototype.constructor?.name ?? "object";
    throw new ValueError(`${path} is ${article(kind)}: a state holds plain objects, arrays and sets`);
  }
  const parts: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const item = (value as Record<string, unknown>)[key];
    if (item === undefined) {
      throw new ValueError(`${path}.${key} is undefined: leave the field out, or use null`);
    }
    parts.push(`${JSON.stringify(key)}:${encode(item, `${path}.${key}`)}`);
  }
  return `{${parts.join(",")}}`;
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
