/**
 * A map from pairs of small integers to integers: one flat table, linear probing, no object per entry. As long as both
 * integers of every pair fit into 31 bits together, they are one key, so that more entries lie in a cache line.
 */

/** The map. A free slot has the value -1. */
export interface PairMap {
  /** Pairs [key, value], or, of pairs that don't fit into one key, [a, b, value, unused]. */
  slots: Int32Array;
  /** How many pairs it holds. */
  count: number;
  /** How many bits of a key are for the second integer; 0 if pairs don't fit into one key. */
  bits: number;
}

/** An empty map. */
export function pairMap(capacity = 1 << 9): PairMap {
  return { slots: new Int32Array(capacity * 2).fill(-1), count: 0, bits: 12 };
}

/** The value of a pair; -1 if there is none. */
export function get(map: PairMap, a: number, b: number): number {
  const { slots, bits } = map;
  if (bits === 0) return getWide(slots, a, b);
  if ((a >>> (31 - bits) | b >>> bits) !== 0) return -1;
  const key = a << bits | b;
  const mask = slots.length - 1;
  let slot = home(key) & mask;
  for (;;) {
    if (slots[slot] === key) return slots[slot + 1]!;
    if (slots[slot + 1] === -1) return -1;
    slot = (slot + 2) & mask;
  }
}

function getWide(slots: Int32Array, a: number, b: number): number {
  const mask = slots.length - 1;
  let slot = homeWide(a, b) & mask;
  for (;;) {
    const value = slots[slot + 2]!;
    if (value === -1 || (slots[slot] === a && slots[slot + 1] === b)) return value;
    slot = (slot + 4) & mask;
  }
}

/** Gives a pair a value, 0 or more, in place of the one that it has. */
export function put(map: PairMap, a: number, b: number, value: number): void {
  if (map.bits !== 0 && (a >>> (31 - map.bits) | b >>> map.bits) !== 0) refit(map, a, b);
  const size = map.bits === 0 ? 4 : 2;
  if (map.count * 2 * size >= map.slots.length) rebuild(map, map.slots.length * 2, map.bits);
  if (map.bits === 0) putWide(map, a, b, value);
  else putKey(map, a << map.bits | b, value);
}

function putKey(map: PairMap, key: number, value: number): void {
  const { slots } = map;
  const mask = slots.length - 1;
  let slot = home(key) & mask;
  while (slots[slot + 1] !== -1 && slots[slot] !== key) slot = (slot + 2) & mask;
  if (slots[slot + 1] === -1) map.count++;
  slots[slot] = key;
  slots[slot + 1] = value;
}

function putWide(map: PairMap, a: number, b: number, value: number): void {
  const { slots } = map;
  const mask = slots.length - 1;
  let slot = homeWide(a, b) & mask;
  while (slots[slot + 2] !== -1 && (slots[slot] !== a || slots[slot + 1] !== b)) slot = (slot + 4) & mask;
  if (slots[slot + 2] === -1) map.count++;
  slots[slot] = a;
  slots[slot + 1] = b;
  slots[slot + 2] = value;
}

/** Divides keys so that this pair fits, too, or gives up keys. */
function refit(map: PairMap, a: number, b: number): void {
  let [mostA, mostB] = [a, b];
  forEach(map, (a, b) => {
    mostA = Math.max(mostA, a);
    mostB = Math.max(mostB, b);
  });
  const needed = 64 - Math.clz32(mostA) - Math.clz32(mostB);
  // What is left over is for the one that has outgrown its part.
  const spare = b >>> map.bits !== 0 ? 31 - needed : 0;
  const bits = needed > 31 ? 0 : 32 - Math.clz32(mostB) + Math.ceil(spare / 2);
  rebuild(map, map.slots.length * (bits === 0 ? 2 : 1), bits);
}

function rebuild(map: PairMap, length: number, bits: number): void {
  const old: PairMap = { ...map };
  map.slots = new Int32Array(length).fill(-1);
  map.count = 0;
  map.bits = bits;
  forEach(old, (a, b, value) => bits === 0 ? putWide(map, a, b, value) : putKey(map, a << bits | b, value));
}

function forEach({ slots, bits }: PairMap, visit: (a: number, b: number, value: number) => void): void {
  if (bits === 0) {
    for (let slot = 0; slot < slots.length; slot += 4) {
      if (slots[slot + 2] !== -1) visit(slots[slot]!, slots[slot + 1]!, slots[slot + 2]!);
    }
    return;
  }
  for (let slot = 0; slot < slots.length; slot += 2) {
    const key = slots[slot]!;
    if (slots[slot + 1] !== -1) visit(key >>> bits, key & ((1 << bits) - 1), slots[slot + 1]!);
  }
}

/** The first slot of a key to look at, a multiple of two. */
function home(key: number): number {
  const hash = Math.imul(key, 0x9e3779b1);
  return (hash ^ (hash >>> 15)) << 1;
}

/** The first slot of a pair to look at, a multiple of four. */
function homeWide(a: number, b: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) << 2;
}
