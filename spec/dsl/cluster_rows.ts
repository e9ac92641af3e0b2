/** Enumerates what may happen in a state of a cluster, and builds the states that it leads to, with integers. */
import { type Growable, push } from "../checker/growable.ts";
import { type Layer, nameSize, room, type Segment, setValue, valueAt } from "../checker/layer.ts";
import { reserveRow, row, rowSize, type Successors } from "../checker/model.ts";
import {
  answerTo,
  faultOf,
  type Learning,
  optionsOf,
  pay,
  reaction,
  reactionSize,
  receiverOf,
  remember,
  responseOf,
} from "./cluster_learning.ts";
import { entry, entryOf } from "./cluster_answers.ts";
import { bagOf, isTight } from "./cluster_records.ts";
import type { Flight } from "./cluster_network.ts";

/** A state being expanded, and where its successors go. */
interface Expansion {
  readonly l: Learning;
  readonly segment: Segment;
  readonly at: number;
  readonly out: Successors;
  /** Its name, history and account. */
  readonly low: number;
  readonly high: number;
  readonly history: number;
  readonly account: number;
}

function expansion(l: Learning, segment: Segment, at: number, out: Successors): Expansion {
  const { words } = segment;
  const { length } = l.definition.servers;
  l.changes.length = out.count = out.same = 0;
  for (let server = 0; server < length; server++) {
    l.here[server] = valueAt(l.records.fields, words, at, server);
  }
  return {
    l,
    segment,
    at,
    out,
    low: words[at]!,
    high: words[at + 1]!,
    history: valueAt(l.records.fields, words, at, length),
    account: valueAt(l.records.fields, words, at, length + 1),
  };
}

/** The successors of a state. False if records must first be made larger. */
export function expand(l: Learning, segment: Segment, at: number, out: Successors): boolean {
  if (isTight(l)) return false;
  const e = expansion(l, segment, at, out);
  const { length } = l.definition.servers;
  for (let server = 0; server < length; server++) {
    addOptions(e, server);
  }
  if (l.flight !== null) {
    for (const message of deliverable(l, l.flight, segment, at)) addArrival(e, message, 0);
  } else if (hasFaults(e)) expandFaults(e);
  else expandBag(e);
  return true;
}

/** Adds what may happen at a server by itself. */
function addOptions(e: Expansion, server: number): void {
  const { l, account } = e;
  const local = l.here[server]!;
  const list = optionsOf(l, server, local, account);
  const count = l.lists.items[list]!;
  for (let which = 0; which < count; which++) {
    const response = responseOf(l, server, local, account, list, which);
    if (response >= 0) addList(e, server, response, -1, 0);
  }
}

/** Adds the successors of one happening alone, whether or not it is among those that are enumerated. */
export function expandOne(
  l: Learning,
  segment: Segment,
  at: number,
  out: Successors,
  server: number,
  response: number,
): void {
  addList(expansion(l, segment, at, out), server, response, -1, 0);
}

/** Whether messages may be lost or duplicated. */
function hasFaults({ l, account }: Expansion): boolean {
  const { drops = 0, duplicates = 0 } = l.definition.budgets;
  return drops > 0 || duplicates > 0 || l.accounts.values[account]!.before === null;
}

/** Adds all arrivals. Most lead to just one reaction that neither the history nor a budget cares about. */
function expandBag(e: Expansion): void {
  const { l, segment, at, out, low, high } = e;
  const { here, arrivals, receivers } = l;
  const { isWide, fields } = l.records;
  const bag = isWide ? segment.words : segment.halves;
  const first = (isWide ? at + fields.size : (at + fields.size) * 2) + 1;
  const count = bag[first - 1]!;
  let before = -1;
  for (let position = 0; position < count; position++) {
    const message = bag[first + position]!;
    if (message === before) continue;
    before = message;
    const server = message < receivers.length ? receivers.items[message]! : receiverOf(l, message);
    const found = entryOf(arrivals, message, here[server]!);
    const { items } = arrivals;
    if (found < 0 || (items[found + entry.answer]! & 1) !== 0) {
      addArrival(e, message, position + 1);
      continue;
    }
    const end = out.count++ * rowSize;
    const rows = end < out.rows.length ? out.rows : reserveRow(out);
    rows[end] = low + items[found + entry.low]!;
    rows[end + row.high] = high + items[found + entry.high]!;
    rows[end + row.first] = items[found + entry.answer]! >> 1;
    rows[end + row.second] = server | (position + 1) << 8;
  }
}

/** The same where messages may also be lost or duplicated. */
function expandFaults(e: Expansion): void {
  const { l, segment, at, account } = e;
  const { budgets } = l.definition;
  const isFree = l.accounts.values[account]!.before === null;
  const drops = isFree || (budgets.drops ?? 0) > 0;
  const duplicates = isFree || (budgets.duplicates ?? 0) > 0;
  const bag = bagOf(l.records, segment, at);
  for (const [position, message] of bag.entries()) {
    if (bag[position - 1] === message) continue;
    addArrival(e, message, position + 1);
    const server = receiverOf(l, message);
    if (drops) add(e, server, faultOf(l, message, "~"), message, position + 1);
    if (duplicates) add(e, server, faultOf(l, message, "+"), -1, 0);
  }
}

/** The messages that can arrive in a network that is no bag. */
export function deliverable(l: Learning, flight: Flight, segment: Segment, at: number): readonly number[] {
  return flight.deliverable(l.records.vectorOf(segment, at), bagOf(l.records, segment, at));
}

/** Adds what the arrival of a message leads to; its position in the bag, if it leaves it, counts from 1. */
function addArrival(e: Expansion, message: number, removed: number): void {
  const server = receiverOf(e.l, message);
  const answer = answerTo(e.l, server, e.l.here[server]!, message);
  if ((answer & 1) === 0) add(e, server, answer >> 1, message, removed);
  else addList(e, server, answer >> 1, message, removed);
}

function addList(e: Expansion, server: number, list: number, message: number, removed: number): void {
  const { items } = e.l.lists;
  const end = list + 1 + items[list]!;
  for (let i = list + 1; i < end; i++) add(e, server, items[i]!, message, removed);
}

/** Adds the row of a reaction, unless a budget doesn't allow it. */
function add(e: Expansion, server: number, which: number, message: number, removed: number): void {
  const { l, out } = e;
  const { items } = l.reactions.items;
  const from = which * reactionSize;
  const end = out.count * rowSize;
  const rows = end < out.rows.length ? out.rows : reserveRow(out);
  rows[end] = e.low + items[from + reaction.low]!;
  rows[end + row.high] = e.high + items[from + reaction.high]!;
  rows[end + row.first] = which;
  rows[end + row.second] = server | removed << 8;
  if ((items[from + reaction.notes]! | items[from + reaction.expenses]!) !== 0) {
    if (!settle(e, which, rows, end)) return;
  }
  if (l.flight !== null) addFlight(e, l.flight, rows, end, message);
  out.count++;
}

/** Adds to a row what a reaction does to the history and to the account; false if a budget doesn't allow it. */
function settle({ l, history, account }: Expansion, which: number, rows: Int32Array, end: number): boolean {
  const accountAfter = accountOf(l, which, account);
  if (accountAfter < 0) return false;
  const historyAfter = historyOf(l, which, history);
  if (accountAfter !== account) exchange(rows, end, l.accounts.words, account, accountAfter);
  if (historyAfter !== history) exchange(rows, end, l.histories.words, history, historyAfter);
  return true;
}

/** The account after a reaction; -1 if a budget doesn't allow it. */
export function accountOf(l: Learning, which: number, account: number): number {
  return pay(l, account, l.reactions.items.items[which * reactionSize + reaction.expenses]!);
}

/** The history after a reaction. */
export function historyOf(l: Learning, which: number, history: number): number {
  const notes = l.reactions.items.items[which * reactionSize + reaction.notes]!;
  return notes === 0 ? history : remember(l, history, notes);
}

/** Takes the word of one value of a place out of a sum, and puts that of another in. */
function exchange(sums: Int32Array, at: number, words: Growable, before: number, after: number): void {
  sums[at]! += words.items[after * 2]! - words.items[before * 2]!;
  sums[at + 1]! += words.items[after * 2 + 1]! - words.items[before * 2 + 1]!;
}

/** What an ordered or a duplicating network makes of what arrived and was sent. */
function addFlight(e: Expansion, flight: Flight, rows: Int32Array, end: number, message: number): void {
  const { l, segment, at } = e;
  const sends = l.bags.lists[l.reactions.sends.items[rows[end + row.first]!]!]!;
  const vector = l.records.vectorOf(segment, at);
  const { added, writes } = flight.change(vector, bagOf(l.records, segment, at), message, sends);
  push(l.changes, l.bags.intern(added));
  push(l.changes, l.bags.intern(writes));
  for (const sent of added) {
    rows[end]! += l.messages.words.items[sent * 2]!;
    rows[end + row.high]! += l.messages.words.items[sent * 2 + 1]!;
  }
  for (let i = 0; i < writes.length; i += 2) {
    const place = flight.places[writes[i]! - flight.first]!;
    exchange(rows, end, place.words, vector[writes[i]!]!, writes[i + 1]!);
  }
}

/** What a row changes of the looks of all eyes: of its server, and of the history. */
export function changeOf(
  l: Learning,
  { words }: Segment,
  from: number,
  { rows }: Successors,
  at: number,
  change: Int32Array,
): void {
  const which = rows[at + row.first]! * reactionSize;
  const server = rows[at + row.second]! & 0xff;
  const { items } = l.reactions.items;
  const low = items[which + reaction.seenLow]!;
  const high = items[which + reaction.seenHigh]!;
  ofHistory[0] = ofHistory[1] = 0;
  const { length } = l.definition.servers;
  if (items[which + reaction.notes] !== 0) {
    const before = valueAt(l.records.fields, words, from, length);
    exchange(ofHistory, 0, l.histories.observedWords, before, historyOf(l, rows[at + row.first]!, before));
  }
  const { eyes } = l;
  for (let e = 0; e < eyes.length; e++) {
    const { isWatched } = eyes[e]!;
    const seesServer = isWatched[server] === 1 ? -1 : 0;
    const seesHistory = isWatched[length] === 1 ? -1 : 0;
    change[e * 2] = (low & seesServer) + (ofHistory[0]! & seesHistory);
    change[e * 2 + 1] = (high & seesServer) + (ofHistory[1]! & seesHistory);
  }
}

const ofHistory = new Int32Array(2);

/** Appends the state that a row stands for. */
export function build(
  l: Learning,
  segment: Segment,
  from: number,
  out: Successors,
  at: number,
  to: Layer,
): number {
  const { fields } = l.records;
  const { rows } = out;
  const { items } = l.reactions.items;
  const which = rows[at + row.first]!;
  const base = which * reactionSize;
  const source = segment.words;
  const bag = l.flight === null ? l.reactions.added.items : l.bags.lists[l.changes.items[at / rowSize * 2]!]!;
  const added = l.flight === null ? items[base + reaction.added]! + 1 : 0;
  const addedEnd = added + (l.flight === null ? bag[added - 1]! : bag.length);
  // A bag has at most as many messages as halves or words of the record before, and those that are added.
  const target = room(to, l.records.sizeOf(segment, from) + addedEnd - added);
  const start = target.used;
  const { words } = target;
  words[start] = rows[at]!;
  words[start + 1] = rows[at + row.high]!;
  for (let word = nameSize; word < fields.size; word++) words[start + word] = source[from + word]!;
  const local = items[base + reaction.local]!;
  if (local >= 0) setValue(fields, words, start, rows[at + row.second]! & 0xff, local);
  if ((items[base + reaction.notes]! | items[base + reaction.expenses]!) !== 0) {
    buildHistory(l, which, words, start);
  }
  if (l.flight !== null) {
    const writes = l.bags.lists[l.changes.items[at / rowSize * 2 + 1]!]!;
    for (let i = 0; i < writes.length; i += 2) setValue(fields, words, start, writes[i]!, writes[i + 1]!);
  }
  buildBag(l, segment, from, (rows[at + row.second]! >>> 8) - 1, bag, added, addedEnd, target);
  to.count++;
  return start;
}

function buildHistory(l: Learning, which: number, words: Int32Array, at: number): void {
  const { fields } = l.records;
  const place = l.definition.servers.length;
  setValue(fields, words, at, place, historyOf(l, which, valueAt(fields, words, at, place)));
  setValue(fields, words, at, place + 1, accountOf(l, which, valueAt(fields, words, at, place + 1)));
}

/** Writes the bag behind the record that was begun at the end of `target`, and ends the record. */
function buildBag(
  { records: { isWide, fields } }: Learning,
  segment: Segment,
  from: number,
  removed: number,
  added: ArrayLike<number>,
  addedFrom: number,
  addedEnd: number,
  target: Segment,
): void {
  const source = isWide ? segment.words : segment.halves;
  const items = isWide ? target.words : target.halves;
  const bag = (isWide ? from + fields.size : (from + fields.size) * 2) + 1;
  const count = source[bag - 1]!;
  const head = isWide ? target.used + fields.size : (target.used + fields.size) * 2;
  const first = head + 1;
  let end = first;
  const gone = removed < 0 ? count : removed;
  for (let position = 0; position < gone; position++) items[end++] = source[bag + position]!;
  for (let position = gone + 1; position < count; position++) items[end++] = source[bag + position]!;
  for (let i = addedFrom; i < addedEnd; i++) {
    const message = added[i]!;
    let position = end++;
    while (position > first && items[position - 1]! > message) {
      items[position] = items[position - 1]!;
      position--;
    }
    items[position] = message;
  }
  items[head] = end - first;
  target.used = isWide ? end : (end + 1) >> 1;
}
