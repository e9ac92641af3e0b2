/**
 * Two-phase commit written by hand for speed: what a person could do in this language for this one protocol.
 *
 *     deno run bench/checker/packed_two_phase.ts [MANAGERS] [LOG2_OF_SLOTS]
 *
 * A state is two integers. `low`: two bits for how far each resource manager is (0 working, 1 prepared, 2 committed,
 * 3 aborted), from bit 0 on, and one bit for each manager that the transaction manager has heard, from bit 16 on.
 * `high`: one bit for each manager that has sent `prepared`, then one bit for a decision to commit, and one to abort,
 * which are also the messages that tell of it.
 */

const managers = Number(Deno.args[0] ?? 8);
const capacity = 2 ** Number(Deno.args[1] ?? 22);
const mask = capacity - 1;
const commits = 1 << managers;
const aborts = 2 << managers;
const everyone = commits - 1;
const heardAt = 16;
if (!(managers >= 1 && managers <= 8)) throw new RangeError("from 1 to 8 managers fit two integers");

/** Pairs [low, high], where `high` is a complement: 0 stands for a free slot. */
const table = new Int32Array(capacity * 2);
const lows = new Int32Array(capacity);
const highs = new Int32Array(capacity);
let distinct = 0;
let generated = 0;
let violations = 0;

function reach(low: number, high: number): void {
  generated++;
  let hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d);
  let slot = ((hash ^ hash >>> 13) & mask) * 2;
  const stored = ~high;
  for (;;) {
    const found = table[slot + 1]!;
    if (found === 0) break;
    if (found === stored && table[slot] === low) return;
    slot = (slot + 2) & (mask * 2 + 1);
  }
  if (distinct === capacity) throw new RangeError("more states than slots");
  table[slot] = low;
  table[slot + 1] = stored;
  lows[distinct] = low;
  highs[distinct++] = high;
  const ended = low >>> 1 & 0x5555;
  const isAborted = ended & low;
  if (isAborted !== 0 && isAborted !== ended) violations++;
}

function expand(low: number, high: number): void {
  const hasCommitted = (high & commits) !== 0;
  const hasAborted = (high & aborts) !== 0;
  const isUndecided = !hasCommitted && !hasAborted;
  if (isUndecided) {
    if ((low >>> heardAt & everyone) === everyone) reach(low, high | commits);
    reach(low, high | aborts);
  }
  for (let manager = 0; manager < managers; manager++) {
    const shift = manager * 2;
    const stage = low >>> shift & 3;
    const rest = low & ~(3 << shift);
    if (isUndecided && (high >>> manager & 1) === 1) reach(low | 1 << (heardAt + manager), high);
    if (stage === 0) {
      reach(rest | 1 << shift, high | 1 << manager);
      reach(rest | 3 << shift, high);
    }
    if (hasCommitted) reach(rest | 2 << shift, high);
    if (hasAborted) reach(rest | 3 << shift, high);
  }
}

reach(0, 0);
let depth = 0;
for (let next = 0; next < distinct; depth++) {
  for (const end = distinct; next < end; next++) expand(lows[next]!, highs[next]!);
}
console.log(JSON.stringify({ generated, distinct, depth, violations }));
