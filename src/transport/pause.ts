/** Pauses that can be ended early. Knows no runtime. */

/** A pause that can be ended early. */
export interface Pause {
  /** Resolves after this many milliseconds, or when ended. */
  wait(ms: number): Promise<void>;
  /** Ends the pause that is being waited for, if there is one, and releases its timer. */
  end(): void;
}

/** A pause for one loop, to be waited for again and again. */
export function makePause(): Pause {
  let end = () => {};
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: () => end(),
  };
}
