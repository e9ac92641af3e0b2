/** What was typed, checked. */
import { parseArgs } from "@std/cli";
import { z } from "zod";
import { help, suggestion, UsageError } from "./usage.ts";

const count = (flag: string, what: string, least: number) =>
  z.string().regex(/^[0-9]+$/, `${flag} takes ${what}`).transform(Number)
    .refine((value) => Number.isSafeInteger(value) && value >= least, `${flag} takes ${what}`).optional();

const setting = z.string().regex(
  /^[A-Za-z][A-Za-z0-9_]*=.*$/,
  "--set takes key=value, such as --set servers=4",
);

const word = (flag: string, what: string) => z.string().min(1, `${flag} takes ${what}`).optional();

/** The i-th of n parts. */
const shard = z.string().regex(/^[0-9]+\/[0-9]+$/, shardText()).transform((text): [number, number] => {
  const [part = 0, parts = 0] = text.split("/").map(Number);
  return [part, parts];
}).refine(([part, parts]) => Number.isSafeInteger(parts) && part >= 1 && part <= parts, shardText());

function shardText(): string {
  return "--shard takes i/n, the i-th of n parts, such as 1/4";
}

/** The flags without a value. */
const switches = ["json", "exact", "symmetry", "merge", "itf", "test", "statistics", "watch"];

/** The flags of a check. */
const checkFlags = z.strictObject({
  depth: count("--depth", "a depth: 1, 2, 3, ...", 1),
  bounds: word("--bounds", "the name of bounds"),
  servers: count("--servers", "a count: 1, 2, 3, ...", 1),
  crashes: count("--crashes", "a count: 0, 1, 2, ...", 0),
  set: z.array(setting).default([]),
  timeout: z.string().regex(/^[0-9]+(\.[0-9]+)?$/, "--timeout takes seconds, such as 60 or 0.5").transform(
    Number,
  )
    .refine(
      (seconds) => seconds > 0 && seconds < 2_000_000,
      "--timeout takes seconds, more than 0 and less than 2,000,000",
    )
    .optional(),
  workers: count("--workers", "a count: 1, 2, 3, ... to 64", 1).refine(
    (workers) => workers === undefined || workers <= 64,
    "--workers takes a count: 1, 2, 3, ... to 64",
  ),
  exact: z.boolean().default(false),
  symmetry: z.boolean().default(false),
  "max-memory": count("--max-memory", "a number of megabytes: 1, 2, 3, ...", 1),
  walks: count("--walks", "a number of random walks: 1, 2, 3, ...", 1),
  seed: count("--seed", "a seed: 0, 1, 2, ...", 0),
  shard: shard.optional(),
  merge: z.boolean().default(false),
  explain: word("--explain", "the name of a property, such as --explain 'Election Safety'"),
  itf: z.boolean().default(false),
  test: z.boolean().default(false),
  statistics: z.boolean().default(false),
  json: z.boolean().default(false),
  cwd: word("--cwd", "a folder"),
});

const breakFlags = checkFlags.pick({ json: true, cwd: true });
const replayFlags = checkFlags.omit({
  walks: true,
  seed: true,
  shard: true,
  merge: true,
  symmetry: true,
  explain: true,
  statistics: true,
  test: true,
})
  .extend({
    mutant: word("--mutant", "the name of a mutant"),
    loop: count("--loop", "a number of steps: 0, 1, 2, ...", 0),
  });

const exploreFlags = z.strictObject({
  port: count("--port", "a port: 1 to 65535", 1).refine(
    (port) => port === undefined || port <= 65_535,
    "--port takes a port: 1 to 65535",
  ),
  build: word("--build", "a folder"),
  watch: z.boolean().default(false),
  cwd: word("--cwd", "a folder"),
});

/** The flags of a check, as they were typed. */
export type CheckFlags = z.infer<typeof checkFlags>;

/** The flags of `break`, as they were typed. */
export type BreakFlags = z.infer<typeof breakFlags>;

/** The flags of a replay, as they were typed. */
export type ReplayFlags = z.infer<typeof replayFlags>;

/** The flags of `explore`, as they were typed. */
export type ExploreFlags = z.infer<typeof exploreFlags>;

/** The names of the commands. */
const commands = ["check", "break", "replay", "explore"];

/** A command, ready to run. */
export type Command =
  | { readonly type: "help"; readonly text: string }
  | { readonly type: "check"; readonly spec: string; readonly flags: CheckFlags }
  | { readonly type: "merge"; readonly files: readonly string[]; readonly flags: CheckFlags }
  | { readonly type: "break"; readonly mutant: string | null; readonly flags: BreakFlags }
  | { readonly type: "replay"; readonly trace: string; readonly spec: string; readonly flags: ReplayFlags }
  | { readonly type: "explore"; readonly spec: string; readonly flags: ExploreFlags };

/**
 * Understands a command line.
 *
 * @throws {UsageError} if it makes no sense.
 */
export function parseCommand(args: readonly string[]): Command {
  const [name, ...rest] = args;
  switch (name) {
    case undefined:
      throw new UsageError("a command is missing: check, break, replay or explore");
    case "--help":
    case "-h":
    case "help":
      return { type: "help", text: help[""] };
    case "check": {
      const parsed = parse("check", rest, checkFlags, 1);
      if (parsed === null) return { type: "help", text: help.check };
      const { words, flags } = parsed;
      refuseContradictions(flags);
      if (!flags.merge) return { type: "check", spec: words[0] ?? "raft", flags };
      if (words.length === 0) {
        throw new UsageError("--merge needs the files that check --json wrote, one for each shard");
      }
      return { type: "merge", files: words, flags };
    }
    case "break": {
      const parsed = parse("break", rest, breakFlags, 1);
      if (parsed === null) return { type: "help", text: help.break };
      return { type: "break", mutant: parsed.words[0] ?? null, flags: parsed.flags };
    }
    case "replay": {
      const parsed = parse("replay", rest, replayFlags, 2);
      if (parsed === null) return { type: "help", text: help.replay };
      const [trace, spec = "raft"] = parsed.words;
      refuseContradictions(parsed.flags);
      if (trace === undefined) throw new UsageError("replay needs a trace, such as 'a! a>b b>a'");
      if (parsed.words.length === 1 && /\.[jt]sx?$/.test(trace)) {
        throw new UsageError(`replay needs a trace before the spec, such as replay 'Up Up' ${trace}`);
      }
      return { type: "replay", trace, spec, flags: parsed.flags };
    }
    case "explore": {
      const parsed = parse("explore", rest, exploreFlags, 1);
      if (parsed === null) return { type: "help", text: help.explore };
      const { words, flags } = parsed;
      const given = (["port", "watch"] as const).find((flag) => flags.build !== undefined && flags[flag]);
      if (given !== undefined) {
        throw new UsageError(`--build doesn't go with --${given}: it writes files, and serves none`);
      }
      return { type: "explore", spec: words[0] ?? "raft", flags };
    }
    default:
      throw new UsageError(
        `there is no command ${name}: there are check, break, replay and explore${
          suggestion(name, commands)
        }`,
      );
  }
}

/** What a flag of a check needs, and what it can't go with. */
const rules: readonly {
  readonly flag: string;
  readonly needs?: readonly string[];
  readonly refuses?: readonly string[];
  readonly why?: string;
}[] = [
  { flag: "seed", needs: ["walks"] },
  { flag: "shard", needs: ["walks", "seed"] },
  {
    flag: "explain",
    refuses: ["walks", "itf", "test", "statistics", "workers", "symmetry"],
    why: "it shows where a property holds, after a search of its own",
  },
  { flag: "statistics", refuses: ["workers"], why: "each thread counts for itself" },
  { flag: "itf", refuses: ["json"], why: "each wants stdout for itself" },
  { flag: "test", refuses: ["json", "itf"], why: "each wants stdout for itself" },
  {
    flag: "walks",
    refuses: ["exact", "symmetry", "max-memory", "workers"],
    why: "walks store no states",
  },
  { flag: "symmetry", refuses: ["exact"], why: "orbits are known by fingerprints" },
];

/** The flags that go with `--merge`. */
const mergeable = ["merge", "json", "cwd"];

/** @throws {UsageError} if the flags make no sense together. */
function refuseContradictions(flags: CheckFlags | ReplayFlags): void {
  const isGiven = (value: unknown) => value !== undefined && value !== false && String(value) !== "";
  const given = new Set(Object.entries(flags).flatMap(([flag, value]) => isGiven(value) ? [flag] : []));
  const other = given.has("merge") ? [...given].find((flag) => !mergeable.includes(flag)) : undefined;
  if (other !== undefined) {
    throw new UsageError(`--merge doesn't go with --${other}: it reads reports, and checks nothing itself`);
  }
  for (const { flag, needs = [], refuses = [], why } of rules) {
    if (!given.has(flag)) continue;
    const missing = needs.filter((need) => !given.has(need));
    if (missing.length > 0) {
      throw new UsageError(`--${flag} needs ${missing.map((need) => `--${need}`).join(" and ")}`);
    }
    const clash = refuses.find((refused) => given.has(refused));
    if (clash !== undefined) throw new UsageError(`--${flag} doesn't go with --${clash}: ${why}`);
  }
}

/** A number below 0 is no flag, but the value of the one before it: that says what it takes. */
function joined(args: readonly string[], arg: string): readonly string[] {
  const last = args.at(-1);
  return /^-[0-9]/.test(arg) && last?.startsWith("--")
    ? [...args.slice(0, -1), `${last}=${arg}`]
    : [...args, arg];
}

/** The words and the flags of one command; null if help is asked for. */
function parse<Shape extends z.ZodRawShape>(
  command: string,
  typed: readonly string[],
  schema: z.ZodObject<Shape>,
  most: number,
): { readonly words: readonly string[]; readonly flags: z.infer<z.ZodObject<Shape>> } | null {
  const args = typed.reduce(joined, []);
  const valued = args.find((arg) => [...switches, "help"].some((name) => arg.startsWith(`--${name}=`)));
  if (valued !== undefined) throw new UsageError(`${valued.split("=")[0]} takes no value`);
  const names = Object.keys(schema.shape).filter((name) => name !== "cwd");
  const all = [...names, "help"].map((name) => `--${name}`);
  const { _: words, help, h, ...given } = parseArgs(args, {
    boolean: [...switches, "help", "h"],
    string: [...Object.keys(schema.shape).filter((name) => !switches.includes(name)), "_"],
    collect: ["set"],
    unknown: (arg, key) => {
      if (key === undefined || !arg.startsWith("-")) return;
      const flag = arg.split("=")[0]!;
      throw new UsageError(
        `${command} has no flag ${flag}: there are ${all.join(", ")}${suggestion(flag, all)}`,
      );
    },
  });
  if (help === true || h === true) return null;
  const extra = given.merge === true ? undefined : words[most];
  if (extra !== undefined) throw new UsageError(`${command} takes no more words, but there is ${extra}`);
  const known = Object.fromEntries(Object.entries(given).filter(([name]) => name in schema.shape));
  const parsed = schema.safeParse(known);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(issue?.message ?? "a flag has a wrong value");
  }
  return { words: words.map(String), flags: parsed.data };
}
