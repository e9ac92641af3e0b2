/** Where the command line writes: results to stdout, progress and notes to stderr. */
import type { CheckProgress, Report } from "../checker/check.ts";
import type { WalkProgress } from "../checker/walk.ts";
import { walkProgressText } from "../report/walks.ts";
import { colourPaint, type Paint, plainPaint, progressHeading, progressLine } from "../report/text.ts";

/** The exit code of each verdict. */
export const exits: Readonly<Record<Report["verdict"], number>> = { holds: 0, violated: 1, inconclusive: 2 };

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

/** Where the report for people goes. */
export interface Sink {
  /** Writes some lines. */
  readonly print: (text: string) => void;
  /** Colour, if that is a terminal and NO_COLOR is not set. */
  readonly paint: Paint;
}

/** Stdout; with `--itf` or `--test` that is for the counterexample alone, and the report goes to stderr. */
export function sinkFor({ itf, test = false }: { readonly itf: boolean; readonly test?: boolean }): Sink {
  const [to, write] = itf || test ? [Deno.stderr, note] : [Deno.stdout, print];
  return { print: write, paint: to.isTerminal() && !Deno.noColor ? colourPaint : plainPaint };
}

/** Tells of progress on stderr: one live line on a terminal, one line for what is complete otherwise. */
function lineTeller(): { tell: (text: string, complete: boolean) => void; end: () => void } {
  const isLive = Deno.stderr.isTerminal();
  let isClean = true;
  function tellLine(text: string, complete: boolean): void {
    if (isLive) tell(`\r${text}\x1b[K`);
    else if (complete) note(text);
    isClean = false;
  }
  return { tell: tellLine, end: () => isLive && !isClean && tell("\r\x1b[K") };
}

/** Who is told how far a search has come, and at the end that it goes no further. */
export interface Follower {
  /** The search had come as far as this at a time, in milliseconds. */
  readonly progressed: (progress: CheckProgress, at: number) => void;
  /** Nothing more will come. */
  readonly end: () => void;
}

/** So many layers are told of at first, whatever is new in them. */
const firstLayers = 20;

/**
 * Tells of few of many layers: of the first ones, of each by which the states have grown by a tenth since the one told of
 * before, and of the last of each search. What is told depends on what was found, and not on how fast.
 */
export function sparing({ progressed: tell, end }: Follower): Follower {
  let search = "";
  let states = 0;
  let held: Parameters<typeof tell> | null = null;
  function release(): void {
    if (held !== null) tell(...held);
    held = null;
  }
  function progressed(progress: CheckProgress, at: number): void {
    if (progress.search !== search) release();
    search = progress.search;
    if (!progress.complete) return tell(progress, at);
    held = [progress, at];
    if (progress.depth > firstLayers && progress.distinct * 10 < states * 11) return;
    states = progress.distinct;
    release();
  }
  return {
    progressed,
    end() {
      release();
      end();
    },
  };
}

/** Tells how far a search has come, in lines on stderr. */
export function progressTeller(): Follower {
  const { tell, end } = lineTeller();
  let isFirst = true;
  let search = "";
  let states = 0;
  let since = performance.now();
  let latest = since;
  function progressed(progress: CheckProgress, at: number): void {
    if (isFirst) note(progressHeading);
    isFirst = false;
    if (progress.search !== search) {
      search = progress.search;
      states = 0;
      since = latest;
    }
    latest = at;
    // The search knows that nothing more is new when a layer stays empty: that is no layer to tell of.
    if (progress.complete && progress.distinct === states) return;
    const text = progressLine(progress, states, latest - since);
    if (progress.complete) states = progress.distinct;
    tell(text, progress.complete);
  }
  return { progressed, end };
}

/** Tells how far random walks have come: a line for each tenth. */
export function walkTeller(): { progressed: (progress: WalkProgress) => void; end: () => void } {
  const { tell, end } = lineTeller();
  const since = performance.now();
  return {
    progressed: (progress) => tell(walkProgressText(progress, performance.now() - since), progress.complete),
    end,
  };
}
