/** Thrown when the core finds itself in a state that its author thought impossible. The server must stop. */
export class AssertionError extends Error {
  /** The name by which a host tells this error from an expected failure. */
  override readonly name: string = "AssertionError";
}

/**
 * Stops the server rather than let it go on in an impossible state.
 *
 * @throws {AssertionError} if `condition` is false; the message is the claim that failed.
 */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new AssertionError(claim);
}

/** Makes the compiler prove that a switch is exhaustive. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
