/** `check --merge`: the reports of all shards of random walks, as one. */
import { resolve } from "@std/path";
import { z } from "zod";
import { catalog } from "../catalog/loading.ts";
import { describeParameter } from "../dsl/specification.ts";
import { visible } from "../report/visible.ts";
import {
  type WalkedPropertySummary,
  walkEndLines,
  walkHeadline,
  walkStartLine,
  type WalkSummary,
  walkText,
} from "../report/walks.ts";
import type { CheckFlags } from "./arguments.ts";
import { exits, note, print, sinkFor } from "./output.ts";
import { UsageError } from "./usage.ts";
import { commandFor, flagsOf } from "./words.ts";

const count = z.number().int().nonnegative();

const startLine = z.object({
  type: z.literal("start"),
  spec: z.string(),
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  bounds: z.string().nullable(),
  depth: count,
  properties: z.array(z.string()),
  walks: count,
  seed: count,
  shard: z.string().regex(/^[0-9]+\/[0-9]+$/).nullable(),
});

const propertyLine = z.object({
  type: z.literal("property"),
  name: z.string(),
  kind: z.string(),
  sentence: z.string(),
  result: z.enum(["holds", "violated", "reached", "not-reached", "unknown"]),
  trace: z.string().nullable(),
  witness: z.string().nullable(),
  walk: count.nullable(),
  walked: count.nullable(),
});

const endLine = z.object({
  type: z.literal("end"),
  generated: count,
  cut: count,
  walks: count,
  depth: count,
  verdict: z.enum(["holds", "violated", "inconclusive"]),
});

/** The report of one shard. */
interface Shard {
  readonly file: string;
  readonly start: z.infer<typeof startLine>;
  readonly part: number;
  readonly parts: number;
  readonly properties: WalkedPropertySummary[];
  /** Null if it never came to its end. */
  end: z.infer<typeof endLine> | null;
}

/** Merges the reports in some files, and tells what they found. */
export async function runMerge(files: readonly string[], flags: CheckFlags): Promise<number> {
  const texts: { file: string; text: string }[] = [];
  for (const file of files) texts.push({ file, text: await read(file, flags.cwd) });
  const summary = mergeShards(texts.flatMap(({ file, text }) => shardsIn(file, text)));
  const exit = exits[summary.verdict];
  if (flags.json) {
    const properties = summary.properties.map(({ property }) => property.name);
    const { spec, parameters, bounds, depth, walks, seed, shard } = summary;
    print(walkStartLine({ spec, parameters, bounds, depth, walks, seed, shard, properties }));
    for (const line of walkEndLines(summary, exit)) print(line);
    return exit;
  }
  const values = Object.entries(summary.parameters).map(describeParameter);
  print(`${visible([summary.spec, ...values].join(" · "))}\n${walkHeadline(summary)}\n`);
  print(
    walkText(summary, {
      paint: sinkFor(flags).paint,
      milliseconds: null,
      picture: [],
      replay: await replayOf(summary, flags),
    }),
  );
  return exit;
}

async function read(file: string, cwd: string | undefined): Promise<string> {
  try {
    return await Deno.readTextFile(resolve(cwd ?? Deno.cwd(), file));
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** The command that replays a run; null for a spec whose file the reports don't name. */
async function replayOf(
  { spec, bounds, parameters }: WalkSummary,
  { cwd }: CheckFlags,
): Promise<((trace: string) => string) | null> {
  const known = Object.hasOwn(catalog, spec) ? await catalog[spec]!() : null;
  if (known === null) return null;
  const words = [
    ...(spec === "raft" ? [] : [spec]),
    ...flagsOf(known, { bounds: bounds ?? undefined, parameters }),
  ];
  return (trace) => commandFor(cwd, ["replay", trace, ...words]);
}

/** The reports in a text: one after another, perhaps with lines between that others wrote. */
function shardsIn(file: string, text: string): readonly Shard[] {
  const shards: Shard[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (!line.startsWith("{")) continue;
    const where = `${file}, line ${index + 1}`;
    const object = jsonOf(line, where);
    switch (object.type) {
      case "start":
        shards.push(begun(file, parsed(startLine, object, where)));
        break;
      case "property": {
        const { name, kind, sentence, ...rest } = parsed(propertyLine, object, where);
        lastOf(shards, where).properties.push({ property: { name, kind, sentence }, ...rest });
        break;
      }
      case "end":
        lastOf(shards, where).end = parsed(endLine, object, where);
    }
  }
  if (shards.length === 0) note(`${file} holds no report`);
  return shards;
}

function jsonOf(line: string, where: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line);
  } catch {
    throw new UsageError(`${where} is no JSON: is it cut off?`);
  }
}

function parsed<Line>(schema: z.ZodType<Line>, object: unknown, where: string): Line {
  const { success, data } = schema.safeParse(object);
  if (success) return data;
  throw new UsageError(`${where} is not from check --walks --json: only reports of walks can be merged`);
}

function begun(file: string, start: Shard["start"]): Shard {
  if (start.shard === null) {
    throw new UsageError(`${file} holds a whole run, and no shard of one: it has no --shard`);
  }
  const [part = 0, parts = 0] = start.shard.split("/").map(Number);
  return { file, start, part, parts, properties: [], end: null };
}

function lastOf(shards: readonly Shard[], where: string): Shard {
  const last = shards.at(-1);
  if (last === undefined || last.end !== null) {
    throw new UsageError(`${where} belongs to no report that begins before`);
  }
  return last;
}

/** @throws {UsageError} if these are no shards of one run. */
function mergeShards(all: readonly Shard[]): WalkSummary {
  const [first] = all;
  if (first === undefined) throw new UsageError("there is no report in these files");
  for (const other of all) refuseAnother(first, other);
  const whole = all.filter(({ end }) => end !== null);
  for (const [index, { part, parts, file }] of whole.entries()) {
    const twin = whole.slice(0, index).find((other) => other.part === part);
    if (twin !== undefined) {
      throw new UsageError(`shard ${part}/${parts} is there twice: in ${twin.file} and in ${file}`);
    }
  }
  const numbers = Array.from({ length: first.parts }, (_, index) => index + 1);
  const missing = numbers.filter((number) => !whole.some(({ part }) => part === number));
  const sum = (key: "generated" | "cut" | "walks") =>
    whole.reduce((total, { end }) => total + (end?.[key] ?? 0), 0);
  const verdicts = whole.map(({ end }) => end?.verdict);
  const isInconclusive = missing.length > 0 || verdicts.includes("inconclusive");
  const { spec, parameters, bounds, depth, walks, seed } = first.start;
  return {
    ...{ spec, parameters, bounds, depth, walks, seed },
    shard: null,
    done: sum("walks"),
    generated: sum("generated"),
    deepest: Math.max(0, ...whole.map(({ end }) => end?.depth ?? 0)),
    cut: sum("cut"),
    properties: mergeProperties(first.start.properties, whole),
    stopped: verdicts.includes("inconclusive") ? "signal" : null,
    missing: missing.map((number) => `${number}/${first.parts}`),
    verdict: verdicts.includes("violated") ? "violated" : isInconclusive ? "inconclusive" : "holds",
  };
}

function refuseAnother(first: Shard, other: Shard): void {
  const { shard: _, type: __, ...asked } = first.start;
  for (const [key, value] of Object.entries({ ...asked, "number of shards": first.parts })) {
    const theirs = key === "number of shards" ? other.parts : other.start[key as keyof typeof asked];
    const [mine, others] = [JSON.stringify(value), JSON.stringify(theirs)];
    if (mine === others) continue;
    const files = `${first.file} and ${other.file}`;
    throw new UsageError(`${files} are not of one run: ${key} ${mine} in the one, ${others} in the other`);
  }
}

/** What became of each property in the first walk that had something to tell of it. */
function mergeProperties(
  names: readonly string[],
  shards: readonly Shard[],
): readonly WalkedPropertySummary[] {
  // What is in no list of properties is a deadlock.
  const all = new Set([
    ...names,
    ...shards.flatMap(({ properties }) => properties.map(({ property }) => property.name)),
  ]);
  return [...all].flatMap((name) => {
    const found = shards.flatMap(({ properties }) =>
      properties.filter(({ property }) => property.name === name)
    );
    return found.sort((a, b) => (a.walk ?? Infinity) - (b.walk ?? Infinity)).slice(0, 1);
  });
}
