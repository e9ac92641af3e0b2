/** Compiles a cluster for the checker, and tells people of its states and steps. */
import { push } from "../checker/growable.ts";
import {
  bagStart,
  type Layer,
  layer,
  type Model,
  rowSize,
  type SpentBudget,
  type Start,
  type State,
  type Step,
  type Successors,
  successors,
} from "../checker/model.ts";
import type { Place } from "../checker/place.ts";
import { encode } from "../checker/value.ts";
import { runTrace, stepNamed } from "../trace/run.ts";
import type { AnyCluster } from "./cluster.ts";
import { inStart } from "./definition.ts";
import { clusterActionOf, clusterActions } from "./cluster_actions.ts";
import { answerToHappening, type Cause, type Learning, learning, withKey } from "./cluster_learning.ts";
import { build, deliverable, detail, expand, expandOne } from "./cluster_rows.ts";

/** Compiles a cluster for the checker. */
export function compileCluster(definition: AnyCluster): Model {
  const l = learning(definition);
  const first = firstState(l);
  const { servers } = definition;
  const model: Model = {
    servers,
    places: [...l.locals, l.histories, l.accounts, ...l.flight?.places ?? []] as Place<unknown>[],
    messages: l.messages,
    properties: definition.properties as Model["properties"],
    ...(definition.constraint === undefined
      ? {}
      : { constraint: definition.constraint as (state: unknown) => boolean }),
    starts: [{ name: "1", trace: "", state: priced(l, first) }],
    expand: (layer, index, out) => expand(l, layer, index, out),
    build: (layer, index, rows, at, next) => build(l, layer, index, rows, at, next),
    view: (vector, at, onRead) => view(l, vector, at, onRead),
    actions: clusterActions(servers),
    actionOf: (rows, at) => clusterActionOf(l, rows, at),
    fairness: definition.fairness,
    steps: (state) => stepsOf(l, state),
    otherStep: (state, text) => otherStep(l, state, text),
    spentBudget: (state, text) => spentBudget(l, model, state, text),
    describe: ({ vector }) =>
      Object.fromEntries(
        servers.map((name, server) => [name, definition.describe(l.locals[server]!.values[vector[server]!])]),
      ),
  };
  const named = Object.entries(definition.starts).map(([name, trace]): Start => {
    const free = { ...model, starts: [{ name: "1", trace: "", state: first }] };
    const { steps } = inStart(`start ${name}`, () => runTrace(free, trace));
    return { name, trace, state: priced(l, steps.at(-1)?.to ?? first) };
  });
  return { ...model, starts: [...model.starts, ...named] };
}

/** The state in which every server has just started, and nothing has a price. */
function firstState(l: Learning): State {
  const { servers, initial, history, budgets } = l.definition;
  const used = Object.fromEntries(Object.keys(budgets).map((budget) => [budget, 0]));
  const messages = l.definition.inFlight.map((message) => l.messages.intern(message));
  const { values, bag } = l.flight?.begin(messages) ?? { values: [], bag: messages.sort((a, b) => a - b) };
  return {
    vector: [
      ...servers.map((name, server) => l.locals[server]!.intern(initial(name))),
      l.histories.intern(history),
      l.accounts.intern({ used, before: null }),
      ...values,
    ],
    bag,
  };
}

/** The same state, from which on the budgets count. */
function priced(l: Learning, { vector, bag }: State): State {
  const account = l.definition.servers.length + 1;
  const { used } = l.accounts.values[vector[account]!]!;
  return { vector: vector.with(account, l.accounts.intern({ used, before: used })), bag };
}

function view(l: Learning, vector: ArrayLike<number>, at: number, onRead: (place: number) => void): unknown {
  const { length } = l.definition.servers;
  for (let p = 0; p <= length; p++) onRead(p);
  return {
    servers: Object.freeze(l.locals.map((place, server) => place.observed[vector[at + server]!])),
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
  const inFlight = l.flight === null
    ? [...new Set(from.bags.items.subarray(0, from.bags.length))]
    : deliverable(l.flight, from, 0);
  return Array.from({ length: rows.length / rowSize }, (_, branch): Step => {
    const at = branch * rowSize;
    build(l, from, 0, rows.items, at, next);
    const vector = [...next.vectors.items.subarray(branch * from.width, (branch + 1) * from.width)];
    const end = next.bags.length;
    const to = { vector, bag: [...next.bags.items.subarray(bagStart(next, branch), end)] };
    const cause = l.reactions.causes[rows.items[at + detail.reaction]!]!;
    return { ...tell(l, rows.items[at + detail.server]!, cause, inFlight), to };
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
  const proposed = l.accounts.values[state.vector[servers.length + 1]!]!.used.proposals ?? 0;
  const local = state.vector[server]!;
  const happening = otherHappening(l.locals[server]!.values[local], notation, proposed);
  if (happening === null) return null;
  const from = layerOf(state);
  const out = successors();
  expandOne(l, from, out, server, answerToHappening(l, server, local, withKey(l, happening, proposed)));
  return stepsOfRows(l, from, out).find((step) => step.label === text) ?? null;
}

/** Looks whether the step could happen if nothing had a price, and at what it would have cost. */
function spentBudget(l: Learning, model: Model, state: State, text: string): SpentBudget | null {
  const account = l.definition.servers.length + 1;
  const { used, before } = l.accounts.values[state.vector[account]!]!;
  if (before === null) return null;
  const free = { ...state, vector: state.vector.with(account, l.accounts.intern({ used, before: null })) };
  const to = stepNamed(model, free, text)?.to.vector[account];
  const after = to === undefined ? {} : l.accounts.values[to]!.used;
  const budgets = Object.entries(after).map(([name, count]): SpentBudget => ({
    name,
    allows: l.definition.budgets[name] ?? 0,
    needs: count - (before[name] ?? 0),
  }));
  return budgets.find(({ allows, needs }) => needs > allows) ?? null;
}

function tell(l: Learning, server: number, cause: Cause, inFlight: readonly number[]): Omit<Step, "to"> {
  if (cause.type === "message") return tellMessage(l, cause, inFlight);
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
  inFlight: readonly number[],
): Omit<Step, "to"> {
  const value = l.messages.values[message]!;
  const { from, to, type } = value;
  const all = inFlight.map((integer) => l.messages.values[integer]!);
  const between = all.filter((other) => other.from === from && other.to === to);
  const ofType = between.filter((other) => other.type === type).map((other) => encode(other)).sort();
  const forms = [`:${type}.${ofType.indexOf(encode(value)) + 1}`];
  if (ofType.length === 1) forms.unshift(`:${type}`);
  if (between.length === 1) forms.unshift("");
  const [label = "", ...aliases] = forms.map((form) => `${from}${sign}${to}${form}${notation}`);
  return { label, aliases, servers: [from, to], event: type };
}
