/** Compiles a cluster: learns what each event does to each server once, and counts with integers from then on. */
import { type Growable, push, reserve } from "../checker/growable.ts";
import type { Model, Start, State, Step, Successors } from "../checker/model.ts";
import { type Lists, lists, type Place, place } from "../checker/place.ts";
import { runTrace } from "../trace/run.ts";
import { encode } from "../checker/value.ts";
import type { AnyCluster, Happening, Outcome } from "./cluster.ts";
import { type Change, type Flight, flight } from "./cluster_network.ts";
import { SpecError } from "./specification.ts";

/** What was spent of each budget in all, and before the search began; null while nothing has a price. */
interface Account {
  readonly used: Readonly<Record<string, number>>;
  readonly before: Readonly<Record<string, number>> | null;
}

/** What an event does to a server, as integers: learned once for each distinct server and event. */
interface Reaction {
  readonly notation: string;
  readonly local: number;
  /** The messages that it sent, sorted: how they enter a bag. */
  readonly added: number;
  /** The same in the order in which they were sent. */
  readonly sends: readonly number[];
  readonly notes: number;
  readonly spends: number;
}

/** A happening with the integer of its event. */
interface Learned extends Happening<unknown> {
  readonly key: number;
}

/** Everything learned so far. */
interface Compiled {
  readonly definition: AnyCluster;
  readonly locals: readonly Place<unknown>[];
  readonly histories: Place<unknown>;
  readonly accounts: Place<Account>;
  readonly messages: Place<unknown>;
  readonly bags: Lists;
  readonly notes: Place<readonly unknown[]>;
  readonly expenses: Place<readonly string[]>;
  readonly faults: { readonly drops: number; readonly duplicates: number };
  readonly events: Place<unknown>;
  readonly reactions: readonly Map<number, readonly Reaction[]>[];
  readonly happenings: readonly Map<number, readonly Learned[]>[];
  readonly remembered: Map<number, number>;
  readonly paid: Map<number, number>;
  readonly receivers: number[];
  /** Null for the usual network, a bag. */
  readonly flight: Flight | null;
}

/** A step on its way to whoever enumerates: the parts of the state that it changes, and how to tell of it. */
interface Move {
  readonly server: number;
  local: number;
  history: number;
  account: number;
  removed: number;
  added: number;
  writes: readonly number[];
  tell: () => Omit<Step, "to">;
}

const nothing: readonly number[] = [];

/** Compiles a cluster for the checker. */
export function compileCluster(definition: AnyCluster): Model {
  const c = nothingLearned(definition);
  const servers = definition.servers.length;
  const first = firstState(c);
  const model: Model = {
    servers: definition.servers,
    places: [...c.locals, c.histories, c.accounts, ...c.flight?.places ?? []] as Place<unknown>[],
    messages: c.messages,
    lists: c.bags,
    properties: definition.properties as Model["properties"],
    starts: [{ name: "1", trace: "", state: priced(c, first) }],
    expand: (vector, bag, out) => forEachMove(c, vector, bag, (move) => emit(servers, out, vector, move)),
    view: (observed) => ({
      servers: observed.slice(0, definition.servers.length),
      history: observed[definition.servers.length],
    }),
    steps: (state) => stepsOf(c, state),
    otherStep: (state, text) => otherStep(c, state, text),
    describe: (state) => describe(c, state),
  };
  const named = Object.entries(definition.starts).map(([name, trace]): Start => {
    const { steps } = runTrace({ ...model, starts: [{ name: "1", trace: "", state: first }] }, trace);
    return { name, trace, state: priced(c, steps.at(-1)?.to ?? first) };
  });
  return { ...model, starts: [...model.starts, ...named] };
}

function nothingLearned(definition: AnyCluster): Compiled {
  const { servers, identity, observe } = definition;
  const expenses = emptyFirst(place<readonly string[]>({ name: "expenses", observe: null }));
  const messages = place({ name: "messages", observe: null });
  const bags = lists();
  const network = definition.network ?? "unordered";
  if (network !== "unordered" && (definition.budgets.drops || definition.budgets.duplicates)) {
    throw new SpecError(
      `budgets for drops or duplicates: they are for an unordered network, not for ${network}`,
    );
  }
  const channelOf = (message: number) => {
    const { from, to } = definition.envelope(messages.values[message]);
    return servers.indexOf(from) * servers.length + servers.indexOf(to);
  };
  return {
    definition,
    locals: servers.map((name) => place({ name, identity, observe })),
    histories: place({ name: "history" }),
    accounts: place<Account>({ name: "budgets", observe: null }),
    messages,
    bags,
    notes: emptyFirst(place<readonly unknown[]>({ name: "notes", observe: null })),
    expenses,
    faults: { drops: expenses.intern(["drops"]), duplicates: expenses.intern(["duplicates"]) },
    events: place({ name: "events", observe: null }),
    reactions: servers.map(() => new Map()),
    happenings: servers.map(() => new Map()),
    remembered: new Map(),
    paid: new Map(),
    receivers: [],
    flight: flight(network, { servers, first: servers.length + 2, messages, bags, channelOf }),
  };
}

/** Makes 0 the integer of the empty list. */
function emptyFirst<T>(lists: Place<readonly T[]>): Place<readonly T[]> {
  lists.intern([]);
  return lists;
}

/** The state in which every server has just started, and nothing has a price. */
function firstState(c: Compiled): State {
  const { servers, initial, history, budgets } = c.definition;
  const used = Object.fromEntries(Object.keys(budgets).map((budget) => [budget, 0]));
  const messages = (c.definition.inFlight ?? []).map((message) => c.messages.intern(message));
  const { values, bag } = c.flight?.begin(messages) ?? { values: [], bag: messages.sort((a, b) => a - b) };
  return {
    vector: [
      ...servers.map((name, server) => c.locals[server]!.intern(initial(name))),
      c.histories.intern(history),
      c.accounts.intern({ used, before: null }),
      ...values,
    ],
    bag,
  };
}

/** The same state, from which on the budgets count. */
function priced(c: Compiled, { vector, bag }: State): State {
  const account = c.definition.servers.length + 1;
  const { used } = c.accounts.values[vector[account]!]!;
  return { vector: vector.with(account, c.accounts.intern({ used, before: used })), bag };
}

/** Visits every step out of a state, in an order that depends on the state alone. */
function forEachMove(
  c: Compiled,
  vector: ArrayLike<number>,
  bag: Growable,
  visit: (move: Move) => void,
): void {
  const { servers } = c.definition;
  const account = vector[servers.length + 1]!;
  for (let server = 0; server < servers.length; server++) {
    for (const happening of happeningsAt(c, server, vector[server]!, account)) {
      visitHappening(c, vector, bag, server, happening, visit);
    }
  }
  if (c.flight !== null) {
    for (const message of c.flight.deliverable(vector, bag)) {
      visitArrivals(c, vector, bag, message, -1, visit);
    }
    return;
  }
  for (let position = 0; position < bag.length; position++) {
    if (position > 0 && bag.items[position - 1] === bag.items[position]) continue;
    visitArrivals(c, vector, bag, bag.items[position]!, position, visit);
    visitFault(c, vector, bag, position, "drops", visit);
    visitFault(c, vector, bag, position, "duplicates", visit);
  }
}

function visitHappening(
  c: Compiled,
  vector: ArrayLike<number>,
  bag: Growable,
  server: number,
  happening: Learned,
  visit: (move: Move) => void,
): void {
  const local = vector[server]!;
  for (
    const reaction of reactionsTo(c, server, local, happening.key, () => happening.event, happening.spends)
  ) {
    // What changes nothing but a budget leads to less of the same.
    if (reaction.local === local && reaction.added === 0 && reaction.notes === 0) continue;
    const { added, sends } = reaction;
    const change = c.flight?.change(vector, bag, -1, sends) ?? { removed: -1, added, writes: nothing };
    const tell = () => tellHappening(c, server, happening, reaction);
    visitReaction(c, vector, server, reaction, change, tell, visit);
  }
}

function visitArrivals(
  c: Compiled,
  vector: ArrayLike<number>,
  bag: Growable,
  message: number,
  position: number,
  visit: (move: Move) => void,
): void {
  const server = receiverOf(c, message);
  const event = () => c.definition.received(c.messages.values[message]!);
  for (const reaction of reactionsTo(c, server, vector[server]!, message * 2, event)) {
    const { added, sends } = reaction;
    const change = c.flight?.change(vector, bag, message, sends) ??
      { removed: position, added, writes: nothing };
    const tell = () => tellMessage(c, deliverableOf(c, vector, bag), message, ">", reaction.notation);
    visitReaction(c, vector, server, reaction, change, tell, visit);
  }
}

function visitReaction(
  c: Compiled,
  vector: ArrayLike<number>,
  server: number,
  reaction: Reaction,
  { removed, added, writes }: Change,
  tell: Move["tell"],
  visit: (move: Move) => void,
): void {
  const { length } = c.definition.servers;
  const account = pay(c, vector[length + 1]!, reaction.spends);
  if (account < 0) return;
  const history = remember(c, vector[length]!, reaction.notes);
  visit({ server, local: reaction.local, history, account, removed, added, writes, tell });
}

function visitFault(
  c: Compiled,
  vector: ArrayLike<number>,
  bag: Growable,
  position: number,
  budget: "drops" | "duplicates",
  visit: (move: Move) => void,
): void {
  const { length } = c.definition.servers;
  const account = pay(c, vector[length + 1]!, c.faults[budget]);
  if (account < 0) return;
  const message = bag.items[position]!;
  const server = receiverOf(c, message);
  const isDrop = budget === "drops";
  visit({
    server,
    local: vector[server]!,
    history: vector[length]!,
    account,
    removed: isDrop ? position : -1,
    added: isDrop ? 0 : c.bags.intern([message]),
    writes: nothing,
    tell: () => tellMessage(c, deliverableOf(c, vector, bag), message, isDrop ? "~" : "+", ""),
  });
}

function happeningsAt(c: Compiled, server: number, local: number, account: number): readonly Learned[] {
  const proposed = c.accounts.values[account]!.used.proposals ?? 0;
  const memo = c.happenings[server]!;
  const at = local * 0x1000 + proposed;
  let known = memo.get(at);
  if (known === undefined) {
    known = c.definition.happenings(c.locals[server]!.values[local], proposed).map((happening) =>
      learn(c, happening)
    );
    memo.set(at, known);
  }
  return known;
}

/** Events that happen by themselves have odd integers, arrivals of messages even ones. */
function learn(c: Compiled, happening: Happening<unknown>): Learned {
  return { ...happening, key: c.events.intern([happening.notation, happening.event]) * 2 + 1 };
}

function reactionsTo(
  c: Compiled,
  server: number,
  local: number,
  key: number,
  event: () => unknown,
  spends?: string,
): readonly Reaction[] {
  const memo = c.reactions[server]!;
  const at = local * 0x200000 + key;
  let known = memo.get(at);
  if (known === undefined) {
    const outcomes = c.definition.outcomes(c.locals[server]!.values[local], event());
    known = outcomes.map((outcome) => react(c, server, outcome, spends));
    memo.set(at, known);
  }
  return known;
}

function react(
  c: Compiled,
  server: number,
  outcome: Outcome<unknown, unknown, unknown>,
  spends?: string,
): Reaction {
  const sends = outcome.sends.map((message) => c.messages.intern(message));
  return {
    notation: outcome.notation,
    local: c.locals[server]!.intern(outcome.local),
    added: c.bags.intern(sends.toSorted((a, b) => a - b)),
    sends,
    notes: c.notes.intern(outcome.notes),
    spends: c.expenses.intern([spends, outcome.spends].filter((budget) => budget !== undefined)),
  };
}

function remember(c: Compiled, history: number, notes: number): number {
  if (notes === 0) return history;
  const at = history * 0x100000 + notes;
  let known = c.remembered.get(at);
  if (known === undefined) {
    known = c.histories.intern(
      c.notes.values[notes]!.reduce(c.definition.remember, c.histories.values[history]),
    );
    c.remembered.set(at, known);
  }
  return known;
}

/** The account after these expenses; -1 if a budget doesn't allow them. */
function pay(c: Compiled, account: number, expenses: number): number {
  if (expenses === 0) return account;
  const at = account * 0x1000 + expenses;
  let known = c.paid.get(at);
  if (known === undefined) {
    const { used, before } = c.accounts.values[account]!;
    const after: Record<string, number> = { ...used };
    for (const budget of c.expenses.values[expenses]!) after[budget] = (after[budget] ?? 0) + 1;
    const isAllowed = before === null ||
      Object.entries(after).every(([budget, count]) =>
        count - (before[budget] ?? 0) <= (c.definition.budgets[budget] ?? 0)
      );
    known = isAllowed ? c.accounts.intern({ used: after, before }) : -1;
    c.paid.set(at, known);
  }
  return known;
}

function receiverOf(c: Compiled, message: number): number {
  const known = c.receivers[message];
  if (known !== undefined) return known;
  const { to } = c.definition.envelope(c.messages.values[message]);
  const server = c.definition.servers.indexOf(to);
  if (server < 0) {
    throw new SpecError(`a message to ${to}, which is none of ${c.definition.servers.join(", ")}`);
  }
  return c.receivers[message] = server;
}

function emit(servers: number, out: Successors, vector: Int32Array, move: Move): void {
  const { vectors, removed, added } = out;
  reserve(vectors, vector.length);
  vectors.items.set(vector, vectors.length);
  const at = vectors.length;
  vectors.items[at + move.server] = move.local;
  vectors.items[at + servers] = move.history;
  vectors.items[at + servers + 1] = move.account;
  const { writes } = move;
  for (let i = 0; i < writes.length; i += 2) vectors.items[at + writes[i]!] = writes[i + 1]!;
  vectors.length += vector.length;
  push(removed, move.removed);
  push(added, move.added);
  out.count++;
}

function stepsOf(c: Compiled, state: State): readonly Step[] {
  const steps: Step[] = [];
  forEachMove(c, state.vector, growableOf(state.bag), (move) => steps.push(stepOf(c, state, move)));
  return steps;
}

/** A step that isn't enumerated, such as the proposal of a command that the search doesn't use. */
function otherStep(c: Compiled, state: State, text: string): Step | null {
  const { servers, otherHappening } = c.definition;
  const server = servers.findIndex((name) =>
    text.startsWith(name) && !/^[A-Za-z0-9]/.test(text.slice(name.length))
  );
  if (server < 0 || otherHappening === undefined) return null;
  const notation = text.slice(servers[server]!.length).replace(/_$/, "");
  const proposed = c.accounts.values[state.vector[servers.length + 1]!]!.used.proposals ?? 0;
  const happening = otherHappening(c.locals[server]!.values[state.vector[server]!], notation, proposed);
  if (happening === null) return null;
  const steps: Step[] = [];
  const take = (move: Move) => void steps.push(stepOf(c, state, move));
  visitHappening(c, state.vector, growableOf(state.bag), server, learn(c, happening), take);
  return steps.find((step) => step.label === text) ?? null;
}

function stepOf(c: Compiled, { vector, bag }: State, move: Move): Step {
  const { length } = c.definition.servers;
  const next = vector.with(move.server, move.local).with(length, move.history).with(length + 1, move.account);
  for (let i = 0; i < move.writes.length; i += 2) next[move.writes[i]!] = move.writes[i + 1]!;
  const kept = bag.filter((_, position) => position !== move.removed);
  const to = { vector: next, bag: [...kept, ...c.bags.lists[move.added]!].sort((a, b) => a - b) };
  return { ...move.tell(), to };
}

function tellHappening(
  c: Compiled,
  server: number,
  happening: Learned,
  { notation }: Reaction,
): Omit<Step, "to"> {
  const name = c.definition.servers[server]!;
  return {
    label: name + happening.notation + notation,
    aliases: (happening.aliases ?? []).map((alias) => name + alias + notation),
    servers: [name],
    event: happening.title,
  };
}

/** The distinct messages that can arrive. */
function deliverableOf(c: Compiled, vector: ArrayLike<number>, bag: Growable): readonly number[] {
  return c.flight?.deliverable(vector, bag) ?? [...new Set(bag.items.subarray(0, bag.length))];
}

/** The shortest selector that tells this message from the others between the same two servers. */
function tellMessage(
  c: Compiled,
  deliverable: readonly number[],
  message: number,
  sign: string,
  notation: string,
): Omit<Step, "to"> {
  const { envelope } = c.definition;
  const value = c.messages.values[message];
  const { from, to, type } = envelope(value);
  const all = deliverable.map((integer) => c.messages.values[integer]);
  const between = all.filter((other) => envelope(other).from === from && envelope(other).to === to);
  const ofType = between.filter((other) => envelope(other).type === type).map((other) => encode(other))
    .sort();
  const forms = [`:${type}.${ofType.indexOf(encode(value)) + 1}`];
  if (ofType.length === 1) forms.unshift(`:${type}`);
  if (between.length === 1) forms.unshift("");
  const [label = "", ...aliases] = forms.map((form) => `${from}${sign}${to}${form}${notation}`);
  return { label, aliases, servers: [from, to], event: type };
}

function describe(c: Compiled, { vector }: State): Record<string, Readonly<Record<string, string>>> {
  return Object.fromEntries(
    c.definition.servers.map((name, server) => [
      name,
      c.definition.describe(c.locals[server]!.values[vector[server]!]),
    ]),
  );
}

function growableOf(items: readonly number[]): Growable {
  return { items: Int32Array.from(items), length: items.length };
}
