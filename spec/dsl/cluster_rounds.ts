/**
 * Rounds: a coarser search of a cluster, which comes deeper. One of its steps is: something happens at one server by
 * itself, then so many messages arrive, one after the other, among some of the servers, and all else that is in flight is
 * lost. Each round is a run of plain steps, as which it is told: what is lost just never arrives.
 */
import { type Segment, valueAt } from "../checker/layer.ts";
import {
  type Model,
  reserveRow,
  type Rounds,
  row,
  rowSize,
  type State,
  type Step,
  type Successors,
} from "../checker/model.ts";
import type { Run } from "../trace/run.ts";
import {
  answerTo,
  type Learning,
  listed,
  optionsOf,
  reaction,
  reactionSize,
  receiverOf,
  responseOf,
} from "./cluster_learning.ts";
import { isTight, nameOf, putRecord, takeRecord } from "./cluster_records.ts";
import { accountOf, historyOf } from "./cluster_rows.ts";

/** Which rounds to search. */
export interface RoundsDefinition {
  /** How many, one after the other. */
  readonly most: number;
  /** The budgets that may pay for what a round begins with. */
  readonly spending: readonly string[];
}

/** The most messages that arrive in one round. */
const mostArrivals = 24;

/** A plain step of a round: what happened, by its reaction, and where; the message that arrived, or -1. */
interface Move {
  readonly server: number;
  readonly reaction: number;
  readonly message: number;
}

/** A state on its way through a round. */
interface Round {
  readonly vector: number[];
  /** What is in flight among the servers that take part, the oldest first. */
  readonly queue: number[];
  /** How it came there. */
  readonly moves: Move[];
}

/** The rounds of a cluster. */
export function roundsOf(l: Learning, plain: Model, { most, spending }: RoundsDefinition): Rounds {
  const within: Within = { l, plain, mayBegin: beginner(l, spending) };
  const ends: number[][] = [];
  // What is lost leaves nothing stuck; and a round is not the same for servers by other names.
  const { ends: _, symmetry: __, ...coarse } = plain;
  const model: Model = {
    ...coarse,
    properties: plain.properties.filter(({ kind }) => kind === "always" || kind === "sometimes"),
    expand(segment, at, out) {
      if (isTight(l)) return false;
      out.count = out.same = ends.length = 0;
      for (const { vector } of roundsFrom(within, takeRecord(l.records, segment, at))) {
        addRow(l, vector, ends, out);
      }
      return true;
    },
    build(_segment, _from, out, at, to) {
      const { rows } = out;
      const before = to.segments.length;
      const { used } = to.segments.at(-1)!;
      putRecord(l.records, ends[rows[at + row.first]!]!, [], rows[at]!, rows[at + row.high]!, to);
      return to.segments.length === before ? used : 0;
    },
    changeOf: (segment, from, { rows }, at, change) =>
      changeOf(l, segment, from, ends[rows[at + row.first]!]!, change),
    stepAt: (state, branch) => roundAt(within, state, branch),
  };
  return { model, most, unfold: (run) => unfold(within, run) };
}

/** Adds a row for a state in which nothing is in flight. */
function addRow(l: Learning, vector: number[], ends: number[][], out: Successors): void {
  const end = out.count++ * rowSize;
  const rows = end < out.rows.length ? out.rows : reserveRow(out);
  const [low, high] = nameOf(l.records, { vector, bag: [] });
  rows[end] = low;
  rows[end + row.high] = high;
  rows[end + row.first] = ends.push([...vector]) - 1;
  rows[end + row.second] = 0;
}

/** Where rounds take place. */
interface Within {
  readonly l: Learning;
  readonly plain: Model;
  /** Whether a round may begin with a reaction. */
  readonly mayBegin: (which: number) => boolean;
}

/** Whether all that pays for a reaction is among these budgets. */
function beginner({ reactions, expenses }: Learning, spending: readonly string[]): Within["mayBegin"] {
  return (which) => {
    const paid = reactions.items.items[which * reactionSize + reaction.expenses]!;
    return expenses.values[paid]!.every((budget) => spending.includes(budget));
  };
}

/** All that a round from this state may lead to. What is told of a round holds until the next one is asked for. */
function* roundsFrom({ l, plain, mayBegin }: Within, { vector, bag }: State): Generator<Round> {
  const { length } = l.definition.servers;
  // What is in flight at first may arrive in the first round.
  const first = inOrder(l, bag);
  for (let server = 0; server < length; server++) {
    for (const begun of reactionsOf(l, server, vector[server]!, vector[length + 1]!)) {
      if (!mayBegin(begun)) continue;
      for (let others = 0; others < 2 ** length; others++) {
        const isIn = others | 1 << server;
        // Each set of servers once.
        if ((others & 1 << server) !== 0) continue;
        const round: Round = {
          vector: [...vector],
          queue: first.filter((message) => isAmong(l, isIn, message)),
          moves: [],
        };
        yield* rounds(l, plain, round, { server, reaction: begun, message: -1 }, isIn);
      }
    }
  }
}

/** What a server may do by itself. */
function reactionsOf(l: Learning, server: number, local: number, account: number): readonly number[] {
  const list = optionsOf(l, server, local, account);
  return Array.from({ length: l.lists.items[list]! }, (_, which) => {
    const response = responseOf(l, server, local, account, list, which);
    return response < 0 ? [] : listed(l, response);
  }).flat();
}

/** The same event, and then more and more arrivals. With nobody else only the event itself counts. */
function* rounds(l: Learning, plain: Model, round: Round, first: Move, isIn: number): Generator<Round> {
  if (!move(l, round, first, isIn) || !isWithin(plain, round)) return;
  if (isIn === 1 << first.server) yield round;
  for (let arrived = 0; arrived < mostArrivals && round.queue.length > 0; arrived++) {
    const message = round.queue.shift()!;
    const server = receiverOf(l, message);
    const answer = answerTo(l, server, round.vector[server]!, message);
    // Of several outcomes the usual one.
    const isList = (answer & 1) !== 0;
    if (isList && l.lists.items[answer >> 1] === 0) return;
    const reaction = isList ? l.lists.items[(answer >> 1) + 1]! : answer >> 1;
    if (!move(l, round, { server, reaction, message }, isIn) || !isWithin(plain, round)) return;
    yield round;
  }
}

/** Moves on by a plain step; false if a budget doesn't allow it. */
function move(l: Learning, { vector, queue, moves }: Round, made: Move, isIn: number): boolean {
  const { length } = l.definition.servers;
  const account = accountOf(l, made.reaction, vector[length + 1]!);
  if (account < 0) return false;
  const local = l.reactions.items.items[made.reaction * reactionSize + reaction.local]!;
  vector[length] = historyOf(l, made.reaction, vector[length]!);
  vector[length + 1] = account;
  if (local >= 0) vector[made.server] = local;
  for (const sent of inOrder(l, sentBy(l, made.reaction))) if (isAmong(l, isIn, sent)) queue.push(sent);
  moves.push(made);
  return true;
}

/** The messages that a reaction sent. */
function sentBy(l: Learning, which: number): readonly number[] {
  return l.bags.lists[l.reactions.sends.items[which]!]!;
}

/** Messages in the order of their words, which derive from what they say: numbers depend on what was met before. */
function inOrder({ messages: { words } }: Learning, sent: readonly number[]): readonly number[] {
  if (sent.length < 2) return sent;
  const { items } = words;
  return sent.toSorted((a, b) => items[a * 2]! - items[b * 2]! || items[a * 2 + 1]! - items[b * 2 + 1]!);
}

function isWithin({ constraint, view }: Model, { vector }: Round): boolean {
  return constraint === undefined || constraint(view(vector, 0, () => {}));
}

/** Whether a message goes from one of these servers, as bits, to another one. */
function isAmong(l: Learning, isIn: number, message: number): boolean {
  const from = l.definition.servers.indexOf(l.messages.values[message]!.from);
  return (isIn & 1 << from) !== 0 && (isIn & 1 << receiverOf(l, message)) !== 0;
}

/** What a round changes of the looks of all eyes. */
function changeOf(
  l: Learning,
  { words }: Segment,
  from: number,
  after: readonly number[],
  change: Int32Array,
): void {
  const { places, fields } = l.records;
  for (const [e, eye] of l.eyes.entries()) {
    let low = 0;
    let high = 0;
    for (const place of eye.places) {
      const { items } = places[place]!.observedWords;
      const [was, is] = [valueAt(fields, words, from, place) * 2, after[place]! * 2];
      low += items[is]! - items[was]!;
      high += items[is + 1]! - items[was + 1]!;
    }
    change[e * 2] = low;
    change[e * 2 + 1] = high;
  }
}

/** The round by this branch, as one step. */
function roundAt(within: Within, state: State, branch: number): Step {
  const vector = [...endOf(within, state, branch).vector];
  return { label: `round ${branch}`, aliases: [], to: { vector, bag: [] }, servers: [], event: "round" };
}

function endOf(within: Within, state: State, branch: number): Round {
  let left = branch;
  for (const round of roundsFrom(within, state)) if (left-- === 0) return round;
  throw new Error(`there is no round ${branch}`);
}

/** The plain steps of a run of rounds. */
function unfold(within: Within, { start, steps }: Run): Run {
  const { l, plain } = within;
  const told: Step[] = [];
  let coarse = start.state;
  let state = start.state;
  for (const { label, to } of steps) {
    const { moves } = endOf(within, coarse, Number(label.split(" ")[1]));
    for (const made of moves) {
      const after = afterMove(l, state, made);
      const step = plain.steps(state).find(({ to }) =>
        to.vector.join() === after.vector.join() && to.bag.join() === after.bag.join()
      );
      if (step === undefined) throw new Error("a round takes a step that there is not");
      told.push(step);
      state = step.to;
    }
    coarse = to;
  }
  return { start, steps: told };
}

/** A state after a plain step, with all that is in flight. */
function afterMove(l: Learning, { vector, bag }: State, made: Move): State {
  const after: Round = { vector: [...vector], queue: [], moves: [] };
  move(l, after, made, 0);
  const left = made.message < 0 ? bag : bag.toSpliced(bag.indexOf(made.message), 1);
  return { vector: after.vector, bag: [...left, ...sentBy(l, made.reaction)].sort((a, b) => a - b) };
}
