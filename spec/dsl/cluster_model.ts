/** Compiles a cluster: enumerates what may happen in a state, with integers, from what was learned. */
import { type Growable, push, reserve } from "../checker/growable.ts";
import {
  bagStart,
  headSize,
  type Layer,
  layer,
  type Model,
  row,
  rowSize,
  type Start,
  type State,
  type Step,
  type Successors,
  successors,
} from "../checker/model.ts";
import type { Place } from "../checker/place.ts";
import { encode } from "../checker/value.ts";
import { runTrace } from "../trace/run.ts";
import type { AnyCluster } from "./cluster.ts";
import {
  answerToHappening,
  answerToMessage,
  type Cause,
  faultOf,
  type Learning,
  learning,
  optionsOf,
  pay,
  receiverOf,
  remember,
  withKey,
} from "./cluster_learning.ts";

/** What a row tells beyond what every row tells. */
const detail = {
  reaction: row.detail,
  server: row.detail + 1,
  /** The position in the bag of the message that leaves it, or -1. */
  removed: row.detail + 2,
  history: row.detail + 3,
  account: row.detail + 4,
} as const;

/** Compiles a cluster for the checker. */
export function compileCluster(definition: AnyCluster): Model {
  const l = learning(definition);
  const first = firstState(l);
  const { servers } = definition;
  const model: Model = {
    servers,
    places: [...l.locals, l.histories, l.accounts as Place<unknown>],
    messages: l.messages,
    properties: definition.properties as Model["properties"],
    ...(definition.constraint === undefined
      ? {}
      : { constraint: definition.constraint as (state: unknown) => boolean }),
    starts: [{ name: "1", trace: "", state: priced(l, first) }],
    expand: (layer, index, out) => expand(l, layer, index, out),
    build: (layer, index, rows, at, next) => build(l, layer, index, rows, at, next),
    view: (vector, at, onRead) => view(l, vector, at, onRead),
    steps: (state) => stepsOf(l, state),
    otherStep: (state, text) => otherStep(l, state, text),
    describe: ({ vector }) =>
      Object.fromEntries(
        servers.map((name, server) => [name, definition.describe(l.locals[server]!.values[vector[server]!])]),
      ),
  };
  const named = Object.entries(definition.starts).map(([name, trace]): Start => {
    const { steps } = runTrace({ ...model, starts: [{ name: "1", trace: "", state: first }] }, trace);
    return { name, trace, state: priced(l, steps.at(-1)?.to ?? first) };
  });
  return { ...model, starts: [...model.starts, ...named] };
}

/** The state in which every server has just started, and nothing has a price. */
function firstState(l: Learning): State {
  const { servers, initial, history, budgets } = l.definition;
  const used = Object.fromEntries(Object.keys(budgets).map((budget) => [budget, 0]));
  return {
    vector: [
      ...servers.map((name, server) => l.locals[server]!.intern(initial(name))),
      l.histories.intern(history),
      l.accounts.intern({ used, before: null }),
    ],
    bag: [],
  };
}

/** The same state, from which on the budgets count. */
function priced(l: Learning, { vector, bag }: State): State {
  const { used } = l.accounts.values[vector.at(-1)!]!;
  return { vector: vector.with(-1, l.accounts.intern({ used, before: used })), bag };
}

function expand(l: Learning, layer: Layer, index: number, out: Successors): void {
  const { definition } = l;
  const { servers } = definition;
  const at = index * layer.width;
  const vector = layer.vectors.items;
  const account = vector[at + servers.length + 1]!;
  for (let server = 0; server < servers.length; server++) {
    const local = vector[at + server]!;
    const happenings = l.happenings[optionsOf(l, server, local, account)]!;
    for (let i = 0; i < happenings.length; i++) {
      addAll(l, layer, index, out, server, answerToHappening(l, server, local, happenings[i]!), -1);
    }
  }
  const bag = layer.bags.items;
  const from = bagStart(layer, index);
  const to = layer.heads.items[index * headSize + 2]!;
  const drops = (definition.budgets.drops ?? 0) > 0 || isFree(l, account);
  const duplicates = (definition.budgets.duplicates ?? 0) > 0 || isFree(l, account);
  for (let position = from; position < to; position++) {
    const message = bag[position]!;
    if (position > from && bag[position - 1] === message) continue;
    const server = receiverOf(l, message);
    addAll(
      l,
      layer,
      index,
      out,
      server,
      answerToMessage(l, server, vector[at + server]!, message),
      position - from,
    );
    if (drops) add(l, layer, index, out, server, faultOf(l, message, "~"), position - from);
    if (duplicates) add(l, layer, index, out, server, faultOf(l, message, "+"), -1);
  }
}

function isFree(l: Learning, account: number): boolean {
  return l.accounts.values[account]!.before === null;
}

function addAll(
  l: Learning,
  layer: Layer,
  index: number,
  out: Successors,
  server: number,
  answer: number,
  removed: number,
): void {
  const end = l.ranges.items[answer * 2 + 1]!;
  for (let reaction = l.ranges.items[answer * 2]!; reaction < end; reaction++) {
    add(l, layer, index, out, server, reaction, removed);
  }
}

/** Adds the row of a reaction, unless a budget doesn't allow it. */
function add(
  l: Learning,
  layer: Layer,
  index: number,
  out: Successors,
  server: number,
  reaction: number,
  removed: number,
): void {
  const { reactions } = l;
  const { length } = l.definition.servers;
  const at = index * layer.width;
  const vector = layer.vectors.items;
  const history = vector[at + length]!;
  const account = vector[at + length + 1]!;
  const expenses = reactions.expenses.items[reaction]!;
  const accountAfter = expenses === 0 ? account : pay(l, account, expenses);
  if (accountAfter < 0) return;
  const notes = reactions.notes.items[reaction]!;
  const historyAfter = notes === 0 ? history : remember(l, history, notes);
  let low = layer.heads.items[index * headSize]! + reactions.words.items[reaction * 2]!;
  let high = layer.heads.items[index * headSize + 1]! + reactions.words.items[reaction * 2 + 1]!;
  if (accountAfter !== account) {
    const { items } = l.accounts.words;
    low += items[accountAfter * 2]! - items[account * 2]!;
    high += items[accountAfter * 2 + 1]! - items[account * 2 + 1]!;
  }
  if (historyAfter !== history) {
    const { items } = l.histories.words;
    low += items[historyAfter * 2]! - items[history * 2]!;
    high += items[historyAfter * 2 + 1]! - items[history * 2 + 1]!;
  }
  reserve(out.rows, rowSize);
  const { items, length: end } = out.rows;
  items[end + row.low] = low;
  items[end + row.high] = high;
  items[end + row.branch] = end / rowSize;
  items[end + detail.reaction] = reaction;
  items[end + detail.server] = server;
  items[end + detail.removed] = removed;
  items[end + detail.history] = historyAfter;
  items[end + detail.account] = accountAfter;
  items[end + row.seenLow] = items[end + row.seenHigh] = 0;
  out.rows.length += rowSize;
  if (out.watched.length > 0) addSeen(l, out, end, vector[at + server]!, history);
}

/** What a row changes to the eyes of the properties of steps. */
function addSeen(
  l: Learning,
  { rows: { items }, watched }: Successors,
  end: number,
  local: number,
  history: number,
): void {
  const server = items[end + detail.server]!;
  const localAfter = l.reactions.locals.items[items[end + detail.reaction]!]!;
  const historyAfter = items[end + detail.history]!;
  let low = 0;
  let high = 0;
  if (localAfter >= 0 && watched[server] === 1) {
    const words = l.locals[server]!.observedWords.items;
    low += words[localAfter * 2]! - words[local * 2]!;
    high += words[localAfter * 2 + 1]! - words[local * 2 + 1]!;
  }
  if (historyAfter !== history && watched[l.definition.servers.length] === 1) {
    const words = l.histories.observedWords.items;
    low += words[historyAfter * 2]! - words[history * 2]!;
    high += words[historyAfter * 2 + 1]! - words[history * 2 + 1]!;
  }
  items[end + row.seenLow] = low;
  items[end + row.seenHigh] = high;
}

function build(l: Learning, layer: Layer, index: number, rows: Int32Array, at: number, next: Layer): void {
  const { width } = layer;
  const reaction = rows[at + detail.reaction]!;
  reserve(next.vectors, width);
  const vectors = next.vectors.items;
  const target = next.vectors.length;
  const source = index * width;
  const { items } = layer.vectors;
  for (let p = 0; p < width; p++) vectors[target + p] = items[source + p]!;
  const local = l.reactions.locals.items[reaction]!;
  if (local >= 0) vectors[target + rows[at + detail.server]!] = local;
  vectors[target + l.definition.servers.length] = rows[at + detail.history]!;
  vectors[target + l.definition.servers.length + 1] = rows[at + detail.account]!;
  next.vectors.length += width;
  const added = l.bags.lists[l.reactions.added.items[reaction]!]!;
  buildBag(layer, index, rows[at + detail.removed]!, added, next.bags);
  reserve(next.heads, headSize);
  const { heads } = next;
  heads.items[heads.length] = rows[at]!;
  heads.items[heads.length + 1] = rows[at + row.high]!;
  heads.items[heads.length + 2] = next.bags.length;
  heads.length += headSize;
  next.count++;
}

function buildBag(
  layer: Layer,
  index: number,
  removed: number,
  added: readonly number[],
  bags: Growable,
): void {
  const from = bagStart(layer, index);
  const to = layer.heads.items[index * headSize + 2]!;
  reserve(bags, to - from + added.length);
  const source = layer.bags.items;
  const { items } = bags;
  const first = bags.length;
  let end = first;
  for (let position = from; position < to; position++) {
    if (position - from !== removed) items[end++] = source[position]!;
  }
  for (let i = 0; i < added.length; i++) {
    const message = added[i]!;
    let position = end++;
    while (position > first && items[position - 1]! > message) {
      items[position] = items[position - 1]!;
      position--;
    }
    items[position] = message;
  }
  bags.length = end;
}

function view(l: Learning, vector: ArrayLike<number>, at: number, onRead: (place: number) => void): unknown {
  const { length } = l.definition.servers;
  for (let p = 0; p <= length; p++) onRead(p);
  return {
    servers: l.locals.map((place, server) => place.observed[vector[at + server]!]),
    history: l.histories.observed[vector[at + length]!],
  };
}

/** A layer of one state, to enumerate its steps one by one. */
function layerOf({ vector, bag }: State): Layer {
  const alone = layer(vector.length);
  for (const value of vector) push(alone.vectors, value);
  for (const message of bag) push(alone.bags, message);
  for (const item of [0, 0, bag.length]) push(alone.heads, item);
  alone.count = 1;
  return alone;
}

function stepsOf(l: Learning, state: State): readonly Step[] {
  const from = layerOf(state);
  const out = successors();
  expand(l, from, 0, out);
  return stepsOfRows(l, from, out);
}

function stepsOfRows(l: Learning, from: Layer, { rows }: Successors): readonly Step[] {
  const next = layer(from.width);
  const bag = [...from.bags.items.subarray(0, from.bags.length)];
  return Array.from({ length: rows.length / rowSize }, (_, branch): Step => {
    const at = branch * rowSize;
    build(l, from, 0, rows.items, at, next);
    const vector = [...next.vectors.items.subarray(branch * from.width, (branch + 1) * from.width)];
    const end = next.bags.length;
    const to = { vector, bag: [...next.bags.items.subarray(bagStart(next, branch), end)] };
    const cause = l.reactions.causes[rows.items[at + detail.reaction]!]!;
    return { ...tell(l, rows.items[at + detail.server]!, cause, bag), to };
  });
}

/** A step that isn't enumerated, such as the proposal of a command that the search doesn't use. */
function otherStep(l: Learning, state: State, text: string): Step | null {
  const { servers, otherHappening } = l.definition;
  const server = servers.findIndex((name) =>
    text.startsWith(name) && !/^[A-Za-z0-9]/.test(text.slice(name.length))
  );
  if (server < 0 || otherHappening === undefined) return null;
  const notation = text.slice(servers[server]!.length).replace(/_$/, "");
  const proposed = l.accounts.values[state.vector.at(-1)!]!.used.proposals ?? 0;
  const local = state.vector[server]!;
  const happening = otherHappening(l.locals[server]!.values[local], notation, proposed);
  if (happening === null) return null;
  const from = layerOf(state);
  const out = successors();
  addAll(l, from, 0, out, server, answerToHappening(l, server, local, withKey(l, happening)), -1);
  return stepsOfRows(l, from, out).find((step) => step.label === text) ?? null;
}

function tell(l: Learning, server: number, cause: Cause, bag: readonly number[]): Omit<Step, "to"> {
  if (cause.type === "message") return tellMessage(l, cause, bag);
  const name = l.definition.servers[server]!;
  const { happening, notation } = cause;
  return {
    label: name + happening.notation + notation,
    aliases: (happening.aliases ?? []).map((alias) => name + alias + notation),
    servers: [name],
    event: happening.title,
  };
}

/** The shortest selector that tells this message from the others between the same two servers. */
function tellMessage(
  l: Learning,
  { message, sign, notation }: Cause & { type: "message" },
  bag: readonly number[],
): Omit<Step, "to"> {
  const { envelope } = l.definition;
  const value = l.messages.values[message];
  const { from, to, type } = envelope(value);
  const inFlight = [...new Set(bag)].map((integer) => l.messages.values[integer]);
  const between = inFlight.filter((other) => envelope(other).from === from && envelope(other).to === to);
  const ofType = between.filter((other) => envelope(other).type === type).map((other) => encode(other))
    .sort();
  const forms = [`:${type}.${ofType.indexOf(encode(value)) + 1}`];
  if (ofType.length === 1) forms.unshift(`:${type}`);
  if (between.length === 1) forms.unshift("");
  const [label = "", ...aliases] = forms.map((form) => `${from}${sign}${to}${form}${notation}`);
  return { label, aliases, servers: [from, to], event: type };
}
