/** The functions of a cluster, made to refuse what they must not return, and to say where. */
import { encode, ValueError } from "../checker/value.ts";
import { isNotation } from "../trace/run.ts";
import type { AnyCluster, Envelope, Happening, Outcome, WholeDefinition } from "./cluster.ts";
import { actionConstraintOf, constraintOf, endsOf, guarded, pictureOf, said, shownBy } from "./definition.ts";
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
}

/**
 * A definition that refuses what no cluster may be or do, with the name of the cluster and of what is wrong. What is
 * learned again and again is looked at closely on a sample only: most of what is wrong is found in any case when it is
 * written as text.
 *
 * @param given What its author left in it.
 * @throws {SpecError} if a server, a property or a message in flight is wrong.
 */
export function checked(
  name: string,
  definition: WholeDefinition,
  given: Partial<WholeDefinition>,
): AnyCluster {
  const where = `cluster ${name}`;
  const { servers, received, describe, otherHappening, history } = definition;
  checkServers(where, servers);
  guarded(
    where,
    () =>
      definition.rounds?.spending.forEach((budget, index) =>
        checkBudget(definition, `rounds.spending[${index}]`, budget)
      ),
  );
  const keep: AnyCluster["keep"] = given.identity === undefined ? plain : (local) => local;
  const views: AnyCluster = { ...definition, ...viewsOf(where, definition, given), keep };
  const named: Named = { ...views, where };
  return {
    ...views,
    initial: initialOf(named),
    inFlight: definition.inFlight.map((message, index) =>
      guarded(where, () => {
        checkMessage(named, message, `inFlight[${index}]`);
        return plain(message, `inFlight[${index}]`) as Envelope;
      })
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
    describe: (local) => guarded(`${where}, describe`, () => describe(local)),
    ...constraintOf(where, definition.constraint),
    ...actionConstraintOf(where, definition.actionConstraint),
    ...(definition.view === undefined ? {} : { view: shownBy(where, definition.view) }),
    ...pictureOf(where, definition.picture),
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

/** What makes a server what it is, what properties see of it, and what is remembered. */
function viewsOf(
  where: string,
  { identity, observe, remember }: WholeDefinition,
  given: Partial<WholeDefinition>,
): Pick<WholeDefinition, "identity" | "observe" | "remember"> {
  const view = <T extends readonly unknown[]>(what: string, path: string, run: (...given: T) => unknown) => {
    const isInSample = sample();
    const place = `${where}, ${what}`;
    return (...given: T) => guarded(place, () => isInSample() ? plain(run(...given), path) : run(...given));
  };
  return {
    identity,
    observe,
    remember: view("remember", "the history", remember),
    ...(given.identity === undefined ? {} : { identity: view("identity", "the identity", identity) }),
    ...(given.observe === undefined ? {} : { observe: view("observe", "what is observed", observe) }),
  };
}

function initialOf({ where, keep, initial, identity }: Named): AnyCluster["initial"] {
  return (server) => {
    const place = `${where}, initial of ${server}`;
    return guarded(place, () => {
      const local = keep(initial(server), "the server");
      if (encode(identity(initial(server))) !== encode(identity(local))) throw notDeterministic(place);
      return local;
    });
  };
}

function outcomesOf(named: Named): AnyCluster["outcomes"] {
  const { where, identity, outcomes } = named;
  const tryOut = sampler<readonly AnyOutcome[]>();
  const text = (all: readonly AnyOutcome[]) =>
    encode(
      all.map((
        { local, sends = [], notes = [], notation = "", spends = "" },
      ) => [identity(local), sends, notes, notation, spends]),
    );
  return (local, event) =>
    tryOut({
      where: () => `${where}, outcomes of ${show(event)} in ${show(identity(local))}`,
      given: () => encode(identity(local)),
      run(isInSample) {
        const all = listOf("outcomes", outcomes(local, event)).map((outcome, index) =>
          outcomeOf(named, outcome, `outcomes[${index}]`, isInSample)
        );
        checkApart("outcomes", all);
        return all;
      },
      text,
    });
}

function outcomeOf(named: Named, value: unknown, path: string, isInSample: boolean): AnyOutcome {
  const outcome = partOf<AnyOutcome>(path, value, anOutcome);
  const { local, sends = [], notes = [], notation = "", spends } = outcome;
  checkBudget(named, path, spends);
  if (notation !== "" && !/^_?(#[1-9][0-9]*)?$/.test(notation)) {
    throw new ValueError(`${path}.notation is ${told(notation)}, expected _ or #1, #2, ...`);
  }
  sends.forEach((message, index) => checkMessage(named, message, `${path}.sends[${index}]`));
  if (!isInSample) return outcome;
  return {
    ...outcome,
    local: named.keep(local, `${path}.local`),
    sends: sends.map((message, index) => plain(message, `${path}.sends[${index}]`) as Envelope),
    notes: notes.map((note, index) => plain(note, `${path}.notes[${index}]`)),
  };
}

function happeningsOf(named: Named): AnyCluster["happenings"] {
  const { where, identity, happenings } = named;
  const tryOut = sampler<readonly AnyHappening[]>();
  return (local, proposed) =>
    tryOut({
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

function checkBudget({ budgets }: WholeDefinition, path: string, budget: string | undefined): void {
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

function checkMessage({ servers }: AnyCluster, message: unknown, path: string): void {
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
}

/** Code of the user that must depend on what it is given only, and leave that as it is. */
interface Trial<T> {
  /** What runs, in a sentence. */
  readonly where: () => string;
  /** What it is given, as text. */
  readonly given: () => string;
  readonly run: (isInSample: boolean) => T;
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

/** Runs trials: those of a sample twice, to find out whether they do what they must. */
function sampler<T>(): (trial: Trial<T>) => T {
  const isInSample = sample();
  return ({ where, given, run, text }) => {
    try {
      if (!isInSample()) return run(false);
      const before = given();
      const result = run(true);
      if (given() !== before) {
        throw new SpecError(`${where()} changes what it is given: return something new`);
      }
      const first = text(result);
      if (text(run(true)) !== first) throw notDeterministic(where());
      return result;
    } catch (error) {
      throw said(where(), error);
    }
  };
}

function notDeterministic(where: string): SpecError {
  return new SpecError(`${where} is not deterministic: it may depend on what it is given only`);
}
