/**
 * What the specs of registers share: clients that write once and then read, and whether what they saw is linearizable.
 *
 * A register holds one value; servers keep it, as each of the specs says. A client writes a value of its own, waits,
 * reads, and waits. What was asked and answered, and in which order, is kept in the history, which is part of the
 * state: then the property looks at the state alone.
 */
import {
  always,
  cluster,
  type ClusterDefinition,
  type ClusterView,
  type Property,
  sometimes,
  SpecError,
  type Specification,
} from "../mod.ts";

/** What every message says. */
export interface Envelope {
  /** Who sends it. */
  readonly from: string;
  /** To whom. */
  readonly to: string;
  /** Tells messages apart. */
  readonly type: string;
}

/** What a client asks. A request is named by the client and a number. */
export type Question =
  | Envelope & { readonly type: "Put"; readonly request: string; readonly value: string }
  | Envelope & { readonly type: "Get"; readonly request: string };

/** What it is answered. A register that nobody has written holds null. */
export type Answer =
  | Envelope & { readonly type: "PutOk"; readonly request: string }
  | Envelope & { readonly type: "GetOk"; readonly request: string; readonly value: string | null };

/** How a server keeps the register. */
export interface ServerRules<State, Internal extends Envelope> {
  /** A server that has just started; the servers' names are in order. */
  readonly initial: (self: string, servers: readonly string[]) => State;
  /** What a server does with a message, and what it sends; null where it leaves the message to the network. */
  readonly receive: (
    state: State,
    message: Question | Internal,
    self: string,
    servers: readonly string[],
  ) => { readonly state: State; readonly sends: readonly (Answer | Internal)[] } | null;
}

/** An operation of a client, for the history. */
export interface Operation {
  /** Which. */
  readonly type: "Put" | "Get";
  /** What is written; or what was read, if it has returned. */
  readonly value: string | null;
  /** Whether the client knows of its end. */
  readonly returned: boolean;
  /** How many operations of each other client had returned when it began: they come before it. */
  readonly after: Readonly<Record<string, number>>;
}

/** The operations of each client, in order. */
export type History = Readonly<Record<string, readonly Operation[]>>;

/** A server or a client. */
type Local<State> =
  | { readonly type: "server"; readonly id: string; readonly state: State }
  | { readonly type: "client"; readonly id: string; readonly asked: number; readonly awaits: string | null };

/** A question asked, or an answer received. */
type Note = Question | Answer;

type View = ClusterView<null, History>;

/** The spec of a register that is kept like this. */
export function register<State, Internal extends Envelope>(
  name: string,
  defaults: { readonly servers: number; readonly clients: number },
  rules: ServerRules<State, Internal>,
): Specification {
  return cluster(name, defaults, (parameters) => {
    const servers = namesOf(name, "servers", "abcdefghi", parameters.servers);
    const clients = namesOf(name, "clients", "xyzuvw", parameters.clients);
    return definitionOf(servers, clients, rules);
  });
}

function namesOf(spec: string, key: string, names: string, count: number): readonly string[] {
  if (count >= 1 && count <= names.length) return names.slice(0, count).split("");
  throw new SpecError(`${key} of ${spec} is ${count}, expected 1 to ${names.length}`);
}

function definitionOf<State, Internal extends Envelope>(
  servers: readonly string[],
  clients: readonly string[],
  rules: ServerRules<State, Internal>,
): ClusterDefinition<Local<State>, Note | Internal, Note | Internal, Note, History, null> {
  const first = clients.map((client) => question(client, 1, servers, clients));
  return {
    servers: [...servers, ...clients],
    initial: (id) =>
      servers.includes(id)
        ? { type: "server", id, state: rules.initial(id, servers) }
        : { type: "client", id, asked: 1, awaits: requestOf(id, 1) },
    inFlight: first,
    outcomes(local, message) {
      if (local.type === "client") return hear(local, message as Answer, servers, clients);
      const reaction = rules.receive(local.state, message as Question | Internal, local.id, servers);
      if (reaction === null) return [];
      return [{ local: { ...local, state: reaction.state }, sends: reaction.sends }];
    },
    history: first.reduce(remember, Object.fromEntries(clients.map((client) => [client, []]))),
    remember,
    observe: () => null,
    describe: (local) =>
      local.type === "server"
        ? { state: JSON.stringify(local.state) }
        : { asked: String(local.asked), awaits: local.awaits ?? "-" },
    properties,
  };
}

/** A client that has its answer asks its second question. */
function hear<State>(
  local: Extract<Local<State>, { type: "client" }>,
  answer: Answer,
  servers: readonly string[],
  clients: readonly string[],
) {
  if (answer.request !== local.awaits) return [];
  if (answer.type === "GetOk") {
    return [{ local: { ...local, awaits: null }, notes: [answer] }];
  }
  const next = question(local.id, 2, servers, clients);
  const after = { ...local, asked: 2, awaits: next.request };
  return [{ local: after, sends: [next], notes: [answer, next] }];
}

/** The first question of a client is to write, the second to read, each to the next server. */
function question(
  client: string,
  number: number,
  servers: readonly string[],
  clients: readonly string[],
): Question {
  const to = servers[(clients.indexOf(client) + number - 1) % servers.length]!;
  const request = requestOf(client, number);
  return number === 1
    ? { type: "Put", from: client, to, request, value: client.toUpperCase() }
    : { type: "Get", from: client, to, request };
}

function requestOf(client: string, number: number): string {
  return `${client}${number}`;
}

function remember(history: History, note: Note): History {
  const isQuestion = note.type === "Put" || note.type === "Get";
  const client = isQuestion ? note.from : note.to;
  const operations = history[client]!;
  if (isQuestion) {
    const others = Object.entries(history).filter(([other]) => other !== client);
    const after = others.map(([other, all]) => [other, all.filter(({ returned }) => returned).length]);
    const value = note.type === "Put" ? note.value : null;
    const operation = { type: note.type, value, returned: false, after: Object.fromEntries(after) };
    return { ...history, [client]: [...operations, operation] };
  }
  const last = operations.at(-1)!;
  const value = note.type === "GetOk" ? note.value : last.value;
  return { ...history, [client]: [...operations.slice(0, -1), { ...last, value, returned: true }] };
}

const properties: readonly Property<View>[] = [
  always(
    "Linearizable",
    "every operation seems to happen at once, at some time between question and answer (Herlihy and Wing)",
    ({ history }) => isLinearizable(history) || `no order explains what was read: ${told(history)}`,
  ),
  sometimes(
    "a value is read",
    "a client can read what was written",
    ({ history }) =>
      Object.values(history).flat().some(({ type, returned, value }) =>
        type === "Get" && returned && value !== null
      ),
  ),
];

function told(history: History): string {
  const all = Object.entries(history).flatMap(([client, operations]) =>
    operations.map(({ type, value, returned }) => {
      const what = type === "Put" ? `writes ${value}` : `reads ${returned ? value ?? "nothing" : "..."}`;
      return `${client} ${what}`;
    })
  );
  return all.join(", ");
}

/**
 * Whether there is an order of the operations in which each reads what was written last, each client's own keep theirs,
 * and an operation that returned before another one began comes before it. One that hasn't returned may be part
 * of it, or not have happened yet.
 */
export function isLinearizable(
  history: History,
  done: Readonly<Record<string, number>> = {},
  value: string | null = null,
): boolean {
  const all = Object.entries(history);
  const isOver = all.every(([client, operations]) =>
    operations.slice(done[client] ?? 0).every(({ returned }) => !returned)
  );
  if (isOver) return true;
  return all.some(([client, operations]) => {
    const position = done[client] ?? 0;
    const next = operations[position];
    if (next === undefined) return false;
    const isEarly = Object.entries(next.after).some(([other, count]) => (done[other] ?? 0) < count);
    const isWrong = next.type === "Get" && next.returned && next.value !== value;
    if (isEarly || isWrong) return false;
    const after = next.type === "Put" ? next.value : value;
    return isLinearizable(history, { ...done, [client]: position + 1 }, after);
  });
}
