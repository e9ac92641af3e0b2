/** `Promise.withResolvers`, which Node 20 has not got. */

/** A promise, and what resolves it. */
export function promised<Value>(): {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
} {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => resolve = settle);
  return { promise, resolve };
}
