/** Which lines of the core handled a step: it is taken once more, by a copy of the core that tells what it runs. */
import type { State, Step } from "../checker/model.ts";
import type { Core } from "../raft/core.ts";
import { type Host, type HostEvent, perform } from "../raft/host.ts";
import { entry, importCore } from "../raft/import_core.ts";
import type { Mutant } from "../raft/mutants.ts";
import { type CoreFiles, patched } from "./core_files.ts";
import { type Hit, hitsFile, hitsScript, instrumented } from "./instrument.ts";
import { endOfStatement, type SourceFunction, type SourceText, sourceText } from "./source_text.ts";
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

/** A copy of the core, and the texts of its files. */
interface Told {
  readonly core: Traced;
  readonly textOf: (file: string) => SourceText;
}

/** A tracer; it fetches the files of the core when it is first asked. */
export function sourceTracer(files: () => Promise<CoreFiles>): SourceTracer {
  const cores = new Map<string | null, Promise<Told>>();
  return async ({ spec, model, mutant }, before, step) => {
    if (spec.name !== "raft" || step.input === undefined) return [];
    const name = mutant?.name ?? null;
    const loading = cores.get(name) ?? load(files, mutant);
    cores.set(name, loading);
    // What can't be fetched now may be there later.
    loading.catch(() => cores.delete(name));
    const { core, textOf } = await loading;
    const server = model.servers.indexOf(step.servers.at(-1)!);
    const host = model.places[server]!.values[before.vector[server]!] as Host;
    const frame = passages(hitsOf(core, host, idle(host), false), textOf).map(deedsOf);
    const taken = hitsOf(core, host, step.input as HostEvent, step.label.endsWith("_"));
    return passages(taken, textOf).map((passage) =>
      frame.includes(deedsOf(passage)) || passage.file === "src/core/step.ts"
        ? { ...passage, part: "frame" }
        : passage
    );
  };
}

async function load(files: () => Promise<CoreFiles>, mutant: Mutant | null): Promise<Told> {
  const { sources, scripts, mutants } = await files();
  const patch = mutant === null ? undefined : mutants[mutant.name];
  const all = Object.entries(scripts).map(([file, script]) => {
    const right = patch === undefined || patch.file !== file ? script : patched(script, patch);
    return [file, instrumented(file, right)];
  });
  const scriptsTold: Record<string, string> = { ...Object.fromEntries(all), [hitsFile]: hitsScript };
  scriptsTold[entry] += `\nexport { hits } from "./${hitsFile}";\n`;
  const texts = new Map(
    Object.entries(sources).map((
      [file, text],
    ) => [file, sourceText(text, file === patch?.file ? mutant : null)]),
  );
  const core = await importCore(scriptsTold, "text/javascript") as Traced;
  return { core, textOf: (file) => texts.get(file)! };
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

/** The functions that were run, in the order in which they were first. */
function passages(hits: readonly Hit[], textOf: (file: string) => SourceText): readonly Passage[] {
  const marks = new Map<string, Map<number, SourceLine["mark"]>>();
  const found = new Map<SourceFunction, string>();
  for (const [file, line, isTaken] of hits) {
    if (everywhere.includes(file)) continue;
    const { functions, lines } = textOf(file);
    const within = functions.find(({ first, last }) => first < line && line <= last);
    if (within === undefined) continue;
    if (!found.has(within)) found.set(within, file);
    const known = marks.get(file) ?? new Map<number, SourceLine["mark"]>();
    marks.set(file, known);
    mark(known, lines, line - 1, isTaken);
  }
  return [...found].map(([within, file]) => passage(file, within, textOf(file), marks.get(file)!));
}

/** Marks the lines of a statement that was run, or the line of a short `if` that was asked or taken. */
function mark(
  marks: Map<number, SourceLine["mark"]>,
  lines: readonly string[],
  index: number,
  isTaken: boolean,
): void {
  const isShortIf = /^\s+if \(.*;\s*$/.test(lines[index]!);
  if (isShortIf && !isTaken) {
    if (!marks.has(index)) marks.set(index, "asked");
    return;
  }
  if (marks.get(index) === "ran") return;
  for (let part = index; part <= endOfStatement(lines, index); part++) marks.set(part, "ran");
}

function passage(
  file: string,
  { name, comment, last, sections }: SourceFunction,
  { lines, isHandler, wrong: [from, to] }: SourceText,
  marks: ReadonlyMap<number, SourceLine["mark"]>,
): Passage {
  return {
    file: `src/core/${file}`,
    name,
    part: isHandler ? "handler" : "helper",
    sections,
    lines: lines.slice(comment, last + 1).map((text, offset) => {
      const index = comment + offset;
      const isWrong = index >= from && index < to;
      return { number: index + 1, text, mark: marks.get(index) ?? "idle", isWrong };
    }),
  };
}
