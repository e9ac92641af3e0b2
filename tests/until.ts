/** Waiting for what other nodes do. */
import { assert } from "@std/assert";

const deadlineMs = 10_000;

/** Waits until `holds` returns true; fails when it takes too long. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!holds()) {
    assert(performance.now() < deadline, `not within ${deadlineMs} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
