/**
 * Makes a module tell which of its lines are run. It leans on how our formatter lays out code: a statement begins its
 * line, and a short `if` is whole on its line.
 */

/** The file that instrumented modules tell: a module of its own, beside them. */
export const hitsFile = "hits.ts";

/** What that file holds. `hits` are `[file, line, isTaken]`, in the order in which they were run. */
export const hitsScript = `export const hits = [];
export function hit(file, line, isTaken) { if (hits.length < 100000) hits.push([file, line, isTaken]); }
`;

/** A line that was run: its file, its number, and whether it was the branch of an `if` that is whole on that line. */
export type Hit = readonly [file: string, line: number, isTaken: boolean];

const statement = /^\s+(const|let|return|if|for|while|throw|switch|try)\b/;

/** The same module, line by line, telling what it does. */
export function instrumented(file: string, script: string): string {
  const name = JSON.stringify(file);
  let previous = "";
  let inComment = false;
  const lines = script.split("\n").map((line, index) => {
    const code = line.trim();
    const wasInComment = inComment;
    if (code.startsWith("/*")) inComment = true;
    if (code.includes("*/")) inComment = false;
    if (wasInComment || code === "" || code.startsWith("/*") || code.startsWith("//")) return line;
    const begins = statement.test(line) && /[{};:]$/.test(previous);
    previous = code;
    return begins ? `hit(${name}, ${index + 1}, false); ${withBranch(name, index + 1, line)}` : line;
  });
  return `import { hit } from "./${hitsFile}"; ${lines.join("\n")}`;
}

/** An `if` that is whole on its line tells when it is taken. */
function withBranch(name: string, number: number, line: string): string {
  const [, head] = /^(\s+if )\(/.exec(line) ?? [];
  if (head === undefined || !line.trimEnd().endsWith(";")) return line;
  let depth = 0;
  for (let at = head.length; at < line.length; at++) {
    if (line[at] === "(") depth++;
    if (line[at] === ")" && --depth === 0) {
      return `${line.slice(0, at + 1)} { hit(${name}, ${number}, true);${line.slice(at + 1)} }`;
    }
  }
  return line;
}
