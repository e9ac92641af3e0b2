/** Where the command line writes: results to stdout, progress and notes to stderr. */
import type { CheckProgress } from "../checker/check.ts";
import { colourPaint, type Paint, plainPaint, progressHeading, progressLine } from "../report/text.ts";

/** Stdout can't take what is printed, such as on a full disk. */
export class OutputError extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "OutputError";
}

/**
 * Writes to stdout; nothing more once nobody listens, as after `| head`.
 *
 * @throws {OutputError} if it can't be written for another reason.
 */
export function print(text: string): void {
  try {
    write(Deno.stdout, `${text}\n`);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    throw new OutputError(`stdout can't be written: ${error instanceof Error ? error.message : error}`);
  }
}

/** Writes to stderr, if that can be written. */
export function note(text: string): void {
  tell(`${text}\n`);
}

/** What goes on is only told: nothing depends on its being read. */
function tell(text: string): void {
  try {
    write(Deno.stderr, text);
  } catch {
    // There is nowhere left to say so.
  }
}

function write(to: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(to.writeSync(rest));
}

/** Colour, if stdout is a terminal and NO_COLOR is not set. */
export function paintFor(): Paint {
  return Deno.stdout.isTerminal() && !Deno.noColor ? colourPaint : plainPaint;
}

/** Tells of progress on stderr: one live line on a terminal, one line for each layer otherwise. */
export function progressTeller(): { progressed: (progress: CheckProgress) => void; end: () => void } {
  const isLive = Deno.stderr.isTerminal();
  let isFirst = true;
  let search = "";
  let states = 0;
  let since = performance.now();
  let latest = since;
  function progressed(progress: CheckProgress): void {
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
    if (isLive) tell(`\r${text}\x1b[K`);
    else if (progress.complete) note(text);
  }
  return { progressed, end: () => isLive && !isFirst && tell("\r\x1b[K") };
}
