/** Time and randomness of the runtime, by names that every runtime has. */
import type { Clock, Random } from "../ports.ts";

/** The runtime's own timers. */
export const systemClock: Clock = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Drawn in advance, as each call of the runtime takes its time. */
const words = new Uint32Array(128);
let used = words.length;

/** The runtime's cryptographic randomness: a process that starts again must not draw the same numbers again. */
export const systemRandom: Random = {
  next() {
    if (used === words.length) {
      crypto.getRandomValues(words);
      used = 0;
    }
    const [high, low] = [words[used++]!, words[used++]!];
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  },
};
