/** The functions of a cluster, made to refuse what they must not return, and to say where. */
import { encode, ValueError } from "../checker/value.ts";
import { isNotation } from "../trace/run.ts";
import type { AnyCluster, Envelope, Happening, Outcome } from "./cluster.ts";
import { actionConstraintOf, constraintOf, endsOf, guarded, said, shownBy } from "./definition.ts";
import { anArray, anything, aString, type Field, isRecord, optional, problemWith, told } from "./fields.ts";
import { plain, show } from "./plain.ts";
import { SpecError } from "./specification.ts";

type AnyOutcome = Outcome<unknown, Envelope, unknown>;
type AnyHappening = Happening<unknown>;

const anOutcome = {
  notation: optional(aString),
  spends: optional(aString),
  local: anything,
  sends: optional(anArray),
  notes: optional(anArray),
} satisfies Readonly<Record<keyof AnyOutcome, Field>>;

const aHappening = {
  notation: aString,
  aliases: optional({
    expected: "an array of strings",
    isRight: (value) => Array.isArray(value) && value.every((alias) => typeof alias === "string"),
  }),
  title: aString,
  event: anything,
  spends: optional(aString),
} satisfies Readonly<Record<keyof AnyHappening, Field>>;

/** A cluster with its name in a sentence. */
interface Named extends AnyCluster {
  readonly where: string;
  /** Whether servers are plain data themselves, rather than by their identity. */
  readonly isPlain: boolean;
}

/**
 * A definition that refuses what no cluster may be or do, with the name of the cluster and of what is wrong.
 *
 * @param given What its author left in it.
 * @throws {SpecError} if a server, a property or a message in flight is wrong.
 */
export function checked(name: string, definition: AnyCluster, given: Partial<AnyCluster>): AnyCluster {
  const where = `cluster ${name}`;
  const { servers, received, remember, describe, otherHappening, history } = definition;
  checkServers(where, servers);
  const views: AnyCluster = { ...definition, ...viewsOf(where, definition, given) };
  const named: Named = { ...views, where, isPlain: given.identity === undefined };
  return {
    ...views,
    initial: initialOf(named),
    inFlight: definition.inFlight.map((message, index) =>
      guarded(where, () => messageOf(named, message, `inFlight[${index}]`))
    ),
    happenings: happeningsOf(named),
    ...(otherHappening === undefined ? {} : {
      otherHappening: (local, notation, proposed) =>
        guarded(`${where}, otherHappening ${notation}`, () => otherHappening(local, notation, proposed)),
    }),
    received(message) {
      try {
        return received(message);
      } catch (error) {
        throw said(`${where}, received ${show(message)}`, error);
      }
    },
    outcomes: outcomesOf(named),
    history: guarded(where, () => plain(history, "history")),
    remember: (before, note) =>
      guarded(`${where}, remember`, () => plain(remember(before, note), "the history")),
    describe: (local) => guarded(`${where}, describe`, () => describe(local)),
    ...constraintOf(where, definition.constraint),
    ...actionConstraintOf(where, definition.actionConstraint),
    ...(definition.view === undefined ? {} : { view: shownBy(where, definition.view) }),
    ...(definition.ends === undefined ? {} : { ends: endsOf(where, definition.ends) }),
  };
}

function checkServers(where: string, servers: readonly unknown[]): void {
  if (servers.length === 0) throw new SpecError(`${where}: servers is empty, so nothing ever happens`);
  for (const [index, server] of servers.entries()) {
    if (typeof server !== "string" || !/^[A-Za-z][A-Za-z0-9]*$/.test(server)) {
      throw new SpecError(
        `${where}: servers[${index}] is ${told(server)}, expected letters and digits, the first one a letter`,
      );
    }
    if (servers.indexOf(server) !== index) throw new SpecError(`${where}: there are two servers ${server}`);
  }
}

/**
 * What makes a server what it is, and what properties see of it. All of it is written as text in any case, which finds
 * most of what is wrong; the rest is looked for in a sample.
 */
function viewsOf(
  where: string,
  { identity, observe }: AnyCluster,
  given: Partial<AnyCluster>,
): Partial<AnyCluster> {
  const view = (what: string, path: string, run: (local: unknown) => unknown) => {
    const isInSample = sample();
    const place = `${where}, ${what}`;
    return (local: unknown) => guarded(place, () => isInSample() ? plain(run(local), path) : run(local));
  };
  return {
    ...(given.identity === undefined ? {} : { identity: view("identity", "the identity", identity) }),
    ...(given.observe === undefined ? {} : { observe: view("observe", "what is observed", observe) }),
  };
}

function initialOf({ where, isPlain, initial, identity }: Named): AnyCluster["initial"] {
  return (server) => {
    const place = `${where}, initial of ${server}`;
    return guarded(place, () => {
      const local = localOf(isPlain, initial(server), "the server");
      if (encode(identity(initial(server))) !== encode(identity(local))) throw notDeterministic(place);
      return local;
    });
  };
}

function localOf(isPlain: boolean, local: unknown, path: string): unknown {
  return isPlain ? plain(local, path) : local;
}

function outcomesOf(named: Named): AnyCluster["outcomes"] {
  const { where, isPlain, identity, outcomes } = named;
  const tryOut = sampler<readonly AnyOutcome[]>();
  const text = (all: readonly AnyOutcome[]) =>
    encode(
      all.map((
        { local, sends = [], notes = [], notation = "", spends = "" },
      ) => [identity(local), sends, notes, notation, spends]),
    );
  return (local, event) =>
    tryOut({
      quickly: () => outcomes(local, event),
      where: () => `${where}, outcomes of ${show(event)} in ${show(identity(local))}`,
      given: () => encode(identity(local)),
      run() {
        const all = listOf("outcomes", outcomes(local, event)).map((outcome, index): AnyOutcome => {
          const path = `outcomes[${index}]`;
          const { sends = [], notes = [], ...rest } = partOf<AnyOutcome>(path, outcome, anOutcome);
          checkBudget(named, path, rest.spends);
          if (!/^_?(#[1-9][0-9]*)?$/.test(rest.notation ?? "")) {
            throw new ValueError(`${path}.notation is ${told(rest.notation)}, expected _ or #1, #2, ...`);
          }
          return {
            ...rest,
            local: localOf(isPlain, rest.local, `${path}.local`),
            sends: sends.map((message, at) => messageOf(named, message, `${path}.sends[${at}]`)),
            notes: notes.map((note, at) => plain(note, `${path}.notes[${at}]`)),
          };
        });
        checkApart("outcomes", all);
        return all;
      },
      text,
    });
}

function happeningsOf(named: Named): AnyCluster["happenings"] {
  const { where, identity, happenings } = named;
  const tryOut = sampler<readonly AnyHappening[]>();
  return (local, proposed) =>
    tryOut({
      quickly: () => happenings(local, proposed),
      where: () => `${where}, happenings in ${show(identity(local))}`,
      given: () => encode(identity(local)),
      run() {
        const all = listOf("happenings", happenings(local, proposed)).map((happening, index) => {
          const path = `happenings[${index}]`;
          const found = partOf<AnyHappening>(path, happening, aHappening);
          checkBudget(named, path, found.spends);
          const odd = [found.notation, ...found.aliases ?? []].find((notation) =>
            !isNotation(`a${notation}`) || !/^[!*^=?/@&-]/.test(notation)
          );
          if (odd === undefined) return found;
          throw new ValueError(
            `${path} is written ${told(odd)}, expected !, !name, =value, ^, -, *, ?, / or @server`,
          );
        });
        checkApart("happenings", all);
        return all;
      },
      text: (all) => encode(all.map(({ notation, title, spends = "" }) => [notation, title, spends])),
    });
}

function listOf(what: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return Array.from(value);
  throw new ValueError(
    `it returned ${value instanceof Promise ? "a promise" : told(value)}, expected an array of ${what}`,
  );
}

function partOf<T>(path: string, value: unknown, fields: Readonly<Record<keyof T & string, Field>>): T {
  const problem = problemWith(value, fields);
  if (problem !== null) throw new ValueError(`${path}: ${problem}`);
  return value as T;
}

function checkBudget({ budgets }: AnyCluster, path: string, budget: string | undefined): void {
  if (budget === undefined || Object.hasOwn(budgets, budget)) return;
  const names = Object.keys(budgets).join(", ");
  throw new ValueError(
    `${path} spends ${budget}: ${names === "" ? "there are no budgets" : `there are ${names}`}`,
  );
}

/** What is written alike could be told apart neither in a trace nor by what was learned of it. */
function checkApart(what: string, all: readonly { readonly notation?: string }[]): void {
  const notations = all.map(({ notation }) => notation ?? "");
  const second = notations.findIndex((notation, index) => notations.indexOf(notation) !== index);
  if (second < 0) return;
  const first = notations.indexOf(notations[second]!);
  throw new ValueError(
    `${what}[${first}] and ${what}[${second}] are both written ${JSON.stringify(notations[second])}`,
  );
}

function messageOf({ servers }: AnyCluster, message: unknown, path: string): Envelope {
  if (!isRecord(message)) {
    throw new ValueError(`${path} is ${told(message)}, expected a message with from, to and type`);
  }
  const { from, to, type } = message;
  for (const [end, server] of [["from", from], ["to", to]] as const) {
    if (servers.some((name) => name === server)) continue;
    throw new ValueError(
      `${path} is a message ${end} ${show(server)}, which is none of ${servers.join(", ")}`,
    );
  }
  if (typeof type !== "string" || !/^[A-Za-z]+$/.test(type)) {
    throw new ValueError(`${path}.type is ${told(type)}, expected letters`);
  }
  return plain(message, path) as Envelope;
}

/** Code of the user that must depend on what it is given only, and leave that as it is. */
interface Trial<T> {
  /** What runs, in a sentence. */
  readonly where: () => string;
  /** What it is given, as text. */
  readonly given: () => string;
  /** Runs it, and looks at all that it returns. */
  readonly run: () => T;
  /** Only runs it. What is wrong with what it returns is mostly found where that is written as text. */
  readonly quickly: () => T;
  /** What it returned, as text. */
  readonly text: (result: T) => string;
}

/** So many first ones are all part of a sample. */
const alwaysInSample = 100;

/** Whether the next one is part of a sample, which gets ever thinner. */
function sample(): () => boolean {
  let count = 0;
  return () => ++count <= alwaysInSample || (count & (count - 1)) === 0;
}

/** Runs trials: those of a sample with all checks, and twice, to find out whether they do what they must. */
function sampler<T>(): (trial: Trial<T>) => T {
  const isInSample = sample();
  return ({ where, given, run, quickly, text }) => {
    try {
      if (!isInSample()) return quickly();
      const before = given();
      const result = run();
      if (given() !== before) {
        throw new SpecError(`${where()} changes what it is given: return something new`);
      }
      const first = text(result);
      if (text(run()) !== first) throw notDeterministic(where());
      return result;
    } catch (error) {
      throw said(where(), error);
    }
  };
}

function notDeterministic(where: string): SpecError {
  return new SpecError(`${where} is not deterministic: it may depend on what it is given only`);
}
