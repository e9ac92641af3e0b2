/** The text of a file of the core, taken apart into its functions. It leans on how our formatter lays out code. */

/** A function at the top level of a file. */
export interface SourceFunction {
  /** Its name. */
  readonly name: string;
  /** Where the comment before it begins, or it does, if it has none: a line's index, from 0. */
  readonly comment: number;
  /** The index of its first line. */
  readonly first: number;
  /** The index of its last line. */
  readonly last: number;
  /** The sections that it or its comment names; if there are none, those that the comment of the file names. */
  readonly sections: readonly string[];
}

/** A file of the core, perhaps with the wrong line of a mutant in it. */
export interface SourceText {
  /** Its lines. */
  readonly lines: readonly string[];
  /** Its functions, in order. */
  readonly functions: readonly SourceFunction[];
  /** Whether it handles events or messages: it has a function `on...`. */
  readonly isHandler: boolean;
  /** The index of the first wrong line, and of the first right one after it; nothing is wrong if they are the same. */
  readonly wrong: readonly [from: number, to: number];
}

/** Takes a file apart. */
export function sourceText(
  text: string,
  mutant: { readonly line: string; readonly becomes: string } | null,
): SourceText {
  const at = mutant === null ? -1 : text.indexOf(`\n${mutant.line}\n`);
  const lines =
    (at < 0 ? text : `${text.slice(0, at)}\n${mutant!.becomes}${text.slice(at + 1 + mutant!.line.length)}`)
      .split("\n");
  const from = at < 0 ? 0 : text.slice(0, at + 1).split("\n").length - 1;
  const ofFile = sectionsIn(text.slice(0, text.indexOf("*/")));
  return {
    lines,
    functions: lines.flatMap((line, index) => functionAt(lines, line, index, ofFile)),
    isHandler: /^export function on[A-Z]/m.test(text),
    wrong: [from, at < 0 ? from : from + mutant!.becomes.split("\n").length],
  };
}

function functionAt(
  lines: readonly string[],
  line: string,
  first: number,
  ofFile: readonly string[],
): readonly SourceFunction[] {
  const [, name] = /^(?:export )?function (\w+)/.exec(line) ?? [];
  if (name === undefined) return [];
  const last = lines.indexOf("}", first);
  const comment = commentBefore(lines, first);
  const own = sectionsIn(lines.slice(comment, last + 1).join("\n"));
  return [{ name, comment, first, last, sections: own.length > 0 ? own : ofFile }];
}

/** Where the comment begins that stands right before a line. */
function commentBefore(lines: readonly string[], first: number): number {
  if (!lines[first - 1]?.trimEnd().endsWith("*/")) return first;
  const start = lines.findLastIndex((line, index) => index < first && line.startsWith("/**"));
  return start < 0 ? first : start;
}

/** The index of the last line of a statement, or of its head if blocks follow. */
export function endOfStatement(lines: readonly string[], first: number): number {
  let depth = 0;
  const hasBlock = /^\s+(if|for|while|switch|try)\b/.test(lines[first]!);
  for (let index = first; index < lines.length; index++) {
    const code = lines[index]!.replace(/\/\/.*$/, "").replace(/"[^"]*"|`[^`]*`/g, "");
    for (const sign of code) {
      if (hasBlock && sign === "{" && depth === 0) return index;
      if ("([{".includes(sign)) depth++;
      if (")]}".includes(sign)) depth--;
    }
    if (depth <= 0 && /;\s*$/.test(code)) return index;
  }
  return first;
}

/** The sections that a text names, each once. */
function sectionsIn(text: string): readonly string[] {
  const named = [...text.matchAll(/§\d+(?:\.\d+)*|thesis \d+(?:\.\d+)*/g)].map(([section]) => section);
  return [...new Set(named)];
}
