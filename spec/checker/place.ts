/** Interning: each value of one place of the state becomes a small integer, with a random word of 64 bits. */
import { type Growable, growable, push } from "./growable.ts";
import { encode, fingerprint } from "./value.ts";

/** One place of a state, such as a server, or one variable. */
export interface Place<T> {
  /** The name, for people and as part of each word. */
  readonly name: string;
  /** Every value met so far, by its integer. */
  readonly values: T[];
  /** What properties see of each value. */
  readonly observed: unknown[];
  /** Pairs [low, high]: the word of each value. */
  readonly words: Growable;
  /** Pairs [low, high]: the word of what properties see of each value; zeros if they see nothing. */
  readonly observedWords: Growable;
  /** The integer of a value; equal values have equal integers. */
  intern(value: T): number;
}

/** How the values of a place are told apart, and what properties see of them. */
export interface PlaceOptions<T> {
  /** The name, unique among the places of a model. */
  readonly name: string;
  /** The plain data that makes a value what it is; the value itself if left out. */
  readonly identity?: (value: T) => unknown;
  /** What properties see; the value itself if left out, nothing if null. */
  readonly observe?: ((value: T) => unknown) | null;
  /** What is kept of a value that is new, for whoever is given it later; the value itself if left out. */
  readonly keep?: (value: T) => T;
}

/** A place that has met no value yet. */
export function place<T>(
  { name, identity = (value) => value, observe = (value) => value, keep = (value) => value }: PlaceOptions<T>,
): Place<T> {
  const integers = new Map<string, number>();
  const result: Place<T> = {
    name,
    values: [],
    observed: [],
    words: growable(),
    observedWords: growable(),
    intern,
  };

  function intern(value: T): number {
    const text = encode(identity(value), name);
    const known = integers.get(text);
    if (known !== undefined) return known;
    const integer = result.values.length;
    integers.set(text, integer);
    const kept = keep(value);
    result.values.push(kept);
    pushWord(result.words, name, text);
    const seen = observe === null ? null : observe(kept);
    result.observed.push(seen);
    if (observe === null) pushZeros(result.observedWords);
    else pushWord(result.observedWords, name, encode(seen, name));
    return integer;
  }
  return result;
}

/** Lists of integers, each list known by one integer; 0 is the empty list. */
export interface Lists {
  /** Every list met so far. */
  readonly lists: (readonly number[])[];
  /** The integer of a list. */
  intern(list: readonly number[]): number;
}

/** No list but the empty one. */
export function lists(): Lists {
  const integers = new Map<string, number>([["", 0]]);
  const all: (readonly number[])[] = [[]];
  return {
    lists: all,
    intern(list) {
      const text = list.join();
      let integer = integers.get(text);
      if (integer === undefined) {
        integer = all.push(list) - 1;
        integers.set(text, integer);
      }
      return integer;
    },
  };
}

function pushWord(words: Growable, name: string, text: string): void {
  const [low, high] = fingerprint(`${name}=${text}`);
  push(words, low);
  push(words, high);
}

function pushZeros(words: Growable): void {
  push(words, 0);
  push(words, 0);
}
