/** When to look up from the work, so that signals and timers come in also where code of the user takes long. */

/** How often code of the user was called. All else takes so little that it can be counted in states. */
export const called = { times: 0 };

/** How many milliseconds to work without looking up. */
const patience = 100;

/** From now on: whether it is time to look up. The clock is asked only where code of the user was called. */
export function shift(): () => boolean {
  const end = performance.now() + patience;
  let { times } = called;
  return () => {
    if (times === called.times) return false;
    times = called.times;
    return performance.now() >= end;
  };
}
