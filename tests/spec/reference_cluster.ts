/** What a check of a cluster must find: its meaning as a plain state machine over plain objects. */
import type { ClusterDefinition, Envelope, Happening, Outcome } from "../../spec/mod.ts";
import { copyOf, type Machine, textOf } from "./reference.ts";

/** A cluster whose types don't matter. */
export type AnyCluster = ClusterDefinition<unknown, Envelope, unknown, unknown, unknown, unknown>;

/** A global state, told apart by what it says. */
export interface Global {
  readonly locals: readonly unknown[];
  readonly history: unknown;
  readonly used: Readonly<Record<string, number>>;
  /** The messages in flight, in the order in which they were sent. */
  readonly flight: readonly Envelope[];
  /** What a duplicating network delivered last. */
  readonly last: Envelope | null;
}

type Next = readonly (readonly [label: string, to: Global])[];

/** A cluster as a state machine. */
export function clusterMachine(definition: AnyCluster): Machine<Global> {
  const { servers, initial, inFlight = [], history = null, budgets = {}, network = "unordered" } = definition;
  const { identity = (local) => local, observe = (local) => local } = definition;
  const used = Object.fromEntries(Object.keys(budgets).map((budget) => [budget, 0]));
  return {
    initial: [{
      locals: servers.map(initial),
      history,
      used,
      flight: network === "duplicating" ? distinct(inFlight) : inFlight,
      last: null,
    }],
    properties: definition.properties as Machine<Global>["properties"],
    allowed: (before, after) => definition.actionConstraint?.(before as never, after as never) ?? true,
    constraint: (seen) => definition.constraint?.(seen as never) ?? true,
    see: ({ locals, history }) => ({ servers: locals.map(observe), history }),
    text: ({ locals, flight, ...rest }) => {
      const inOrder = network === "ordered" ? channels(flight) : flight.map(textOf).sort();
      return textOf({ ...rest, locals: locals.map(identity), inOrder });
    },
    next: (state) => [
      ...servers.flatMap((_, server) => happen(definition, state, server)),
      ...deliverable(definition, state).flatMap((message) => arrive(definition, state, message)),
    ],
  };
}

function happen(definition: AnyCluster, state: Global, server: number): Next {
  const { happenings = () => [], servers, identity = (local) => local } = definition;
  const local = copyOf(state.locals[server]);
  return happenings(local, state.used.proposals ?? 0).flatMap((happening: Happening<unknown>) =>
    definition.outcomes(local, happening.event).flatMap((outcome) => {
      const isIdle = textOf(identity(outcome.local)) === textOf(identity(local)) &&
        (outcome.sends ?? []).length === 0 && (outcome.notes ?? []).length === 0;
      // What changes nothing but a budget leads to less of the same.
      if (isIdle && (happening.spends ?? outcome.spends) !== undefined) return [];
      const label = servers[server]! + happening.notation + (outcome.notation ?? "");
      return follow(definition, state, label, server, outcome, [happening.spends, outcome.spends]);
    })
  );
}

function arrive(definition: AnyCluster, state: Global, message: Envelope): Next {
  const { servers, network = "unordered", received = (message) => message, budgets = {} } = definition;
  const server = servers.indexOf(message.to);
  const others = without(state.flight, message);
  const after: Global = network === "duplicating"
    ? { ...state, last: message }
    : { ...state, flight: others };
  const name = nameOf(definition, state, message);
  const arrivals = definition.outcomes(copyOf(state.locals[server]), received(message)).flatMap((outcome) =>
    follow(definition, after, name(">") + (outcome.notation ?? ""), server, outcome, [outcome.spends])
  );
  const fault = (sign: "~" | "+", budget: string, flight: readonly Envelope[]): Next =>
    (budgets[budget] ?? 0) === 0
      ? []
      : pay(definition, [budget], { ...state, flight }).map((to) => [name(sign), to]);
  return [
    ...arrivals,
    ...fault("~", "drops", others),
    ...fault("+", "duplicates", [...state.flight, message]),
  ];
}

function follow(
  definition: AnyCluster,
  state: Global,
  label: string,
  server: number,
  { local, sends = [], notes = [] }: Outcome<unknown, Envelope, unknown>,
  expenses: readonly (string | undefined)[],
): Next {
  const { network, remember = (history) => history } = definition;
  const flight = [...state.flight, ...sends];
  const after: Global = {
    ...state,
    locals: state.locals.with(server, local),
    flight: network === "duplicating" ? distinct(flight) : flight,
    history: notes.reduce((history, note) => remember(copyOf(history), note), state.history),
  };
  return pay(definition, expenses.filter((budget) => budget !== undefined), after).map((to) => [label, to]);
}

/** The state after these expenses; nothing where a budget doesn't allow them. */
function pay({ budgets = {} }: AnyCluster, expenses: readonly string[], state: Global): readonly Global[] {
  const used: Record<string, number> = { ...state.used };
  for (const budget of expenses) used[budget] = (used[budget] ?? 0) + 1;
  return expenses.every((budget) => used[budget]! <= (budgets[budget] ?? 0)) ? [{ ...state, used }] : [];
}

/** The messages that can arrive, each once: of an ordered network the first from each server to each. */
function deliverable({ network }: AnyCluster, { flight }: Global): readonly Envelope[] {
  return network === "ordered" ? Object.values(channels(flight)).map(([first]) => first!) : distinct(flight);
}

/** The longest form of the notation of what happens to a message. */
function nameOf(definition: AnyCluster, state: Global, { from, to, type, ...rest }: Envelope) {
  const alike = deliverable(definition, state).filter((other) =>
    other.from === from && other.to === to && other.type === type
  );
  const position = alike.map(textOf).sort().indexOf(textOf({ from, to, type, ...rest })) + 1;
  return (sign: string) => `${from}${sign}${to}:${type}.${position}`;
}

function channels(flight: readonly Envelope[]): Readonly<Record<string, readonly Envelope[]>> {
  const result: Record<string, Envelope[]> = {};
  for (const message of flight) (result[`${message.from}>${message.to}`] ??= []).push(message);
  return result;
}

function distinct(messages: readonly Envelope[]): readonly Envelope[] {
  return [...new Map(messages.map((message) => [textOf(message), message])).values()];
}

function without(flight: readonly Envelope[], message: Envelope): readonly Envelope[] {
  return flight.toSpliced(flight.findIndex((other) => textOf(other) === textOf(message)), 1);
}
