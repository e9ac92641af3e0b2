/** What a cluster does, learned once for each distinct server and event, as integers in flat arrays. */
import { type Growable, growable, push, reserve } from "../checker/growable.ts";
import { get, type PairMap, pairMap, put } from "../checker/pair_map.ts";
import { type Lists, lists, type Place, place } from "../checker/place.ts";
import type { AnyCluster, Envelope, Happening, Outcome } from "./cluster.ts";
import { type Flight, flight } from "./cluster_network.ts";
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

/**
 * Reactions, in columns: the integer of a reaction is its position. What it adds to the fingerprint stands in
 * `words`, in pairs [low, high].
 */
export interface Reactions {
  readonly causes: Cause[];
  /** The integer of the server after it; -1 if it stays as it is. */
  readonly locals: Growable;
  /** The list of messages that it sent, in the order in which they were sent. */
  readonly sends: Growable;
  /** The same list, sorted: how they enter a bag. */
  readonly added: Growable;
  /** The list of notes for the history. */
  readonly notes: Growable;
  /** The list of budgets that pay for it. */
  readonly expenses: Growable;
  readonly words: Growable;
  /** The same pairs for the eyes of properties. */
  readonly seenWords: Growable;
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
  /** Lists of reactions, by their integer: where each begins among the reactions, and where it ends. */
  readonly ranges: Growable;
  /** By server: from its integer and an event to the integer of a list of reactions. */
  readonly answers: readonly PairMap[];
  /** By server: from its integer and how much was proposed to the integer of a list of happenings. */
  readonly options: readonly PairMap[];
  /** The lists of answers to these happenings, each the integer of a list of reactions. */
  readonly happenings: (readonly number[])[];
  /** By account: how much was proposed. */
  readonly proposed: Growable;
  /** From a history and notes to the history after them. */
  readonly remembered: PairMap;
  /** From an account and expenses to the account after them, plus 1; 0 if a budget doesn't allow them. */
  readonly paid: PairMap;
  /** From a message and a fault to its reaction. */
  readonly faults: PairMap;
  /** By message: the server that it is for. */
  readonly receivers: Growable;
}

/** Nothing learned yet. */
export function learning(definition: AnyCluster): Learning {
  const { servers, identity, observe } = definition;
  const messages = place<Envelope>({ name: "messages", observe: null });
  const bags = lists();
  return {
    definition,
    locals: servers.map((name) => place({ name, identity, observe })),
    histories: place({ name: "history" }),
    accounts: place<Account>({ name: "budgets", observe: null }),
    messages,
    bags,
    flight: flightOf(definition, messages, bags),
    changes: growable(),
    notes: emptyFirst(place<readonly unknown[]>({ name: "notes", observe: null })),
    expenses: emptyFirst(place<readonly string[]>({ name: "expenses", observe: null })),
    prices: new Map(),
    events: new Map(),
    reactions: {
      causes: [],
      locals: growable(),
      sends: growable(),
      added: growable(),
      notes: growable(),
      expenses: growable(),
      words: growable(),
      seenWords: growable(),
    },
    ranges: growable(),
    answers: servers.map(() => pairMap()),
    options: servers.map(() => pairMap()),
    happenings: [],
    proposed: growable(),
    remembered: pairMap(),
    paid: pairMap(),
    faults: pairMap(),
    receivers: growable(),
  };
}

function flightOf(definition: AnyCluster, messages: Place<Envelope>, bags: Lists): Flight | null {
  const { servers, budgets, network } = definition;
  if (network !== "unordered" && (budgets.drops || budgets.duplicates)) {
    throw new SpecError(
      `budgets for drops or duplicates: they are for an unordered network, not for ${network}`,
    );
  }
  const channelOf = (message: number) => {
    const { from, to } = messages.values[message]!;
    return servers.indexOf(from) * servers.length + servers.indexOf(to);
  };
  return flight(network, { servers, first: servers.length + 2, messages, bags, channelOf });
}

/** Makes 0 the integer of the empty list. */
function emptyFirst<T>(lists: Place<readonly T[]>): Place<readonly T[]> {
  lists.intern([]);
  return lists;
}

/** What may happen at a server by itself, and what it leads to: the integer of a list in `happenings`. */
export function optionsOf(l: Learning, server: number, local: number, account: number): number {
  while (l.proposed.length <= account) {
    push(l.proposed, l.accounts.values[l.proposed.length]!.used.proposals ?? 0);
  }
  const proposed = l.proposed.items[account]!;
  const memo = l.options[server]!;
  const known = get(memo, local, proposed);
  if (known >= 0) return known;
  const found = l.definition.happenings(l.locals[server]!.values[local], proposed);
  const answers = found.map((happening) =>
    answerToHappening(l, server, local, withKey(l, happening, proposed))
  );
  const integer = l.happenings.push(answers) - 1;
  put(memo, local, proposed, integer);
  return integer;
}

/** Events that happen by themselves have odd integers, arrivals of messages even ones. */
export function withKey({ events }: Learning, happening: Happening<unknown>, proposed: number): Learned {
  const text = `${happening.notation} ${proposed}`;
  const known = events.get(text);
  if (known === undefined) events.set(text, events.size);
  return { happening, key: (known ?? events.size - 1) * 2 + 1 };
}

/** What a happening leads to: the integer of a list in `ranges`. */
export function answerToHappening(l: Learning, server: number, local: number, learned: Learned): number {
  const known = get(l.answers[server]!, local, learned.key);
  if (known >= 0) return known;
  const { happening } = learned;
  return learn(l, server, local, learned.key, happening.event, (notation) => ({
    type: "happening",
    happening,
    notation,
  }));
}

/** What the arrival of a message leads to: the integer of a list in `ranges`. */
export function answerToMessage(l: Learning, server: number, local: number, message: number): number {
  const known = get(l.answers[server]!, local, message * 2);
  if (known >= 0) return known;
  const event = l.definition.received(l.messages.values[message]!);
  return learn(l, server, local, message * 2, event, (notation) => ({
    type: "message",
    message,
    sign: ">",
    notation,
  }));
}

function learn(
  l: Learning,
  server: number,
  local: number,
  key: number,
  event: unknown,
  causeOf: (notation: string) => Cause,
): number {
  const outcomes = l.definition.outcomes(l.locals[server]!.values[local], event);
  const first = l.reactions.causes.length;
  for (const outcome of outcomes) react(l, server, local, causeOf(outcome.notation ?? ""), outcome);
  const integer = l.ranges.length / 2;
  push(l.ranges, first);
  push(l.ranges, l.reactions.causes.length);
  put(l.answers[server]!, local, key, integer);
  return integer;
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
  const { words } = l.locals[server]!;
  addWords(l, words, local, 1);
  addWords(l, words, before, -1);
  const seen = l.locals[server]!.observedWords.items;
  const { items, length } = l.reactions.seenWords;
  items[length - 2] = seen[local * 2]! - seen[before * 2]!;
  items[length - 1] = seen[local * 2 + 1]! - seen[before * 2 + 1]!;
  if (cause.type === "message" && l.flight === null) addWords(l, l.messages.words, cause.message, -1);
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
  const reaction = l.reactions.causes.length;
  const expenses = l.expenses.intern([isDrop ? "drops" : "duplicates"]);
  addReaction(l, { type: "message", message, sign, notation: "" }, -1, isDrop ? [] : [message], 0, expenses);
  if (isDrop) addWords(l, l.messages.words, message, -1);
  put(l.faults, message, isDrop ? 0 : 1, reaction);
  return reaction;
}

function addReaction(
  l: Learning,
  cause: Cause,
  local: number,
  sends: readonly number[],
  notes: number,
  expenses: number,
): void {
  const { reactions } = l;
  reactions.causes.push(cause);
  push(reactions.locals, local);
  push(reactions.sends, l.bags.intern(sends));
  push(reactions.added, l.bags.intern(sends.toSorted((a, b) => a - b)));
  push(reactions.notes, notes);
  push(reactions.expenses, expenses);
  for (let i = 0; i < 2; i++) {
    push(reactions.words, 0);
    push(reactions.seenWords, 0);
  }
  // What another network than a bag does to the fingerprint depends on what is in flight already.
  if (l.flight === null) { for (const message of sends) addWords(l, l.messages.words, message, 1); }
}

/** Adds the word of a value to what the latest reaction adds to the fingerprint, or takes it away. */
function addWords(l: Learning, words: Growable, value: number, factor: 1 | -1): void {
  const { items, length } = l.reactions.words;
  items[length - 2]! += factor * words.items[value * 2]!;
  items[length - 1]! += factor * words.items[value * 2 + 1]!;
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
  const known = get(l.paid, account, expenses);
  if (known >= 0) return known - 1;
  const { used, before } = l.accounts.values[account]!;
  const after: Record<string, number> = { ...used };
  for (const budget of l.expenses.values[expenses]!) after[budget] = (after[budget] ?? 0) + 1;
  const isAllowed = before === null ||
    Object.entries(after).every(([budget, count]) =>
      count - (before[budget] ?? 0) <= (l.definition.budgets[budget] ?? 0)
    );
  const integer = isAllowed ? l.accounts.intern({ used: after, before }) : -1;
  put(l.paid, account, expenses, integer + 1);
  return integer;
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
