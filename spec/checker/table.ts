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
  if (set.count * 8 > set.slots.length * 3) grow(set);
  if (!insert(set.slots, low, (low | high) === 0 ? 1 : high)) return false;
  set.count++;
  return true;
}

function insert(slots: Int32Array, low: number, high: number): boolean {
  const mask = slots.length - 1;
  let slot = (Math.imul(low ^ (low >>> 15), 0x2c1b3c6d) << 1) & mask;
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
  const slots = new Int32Array(old.length * 2);
  for (let i = 0; i < old.length; i += 2) {
    const low = old[i] ?? 0;
    const high = old[i + 1] ?? 0;
    if ((low | high) !== 0) insert(slots, low, high);
  }
  set.slots = slots;
}
