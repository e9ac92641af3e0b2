/** A search by several workers at once, on shared memory. Counts and depths are those of a search by one. */
import { Reshape } from "../dsl/shape.ts";
import { type Parameters, SpecError } from "../dsl/specification.ts";
import type { Model, Start } from "./model.ts";
import { type Found, isUnderWay, type Search, type SearchOptions, totals } from "./search.ts";
import { type SharedTable, sharedTable } from "./shared_table.ts";
import { claimMemory } from "./table.ts";
import {
  askToStop,
  type Back,
  backOf,
  type Board,
  countOf,
  endBreak,
  isTight,
  join,
  type Member,
  moveTo,
  newBoard,
  nextLayer,
  prepare,
  toldBy,
  use,
  work,
} from "./team.ts";

/** Where workers find the spec: functions can't be sent to them. */
export interface Source {
  /** The URL of the module that exports it by default. */
  readonly module: string;
  /** Its name in `catalog`, which the module exports instead; null: by default. */
  readonly name: string | null;
  /** Whether they are to know states by their orbits. */
  readonly isSymmetric: boolean;
}

/** What a worker is to search. */
export interface Assignment extends Source {
  readonly parameters: Parameters;
  /** The names of the starts from which the search begins. */
  readonly starts: readonly string[];
  readonly depth: number | null;
  readonly maxBytes: number;
}

/** As which member of the team. */
export interface Seat {
  /** The names of the places: a spec that was checked before may know of values that don't keep their shape. */
  readonly places: readonly string[];
  readonly me: number;
  readonly size: number;
  readonly board: Board;
  readonly table: SharedTable;
}

/** What a worker is told. It answers each message by one. */
export type ToWorker =
  | { readonly type: "prepare" } & Assignment
  | { readonly type: "join" } & Seat
  | { readonly type: "work"; readonly isLast: boolean }
  | { readonly type: "endLayer"; readonly count: number }
  | { readonly type: "move" | "use"; readonly table: SharedTable };

/** What a worker answers. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "back" } & Back
  | { readonly type: "reshape"; readonly path: string }
  | { readonly type: "error"; readonly isSpecError: boolean; readonly message: string };

/** What several workers found. Which runs lead to a verdict is for a search by one to tell. */
export interface FoundTogether extends Omit<Found, "verdicts" | "path" | "isExact"> {
  /** The least depth to which one must search to find all that was decided. */
  readonly toldBy: number;
}

/** How many names the first shared table has room for. */
const firstCapacity = 1 << 20;

/**
 * Explores what is reachable from `starts`.
 *
 * @param model Is changed: it names states by their content from now on.
 */
export async function searchTogether(
  model: Model,
  starts: readonly Start[],
  options: SearchOptions,
  size: number,
  source: Source,
  parameters: Parameters,
): Promise<FoundTogether> {
  const { depth } = options;
  const maxBytes = options.maxBytes / 2 / size;
  const names = starts.map(({ name }) => name);
  const others = recruits(size - 1, { ...source, parameters, starts: names, depth, maxBytes });
  let result: FoundTogether | null = null;
  try {
    const run = await prepare(model, starts, { ...options, maxBytes }, others.begin);
    const decided = new Set(run.judge.verdicts.keys());
    let tellingDepth = decided.size === 0 ? 0 : run.depth;
    if (!isUnderWay(run)) return { ...totals(run), toldBy: tellingDepth };
    const team = await assemble(run, await others.ready());
    while (result === null) {
      const isLast = run.depth + 1 === options.depth;
      const backs = await expandLayer(team, options, isLast);
      const count = backs.reduce((sum, back) => sum + back.count, 0);
      const isNew = backs.flatMap(({ verdicts }) => verdicts).some((name) => !decided.has(name));
      for (const name of backs.flatMap(({ verdicts }) => verdicts)) decided.add(name);
      if (isNew) tellingDepth = run.depth + 1;
      const isOver = backs.some(({ outcome }) => outcome !== "done") || team.stopped !== null;
      await all(team, { type: "endLayer", count }, () => nextLayer(team.own, count));
      options.onProgress({ depth: run.depth, ...summed(backs), queue: count, complete: true });
      const isViolated = run.model.properties.some(({ kind, name }) =>
        kind !== "sometimes" && decided.has(name)
      ) ||
        decided.has("\0deadlock");
      if (isOver || count === 0 || run.depth === options.depth || isViolated) {
        result = { ...summed(backs), ...ending(team, backs, count, isOver), toldBy: tellingDepth };
      }
    }
  } finally {
    others.end();
  }
  return result;
}

/** The other members, who begin when they are told to, as this thread goes on. */
function recruits(count: number, assignment: Assignment) {
  const workers: Worker[] = [];
  let prepared: Promise<unknown> = Promise.resolve();
  return {
    begin() {
      const url = new URL("./worker.ts", import.meta.url);
      for (let i = 0; i < count; i++) workers.push(new Worker(url, { type: "module" }));
      prepared = Promise.all(workers.map((worker) => ask(worker, { type: "prepare", ...assignment })));
      // Who waits for it hears of it.
      prepared.catch(() => {});
    },
    async ready(): Promise<readonly Worker[]> {
      await prepared;
      return workers;
    },
    end() {
      for (const worker of workers) worker.terminate();
    },
  };
}

/** The members: this thread's own, and the others. */
interface Team {
  readonly own: Member;
  readonly workers: readonly Worker[];
  readonly board: Board;
  table: SharedTable;
  stopped: Found["stopped"];
  breath: number;
}

async function assemble(run: Search, workers: readonly Worker[]): Promise<Team> {
  const size = workers.length + 1;
  const board = newBoard(size);
  const table = sharedTable(firstCapacity, countOf(board));
  claimMemory(table.slots);
  Atomics.store(table.count, 0, run.seen.count);
  const places = run.model.places.map(({ name }) => name);
  const joined = workers.map((worker, index) =>
    ask(worker, { type: "join", places, me: index + 1, size, board, table })
  );
  const own = join(run, 0, size, board, table);
  await Promise.all(joined);
  return { own, workers, board, table, stopped: null, breath: performance.now() };
}

/** Sends a message to a worker, and waits for the answer. */
function ask(worker: Worker, message: ToWorker): Promise<FromWorker> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: { readonly data: FromWorker }) => {
      if (data.type === "reshape") reject(new Reshape(data.path));
      else if (data.type === "error") {
        reject(data.isSpecError ? new SpecError(data.message) : new Error(data.message));
      } else resolve(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new SpecError(`a worker failed: ${event.message}`));
    };
    worker.postMessage(message);
  });
}

/** Asks all workers, does this thread's own part meanwhile, and waits for all. */
async function all(team: Team, message: ToWorker, own: () => void): Promise<readonly FromWorker[]> {
  const answers = Promise.all(team.workers.map((worker) => ask(worker, message)));
  own();
  return await answers;
}

/** Expands one layer, with breaks in which the table is replaced by a larger one. */
async function expandLayer(team: Team, options: SearchOptions, isLast: boolean): Promise<readonly Back[]> {
  for (;;) {
    const others = Promise.all(team.workers.map((worker) => ask(worker, { type: "work", isLast })));
    // Who fails is heard of when all are back.
    others.catch(() => askToStop(team.board));
    const own = await workHere(team, options, isLast);
    const backs = [own, ...(await others).flatMap((answer) => answer.type === "back" ? [answer] : [])];
    const ended = backs.find(({ outcome }) => outcome === "memory" || outcome === "stopped");
    if (ended !== undefined) {
      team.stopped ??= ended.outcome === "memory" ? "memory" : "signal";
      return backs;
    }
    if (backs.every(({ outcome }) => outcome === "done")) return backs;
    if (!await enlarge(team, options)) {
      team.stopped = "memory";
      return backs;
    }
  }
}

/** This thread's own work, with a look at the clock now and then. */
async function workHere(team: Team, options: SearchOptions, isLast: boolean): Promise<Back> {
  const { own, board } = team;
  const { run } = own;
  const outcome = await work(own, isLast, async () => {
    if (performance.now() - team.breath < 200) return;
    const told = toldBy(board, own.size);
    const queue = own.queue?.count ?? 0;
    options.onProgress({ depth: run.depth + 1, ...told, queue, complete: false });
    await new Promise((resolve) => setTimeout(resolve, 0));
    team.breath = performance.now();
    if (options.stopped()) askToStop(board);
  });
  if (outcome === "memory") askToStop(board);
  return backOf(own, outcome);
}

/** Replaces the table by a larger one; false if there is no room for it. */
async function enlarge(team: Team, { maxBytes }: SearchOptions): Promise<boolean> {
  const { own, board } = team;
  if (isTight(own)) {
    const { slots } = team.table;
    // In large strides while it is small: all wait meanwhile.
    const capacity = slots.length * (slots.length < 1 << 25 ? 2 : 1);
    // Half of the memory is for the table, with the one that it replaces.
    if (capacity * 8 * 1.5 > maxBytes / 2) return false;
    const table = sharedTable(capacity, countOf(board));
    await all(team, { type: "move", table }, () => moveTo(own, table));
    await all(team, { type: "use", table }, () => use(own, table));
    team.table = table;
  }
  endBreak(board);
  return true;
}

function summed(backs: readonly Back[]): Pick<Found, "generated" | "distinct" | "cut" | "cutSteps"> {
  const sum = (key: "generated" | "distinct" | "cut" | "cutSteps") =>
    backs.reduce((total, back) => total + back[key], 0);
  return {
    generated: sum("generated"),
    distinct: sum("distinct"),
    cut: sum("cut"),
    cutSteps: sum("cutSteps"),
  };
}

function ending(
  { own: { run }, stopped }: Team,
  backs: readonly Back[],
  count: number,
  isOver: boolean,
): Pick<Found, "depth" | "exhausted" | "edge" | "stopped" | "coverage"> {
  const left = backs.reduce((sum, back) => sum + back.left, 0);
  const { depth, coverage } = run;
  return { depth, exhausted: !isOver && count === 0, edge: count + left, stopped, coverage };
}
