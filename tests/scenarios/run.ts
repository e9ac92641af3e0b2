/**
 * Runs scenario files: stories of a cluster, told to the core that production runs, in the notation of traces.
 *
 * A file is blocks, with an empty line between them. A block is comments (`#`), lines of words, a line `----`, and
 * what is printed: what changed at each server since the block before. The words are steps of a trace,
 * of which `a>b` also stands for the first of several messages, and
 *
 *     cluster servers=5 preVote=true   begins a cluster, with parameters of the spec
 *     disk a 3 1- 1x 3y                before the first step: a finds term 3 and these entries on its disk
 *     settle  settle:a,b               delivers what is in flight (between these) until nothing is
 *     lose    lose:a,b                 loses what is in flight (to or from any of these)
 *     show    show:a                   prints all that there is to know of every server (of these)
 *     flight                           prints the messages in flight
 *     trace                            prints all steps so far: what \`replay\` takes
 */
import type { LogEntry, PersistentState } from "../../src/core/mod.ts";
import type { Model, State, Step } from "../../spec/checker/model.ts";
import { type Parameter, type Parameters, resolveParameters } from "../../spec/dsl/specification.ts";
import { budgetNames, raft } from "../../spec/raft/mod.ts";
import { replay } from "../../spec/trace/replay.ts";
import { splitTrace, stepOf } from "../../spec/trace/run.ts";

/** What may happen without limit, as a story is one run. */
const unlimited = 99;

interface Story {
  readonly model: Model;
  state: State;
  /** All steps so far. */
  readonly trace: string[];
}

/** The file with what is printed now. */
export function runScenario(text: string): string {
  let story: Story | null = null;
  const blocks = text.trim().split(/\n\s*\n/).map((block) => {
    const [input = ""] = block.split(/\n----(?:\n|$)/);
    const commands = input.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const [first] = commands;
    if (first === undefined) return input;
    if (first.startsWith("cluster")) {
      if (story !== null) judge(story);
      story = begin(first, commands.slice(1));
      return [input, "----", ...shown(story, story.model.servers)].join("\n");
    }
    if (story === null) throw new Error(`a scenario begins with a cluster, not with ${first}`);
    return [input, "----", ...tell(story, commands.flatMap(splitTrace))].join("\n");
  });
  if (story !== null) judge(story);
  return blocks.join("\n\n") + "\n";
}

function begin(cluster: string, lines: readonly string[]): Story {
  const disks = Object.fromEntries(lines.map((line): [string, PersistentState] => {
    const [word, server = "", term = "", ...log] = line.split(" ");
    if (word !== "disk") throw new Error(`a disk may follow a cluster, but not ${line}`);
    return [server, { currentTerm: Number(term), votedFor: null, log: log.map(entryOf) }];
  }));
  const model = raft(undefined, { starts: [], disks }).build(parametersOf(cluster));
  return { model, state: model.starts[0]!.state, trace: [] };
}

function parametersOf(command: string): Parameters {
  const given = command.split(" ").slice(1).map((word): [string, Parameter] => {
    const [key = "", value = ""] = word.split("=");
    return [key, value === "true" ? true : value === "false" ? false : Number(value)];
  });
  const free = budgetNames.map((budget): [string, Parameter] => [budget, unlimited]);
  return resolveParameters(raft(), null, Object.fromEntries([...free, ...given]));
}

/** `1-` is a no-op of term 1, `2x` the command x of term 2. */
function entryOf(name: string): LogEntry {
  const term = Number.parseInt(name);
  const word = name.slice(String(term).length);
  if (word === "-") return { type: "noop", term };
  const id = { node: "a", incarnation: unlimited, sequence: 0 };
  return { type: "command", term, id, command: new TextEncoder().encode(word) };
}

/** Does what the words say, and tells what came of it. */
function tell(story: Story, words: readonly string[]): readonly string[] {
  const before = story.model.describe(story.state);
  const printed: string[] = [];
  for (const word of words) {
    const [name = "", list] = word.split(":");
    const servers = list === undefined ? story.model.servers : list.split(",");
    switch (name) {
      case "settle":
        settle(story, ">", (from, to) => servers.includes(from) && servers.includes(to));
        break;
      case "lose":
        settle(story, "~", (from, to) => servers.includes(from) || servers.includes(to));
        break;
      case "show":
        printed.push(...shown(story, servers));
        break;
      case "flight":
        printed.push(...inFlight(story));
        break;
      case "trace":
        printed.push(story.trace.join(" "));
        break;
      default: {
        const step = stepNamed(story, word);
        if (step === null) printed.push(`${word} is refused`);
        else take(story, step);
      }
    }
  }
  const changed = changes(before, story.model.describe(story.state));
  return changed.length + printed.length > 0 ? [...changed, ...printed] : ["nothing changes"];
}

function inFlight(story: Story): readonly string[] {
  const messages = deliveries(story, ">").filter(({ label }) => !label.endsWith("_"));
  const lines = messages.map(({ label, event }) => label.includes(":") ? label : `${label}:${event}`);
  return lines.length > 0 ? lines.sort() : ["nothing is in flight"];
}

/**
 * Where several messages are meant, the one that was sent first, as far as the model knows. Null for a request that
 * changes nothing.
 */
function stepNamed({ model, state, trace }: Story, word: string): Step | null {
  const isMeant = ({ label }: Step) =>
    label === word || (label.startsWith(`${word}:`) && !label.endsWith("_"));
  const first = /^\w+[>~+]\w+$/.test(word) ? model.steps(state).find(isMeant) : undefined;
  if (first !== undefined) return first;
  try {
    return stepOf(model, state, word, trace.length + 1);
  } catch (error) {
    if (/^[a-z][@&]/.test(word)) return null;
    throw error;
  }
}

function take(story: Story, step: Step): void {
  story.trace.push(step.label);
  story.state = step.to;
}

/** Delivers (`>`) or loses (`~`) what is in flight between such servers, until nothing is. */
function settle(story: Story, sign: ">" | "~", isMeant: (from: string, to: string) => boolean): void {
  for (let steps = 0; steps < 1000; steps++) {
    const next = deliveries(story, sign).find(({ servers: [from = "", to = ""] }) => isMeant(from, to));
    if (next === undefined) return;
    take(story, next);
  }
  throw new Error("the cluster does not settle within 1,000 messages");
}

function deliveries({ model, state }: Story, sign: ">" | "~"): readonly Step[] {
  return model.steps(state).filter(({ label, servers: [from = "", to] }) =>
    to !== undefined && label[from.length] === sign
  );
}

function shown({ model, state }: Story, servers: readonly string[]): readonly string[] {
  const description = model.describe(state);
  return servers.map((server) => {
    const { role, ...fields } = description[server] ?? {};
    return `${server}: ${[role, ...Object.entries(fields).map((field) => field.join(" "))].join(", ")}`;
  });
}

type Description = ReturnType<Model["describe"]>;

function changes(before: Description, after: Description): readonly string[] {
  return Object.entries(after).flatMap(([server, fields]) => {
    const names = [...new Set([...Object.keys(fields), ...Object.keys(before[server] ?? {})])];
    const changed = names.flatMap((name) => {
      const [old, now] = [before[server]?.[name], fields[name]];
      if (old === now) return [];
      const text = old === undefined ? `${now}` : `${old} -> ${now ?? "gone"}`;
      return [name === "role" ? text : `${name} ${text}`];
    });
    return changed.length === 0 ? [] : [`${server}: ${changed.join(", ")}`];
  });
}

/** Whatever the story is about, it violates nothing. */
function judge({ model, trace }: Story): void {
  const { violations } = replay(model, trace.join(" "));
  const [first] = violations;
  if (first !== undefined) throw new Error(`${first.name}: ${first.witness}, after ${trace.join(" ")}`);
}
