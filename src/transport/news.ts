/** Which troubles are worth a line in the log. Knows no runtime. */

/** For how long a trouble that was told is not told again, in milliseconds. */
const quietMs = 10 * 60_000;

/** The most different troubles that are told in that time: a stranger can think of new ones for ever. */
const maxTroubles = 100;

/**
 * Whether to tell of a trouble. Whoever is refused dials again and again: the same trouble is one line in ten minutes,
 * and all that strangers can think of a hundred.
 */
export function newsOnly(): (trouble: string) => boolean {
  let told = new Set<string>();
  let since = performance.now();
  return (trouble) => {
    if (performance.now() - since > quietMs) {
      told = new Set();
      since = performance.now();
    }
    if (told.has(trouble) || told.size >= maxTroubles) return false;
    told.add(trouble);
    return true;
  };
}
