/** Where the command line writes: results to stdout, progress and notes to stderr. */
import type { CheckProgress } from "../checker/check.ts";
import { colourPaint, type Paint, plainPaint, progressHeading, progressLine } from "../report/text.ts";

/** Writes to stdout. */
export function print(text: string): void {
  write(Deno.stdout, `${text}\n`);
}

/** Writes to stderr. */
export function note(text: string): void {
  write(Deno.stderr, `${text}\n`);
}

/** All of the text, or nothing more once nobody listens, as after `| head`. */
function write(to: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(to.writeSync(rest));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Colour, if stdout is a terminal and NO_COLOR is not set. */
export function paintFor(): Paint {
  return Deno.stdout.isTerminal() && !Deno.noColor ? colourPaint : plainPaint;
}

/** Tells of progress on stderr: one live line on a terminal, one line for each layer otherwise. */
export function progressTeller(): { tell: (progress: CheckProgress) => void; end: () => void } {
  const isLive = Deno.stderr.isTerminal();
  let isFirst = true;
  let search = "";
  let states = 0;
  let since = performance.now();
  let latest = since;
  function tell(progress: CheckProgress): void {
    if (isFirst) note(progressHeading);
    isFirst = false;
    if (progress.search !== search) {
      search = progress.search;
      states = 0;
      since = latest;
    }
    latest = performance.now();
    // The search knows that nothing more is new when a layer stays empty: that is no layer to tell of.
    if (progress.complete && progress.distinct === states) return;
    const text = progressLine(progress, states, latest - since);
    if (progress.complete) states = progress.distinct;
    if (isLive) write(Deno.stderr, `\r${text}\x1b[K`);
    else if (progress.complete) note(text);
  }
  return { tell, end: () => isLive && !isFirst && write(Deno.stderr, "\r\x1b[K") };
}
