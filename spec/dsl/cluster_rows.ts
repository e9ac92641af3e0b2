/** Enumerates what may happen in a state of a cluster, and builds the states that it leads to, with integers. */
import { type Growable, push, reserve } from "../checker/growable.ts";
import { bagStart, headSize, type Layer, row, rowSize, type Successors } from "../checker/model.ts";
import {
  answerToMessage,
  faultOf,
  type Learning,
  optionsOf,
  pay,
  receiverOf,
  remember,
} from "./cluster_learning.ts";
import type { Flight } from "./cluster_network.ts";

/** What a row tells beyond what every row tells. */
export const detail = {
  reaction: row.detail,
  server: row.detail + 1,
  /** The position in the bag of the message that leaves it, or -1. */
  removed: row.detail + 2,
  history: row.detail + 3,
  account: row.detail + 4,
} as const;

/** A state being expanded, and where its successors go. */
interface Expansion {
  readonly l: Learning;
  readonly layer: Layer;
  readonly index: number;
  readonly out: Successors;
  /** Its fingerprint, history and account. */
  readonly low: number;
  readonly high: number;
  readonly history: number;
  readonly account: number;
}

function expansion(l: Learning, layer: Layer, index: number, out: Successors): Expansion {
  const at = index * layer.width + l.definition.servers.length;
  const vector = layer.vectors.items;
  const low = layer.heads.items[index * headSize]!;
  const high = layer.heads.items[index * headSize + 1]!;
  return { l, layer, index, out, low, high, history: vector[at]!, account: vector[at + 1]! };
}

/** Appends the successors of a state, in an order that depends on the state alone. */
export function expand(l: Learning, layer: Layer, index: number, out: Successors): void {
  const e = expansion(l, layer, index, out);
  const { servers } = l.definition;
  const at = index * layer.width;
  const vector = layer.vectors.items;
  l.changes.length = 0;
  for (let server = 0; server < servers.length; server++) {
    const local = vector[at + server]!;
    const happenings = l.happenings[optionsOf(l, server, local, e.account)]!;
    for (let i = 0; i < happenings.length; i++) {
      addAll(e, server, happenings[i]!, -1, -1);
    }
  }
  if (l.flight === null) expandBag(e);
  else {
    for (const message of deliverable(l.flight, layer, index)) {
      const server = receiverOf(l, message);
      addAll(e, server, answerToMessage(l, server, vector[at + server]!, message), message, -1);
    }
  }
}

/** Adds the successors of one happening alone, whether or not it is among those that are enumerated. */
export function expandOne(l: Learning, layer: Layer, out: Successors, server: number, answer: number): void {
  l.changes.length = 0;
  addAll(expansion(l, layer, 0, out), server, answer, -1, -1);
}

function expandBag(e: Expansion): void {
  const { l, layer, index, account } = e;
  const { budgets } = l.definition;
  const isFree = l.accounts.values[account]!.before === null;
  const drops = isFree || (budgets.drops ?? 0) > 0;
  const duplicates = isFree || (budgets.duplicates ?? 0) > 0;
  const at = index * layer.width;
  const bag = layer.bags.items;
  const from = bagStart(layer, index);
  const to = layer.heads.items[index * headSize + 2]!;
  for (let position = from; position < to; position++) {
    const message = bag[position]!;
    if (position > from && bag[position - 1] === message) continue;
    const server = receiverOf(l, message);
    const answer = answerToMessage(l, server, layer.vectors.items[at + server]!, message);
    addAll(e, server, answer, message, position - from);
    if (drops) add(e, server, faultOf(l, message, "~"), message, position - from);
    if (duplicates) add(e, server, faultOf(l, message, "+"), -1, -1);
  }
}

/** The messages that can arrive in a network that is no bag. */
export function deliverable(flight: Flight, layer: Layer, index: number): readonly number[] {
  return flight.deliverable(vectorAt(layer, index), bagAt(layer, index));
}

function vectorAt({ vectors, width }: Layer, index: number): Int32Array {
  return vectors.items.subarray(index * width, (index + 1) * width);
}

function bagAt(layer: Layer, index: number): Growable {
  const items = layer.bags.items.subarray(bagStart(layer, index), layer.heads.items[index * headSize + 2]!);
  return { items, length: items.length };
}

function addAll(e: Expansion, server: number, answer: number, message: number, removed: number): void {
  const { items } = e.l.ranges;
  const end = items[answer * 2 + 1]!;
  for (let reaction = items[answer * 2]!; reaction < end; reaction++) {
    add(e, server, reaction, message, removed);
  }
}

/** Adds the row of a reaction, unless a budget doesn't allow it. */
function add(e: Expansion, server: number, reaction: number, message: number, removed: number): void {
  const { l, history, account, out: { rows } } = e;
  const { reactions } = l;
  const expenses = reactions.expenses.items[reaction]!;
  const accountAfter = expenses === 0 ? account : pay(l, account, expenses);
  if (accountAfter < 0) return;
  const notes = reactions.notes.items[reaction]!;
  const historyAfter = notes === 0 ? history : remember(l, history, notes);
  if (rows.length + rowSize > rows.items.length) reserve(rows, rowSize);
  const { items, length: end } = rows;
  items[end + row.low] = e.low + reactions.words.items[reaction * 2]!;
  items[end + row.high] = e.high + reactions.words.items[reaction * 2 + 1]!;
  items[end + row.branch] = end / rowSize;
  items[end + row.seenLow] = reactions.seenWords.items[reaction * 2]!;
  items[end + row.seenHigh] = reactions.seenWords.items[reaction * 2 + 1]!;
  items[end + detail.reaction] = reaction;
  items[end + detail.server] = server;
  items[end + detail.removed] = removed;
  items[end + detail.history] = historyAfter;
  items[end + detail.account] = accountAfter;
  if (accountAfter !== account) exchange(items, end, row.low, l.accounts.words, account, accountAfter);
  if (historyAfter !== history) {
    exchange(items, end, row.low, l.histories.words, history, historyAfter);
    exchange(items, end, row.seenLow, l.histories.observedWords, history, historyAfter);
  }
  if (l.flight !== null) addFlight(e, l.flight, items, end, message);
  rows.length += rowSize;
}

/** Takes the word of one value of a place out of a fingerprint of a row, and puts that of another in. */
function exchange(
  items: Int32Array,
  at: number,
  low: number,
  words: Growable,
  before: number,
  after: number,
): void {
  items[at + low]! += words.items[after * 2]! - words.items[before * 2]!;
  items[at + low + 1]! += words.items[after * 2 + 1]! - words.items[before * 2 + 1]!;
}

/** What an ordered or a duplicating network makes of what arrived and was sent. */
function addFlight(e: Expansion, flight: Flight, items: Int32Array, end: number, message: number): void {
  const { l, layer, index } = e;
  const sends = l.bags.lists[l.reactions.sends.items[items[end + detail.reaction]!]!]!;
  const { added, writes } = flight.change(vectorAt(layer, index), bagAt(layer, index), message, sends);
  push(l.changes, added);
  push(l.changes, l.bags.intern(writes));
  for (const sent of l.bags.lists[added]!) {
    items[end + row.low]! += l.messages.words.items[sent * 2]!;
    items[end + row.high]! += l.messages.words.items[sent * 2 + 1]!;
  }
  for (let i = 0; i < writes.length; i += 2) {
    const before = layer.vectors.items[index * layer.width + writes[i]!]!;
    exchange(items, end, row.low, flight.places[writes[i]! - flight.first]!.words, before, writes[i + 1]!);
  }
}

/** Appends the state that a row stands for. */
export function build(
  l: Learning,
  layer: Layer,
  index: number,
  rows: Int32Array,
  at: number,
  next: Layer,
): void {
  const { width } = layer;
  const { length: servers } = l.definition.servers;
  if (next.vectors.length + width > next.vectors.items.length) reserve(next.vectors, width);
  const vectors = next.vectors.items;
  const target = next.vectors.length;
  const source = index * width;
  const { items } = layer.vectors;
  for (let p = 0; p < width; p++) vectors[target + p] = items[source + p]!;
  const local = l.reactions.locals.items[rows[at + detail.reaction]!]!;
  if (local >= 0) vectors[target + rows[at + detail.server]!] = local;
  vectors[target + servers] = rows[at + detail.history]!;
  vectors[target + servers + 1] = rows[at + detail.account]!;
  let added = l.reactions.added.items[rows[at + detail.reaction]!]!;
  if (l.flight !== null) {
    const change = at / rowSize * 2;
    added = l.changes.items[change]!;
    const writes = l.bags.lists[l.changes.items[change + 1]!]!;
    for (let i = 0; i < writes.length; i += 2) vectors[target + writes[i]!] = writes[i + 1]!;
  }
  next.vectors.length += width;
  buildBag(layer, index, rows[at + detail.removed]!, l.bags.lists[added]!, next.bags);
  const { heads } = next;
  if (heads.length + headSize > heads.items.length) reserve(heads, headSize);
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
  if (bags.length + to - from + added.length > bags.items.length) reserve(bags, to - from + added.length);
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
