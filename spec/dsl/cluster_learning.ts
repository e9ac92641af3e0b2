/** What a cluster does, learned once for each distinct server and event, as integers in flat arrays. */
import type { Eye } from "../checker/eye.ts";
import { type Growable, growable, push, reserve } from "../checker/growable.ts";
import { get, type PairMap, pairMap, put } from "../checker/pair_map.ts";
import { type Lists, lists, type Place, place } from "../checker/place.ts";
import type { AnyCluster, Envelope, Happening, Outcome } from "./cluster.ts";
import { addEntry, type Answers, answers, entry, entryOf } from "./cluster_answers.ts";
import { type Flight, flight } from "./cluster_network.ts";
import { type Records, recordsOf } from "./cluster_records.ts";
import { plain } from "./plain.ts";
import { SpecError } from "./specification.ts";

/** What was spent of each budget in all, and before the search began; null while nothing has a price. */
export interface Account {
  readonly used: Readonly<Record<string, number>>;
  readonly before: Readonly<Record<string, number>> | null;
}

/** What a reaction is a reaction to. */
export type Cause =
  | { readonly type: "happening"; readonly happening: Happening<unknown>; readonly notation: string }
  | {
    readonly type: "message";
    readonly message: number;
    readonly sign: ">" | "~" | "+";
    readonly notation: string;
  };

/** What the integers of a reaction mean, in `Reactions.items`. */
export const reaction = {
  /** What it adds to the name of a state, but for history and account. */
  low: 0,
  high: 1,
  /** The integer of the server after it; -1 if it stays as it is. */
  local: 2,
  /** Where the messages that it sent begin in `Reactions.added`, sorted: how many, and then each. */
  added: 3,
  /** What it adds to the sum of what properties see of servers. */
  seenLow: 4,
  seenHigh: 5,
  /** The list of notes for the history, and the list of budgets that pay for it. */
  notes: 6,
  expenses: 7,
} as const;

/** How many integers a reaction has. A reaction is known by its position divided by this. */
export const reactionSize = 8;

/** All reactions. */
export interface Reactions {
  readonly items: Growable;
  readonly added: Growable;
  readonly causes: Cause[];
  /** The list of messages that each sent, in the order in which they were sent. */
  readonly sends: Growable;
}

/** A happening with the integer of its event. */
interface Learned {
  readonly happening: Happening<unknown>;
  readonly key: number;
}

/** Everything learned so far. */
export interface Learning {
  readonly definition: AnyCluster;
  readonly locals: readonly Place<unknown>[];
  readonly histories: Place<unknown>;
  readonly accounts: Place<Account>;
  readonly messages: Place<Envelope>;
  /** How states are written. */
  readonly records: Records;
  /** Lists of integers that a step of a network other than a bag needs. */
  readonly bags: Lists;
  /** Null for the usual network, a bag. */
  readonly flight: Flight | null;
  /** What that does to the state expanded last, for each row: the list of messages that enter the bag, and the list of changes of its own places, place, value, place, value, ... */
  readonly changes: Growable;
  readonly notes: Place<readonly unknown[]>;
  readonly expenses: Place<readonly string[]>;
  /** From the budgets of an event and its outcome to the integer of both. */
  readonly prices: Map<string, number>;
  /** The integers of events, by how they are written and how much was proposed before. */
  readonly events: Map<string, number>;
  readonly reactions: Reactions;
  /** Lists of reactions, or of options: how many, and then each. */
  readonly lists: Growable;
  /** What arrivals lead to. */
  readonly arrivals: Answers;
  /** By server: from its integer and a happening to what that leads to: a list in `lists`. */
  readonly responses: readonly PairMap[];
  /** By server: from its integer and how much was proposed to a list of options in `lists`. */
  readonly options: readonly PairMap[];
  /** By account: how much was proposed. */
  readonly proposed: Growable;
  /** From a history and notes to the history after them. */
  readonly remembered: PairMap;
  /** From an account and expenses to the account after them, plus 1; 0 if a budget doesn't allow them. */
  readonly paid: PairMap;
  /** From an account and expenses to 1 if budgets allow them, or 0. */
  readonly affordable: PairMap;
  /** From a message and a fault to its reaction. */
  readonly faults: PairMap;
  /** Who looks at states. */
  eyes: readonly Eye[];
  /** By server: its integer in the state that is expanded. */
  readonly here: Int32Array;
  /** By message: the server that it is for. */
  readonly receivers: Growable;
}

/** Nothing learned yet. */
export function learning(definition: AnyCluster): Learning {
  const { servers, identity, observe, keep } = definition;
  const messages = place<Envelope>({
    name: "messages",
    observe: null,
    keep: (message) => plain(message, "a message") as Envelope,
  });
  const locals = servers.map((name) =>
    place({ name, identity, observe, keep: (local) => keep(local, name) })
  );
  const histories = place<unknown>({ name: "history", keep: (history) => plain(history, "history") });
  const accounts = place<Account>({ name: "budgets", observe: null });
  const flight = flightOf(definition, messages);
  const places = [...locals, histories, accounts, ...flight?.places ?? []] as Place<unknown>[];
  return {
    definition,
    locals,
    histories,
    accounts,
    messages,
    records: recordsOf(places, messages as Place<unknown>),
    bags: lists(),
    flight,
    changes: growable(),
    notes: emptyFirst(place<readonly unknown[]>({ name: "notes", observe: null })),
    expenses: emptyFirst(place<readonly string[]>({ name: "expenses", observe: null })),
    prices: new Map(),
    events: new Map(),
    reactions: { items: growable(), added: growable(), causes: [], sends: growable() },
    lists: growable(),
    arrivals: answers(),
    responses: servers.map(() => pairMap()),
    options: servers.map(() => pairMap()),
    proposed: growable(),
    remembered: pairMap(),
    paid: pairMap(),
    affordable: pairMap(),
    faults: pairMap(),
    eyes: [],
    here: new Int32Array(servers.length),
    receivers: growable(),
  };
}

function flightOf(definition: AnyCluster, messages: Place<Envelope>): Flight | null {
  const { servers, budgets, network, rounds } = definition;
  if (network !== "unordered" && rounds !== undefined) {
    throw new SpecError(`rounds: they are for an unordered network, not for ${network}`);
  }
  if (network !== "unordered" && (budgets.drops || budgets.duplicates)) {
    throw new SpecError(
      `budgets for drops or duplicates: they are for an unordered network, not for ${network}`,
    );
  }
  const channelOf = (message: number) => {
    const { from, to } = messages.values[message]!;
    return servers.indexOf(from) * servers.length + servers.indexOf(to);
  };
  return flight(network, { servers, first: servers.length + 2, messages, channelOf });
}

/** Makes 0 the integer of the empty list. */
function emptyFirst<T>(lists: Place<readonly T[]>): Place<readonly T[]> {
  lists.intern([]);
  return lists;
}

/**
 * What may happen at a server by itself: where the list of its options begins in `lists`, which are learned as far as
 * this account allows them.
 */
export function optionsOf(l: Learning, server: number, local: number, account: number): number {
  const proposed = account < l.proposed.length ? l.proposed.items[account]! : proposedBy(l, account);
  const known = get(l.options[server]!, local, proposed);
  return known >= 0 ? known : learnOptions(l, server, local, account);
}

function proposedBy(l: Learning, account: number): number {
  while (l.proposed.length <= account) {
    push(l.proposed, l.accounts.values[l.proposed.length]!.used.proposals ?? 0);
  }
  return l.proposed.items[account]!;
}

function learnOptions(l: Learning, server: number, local: number, account: number): number {
  const proposed = l.proposed.items[account]!;
  const found = l.definition.happenings(l.locals[server]!.values[local], proposed);
  const options = found.flatMap((happening) => {
    const price = expensesFor(l, happening.spends, undefined);
    return [
      price,
      affords(l, account, price) ? responseTo(l, server, local, withKey(l, happening, proposed)) : unlearned,
    ];
  });
  const list = l.lists.length;
  push(l.lists, found.length);
  for (const item of options) push(l.lists, item);
  put(l.options[server]!, local, proposed, list);
  return list;
}

/** What one of the options at `list` leads to: a list in `lists`; -1 if a budget doesn't allow it. */
export function responseOf(
  l: Learning,
  server: number,
  local: number,
  account: number,
  list: number,
  which: number,
): number {
  const at = list + 1 + which * optionSize;
  const price = l.lists.items[at]!;
  if (!affords(l, account, price)) return -1;
  if (l.lists.items[at + 1] === unlearned) {
    const proposed = l.proposed.items[account]!;
    const happening = l.definition.happenings(l.locals[server]!.values[local], proposed)[which]!;
    const response = responseTo(l, server, local, withKey(l, happening, proposed));
    l.lists.items[at + 1] = response;
  }
  return l.lists.items[at + 1]!;
}

/** An option is what pays for it, and what it leads to: a list in `lists`. */
const optionSize = 2;

/** What nobody could pay for so far. */
const unlearned = -1;

/** The reactions of a list. */
export function listed({ lists }: Learning, list: number): readonly number[] {
  return [...lists.items.subarray(list + 1, list + 1 + lists.items[list]!)];
}

function addList({ lists }: Learning, reactions: readonly number[]): number {
  const list = lists.length;
  push(lists, reactions.length);
  for (const reaction of reactions) push(lists, reaction);
  return list;
}

/** A happening with the integer by which it is known: by how it is written and how much was proposed before. */
export function withKey({ events }: Learning, happening: Happening<unknown>, proposed: number): Learned {
  const text = `${happening.notation} ${proposed}`;
  const known = events.get(text);
  if (known === undefined) events.set(text, events.size);
  return { happening, key: known ?? events.size - 1 };
}

/** What a happening leads to: a list in `lists`. */
export function responseTo(l: Learning, server: number, local: number, learned: Learned): number {
  const known = get(l.responses[server]!, local, learned.key);
  if (known >= 0) return known;
  const { happening } = learned;
  const reactions = learn(l, server, local, happening.event, (notation) => ({
    type: "happening",
    happening,
    notation,
  }));
  const list = addList(l, reactions);
  put(l.responses[server]!, local, learned.key, list);
  return list;
}

/** What the arrival of a message leads to, as an entry of `arrivals` tells it. */
export function answerTo(l: Learning, server: number, local: number, message: number): number {
  const known = entryOf(l.arrivals, message, local);
  const at = known < 0 ? learnArrival(l, server, local, message) : known;
  return l.arrivals.items[at + entry.answer]!;
}

function learnArrival(l: Learning, server: number, local: number, message: number): number {
  const event = l.definition.received(l.messages.values[message]!);
  const reactions = learn(l, server, local, event, (notation) => ({
    type: "message",
    message,
    sign: ">",
    notation,
  }));
  const [only] = reactions;
  const { items } = l.reactions.items;
  const base = only! * reactionSize;
  const isPlain = reactions.length === 1 && l.flight === null &&
    (items[base + reaction.notes]! | items[base + reaction.expenses]!) === 0;
  if (!isPlain) return addEntry(l.arrivals, message, local, addList(l, reactions) * 2 + 1, 0, 0);
  return addEntry(l.arrivals, message, local, only! * 2, items[base]!, items[base + reaction.high]!);
}

/** The reactions of a server to an event. */
function learn(
  l: Learning,
  server: number,
  local: number,
  event: unknown,
  causeOf: (notation: string) => Cause,
): readonly number[] {
  const outcomes = l.definition.outcomes(l.locals[server]!.values[local], event);
  const first = l.reactions.causes.length;
  for (const outcome of outcomes) react(l, server, local, causeOf(outcome.notation ?? ""), outcome);
  return Array.from({ length: l.reactions.causes.length - first }, (_, index) => first + index);
}

function react(
  l: Learning,
  server: number,
  before: number,
  cause: Cause,
  outcome: Outcome<unknown, Envelope, unknown>,
): void {
  const local = l.locals[server]!.intern(outcome.local);
  const sends = (outcome.sends ?? []).map((message) => l.messages.intern(message));
  const notes = outcome.notes === undefined || outcome.notes.length === 0 ? 0 : l.notes.intern(outcome.notes);
  const price = cause.type === "happening" ? cause.happening.spends : undefined;
  const expenses = expensesFor(l, price, outcome.spends);
  const isIdle = local === before && sends.length === 0 && notes === 0;
  // What changes nothing but a budget leads to less of the same.
  if (cause.type === "happening" && isIdle && expenses !== 0) return;
  addReaction(l, cause, local === before ? -1 : local, sends, notes, expenses);
  const { words, observedWords } = l.locals[server]!;
  addWords(l, reaction.low, words, local, 1);
  addWords(l, reaction.low, words, before, -1);
  addWords(l, reaction.seenLow, observedWords, local, 1);
  addWords(l, reaction.seenLow, observedWords, before, -1);
  if (cause.type === "message" && l.flight === null) {
    addWords(l, reaction.low, l.messages.words, cause.message, -1);
  }
}

/** The list of budgets that pay for an event and for its outcome. */
function expensesFor(l: Learning, event: string | undefined, outcome: string | undefined): number {
  if (event === undefined && outcome === undefined) return 0;
  const key = `${event} ${outcome}`;
  const known = l.prices.get(key);
  if (known !== undefined) return known;
  const integer = l.expenses.intern([event, outcome].filter((budget) => budget !== undefined));
  l.prices.set(key, integer);
  return integer;
}

/** The reaction of the network that loses a message, or repeats it. */
export function faultOf(l: Learning, message: number, sign: "~" | "+"): number {
  const known = get(l.faults, message, sign === "~" ? 0 : 1);
  if (known >= 0) return known;
  const isDrop = sign === "~";
  const integer = l.reactions.causes.length;
  const expenses = l.expenses.intern([isDrop ? "drops" : "duplicates"]);
  addReaction(l, { type: "message", message, sign, notation: "" }, -1, isDrop ? [] : [message], 0, expenses);
  if (isDrop) addWords(l, reaction.low, l.messages.words, message, -1);
  put(l.faults, message, isDrop ? 0 : 1, integer);
  return integer;
}

function addReaction(
  l: Learning,
  cause: Cause,
  local: number,
  sends: readonly number[],
  notes: number,
  expenses: number,
): void {
  const { items, added, causes } = l.reactions;
  causes.push(cause);
  push(l.reactions.sends, l.bags.intern(sends));
  for (const item of [0, 0, local, added.length, 0, 0, notes, expenses]) push(items, item);
  push(added, sends.length);
  for (const message of sends.toSorted((a, b) => a - b)) push(added, message);
  // What another network than a bag does to the name depends on what is in flight already.
  if (l.flight === null) {
    for (const message of sends) addWords(l, reaction.low, l.messages.words, message, 1);
  }
}

/** Adds the word of a value to one of the sums of the latest reaction, or takes it away. */
function addWords(
  l: Learning,
  sum: typeof reaction.low | typeof reaction.seenLow,
  words: Growable,
  value: number,
  factor: 1 | -1,
): void {
  const { items, length } = l.reactions.items;
  items[length - reactionSize + sum]! += factor * words.items[value * 2]!;
  items[length - reactionSize + sum + 1]! += factor * words.items[value * 2 + 1]!;
}

/** The history after these notes. */
export function remember(l: Learning, history: number, notes: number): number {
  const known = get(l.remembered, history, notes);
  if (known >= 0) return known;
  const after = l.notes.values[notes]!.reduce(l.definition.remember, l.histories.values[history]);
  const integer = l.histories.intern(after);
  put(l.remembered, history, notes, integer);
  return integer;
}

/** The account after these expenses; -1 if a budget doesn't allow them. */
export function pay(l: Learning, account: number, expenses: number): number {
  if (expenses === 0) return account;
  const known = get(l.paid, account, expenses);
  if (known >= 0) return known - 1;
  const after = accountAfter(l, account, expenses);
  const integer = after === null ? -1 : l.accounts.intern(after);
  put(l.paid, account, expenses, integer + 1);
  return integer;
}

/** Whether budgets allow these expenses: it is asked before anybody knows whether there is anything to pay for. */
function affords(l: Learning, account: number, expenses: number): boolean {
  if (expenses === 0) return true;
  const known = get(l.affordable, account, expenses);
  if (known >= 0) return known === 1;
  const isAllowed = accountAfter(l, account, expenses) !== null;
  put(l.affordable, account, expenses, isAllowed ? 1 : 0);
  return isAllowed;
}

function accountAfter(
  { accounts, expenses, definition }: Learning,
  from: number,
  paid: number,
): Account | null {
  const { used, before } = accounts.values[from]!;
  const after: Record<string, number> = { ...used };
  for (const budget of expenses.values[paid]!) after[budget] = (after[budget] ?? 0) + 1;
  const isAllowed = before === null ||
    Object.entries(after).every(([budget, count]) =>
      count - (before[budget] ?? 0) <= (definition.budgets[budget] ?? 0)
    );
  return isAllowed ? { used: after, before } : null;
}

/** The server that a message is for. */
export function receiverOf(l: Learning, message: number): number {
  const { receivers, definition } = l;
  while (receivers.length <= message) {
    const { to } = l.messages.values[receivers.length]!;
    const server = definition.servers.indexOf(to);
    if (server < 0) {
      throw new SpecError(`a message to ${to}, which is none of ${definition.servers.join(", ")}`);
    }
    reserve(receivers, 1);
    push(receivers, server);
  }
  return receivers.items[message]!;
}
