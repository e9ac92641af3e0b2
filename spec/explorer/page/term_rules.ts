/** The rules of the style sheet for the colours of terms. */
import { termColours } from "./palette.ts";

/** The rules, for each colour of a term. */
export function termRules(): string {
  return Array.from({ length: termColours + 1 }, (_, term) =>
    [
      `.entry.term-${term}{background:var(--term-${term}-fill);color:var(--term-${term}-ink);border-color:var(--term-${term}-line)}`,
      `.on-disk.term-${term}{background:var(--term-${term}-line);border-color:var(--term-${term}-line)}`,
      `.on-disk.other.term-${term}{background:var(--term-${term}-fill);color:var(--term-${term}-ink)}`,
      `.pointer.term-${term}{color:var(--term-${term}-ink);background:var(--term-${term}-fill)}`,
      `.server-name.term-${term},.server-term.term-${term}{fill:var(--term-${term}-ink)}`,
    ].join("")).join("\n");
}
