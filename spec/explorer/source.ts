/** Which lines of the core handled a step: it is taken once more, by a copy of the core that tells what it runs. */
import type { State, Step } from "../checker/model.ts";
import type { Core } from "../raft/core.ts";
import { type Host, type HostEvent, perform } from "../raft/host.ts";
import { entry, importCore } from "../raft/import_core.ts";
import { type CoreFiles, patched } from "./core_files.ts";
import { type Hit, hitsFile, hitsScript, instrumented } from "./instrument.ts";
import type { Opened } from "./subject.ts";

/** A line of the core. */
export interface SourceLine {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** Its text. */
  readonly text: string;
  /** `ran`: in this step. `asked`: it is an `if`, and it was not so. `idle`: neither. */
  readonly mark: "ran" | "asked" | "idle";
  /** Whether it is the wrong line of the mutant. */
  readonly isWrong: boolean;
}

/** A function of the core that took part in a step. */
export interface Passage {
  /** The file, from the top of the project. */
  readonly file: string;
  /** The name of the function. */
  readonly name: string;
  /**
   * What it is there for. `handler`: it stands in a file that handles events or messages, as its functions `on...` do.
   * `helper`: it stands elsewhere. `frame`: it does what it does in every step.
   */
  readonly part: "handler" | "helper" | "frame";
  /** Where in the paper or the thesis to read of it, such as `§5.2`, `thesis 9.6`; empty if nowhere. */
  readonly sections: readonly string[];
  /** Its lines, with the comment before it. */
  readonly lines: readonly SourceLine[];
}

/** Tells which lines handled a step. */
export type SourceTracer = (opened: Opened, before: State, step: Step) => Promise<readonly Passage[]>;

/** Files whose lines are run in every step, and handle none. */
const everywhere = ["assert.ts", "invariants.ts"];

/** A copy of the core that tells what it runs. */
interface Traced extends Core {
  readonly hits: Hit[];
}

/** A tracer; it fetches the files of the core when it is first asked. */
export function sourceTracer(files: () => Promise<CoreFiles>): SourceTracer {
  const cores = new Map<string | null, Promise<Traced>>();
  return async ({ spec, subject, model, mutant }, before, step) => {
    if (spec.name !== "raft" || step.input === undefined) return [];
    const { sources, scripts, mutants } = await files();
    if (!cores.has(subject.mutant)) cores.set(subject.mutant, traced(scripts, mutants, subject.mutant));
    const core = await cores.get(subject.mutant)!;
    const server = model.servers.indexOf(step.servers.at(-1)!);
    const host = model.places[server]!.values[before.vector[server]!] as Host;
    const sourceOf = (file: string): SourceFile => {
      const isMutated = mutant?.file === `src/core/${file}`;
      return { text: sources[file]!, wrong: isMutated ? mutant : null };
    };
    const frame = passages(hitsOf(core, host, idle(host), false), sourceOf).map(deedsOf);
    const taken = hitsOf(core, host, step.input as HostEvent, step.label.endsWith("_"));
    return passages(taken, sourceOf).map((passage) =>
      frame.includes(deedsOf(passage)) || passage.file === "src/core/step.ts"
        ? { ...passage, part: "frame" }
        : passage
    );
  };
}

/** What a core runs when a server is given an event. */
function hitsOf(core: Traced, host: Host, event: HostEvent, isSlow: boolean): readonly Hit[] {
  core.hits.length = 0;
  perform(core, host, event, isSlow);
  return core.hits.splice(0);
}

/** An event by which nothing happens. */
function idle({ server: { config: { id }, currentTerm } }: Host): HostEvent {
  const message = { type: "PreVoteRefused", from: id, to: id, term: currentTerm } as const;
  return { type: "core", event: { type: "received", message } };
}

/** A function, and which of its lines were run. */
function deedsOf({ file, name, lines }: Passage): string {
  return [file, name, ...lines.map(({ mark }) => mark)].join(" ");
}

async function traced(
  scripts: CoreFiles["scripts"],
  mutants: CoreFiles["mutants"],
  mutant: string | null,
): Promise<Traced> {
  const patch = mutant === null ? undefined : mutants[mutant];
  const all = Object.entries(scripts).map(([file, script]) => {
    const right = patch === undefined || patch.file !== file ? script : patched(script, patch);
    return [file, instrumented(file, right)];
  });
  const texts: Record<string, string> = { ...Object.fromEntries(all), [hitsFile]: hitsScript };
  texts[entry] += `\nexport { hits } from "./${hitsFile}";\n`;
  return await importCore(texts, "text/javascript") as Traced;
}

/** The text of a file, and the mutant that changes it, if one does. */
interface SourceFile {
  readonly text: string;
  readonly wrong: { readonly line: string; readonly becomes: string } | null;
}

/** The functions that were run, in the order in which they were first. */
function passages(hits: readonly Hit[], sourceOf: (file: string) => SourceFile): readonly Passage[] {
  const found = new Map<string, Passage>();
  const ran = new Map<string, Set<number>>();
  const taken = new Map<string, Set<number>>();
  for (const [file, line, isTaken] of hits) {
    const lines = isTaken ? taken : ran;
    lines.set(file, (lines.get(file) ?? new Set()).add(line));
  }
  for (const [file, line] of hits) {
    if (everywhere.includes(file)) continue;
    const passage = passageAt(file, line, sourceOf(file), ran.get(file)!, taken.get(file) ?? new Set());
    if (passage !== null && !found.has(`${file} ${passage.name}`)) {
      found.set(`${file} ${passage.name}`, passage);
    }
  }
  return [...found.values()];
}

/** The function that holds a line. */
function passageAt(
  file: string,
  line: number,
  { text, wrong }: SourceFile,
  ran: ReadonlySet<number>,
  taken: ReadonlySet<number>,
): Passage | null {
  const mutated = wrong === null ? text : text.replace(`\n${wrong.line}\n`, () => `\n${wrong.becomes}\n`);
  const lines = mutated.split("\n");
  const first = lines.findLastIndex((candidate, index) =>
    index < line && /^(export )?function \w/.test(candidate)
  );
  if (first < 0) return null;
  const last = lines.findIndex((candidate, index) => index > first && candidate === "}");
  const comment = commentBefore(lines, first);
  const [, name = ""] = /function (\w+)/.exec(lines[first]!) ?? [];
  const wrongFrom = wrong === null
    ? -1
    : text.slice(0, text.indexOf(`\n${wrong.line}\n`) + 1).split("\n").length - 1;
  const wrongTo = wrongFrom + (wrong?.becomes.split("\n").length ?? 0);
  const marks = marksOf(lines, first, last, ran, taken);
  const own = sectionsIn(lines.slice(comment, last + 1).join("\n"));
  return {
    file: `src/core/${file}`,
    name,
    part: /^export function on[A-Z]/m.test(text) ? "handler" : "helper",
    sections: own.length > 0 ? own : sectionsIn(mutated.slice(0, mutated.indexOf("*/"))),
    lines: lines.slice(comment, last + 1).map((text, offset) => {
      const index = comment + offset;
      return {
        number: index + 1,
        text,
        mark: marks.get(index) ?? "idle",
        isWrong: wrongFrom >= 0 && index >= wrongFrom && index < wrongTo,
      };
    }),
  };
}

/** Where the comment begins that stands right before a line. */
function commentBefore(lines: readonly string[], first: number): number {
  if (!lines[first - 1]?.trimEnd().endsWith("*/")) return first;
  const start = lines.findLastIndex((line, index) => index < first && line.startsWith("/**"));
  return start < 0 ? first : start;
}

/** What became of the lines of a function; a statement of several lines was run whole. */
function marksOf(
  lines: readonly string[],
  first: number,
  last: number,
  ran: ReadonlySet<number>,
  taken: ReadonlySet<number>,
): ReadonlyMap<number, SourceLine["mark"]> {
  const marks = new Map<number, SourceLine["mark"]>();
  for (let index = first; index <= last; index++) {
    if (!ran.has(index + 1)) continue;
    const isShortIf = /^\s+if \(.*;\s*$/.test(lines[index]!);
    const mark = isShortIf && !taken.has(index + 1) ? "asked" : "ran";
    for (let part = index; part <= endOfStatement(lines, index); part++) {
      if (!marks.has(part) || part === index) marks.set(part, mark);
    }
  }
  return marks;
}

/** The last line of a statement, or of its head if blocks follow. */
function endOfStatement(lines: readonly string[], first: number): number {
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
