/** Random numbers from a seed: the same ones on every machine. */

/** Numbers that look random. */
export interface Random {
  /** One of 0, 1, ..., `count` - 1, each as likely as any other. */
  below(count: number): number;
}

/** The numbers of a seed, one sequence for each `index`. Both are integers of at most 53 bits, and not negative. */
export function random(seed: number, index: number): Random {
  let [a, b, c, counter] = [seed | 0, (seed / 2 ** 32) | 0, index | 0, (index / 2 ** 32) | 0];
  /** Chris Doty-Humphrey's generator sfc32: three mixed words, and a counter that makes the period long. */
  function next(): number {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result | 0;
    return result >>> 0;
  }
  // Seeds that differ in one bit only must be mixed before they differ in all.
  for (let round = 0; round < 16; round++) next();
  return { below: (count) => Math.floor(next() / 2 ** 32 * count) };
}

/** A seed that nobody chose, short enough to be typed. */
export function drawSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
