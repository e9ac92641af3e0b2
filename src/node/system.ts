/** Time and randomness of the runtime, by names that every runtime has. */
import type { Clock, Random } from "../ports.ts";

/** The runtime's own timers. */
export const systemClock: Clock = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The runtime's cryptographic randomness: a process that starts again must not draw the same numbers again. */
export const systemRandom: Random = {
  next() {
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  },
};
