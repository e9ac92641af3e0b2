/**
 * What each of several workers does in a search: it expands the states that it found first itself, so that states never
 * travel, and shares with the others only the names of what was seen. All begin with the same search alone, then each
 * keeps its share of the states; from then on they go layer by layer.
 */
import { clear, room } from "./layer.ts";
import type { Model, Start } from "./model.ts";
import { type Queue, queueOf } from "./queue.ts";
import {
  begin,
  endLayer,
  expandSome,
  goOn,
  hasMemory,
  isUnderWay,
  type Search,
  type SearchOptions,
} from "./search.ts";
import { claimAll, claimPart, isFull, type SharedTable, tellAdded } from "./shared_table.ts";

/** One of the workers. */
export interface Member {
  readonly run: Search;
  /** Which one, from 0, and of how many. */
  readonly me: number;
  readonly size: number;
  readonly board: Board;
  /** What is left of the layer at hand; null before it is begun. */
  queue: Queue | null;
}

/** What workers tell each other while they are at work, in shared integers. */
export type Board = Int32Array<SharedArrayBuffer>;

/** What stands where on the board: how many names there are, who asks for a break, and then each worker's counts. */
const place = { names: 0, pause: 1, stop: 2, counts: 3 } as const;

const countsSize = 3;

/** A board for so many workers. */
export function newBoard(size: number): Board {
  return new Int32Array(new SharedArrayBuffer((place.counts + size * countsSize) * 4));
}

/** With so many states in a layer it pays to share them. */
const worthSharing = 1024;

/** With so many in a layer there will soon be enough. */
const worthATeam = 256;

/**
 * Searches alone until there is enough for a team. All members do the same, and come to the same states.
 *
 * @param onTeam Called when the others should begin with that.
 */
export async function prepare(
  model: Model,
  starts: readonly Start[],
  options: SearchOptions,
  onTeam: () => void = () => {},
): Promise<Search> {
  model.nameByContent();
  const run = begin(model, starts, options);
  await goOn(run, ({ current }) => current.count >= worthATeam);
  if (isUnderWay(run)) onTeam();
  await goOn(run, ({ current }) => current.count >= worthSharing);
  return run;
}

/** How many names a member may add between two looks at the board. */
const mostAtOnce = 1 << 17;

/** Whether the table is to be replaced by a larger one before all go on. */
export function isTight({ run, size }: Member): boolean {
  return isFull(run.shared!, size * mostAtOnce);
}

/** Joins a team: keeps the states of its share. The first one brings what was seen so far. */
export function join(run: Search, me: number, size: number, board: Board, shared: SharedTable): Member {
  const { model, current, next } = run;
  if (me === 0) claimAll(shared, run.seen);
  else [run.generated, run.distinct, run.cut, run.cutSteps] = [0, 0, 0, 0];
  run.shared = { ...shared, added: 0 };
  run.seen = { ...run.seen, slots: new Int32Array(2), count: 0 };
  let index = 0;
  for (const segment of current.segments) {
    for (let at = 0; at < segment.used; index++) {
      const length = model.sizeOf(segment, at);
      if (index % size === me) {
        const target = room(next, length);
        target.words.set(segment.words.subarray(at, at + length), target.used);
        target.used += length;
        next.count++;
      }
      at += length;
    }
  }
  clear(current);
  [run.current, run.next] = [next, current];
  return { run, me, size, board, queue: null };
}

/** How a member comes back from its work: the layer is done, or somebody asked for a break, or for the end. */
export type Outcome = "done" | "paused" | "stopped" | "memory";

/** How far a member has come when it comes back. */
export interface Back {
  readonly outcome: Outcome;
  readonly generated: number;
  readonly distinct: number;
  readonly cut: number;
  readonly cutSteps: number;
  /** How many states of the next layer it has found. */
  readonly count: number;
  /** How many it has not expanded. */
  readonly left: number;
  /** The names of the properties that are decided. */
  readonly verdicts: readonly string[];
}

/** Expands what is left of the layer. Calls `breathe` now and then. */
export async function work(
  member: Member,
  isLast: boolean,
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<Outcome> {
  const { run, board } = member;
  member.queue ??= queueOf(run.current);
  const { queue } = member;
  while (queue.count > 0) {
    if (Atomics.load(board, place.stop) !== 0) return "stopped";
    if (Atomics.load(board, place.pause) !== 0) return "paused";
    if (isTight(member)) {
      Atomics.store(board, place.pause, 1);
      return "paused";
    }
    if (!hasMemory(run, queue)) return "memory";
    expandSome(run, queue, isLast);
    tellAdded(run.shared!);
    tell(member);
    await breathe();
  }
  tell(member);
  return "done";
}

/** How far a member has come that comes back like this. */
export function backOf({ run, queue }: Member, outcome: Outcome): Back {
  const { generated, distinct, cut, cutSteps, next, judge: { verdicts } } = run;
  return {
    outcome,
    generated,
    distinct,
    cut,
    cutSteps,
    count: next.count,
    left: queue?.count ?? 0,
    verdicts: [...verdicts.keys()],
  };
}

/** Goes on to the next layer, of so many states in all. */
export function nextLayer(member: Member, count: number): void {
  endLayer(member.run, count);
  member.queue = null;
}

/** Moves its part of the names to a larger table, and goes on with that. */
export function moveTo(member: Member, larger: SharedTable): void {
  claimPart(larger, member.run.shared!, member.me, member.size);
}

/** From now on a member uses this table. */
export function use({ run }: Member, shared: SharedTable): void {
  run.shared = { ...shared, added: 0 };
}

function tell({ run: { generated, distinct, cut }, me, board }: Member): void {
  const at = place.counts + me * countsSize;
  // Counts may exceed 31 bits: what others see of them is for progress only.
  Atomics.store(board, at, generated | 0);
  Atomics.store(board, at + 1, distinct | 0);
  Atomics.store(board, at + 2, cut | 0);
}

/** What all members together have counted so far, about. */
export function toldBy(
  board: Board,
  size: number,
): { readonly generated: number; readonly distinct: number } {
  let [generated, distinct] = [0, 0];
  for (let me = 0; me < size; me++) {
    generated += Atomics.load(board, place.counts + me * countsSize) >>> 0;
    distinct += Atomics.load(board, place.counts + me * countsSize + 1) >>> 0;
  }
  return { generated, distinct };
}

/** The integer on the board that counts names. */
export function countOf(board: Board): Board {
  return board.subarray(place.names, place.names + 1);
}

/** Asks all members to come back before their time. */
export function askToStop(board: Board): void {
  Atomics.store(board, place.stop, 1);
}

/** Nobody asks for a break any more. */
export function endBreak(board: Board): void {
  Atomics.store(board, place.pause, 0);
}
