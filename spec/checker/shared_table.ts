/**
 * The set of names that workers share: as in `table.ts`, but in shared memory, and a slot is claimed by one atomic
 * compare-and-swap. Neither half of a name is stored as 0, so that it shows when the second one isn't written yet.
 */
import { claimMemory, forEachName, slotOf, type Table, zero } from "./table.ts";

/** The set. */
export interface SharedTable {
  /** Pairs [low, high]; the high word is claimed first. */
  readonly slots: Int32Array<SharedArrayBuffer>;
  /** By how much to shift a hash so that it counts slots. */
  readonly shift: number;
  /** How many names it holds, in one shared integer. */
  readonly count: Int32Array<SharedArrayBuffer>;
}

/** A worker's own way to the set. */
export interface SharedNames extends SharedTable {
  /** How many names it has added that `count` doesn't tell yet: not at every state, since all write there. */
  added: number;
}

/** An empty set with room for `capacity` names (a power of two), which never grows. */
export function sharedTable(capacity: number, count: SharedTable["count"]): SharedTable {
  const slots = new Int32Array(new SharedArrayBuffer(capacity * 8));
  return { slots, shift: 32 - Math.log2(capacity), count };
}

/** Adds a name; false if the set holds it already, also if another worker was a little quicker. */
export function claim({ slots, shift }: SharedTable, low: number, high: number): boolean {
  const storedLow = low === 0 ? zero : low;
  const storedHigh = high === 0 ? zero : high;
  const mask = slots.length - 1;
  let slot = slotOf(storedLow, storedHigh, shift);
  for (;;) {
    let found = slots[slot + 1]!;
    if (found === 0) {
      found = Atomics.compareExchange(slots, slot + 1, 0, storedHigh);
      if (found === 0) {
        slots[slot] = storedLow;
        return true;
      }
    }
    if (found === storedHigh && lowAt(slots, slot) === storedLow) return false;
    slot = (slot + 2) & mask;
  }
}

/** The low word of a slot that is claimed: who claimed it writes it at once. */
function lowAt(slots: Int32Array<SharedArrayBuffer>, slot: number): number {
  let low = slots[slot]!;
  while (low === 0) low = Atomics.load(slots, slot);
  return low;
}

/** Looks at the slots of names, which begin in every `size`-th integer, so that the memory answers together. */
export function touch({ slots, shift }: SharedTable, names: Int32Array, size: number, count: number): number {
  let seen = 0;
  for (let i = 0; i < count; i++) seen |= slots[slotOf(names[i * size]!, names[i * size + 1]!, shift)]!;
  return seen;
}

/** Tells all how many names were added. */
export function tellAdded(names: SharedNames): void {
  Atomics.add(names.count, 0, names.added);
  names.added = 0;
}

/** Whether the set is so full that it should be replaced by a larger one before `more` names are added. */
export function isFull({ slots, count }: SharedTable, more: number): boolean {
  return (Atomics.load(count, 0) + more) * 8 > slots.length * 3;
}

/** Adds all names of a table that is not shared. Who calls it counts. */
export function claimAll(shared: SharedTable, table: Table): void {
  forEachName(table, (low, high) => void claim(shared, low, high));
}

/** Adds the i-th of n parts of the names of a smaller set, from 0. */
export function claimPart(shared: SharedTable, { slots }: SharedTable, i: number, n: number): void {
  const bound = (part: number) => Math.floor((slots.length / 2 * part) / n) * 2;
  // What comes from there goes to the same part of the larger set.
  const ratio = shared.slots.length / slots.length;
  claimMemory(shared.slots, bound(i) * ratio, bound(i + 1) * ratio);
  for (let slot = bound(i); slot < bound(i + 1); slot += 2) {
    const high = slots[slot + 1]!;
    if (high === 0) continue;
    claim(shared, slots[slot]!, high);
  }
}
