/** Symmetry of clusters: names of orbits, from what each reaction changes. */
import { type Segment, valueAt } from "../checker/layer.ts";
import { row, rowSize, type Successors, type Symmetry } from "../checker/model.ts";
import { encode } from "../checker/value.ts";
import { type Learning, pay, reaction, reactionSize, remember } from "./cluster_learning.ts";
import {
  addWords,
  renamed,
  type RenamedWords,
  renamedWords,
  type Renaming,
  renamingsOf,
  writeLeast,
} from "./symmetry.ts";

/** Names of orbits in the making. */
interface Naming {
  readonly l: Learning;
  readonly renamings: readonly Renaming[];
  /** By place: first the servers, then the history, the account, and what the network has. */
  readonly places: readonly RenamedWords[];
  readonly messages: RenamedWords;
  /** By reaction, and then by permutation: what it adds to names, but for history, account and network. */
  differences: Int32Array;
  /** By reaction: 1 if its differences are known. */
  known: Uint8Array;
  /** By permutation: the name of the state that is expanded, and what one of its successors adds to it. */
  readonly base: Int32Array;
  readonly change: Int32Array;
}

/**
 * How a search knows the states of a cluster by their orbits.
 *
 * @throws {SpecError} if there are too many permutations.
 */
export function clusterSymmetry(l: Learning, sets: readonly (readonly string[])[]): Symmetry {
  const renamings = renamingsOf(sets);
  const size = renamings.length * 2;
  const naming: Naming = {
    l,
    renamings,
    places: tablesOf(l),
    messages: tableOf("messages", (message) => l.messages.values[message]),
    differences: new Int32Array(size * 64),
    known: new Uint8Array(64),
    base: new Int32Array(size),
    change: new Int32Array(size),
  };
  const zeros = new Int32Array(size);
  const key = new Int32Array(2);
  return {
    permutations: renamings.length,
    rename: (segment, at, out) => rename(naming, segment, at, out),
    keyOf(segment, at) {
      sumUp(naming, segment, at);
      writeLeast(naming.base, zeros, 0, key, 0);
      return [key[0]!, key[1]!];
    },
  };
}

function tablesOf(l: Learning): readonly RenamedWords[] {
  const { definition: { identity }, locals, histories, accounts, flight, messages } = l;
  return [
    ...locals.map(({ name, values }) => tableOf(name, (value) => identity(values[value]))),
    tableOf(histories.name, (value) => histories.values[value]),
    // Budgets are no servers, whatever they are called.
    renamedWords((value) => `${accounts.name}=${encode(accounts.values[value])}`),
    ...(flight?.places ?? []).map(({ name, values }) =>
      tableOf(name, (value) => values[value]!.map((message) => messages.values[message]))
    ),
  ];
}

/** The words of a place. Its name is that of a server, those of two with a `>` between them, or another one. */
function tableOf(name: string, valueOf: (value: number) => unknown): RenamedWords {
  return renamedWords((value, renaming) => {
    const place = name.split(">").map((part) => renaming.get(part) ?? part).join(">");
    return `${place}=${encode(renamed(valueOf(value), renaming))}`;
  });
}

function rename(naming: Naming, segment: Segment, at: number, out: Successors): void {
  const { l, base, change } = naming;
  if (out.keys.length < out.count * 2) out.keys = new Int32Array(out.count * 4);
  const { rows, keys, count } = out;
  const { length } = l.definition.servers;
  sumUp(naming, segment, at);
  for (let i = 0; i < count; i++) {
    const which = rows[i * rowSize + row.first]!;
    const server = rows[i * rowSize + row.second]! & 0xff;
    if (naming.known[which] !== 1) {
      learn(naming, which, server, valueAt(l.records.fields, segment.words, at, server));
    }
    const { items } = l.reactions.items;
    const from = which * reactionSize;
    const isPlain = (items[from + reaction.notes]! | items[from + reaction.expenses]!) === 0;
    if (isPlain && l.flight === null) {
      writeLeast(base, naming.differences, which * base.length, keys, i * 2);
      continue;
    }
    change.set(naming.differences.subarray(which * base.length, (which + 1) * base.length));
    if (!isPlain) addSettlement(naming, which, segment, at, length);
    if (l.flight !== null) addFlight(naming, segment, at, i);
    writeLeast(base, change, 0, keys, i * 2);
  }
}

/** Adds up the names of a state, one for each permutation. */
function sumUp({ l: { records }, base, places, messages, renamings }: Naming, segment: Segment, at: number) {
  base.fill(0);
  for (let place = 0; place < places.length; place++) {
    const value = valueAt(records.fields, segment.words, at, place);
    addWords(base, 0, places[place]!, renamings, value, 1);
  }
  const { isWide, fields } = records;
  const items = isWide ? segment.words : segment.halves;
  const head = isWide ? at + fields.size : (at + fields.size) * 2;
  const end = head + items[head]!;
  for (let i = head + 1; i <= end; i++) addWords(base, 0, messages, renamings, items[i]!, 1);
}

/** Adds up what a reaction of a server in the state `before` adds to names. */
function learn(naming: Naming, which: number, server: number, before: number): void {
  const { l, renamings, base: { length } } = naming;
  if (which >= naming.known.length) {
    const known = new Uint8Array(Math.max(which + 1, naming.known.length * 2));
    known.set(naming.known);
    naming.known = known;
    const differences = new Int32Array(known.length * length);
    differences.set(naming.differences);
    naming.differences = differences;
  }
  const { differences, places, messages } = naming;
  const at = which * length;
  const { items, added: { items: sent }, causes } = { ...l.reactions, items: l.reactions.items.items };
  const local = items[which * reactionSize + reaction.local]!;
  if (local >= 0) {
    addWords(differences, at, places[server]!, renamings, before, -1);
    addWords(differences, at, places[server]!, renamings, local, 1);
  }
  if (l.flight === null) {
    const first = items[which * reactionSize + reaction.added]!;
    for (let i = 1; i <= sent[first]!; i++) {
      addWords(differences, at, messages, renamings, sent[first + i]!, 1);
    }
    const cause = causes[which]!;
    if (cause.type === "message" && cause.sign !== "+") {
      addWords(differences, at, messages, renamings, cause.message, -1);
    }
  }
  naming.known[which] = 1;
}

/** Adds what a reaction does to the history, whose place is this, and to the account. */
function addSettlement(
  { l, change, places, renamings }: Naming,
  which: number,
  { words }: Segment,
  at: number,
  place: number,
): void {
  const { items } = l.reactions.items;
  const notes = items[which * reactionSize + reaction.notes]!;
  const expenses = items[which * reactionSize + reaction.expenses]!;
  const history = valueAt(l.records.fields, words, at, place);
  const account = valueAt(l.records.fields, words, at, place + 1);
  if (notes !== 0) exchange(change, places[place]!, renamings, history, remember(l, history, notes));
  if (expenses !== 0) exchange(change, places[place + 1]!, renamings, account, pay(l, account, expenses));
}

/** Adds what a row does to an ordered or a duplicating network. */
function addFlight(
  { l, change, places, messages, renamings }: Naming,
  segment: Segment,
  at: number,
  i: number,
) {
  for (const message of l.bags.lists[l.changes.items[i * 2]!]!) {
    addWords(change, 0, messages, renamings, message, 1);
  }
  const writes = l.bags.lists[l.changes.items[i * 2 + 1]!]!;
  for (let w = 0; w < writes.length; w += 2) {
    const before = valueAt(l.records.fields, segment.words, at, writes[w]!);
    exchange(change, places[writes[w]!]!, renamings, before, writes[w + 1]!);
  }
}

function exchange(
  sums: Int32Array,
  table: RenamedWords,
  renamings: readonly Renaming[],
  before: number,
  after: number,
): void {
  if (before === after) return;
  addWords(sums, 0, table, renamings, before, -1);
  addWords(sums, 0, table, renamings, after, 1);
}
