/** What a row of the benchmark needs, and how it is run. */
import type { Entry } from "./entry.ts";
import { type Contender, type MeasureOptions, NoResult, type Skipped } from "./measure.ts";
import { find, type Rival } from "./rivals.ts";

/** How to measure, and where the rivals are. */
export interface Bench extends MeasureOptions {
  /** The folder in whose `bin` the rivals are, if they aren't where the system looks for programs. */
  readonly rivals: string;
}

/** One piece of work, for us and others. */
export interface Row {
  /** Its name on the command line. */
  readonly name: string;
  /** What the work is. */
  readonly title: string;
  /** Does the work, and returns the lines of the table. */
  readonly run: (bench: Bench) => Promise<readonly Entry[]>;
}

/** Prepares a rival; tells how to get it where it isn't installed. */
export async function prepare(
  { rivals }: Bench,
  rival: Rival,
  contender: (path: string) => Contender | Promise<Contender>,
): Promise<Contender | Skipped> {
  const skip = (why: string): Skipped => ({ type: "skipped", name: rival.name, why });
  const path = await find(rival, rivals);
  const install = rival.install(rivals);
  if (path === null) return skip(`not installed: ${install}`);
  try {
    return await contender(path);
  } catch (error) {
    if (!(error instanceof NoResult)) throw error;
    return skip(`${error.message}; to install: ${install}`);
  }
}
