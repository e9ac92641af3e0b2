/** A value of a plain spec, taken apart for a table: what is small enough to be read stands on a line of its own. */
import { show } from "../../dsl/plain.ts";

/** A part of a value. */
export interface Part {
  /** Where it is, such as `acceptors.a1.ballot` or `at[0]`. */
  readonly name: string;
  /** What it is. */
  readonly now: string;
  /** What it was; null if it is new, or nothing came before. */
  readonly old: string | null;
  /** The elements of a set, sorted, and those that are gone; null if it is none. */
  readonly elements: readonly Element[] | null;
}

/** An element of a set. */
export interface Element {
  /** What it is. */
  readonly text: string;
  /** Whether the last step has added or removed it. */
  readonly mark: "same" | "new" | "gone";
}

/** How deep records and lists are taken apart. */
const deepest = 3;

/** A list of more elements than that is shown as a whole. */
const longest = 12;

/** The parts of a value: the fields of a record, the elements of a short list, and theirs in turn; else all of it. */
export function partsOf(name: string, value: unknown, earlier: unknown, depth = 0): readonly Part[] {
  if (depth < deepest && isRecord(value) && Object.keys(value).length > 0) {
    const old = isRecord(earlier) ? earlier : {};
    return Object.entries(value).flatMap(([key, item]) =>
      partsOf(`${name}.${key}`, item, old[key], depth + 1)
    );
  }
  if (depth < deepest && Array.isArray(value) && value.length > 0 && value.length <= longest) {
    const old: readonly unknown[] = Array.isArray(earlier) ? earlier : [];
    return value.flatMap((item, i) => partsOf(`${name}[${i}]`, item, old[i], depth + 1));
  }
  const elements = value instanceof Set ? elementsOf(value, earlier) : null;
  return [{ name, now: show(value), old: earlier === undefined ? null : show(earlier), elements }];
}

function elementsOf(value: ReadonlySet<unknown>, earlier: unknown): readonly Element[] {
  const now = [...value].map(show);
  const old = earlier instanceof Set ? [...earlier].map(show) : now;
  return [...new Set([...now, ...old])].sort().map((text): Element => ({
    text,
    mark: !old.includes(text) ? "new" : now.includes(text) ? "same" : "gone",
  }));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Set) &&
    !(value instanceof Uint8Array);
}
