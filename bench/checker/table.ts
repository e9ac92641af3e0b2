/** The table, for people. */
import { type Entry, type Figure, isReached } from "./entry.ts";
import { cpu, type Measured } from "./measure.ts";

const nameWidth = 60;
const columns = ["CPU s", "wall s", "peak MB", "generated", "distinct", "million/s"];
const widths = [8, 8, 9, 13, 12, 11];

/** The head of the table. */
export function head(): string {
  return line("", columns);
}

/** The lines of a piece of work. */
export function section(title: string, entries: readonly Entry[]): string {
  return [title, ...entries.map(entryLine)].join("\n");
}

function entryLine(entry: Entry): string {
  switch (entry.type) {
    case "measured":
      return line(entry.name, figuresOf(entry));
    case "figure":
      return line(entry.name, []) + figureText(entry);
    case "skipped":
      return `  ${entry.name}: skipped: ${entry.why}`;
    case "wrong":
      return `  ${entry.name}: WRONG: ${entry.message}`;
  }
}

function figuresOf({ usage, counts }: Measured): readonly string[] {
  const seconds = cpu(usage);
  return [
    seconds.toFixed(2),
    usage.wall.toFixed(2),
    (usage.peakBytes / 1e6).toFixed(0),
    grouped(counts.generated),
    grouped(counts.distinct),
    (counts.generated / seconds / 1e6).toFixed(2),
  ];
}

function figureText({ value, unit, goal }: Figure): string {
  const text = value === null ? "-" : `${value.toFixed(2)} ${unit}`;
  const verdict = value === null || goal === null ? "" : isReached(value, goal) ? "  reached" : "  missed";
  const wanted = goal === null ? "" : `   goal: ${goal.type} ${goal.value} ${unit}`;
  return text.padStart(12) + wanted + verdict;
}

/** A name that is too long has a line of its own. */
function line(name: string, cells: readonly string[]): string {
  const start = `  ${name}`.padEnd(nameWidth);
  const ownLine = start.length > nameWidth ? `\n${" ".repeat(nameWidth)}` : "";
  return start + ownLine + cells.map((cell, at) => cell.padStart(widths[at]!)).join("");
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
