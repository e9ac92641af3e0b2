/** Time and randomness of the runtime, by names that every runtime has. */
import type { Clock, Random } from "../ports.ts";

/** The runtime's own timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Drawn in advance: a timer starts anew with every message, and each call of the runtime costs a microsecond. */
const drawn = new Uint32Array(256);
let used = drawn.length;

/** The runtime's cryptographic randomness: a process that starts again must not draw the same numbers again. */
export const systemRandom: Random = {
  next() {
    if (used === drawn.length) {
      crypto.getRandomValues(drawn);
      used = 0;
    }
    const [high, low] = [drawn[used++]!, drawn[used++]!];
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  },
};
