/**
 * What the arrival of each message leads to, by the integer of the server that it is for: a small table for each
 * message, all in one flat array. An entry holds what the search needs most often, so that it touches one cache line.
 */

/** What the integers of an entry mean. */
export const entry = {
  /** The integer of the server; -1 if the entry is free. */
  local: 0,
  /**
   * Twice a reaction, if it is the only one, and neither the history nor a budget cares; else twice the beginning of a
   * list of reactions, plus 1.
   */
  answer: 1,
  /** What that only reaction adds to the name of a state. */
  low: 2,
  high: 3,
} as const;

const entrySize = 4;

/** The tables. */
export interface Answers {
  items: Int32Array;
  /** How much of `items` is in use. */
  used: number;
  /** By message: where its table begins, how many entries there is room for, less 1, and how many there are. */
  firsts: Int32Array;
  masks: Int32Array;
  counts: Int32Array;
}

const smallest = 4;

/** No messages. */
export function answers(): Answers {
  return {
    items: new Int32Array(1 << 10),
    used: 0,
    firsts: new Int32Array(64),
    masks: new Int32Array(64).fill(-1),
    counts: new Int32Array(64),
  };
}

/** Where in `items` the entry of a message and a server begins; -1 if there is none. */
export function entryOf({ items, firsts, masks }: Answers, message: number, local: number): number {
  const mask = message < masks.length ? masks[message]! : -1;
  if (mask < 0) return -1;
  const first = firsts[message]!;
  let position = home(local) & mask;
  for (;;) {
    const at = first + position * entrySize;
    const found = items[at];
    if (found === local) return at;
    if (found === -1) return -1;
    position = (position + 1) & mask;
  }
}

/** Adds an entry, which there must not be yet. Returns where it begins. */
export function addEntry(
  all: Answers,
  message: number,
  local: number,
  answer: number,
  low: number,
  high: number,
): number {
  if (message >= all.masks.length) moreMessages(all, message);
  const room = all.masks[message]! + 1;
  if (all.counts[message]! * 2 >= room) move(all, message, Math.max(smallest, room * 2));
  all.counts[message]!++;
  return insert(all, message, local, answer, low, high);
}

function insert(
  { items, firsts, masks }: Answers,
  message: number,
  local: number,
  answer: number,
  low: number,
  high: number,
): number {
  const mask = masks[message]!;
  let position = home(local) & mask;
  while (items[firsts[message]! + position * entrySize] !== -1) position = (position + 1) & mask;
  const at = firsts[message]! + position * entrySize;
  items[at] = local;
  items[at + entry.answer] = answer;
  items[at + entry.low] = low;
  items[at + entry.high] = high;
  return at;
}

/** Moves the table of a message to where it has more room. */
function move(all: Answers, message: number, room: number): void {
  const first = all.used;
  all.used += room * entrySize;
  if (all.used > all.items.length) {
    const larger = new Int32Array(all.items.length * 2);
    larger.set(all.items);
    all.items = larger;
    all.used = first;
    return move(all, message, room);
  }
  const { items } = all;
  items.fill(-1, first, all.used);
  const old = all.firsts[message]!;
  const end = old + (all.masks[message]! + 1) * entrySize;
  all.firsts[message] = first;
  all.masks[message] = room - 1;
  for (let at = old; at < end; at += entrySize) {
    if (items[at] === -1) continue;
    insert(
      all,
      message,
      items[at]!,
      items[at + entry.answer]!,
      items[at + entry.low]!,
      items[at + entry.high]!,
    );
  }
}

function moreMessages(all: Answers, message: number): void {
  const size = Math.max(message + 1, all.masks.length * 2);
  const larger = (old: Int32Array, rest: number) => {
    const items = new Int32Array(size).fill(rest);
    items.set(old);
    return items;
  };
  all.firsts = larger(all.firsts, 0);
  all.masks = larger(all.masks, -1);
  all.counts = larger(all.counts, 0);
}

function home(local: number): number {
  const hash = Math.imul(local, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}
