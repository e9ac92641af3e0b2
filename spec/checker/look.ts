/** What a property looks at in a state: which parts, and what it finds there. */
import type { Model } from "./model.ts";
import { encode } from "./value.ts";

/** Parts of a state that were looked at, by their paths, and what was found there, as text. */
export type Look = Map<string, string>;

/** Judges a state by what properties see of it, and notes in `look` what the judgement looks at. */
export function judgeLooking<T>(
  model: Model,
  { vector, at, onRead }: Place,
  look: Look,
  judgeView: (view: unknown) => T,
): T {
  if (model.servers.length > 0) return judgeView(watched(model.view(vector, at, onRead), "", look));
  return judgeView(model.view(vector, at, (place) => {
    const { name, values } = model.places[place]!;
    look.set(name, encode(values[vector[at + place] ?? 0], name));
    onRead(place);
  }));
}

/** Where a state stands. */
export interface Place {
  /** The integers of its places. */
  readonly vector: ArrayLike<number>;
  /** Where they begin. */
  readonly at: number;
  /** Is told which of them are looked at. */
  readonly onRead: (place: number) => void;
}

/** The same value, which notes what is read of it. */
function watched(value: unknown, path: string, look: Look): unknown {
  if (value instanceof Set) {
    look.set(`${path}.length`, String(value.size));
    return new Set([...value].map((item, index) => watched(item, `${path}{${index}}`, look)));
  }
  const isList = Array.isArray(value);
  const isObject = typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  if (!isList && !isObject) {
    look.set(path, encode(value, path));
    return value;
  }
  if (isList) look.set(`${path}.length`, String(value.length));
  const copy: object = isList ? [] : {};
  for (const [key, item] of Object.entries(value)) {
    const inside = isList ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    Object.defineProperty(copy, key, { enumerable: true, get: () => watched(item, inside, look) });
  }
  return copy;
}

/** The kinds of parts that were looked at: without the numbers of items, and the elements of sets. */
export function kindsOf(look: Look): readonly string[] {
  const kinds = [...look.keys()].map((path) => path.replace(/\{.*\}/s, "").replaceAll(/\[\d+\]/g, ""));
  return [...new Set(kinds.map((kind) => kind.replace(/\.length$/, "")))].sort();
}

/** What was found, in a text that is the same whichever server, or item of a list, it is found at. */
export function foundIn(look: Look): string {
  const items = new Map<string, string[]>();
  for (const [path, text] of look) {
    const [, list = "", index = "", rest = path] = /^(\w+)\[(\d+)\](.*)$/s.exec(path) ?? [];
    const item = list + index;
    items.set(item, [...items.get(item) ?? [], `${list}${rest}=${text}`]);
  }
  return [...items.values()].map((texts) => texts.sort().join()).sort().join("|");
}
