/** A map from pairs of small integers to integers: one flat table, linear probing, no object per entry. */

/** The map. A free slot has the value -1. */
export interface PairMap {
  /** Triples [a, b, value]; a multiple of four apart, so that a slot lies in one cache line. */
  slots: Int32Array;
  /** How many pairs it holds. */
  count: number;
}

/** An empty map. */
export function pairMap(capacity = 1 << 10): PairMap {
  return { slots: new Int32Array(capacity * 4).fill(-1), count: 0 };
}

/** The value of a pair; -1 if there is none. */
export function get(map: PairMap, a: number, b: number): number {
  const { slots } = map;
  const mask = slots.length - 1;
  let slot = home(a, b) & mask;
  for (;;) {
    const value = slots[slot + 2]!;
    if (value === -1 || (slots[slot] === a && slots[slot + 1] === b)) return value;
    slot = (slot + 4) & mask;
  }
}

/** Gives a pair a value, 0 or more, in place of the one that it has. */
export function put(map: PairMap, a: number, b: number, value: number): void {
  if (map.count * 8 >= map.slots.length) grow(map);
  const { slots } = map;
  const mask = slots.length - 1;
  let slot = home(a, b) & mask;
  while (slots[slot + 2] !== -1 && (slots[slot] !== a || slots[slot + 1] !== b)) slot = (slot + 4) & mask;
  if (slots[slot + 2] === -1) map.count++;
  slots[slot] = a;
  slots[slot + 1] = b;
  slots[slot + 2] = value;
}

function grow(map: PairMap): void {
  const old = map.slots;
  map.slots = new Int32Array(old.length * 2).fill(-1);
  map.count = 0;
  for (let slot = 0; slot < old.length; slot += 4) {
    if (old[slot + 2] !== -1) put(map, old[slot]!, old[slot + 1]!, old[slot + 2]!);
  }
}

/** The first slot to look at, a multiple of four. */
function home(a: number, b: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) << 2;
}
