/** Typed arrays that grow. */

/** An `Int32Array` with room for more. Read `items` afresh after each `reserve`: it may be another array. */
export interface Growable {
  /** The storage; only the first `length` items count. */
  items: Int32Array;
  /** How many items count. */
  length: number;
}

/** An empty array with room for `capacity` items. */
export function growable(capacity = 1024): Growable {
  return { items: new Int32Array(capacity), length: 0 };
}

/** Makes room for `count` more items. */
export function reserve(array: Growable, count: number): void {
  const needed = array.length + count;
  if (needed <= array.items.length) return;
  const larger = new Int32Array(Math.max(needed, array.items.length * 2));
  larger.set(array.items.subarray(0, array.length));
  array.items = larger;
}

/** Appends one item. */
export function push(array: Growable, item: number): void {
  reserve(array, 1);
  array.items[array.length++] = item;
}
