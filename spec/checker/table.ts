/** A set of 64-bit fingerprints: one flat table of pairs of 32-bit words, linear probing. */

/** The set. A fingerprint of two zeros stands for an empty place, and is stored as (0, 1). */
export interface Table {
  /** Pairs [low, high]. */
  slots: Int32Array;
  /** How many fingerprints it holds. */
  count: number;
}

/** An empty set, with room for `capacity` fingerprints (a power of two) before it first grows. */
export function table(capacity = 1 << 16): Table {
  return { slots: new Int32Array(capacity * 2), count: 0 };
}

/** Adds a fingerprint; false if the set holds it already. */
export function add(set: Table, low: number, high: number): boolean {
  makeRoom(set, 1);
  if (!insert(set.slots, low, high)) return false;
  set.count++;
  return true;
}

/** Grows the set, if need be, so that `more` fingerprints find room. */
export function makeRoom(set: Table, more: number): void {
  while ((set.count + more) * 8 > set.slots.length * 3) grow(set);
}

/** How many bytes the set takes; with those of a larger one, if it is about to grow. */
export function bytesToGrow({ slots, count }: Table): number {
  return slots.byteLength * (count * 8 > slots.length * 2.9 ? 3 : 1);
}

/** Removes all fingerprints. */
export function clear(set: Table): void {
  set.slots.fill(0);
  set.count = 0;
}

/** Whether the set holds a fingerprint. */
export function has({ slots }: Table, low: number, givenHigh: number): boolean {
  const high = (low | givenHigh) === 0 ? 1 : givenHigh;
  const mask = slots.length - 1;
  let slot = slotOf(low, mask);
  for (;;) {
    const a = slots[slot];
    const b = slots[slot + 1];
    if (a === low && b === high) return true;
    if (a === 0 && b === 0) return false;
    slot = (slot + 2) & mask;
  }
}

/** The slot where the search for a fingerprint begins. */
export function slotOf(low: number, mask: number): number {
  return (Math.imul(low ^ (low >>> 15), 0x2c1b3c6d) << 1) & mask;
}

/** Adds a fingerprint to slots that have room; false if it is there already. Who calls it counts. */
export function insert(slots: Int32Array, low: number, givenHigh: number): boolean {
  const high = (low | givenHigh) === 0 ? 1 : givenHigh;
  const mask = slots.length - 1;
  let slot = slotOf(low, mask);
  for (;;) {
    const a = slots[slot];
    const b = slots[slot + 1];
    if (a === low && b === high) return false;
    if (a === 0 && b === 0) break;
    slot = (slot + 2) & mask;
  }
  slots[slot] = low;
  slots[slot + 1] = high;
  return true;
}

function grow(set: Table): void {
  const old = set.slots;
  // In large strides while it is small: to move all fingerprints costs as much as to find them.
  const slots = new Int32Array(old.length * (old.length < 1 << 21 ? 8 : 2));
  for (let i = 0; i < old.length; i += 2) {
    const low = old[i] ?? 0;
    const high = old[i + 1] ?? 0;
    if ((low | high) !== 0) insert(slots, low, high);
  }
  set.slots = slots;
}
