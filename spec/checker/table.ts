/** A set of names of 64 bits: one flat table of pairs of 32-bit words, linear probing. Workers may share it. */

/** The set. A name of which the high word is 0 is stored with another one there: it marks what is taken. */
export interface Table {
  /** Pairs [low, high]; both are 0 where nothing is. */
  slots: Int32Array;
  /** By how much to shift a hash so that it counts slots. */
  shift: number;
  /** How many names it holds. */
  count: number;
}

/** An empty set, with room for `capacity` names (a power of two) before it first grows. */
export function table(capacity = 1 << 12): Table {
  return { slots: new Int32Array(capacity * 2), shift: shiftFor(capacity), count: 0 };
}

/** How many integers a page of memory has, at least. */
const pageSize = 1 << 10;

/**
 * Gets memory for slots that are new. Else the first one to look at a page would be given one of zeros that all share, and
 * the first one to write there would have to exchange it: that takes twice as long, and of several threads each must hear of
 * it. Changes nothing, whoever else is at work there.
 */
export function claimMemory(slots: Int32Array, from = 0, to = slots.length): void {
  for (let slot = from; slot < to; slot += pageSize) Atomics.compareExchange(slots, slot, 0, 0);
}

function shiftFor(capacity: number): number {
  return 32 - Math.log2(capacity);
}

/** The slot where the search for a name begins. The order of slots is that of hashes: a table grows from front to end. */
export function slotOf(low: number, high: number, shift: number): number {
  return (hashOf(low, high) >>> shift) << 1;
}

/** A hash of a name, an integer of 32 bits. */
export function hashOf(low: number, high: number): number {
  let hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

/** Adds a name; false if the set holds it already. */
export function add(set: Table, low: number, high: number): boolean {
  makeRoom(set, 1);
  if (!insert(set.slots, slotOf(low, high, set.shift), low, high)) return false;
  set.count++;
  return true;
}

/** Whether the set holds a name. */
export function has({ slots, shift }: Table, low: number, high: number): boolean {
  const stored = high === 0 ? zero : high;
  const mask = slots.length - 1;
  let slot = slotOf(low, high, shift);
  for (;;) {
    const found = slots[slot + 1];
    if (found === stored && slots[slot] === low) return true;
    if (found === 0) return false;
    slot = (slot + 2) & mask;
  }
}

/** Grows the set, if need be, so that `more` names find room. */
export function makeRoom(set: Table, more: number): void {
  while ((set.count + more) * 8 > set.slots.length * 3) grow(set);
}

/** How many bytes the set takes; with those of a larger one, if it is about to grow. */
export function bytesToGrow({ slots, count }: Table): number {
  return slots.byteLength * (count * 8 > slots.length * 2.9 ? 1 + growthOf(slots) : 1);
}

/** By what a set grows: in large strides while it is small, as to move all names costs as much as to find them. */
function growthOf({ length }: Int32Array): number {
  if (length < 1 << 19) return 8;
  return length < 1 << 23 ? 4 : 2;
}

/** Removes all names. */
export function clear(set: Table): void {
  set.slots.fill(0);
  set.count = 0;
}

/** What is stored for a word of 0. */
export const zero = 0x5bd1e995;

/** Adds a name to slots that have room, from its first slot on; false if it is there already. Who calls it counts. */
export function insert(slots: Int32Array, first: number, low: number, high: number): boolean {
  const stored = high === 0 ? zero : high;
  const mask = slots.length - 1;
  let slot = first;
  for (;;) {
    const found = slots[slot + 1]!;
    if (found === 0) break;
    if (found === stored && slots[slot] === low) return false;
    slot = (slot + 2) & mask;
  }
  slots[slot] = low;
  slots[slot + 1] = stored;
  return true;
}

/** Calls `visit` with every name. */
export function forEachName({ slots }: Table, visit: (low: number, high: number) => void): void {
  for (let slot = 0; slot < slots.length; slot += 2) {
    const high = slots[slot + 1]!;
    if (high !== 0) visit(slots[slot]!, high === zero ? 0 : high);
  }
}

function grow(set: Table): void {
  const old = set.slots;
  const capacity = (old.length / 2) * growthOf(old);
  const slots = new Int32Array(capacity * 2);
  claimMemory(slots);
  const shift = shiftFor(capacity);
  for (let slot = 0; slot < old.length; slot += 2) {
    const high = old[slot + 1]!;
    if (high === 0) continue;
    const low = old[slot]!;
    insert(slots, slotOf(low, high === zero ? 0 : high, shift), low, high);
  }
  set.slots = slots;
  set.shift = shift;
}
