/**
 * The benchmark of the checker: ours and others, one after another on the same work.
 *
 *     deno task bench:checker [NAME ...] [--runs N] [--rivals FOLDER] [--timeout S] [--json]
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { typed, wrongCount } from "../command_line.ts";
import type { Row } from "./bench.ts";
import type { Entry } from "./entry.ts";
import { catalogRow } from "./rows/catalog.ts";
import { ongaroRow } from "./rows/ongaro_raft.ts";
import { raftRow } from "./rows/raft.ts";
import { raftLiteRow } from "./rows/raft_lite.ts";
import { twoPhaseRow } from "./rows/two_phase_commit.ts";
import { workersRow } from "./rows/workers.ts";
import { head, section } from "./table.ts";

/** All work there is, in order. */
export const rows: readonly Row[] = [raftLiteRow, twoPhaseRow, ongaroRow, workersRow, raftRow, catalogRow];

const help = `usage: deno task bench:checker [NAME ...] [flags]

Measures our checker and others on the same work, as whole processes. NAME is one of
${rows.map(({ name, title }) => `  ${name.padEnd(17)} ${title}`).join("\n")}
all of them, if it is left out.

  --runs N          how often each command is run; the median counts; 3 if left out
  --rivals FOLDER   where the other checkers are installed; ~/rivals if left out
  --timeout S       end a command after so many seconds; 600 if left out
  --json            one JSON object a line
  --help            this text

exit: 0 measured, 1 some count is wrong, 64 wrong usage`;

/** What was typed. */
export interface Asked {
  /** The work to do. */
  readonly rows: readonly Row[];
  /** How often. */
  readonly runs: number;
  /** The folder for rivals. */
  readonly rivals: string;
  /** The seconds that a command may take. */
  readonly seconds: number;
  /** Whether for machines. */
  readonly json: boolean;
}

/** Understands a command line; null if it asks for help, a text if it makes no sense. */
export function parse(args: readonly string[], defaultRivals: string): Asked | string | null {
  const asked = typed(args, {
    boolean: ["json"],
    string: ["runs", "rivals", "timeout"],
    names: rows.map(({ name }) => name),
    kind: "work",
  });
  if (asked === null || typeof asked === "string") return asked;
  const { flags, isChosen } = asked;
  const runs = Number(flags.runs ?? 3);
  const wrong = wrongCount("runs", runs);
  if (wrong !== null) return wrong;
  const seconds = Number(flags.timeout ?? 600);
  if (!(seconds > 0 && seconds < 2_000_000)) return "--timeout takes seconds, such as 60";
  const chosen = rows.filter(({ name }) => isChosen(name));
  return {
    rows: chosen,
    runs,
    rivals: String(flags.rivals ?? defaultRivals),
    seconds,
    json: flags.json === true,
  };
}

/** Measures, and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const asked = parse(args, join(Deno.env.get("HOME") ?? ".", "rivals"));
  if (asked === null) {
    console.log(help);
    return 0;
  }
  if (typeof asked === "string") {
    console.error(`error: ${asked}\nhelp: deno task bench:checker --help`);
    return 64;
  }
  const { runs, seconds, json } = asked;
  const rivals = resolve(Deno.env.get("INIT_CWD") ?? ".", asked.rivals);
  const tell = (text: string) => console.error(text);
  const all: Entry[] = [];
  if (!json) console.log(head());
  for (const row of asked.rows) {
    const entries = await row.run({ runs, seconds, rivals, tell });
    all.push(...entries);
    if (json) { for (const entry of entries) console.log(JSON.stringify({ work: row.name, ...entry })); }
    else console.log(section(row.title, entries));
  }
  return all.some(({ type }) => type === "wrong") ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
