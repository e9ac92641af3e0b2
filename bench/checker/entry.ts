/** What the benchmark has to tell, one line of the table each, and the arithmetic in it. */
import { type Counts, cpu, type Measured, type Result } from "./measure.ts";

/** What a figure should be. */
export interface Goal {
  /** Whether more is better. */
  readonly type: "at least" | "at most";
  /** The figure that is wished for. */
  readonly value: number;
}

/** A figure that is worked out from what was measured. */
export interface Figure {
  /** It is worked out. */
  readonly type: "figure";
  /** What is compared with what. */
  readonly name: string;
  /** The figure, or null if what it is worked out from has no result. */
  readonly value: number | null;
  /** "x" for a ratio. */
  readonly unit: "x" | "s" | "bytes";
  /** What it should be; null if it is there to explain another one. */
  readonly goal: Goal | null;
}

/** A result that can't be right. */
export interface Wrong {
  /** It is wrong. */
  readonly type: "wrong";
  /** What was run. */
  readonly name: string;
  /** What it must be, and what it is. */
  readonly message: string;
}

/** A line of the table. */
export type Entry = Result | Figure | Wrong;

/** A goal. */
export function atLeast(value: number): Goal {
  return { type: "at least", value };
}

/** A goal. */
export function atMost(value: number): Goal {
  return { type: "at most", value };
}

/** Whether a figure is as good as its goal. */
export function isReached(value: number, goal: Goal): boolean {
  switch (goal.type) {
    case "at least":
      return value >= goal.value;
    case "at most":
      return value <= goal.value;
  }
}

/** A figure that needs all of these results. */
export function figure<Results extends readonly Measured[]>(
  { name, unit, goal }: Pick<Figure, "name" | "unit" | "goal">,
  results: { readonly [Index in keyof Results]: Result | undefined },
  work: (...results: Results) => number,
): Figure {
  const isComplete = results.every((result) => result?.type === "measured");
  return { type: "figure", name, unit, goal, value: isComplete ? work(...results as Results) : null };
}

/** Generated states for each second of processors. */
export function rate({ usage, counts }: Pick<Measured, "usage" | "counts">): number {
  return counts.generated / cpu(usage);
}

/** How many times faster one is than another, by the states that it generates in a second of processors. */
export function speedup(ours: Measured, theirs: Measured): number {
  return rate(ours) / rate(theirs);
}

/** How many times as many seconds of processors one takes as another. */
export function cpuRatio(ours: Measured, theirs: Measured): number {
  return cpu(ours.usage) / cpu(theirs.usage);
}

/** Bytes for each distinct state: the peak of memory, above that of an empty run. */
export function bytesPerState({ usage, counts }: Measured, empty: Measured): number {
  return Math.max(0, usage.peakBytes - empty.usage.peakBytes) / counts.distinct;
}

/** Tells of counts that are not what they must be; nothing if they are, or if there are none. */
export function compared(result: Result | undefined, expected: Partial<Counts>): readonly Wrong[] {
  if (result?.type !== "measured") return [];
  const { name, counts } = result;
  const wrong = (["generated", "distinct"] as const).filter((key) =>
    expected[key] !== undefined && expected[key] !== counts[key]
  );
  if (wrong.length === 0) return [];
  const told = (from: Partial<Counts>) => wrong.map((key) => `${from[key]} ${key}`).join(", ");
  return [{ type: "wrong", name, message: `must be ${told(expected)}; is ${told(counts)}` }];
}
