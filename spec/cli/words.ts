/** Commands as a person would type them, to be printed. */
import { fromFileUrl } from "@std/path";
import type { Parameters, Specification } from "../dsl/specification.ts";
import { hashOf, homeOf, standardPort } from "../explorer/hash.ts";
import type { Explore } from "../report/text.ts";

/** What a spec is made of, if that is code of ours. */
export function subjectOf(name: string): string | undefined {
  return name === "raft" ? "src/core/step.ts, the function that production runs" : undefined;
}

/** What was asked for. */
interface Asked {
  readonly bounds?: string | undefined;
  readonly parameters: Parameters;
}

/** The parameters that differ from the defaults, or from the named bounds. */
export function changedParameters(spec: Specification, { bounds, parameters }: Asked): Parameters {
  const base = { ...spec.parameters, ...(bounds === undefined ? {} : spec.bounds[bounds]) };
  return Object.fromEntries(Object.entries(parameters).filter(([key, value]) => base[key] !== value));
}

/** The flags that ask for these bounds and parameters, but for what is the default. */
export function flagsOf(spec: Specification, asked: Asked): readonly string[] {
  return [
    ...(asked.bounds === undefined ? [] : ["--bounds", asked.bounds]),
    ...Object.entries(changedParameters(spec, asked)).flatMap(([key, value]) =>
      key === "servers" || key === "crashes" ? [`--${key}`, String(value)] : ["--set", `${key}=${value}`]
    ),
  ];
}

/** The flag that says how many of the last steps of a run are taken again and again, if it never ends. */
export function loopFlag(loop: number | null): readonly string[] {
  return loop === null ? [] : ["--loop", String(loop)];
}

/** How to look around in a spec, with the core or with a mutant of it. */
export function exploring(
  cwd: string | undefined,
  name: string,
  spec: Specification,
  asked: Asked,
  mutant: string | null = null,
): Explore {
  const address = { ...homeOf(name), bounds: asked.bounds ?? null, mutant };
  const parameters = changedParameters(spec, asked);
  return {
    command: commandFor(cwd, ["explore", ...(name === "raft" ? [] : [name])]),
    address: (trace, loop) =>
      `http://localhost:${standardPort}/#${hashOf({ ...address, parameters, trace, loop })}`,
  };
}

/** A command as one would type it: as a task if this one was, which only a task of ours tells by `cwd`. */
export function commandFor(cwd: string | undefined, [command = "", ...words]: readonly string[]): string {
  const main = new URL("../cli.ts", import.meta.url);
  const module = main.protocol === "file:" ? quotedIfNeeded(fromFileUrl(main)) : "jsr:@quorate/raft/cli";
  const flags = command === "explore" ? "-A --unstable-bundle" : "-R";
  const program = cwd === undefined ? `deno run ${flags} ${module}` : "deno task";
  const isTrace = (index: number) => command === "replay" && index === 0;
  return [
    program,
    command,
    ...words.map((word, index) => isTrace(index) ? quoted(word) : quotedIfNeeded(word)),
  ]
    .join(" ");
}

function quotedIfNeeded(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : quoted(word);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
