/** Compiles a cluster for the checker, and tells people of its states and steps. */
import { type Layer, layer, type Segment } from "../checker/layer.ts";
import {
  type Model,
  row,
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
import { type Cause, type Learning, learning, responseTo, withKey } from "./cluster_learning.ts";
import { bagOf, nameOf, putRecord, takeRecord, widen } from "./cluster_records.ts";
import { roundsOf } from "./cluster_rounds.ts";
import { build, changeOf, deliverable, expand, expandOne } from "./cluster_rows.ts";
import { clusterSymmetry } from "./cluster_symmetry.ts";

/** Compiles a cluster for the checker. */
export function compileCluster(definition: AnyCluster): Model {
  const l = learning(definition);
  const first = firstState(l);
  const { servers } = definition;
  const starts: Start[] = [];
  const model: Model = {
    servers,
    places: l.records.places,
    messages: l.messages as Place<unknown>,
    records: l.records,
    properties: definition.properties as Model["properties"],
    ...whatCounts(definition),
    ...pictureFor(l),
    ...endsOf(l),
    ...symmetryOf(l),
    starts,
    nameByContent: () => {},
    put: (state, to) => put(l, state, to),
    take: (segment, at) => takeRecord(l.records, segment, at),
    sizeOf: (segment, at) => l.records.sizeOf(segment, at),
    expand: (segment, at, out) => expand(l, segment, at, out),
    refit: () => widen(l.records),
    build: (segment, from, out, at, to) => build(l, segment, from, out, at, to),
    bagOf: (segment, at) => bagOf(l.records, segment, at),
    branchOf: (_, at) => at / rowSize,
    watch: (eyes) => void (l.eyes = eyes),
    changeOf: (segment, from, out, at, change) => changeOf(l, segment, from, out, at, change),
    hasWholeServers: true,
    view: viewer(l),
    actions: clusterActions(servers),
    actionOf: (out, at) => clusterActionOf(l, out, at),
    fairness: definition.fairness,
    steps: (state) => stepsOf(l, state),
    stepAt: (state, branch) => stepsOf(l, state)[branch]!,
    otherStep: (state, text) => otherStep(l, state, text),
    priced: (state) => priced(l, state),
    unpriced: (state) => unpriced(l, state),
    spent: ({ vector }) => l.accounts.values[vector[servers.length + 1]!]!.used,
    spentBudget: (state, text) => spentBudget(l, model, state, text),
    describe: ({ vector }) =>
      Object.fromEntries(
        servers.map((name, server) => [name, definition.describe(l.locals[server]!.values[vector[server]!])]),
      ),
  };
  // Nothing has a price before a search begins.
  starts.push({ name: "1", trace: "", state: first });
  const named = Object.entries(definition.starts).map(([name, trace]): Start => {
    const { steps } = inStart(`start ${name}`, () => runTrace(model, trace));
    return { name, trace, state: priced(l, steps.at(-1)?.to ?? first) };
  });
  starts.splice(0, 1, { name: "1", trace: "", state: priced(l, first) }, ...named);
  const { rounds } = definition;
  return rounds === undefined ? model : { ...model, rounds: roundsOf(l, model, rounds) };
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

/** Where a view looks. */
interface Sight {
  vector: ArrayLike<number>;
  at: number;
  onRead: (place: number) => void;
}

/** A view that tells when somebody looks at the servers, or at the history. */
function viewOn(l: Learning, sight: Sight): unknown {
  const { length } = l.definition.servers;
  return {
    get servers() {
      for (let server = 0; server < length; server++) sight.onRead(server);
      return serversAt(l, sight);
    },
    get history() {
      sight.onRead(length);
      return historyAt(l, sight);
    },
  };
}

function serversAt(l: Learning, { vector, at }: Sight): readonly unknown[] {
  return l.locals.map((place, server) => place.observed[vector[at + server]!]);
}

function historyAt(l: Learning, { vector, at }: Sight): unknown {
  return l.histories.observed[vector[at + l.definition.servers.length]!];
}

/**
 * What properties see. Who has looked at all before gets plain values. To make a view that tells is dear, so that two
 * are used in turn for who comes again and again: one for each end of a step.
 */
function viewer(l: Learning): Model["view"] {
  const both = [0, 1].map(() => {
    const sight: Sight = { vector: [], at: 0, onRead: () => {} };
    return { sight, view: viewOn(l, sight) };
  });
  let turn = 0;
  return (vector, at, onRead, known) => {
    const sight = { vector, at, onRead };
    if (known === undefined) return viewOn(l, sight);
    if (known.size > l.definition.servers.length) {
      return { servers: serversAt(l, sight), history: historyAt(l, sight) };
    }
    turn = 1 - turn;
    Object.assign(both[turn]!.sight, sight);
    return both[turn]!.view;
  };
}

function put({ records }: Learning, state: State, to: Layer): void {
  putRecord(records, state.vector, state.bag, ...nameOf(records, state), to);
}

/** Which states and steps the search is to look at. */
function whatCounts(definition: AnyCluster): Pick<Model, "constraint" | "actionConstraint" | "shown"> {
  const { constraint, actionConstraint, view } = definition as
    & Pick<Model, "constraint" | "actionConstraint">
    & {
      readonly view?: Model["shown"] & object;
    };
  return {
    ...(constraint === undefined ? {} : { constraint }),
    ...(actionConstraint === undefined ? {} : { actionConstraint }),
    ...(view === undefined ? {} : { shown: view }),
  };
}

function symmetryOf(l: Learning): Pick<Model, "symmetry"> {
  const { symmetry } = l.definition;
  return symmetry === undefined ? {} : { symmetry: () => clusterSymmetry(l, symmetry) };
}

/** How the cluster draws a state. */
function pictureFor(l: Learning): Pick<Model, "picture"> {
  const picture = l.definition.picture as ((view: unknown) => string) | undefined;
  if (picture === undefined) return {};
  return { picture: ({ vector }) => picture(viewOn(l, { vector, at: 0, onRead: () => {} })) };
}

/** Where only budgets keep something from happening, nothing is wrong. */
function endsOf(l: Learning): Pick<Model, "ends"> {
  const { ends } = l.definition;
  if (ends === undefined) return {};
  return {
    ends: (state) =>
      ends(viewOn(l, { vector: state.vector, at: 0, onRead: () => {} }) as Parameters<typeof ends>[0]) ||
      stepsOf(l, unpriced(l, state)).length > 0,
  };
}

/** The same state, if nothing had a price. */
function unpriced(l: Learning, state: State): State {
  const account = l.definition.servers.length + 1;
  const { used } = l.accounts.values[state.vector[account]!]!;
  return { ...state, vector: state.vector.with(account, l.accounts.intern({ used, before: null })) };
}

/** A state alone in a segment. */
function alone(l: Learning, state: State): Segment {
  const only = layer();
  put(l, state, only);
  return only.segments.at(-1)!;
}

function stepsOf(l: Learning, state: State): readonly Step[] {
  const out = successors();
  if (!expand(l, alone(l, state), 0, out)) {
    widen(l.records);
    return stepsOf(l, state);
  }
  return stepsOfRows(l, alone(l, state), out);
}

function stepsOfRows(l: Learning, from: Segment, out: Successors): readonly Step[] {
  const inFlight = l.flight === null
    ? [...new Set(takeRecord(l.records, from, 0).bag)]
    : deliverable(l, l.flight, from, 0);
  return Array.from({ length: out.count }, (_, branch): Step => {
    const at = branch * rowSize;
    const next = layer();
    build(l, from, 0, out, at, next);
    const to = takeRecord(l.records, next.segments.at(-1)!, 0);
    const cause = l.reactions.causes[out.rows[at + row.first]!]!;
    return { ...tell(l, out.rows[at + row.second]! & 0xff, cause, inFlight), to };
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
  const value = l.locals[server]!.values[local];
  const isListed = l.definition.happenings(value, proposed).some((listed) => listed.notation === notation);
  const happening = isListed ? null : otherHappening(value, notation, proposed);
  if (happening === null) return null;
  const from = alone(l, state);
  const out = successors();
  expandOne(l, from, 0, out, server, responseTo(l, server, local, withKey(l, happening, proposed)));
  return stepsOfRows(l, from, out).find((step) => step.label === text) ?? null;
}

/** Looks whether the step could happen if nothing had a price, and at what it would have cost. */
function spentBudget(l: Learning, model: Model, state: State, text: string): SpentBudget | null {
  const account = l.definition.servers.length + 1;
  const { before } = l.accounts.values[state.vector[account]!]!;
  if (before === null) return null;
  const to = stepNamed(model, unpriced(l, state), text)?.to.vector[account];
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
    input: happening.event,
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
  const input = sign === ">" ? { input: l.definition.received(value) } : {};
  return { label, aliases, servers: [from, to], event: type, ...input };
}
