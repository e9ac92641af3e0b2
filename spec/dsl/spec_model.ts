/** Compiles a plain spec: runs an action once for each distinct reading, and counts with integers from then on. */
import { push, reserve } from "../checker/growable.ts";
import type { Model, Start, State, Step, Successors } from "../checker/model.ts";
import { lists, type Place, place } from "../checker/place.ts";
import { copy, ValueError } from "../checker/value.ts";
import { runTrace } from "../trace/run.ts";
import { plain, show } from "./plain.ts";
import type { Property } from "./property.ts";
import type { Action, Definition, Each } from "./spec.ts";
import { SpecError } from "./specification.ts";

/** What an action does, once all that it reads is known: pairs [place, new value], or null if it can't happen. */
interface Leaf {
  readonly type: "leaf";
  readonly writes: readonly number[] | null;
}

/** The next place that an action reads, and what it does for each value met there so far. */
interface Fork {
  readonly type: "fork";
  readonly place: number;
  readonly children: (Tree | undefined)[];
}

type Tree = Leaf | Fork;

/** One action with its arguments, and what was learned of it. */
interface Transition {
  readonly label: string;
  readonly run: (draft: object) => unknown;
  tree: Tree | undefined;
}

/** A spec in the making. */
interface Compiled {
  readonly name: string;
  readonly variables: readonly string[];
  readonly places: readonly Place<unknown>[];
  readonly transitions: readonly Transition[];
}

/** A run of an action: what it has read so far, in order, and its own copies of that. */
interface Reading {
  readonly reads: number[];
  readonly copies: Map<number, unknown>;
}

/** Compiles a plain spec for the checker. */
export function compileSpec(name: string, build: () => Definition<unknown>): Model {
  const definition = guarded(`spec ${name}`, build);
  const { first, variables } = initialStates(name, definition);
  const c: Compiled = {
    name,
    variables,
    places: variables.map((variable) => place<unknown>({ name: variable })),
    transitions: transitionsOf(name, definition.actions),
  };
  const vectors = first.map((state) => variables.map((variable, p) => c.places[p]!.intern(state[variable])));
  const initial = vectors.map((vector, index): Start => ({
    name: String(index + 1),
    trace: "",
    state: { vector, bag: [] },
  }));
  const model: Model = {
    servers: [],
    places: c.places,
    messages: place({ name: "messages" }),
    lists: lists(),
    properties: propertiesOf(name, definition.properties),
    starts: initial,
    expand: (vector, _bag, out) => expand(c, vector, out),
    view: (observed) => Object.fromEntries(variables.map((variable, p) => [variable, observed[p]])),
    steps: (state) => stepsOf(c, state),
    describe: ({ vector }) =>
      Object.fromEntries(
        variables.map((variable, p) => [variable, { value: show(c.places[p]!.values[vector[p]!]) }]),
      ),
  };
  return { ...model, starts: [...initial, ...namedStarts(name, model, definition.starts ?? {})] };
}

function initialStates(name: string, { init }: Definition<unknown>) {
  const given: readonly unknown[] = Array.isArray(init) ? init : [init];
  if (given.length === 0) throw new SpecError(`spec ${name}: init is empty, so nothing ever happens`);
  const first = given.map((state, index) => {
    const path = given.length === 1 ? "init" : `init[${index}]`;
    if (typeof state !== "object" || state === null || Array.isArray(state) || state instanceof Set) {
      throw new SpecError(`spec ${name}: ${path} is no object of variables`);
    }
    return guarded(`spec ${name}`, () => plain(state, path)) as Readonly<Record<string, unknown>>;
  });
  const variables = Object.keys(first[0] ?? {});
  const odd = first.findIndex((state) => Object.keys(state).sort().join() !== [...variables].sort().join());
  if (odd >= 0) throw new SpecError(`spec ${name}: init[${odd}] has other variables than init[0]`);
  return { first, variables };
}

function namedStarts(name: string, model: Model, starts: Readonly<Record<string, string>>) {
  return Object.entries(starts).map(([start, trace]): Start => {
    const { start: first, steps } = guarded(`spec ${name}, start ${start}`, () => runTrace(model, trace));
    return { name: start, trace, state: steps.at(-1)?.to ?? first.state };
  });
}

function transitionsOf(
  name: string,
  actions: Readonly<Record<string, Action<unknown>>>,
): readonly Transition[] {
  const all = Object.entries(actions).flatMap(([action, what]) => {
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(action)) {
      throw new SpecError(
        `spec ${name}: ${JSON.stringify(action)} is no name of an action: letters, digits and _, ` +
          `the first one a letter`,
      );
    }
    if (typeof what === "function") {
      return [{ label: action, run: what as Transition["run"], tree: undefined }];
    }
    if (what?.kind !== "each") {
      throw new SpecError(`spec ${name}, action ${action} is neither a function nor made by each`);
    }
    return instancesOf(name, action, what);
  });
  for (const [index, { label }] of all.entries()) {
    if (all.findIndex((other) => other.label === label) !== index) {
      throw new SpecError(`spec ${name}: there are two actions ${label}; a value occurs twice in each`);
    }
  }
  return all;
}

function instancesOf(name: string, action: string, { lists, run }: Each<never>): readonly Transition[] {
  const combinations = lists.reduce<readonly (readonly unknown[])[]>(
    (shorter, list) => shorter.flatMap((values) => list.map((value) => [...values, value])),
    [[]],
  );
  return combinations.map((values) => {
    const fixed = values.map((value) =>
      guarded(`spec ${name}, action ${action}`, () => plain(value, "an argument"))
    );
    return {
      label: `${action}(${fixed.map((value) => JSON.stringify(value)).join(",")})`,
      run: (draft) => run(draft as never, ...(fixed as never[])),
      tree: undefined,
    };
  });
}

/** Properties that say which spec and property it is when they fail. */
function propertiesOf(name: string, properties: readonly Property<unknown>[]): readonly Property<unknown>[] {
  return properties.map((property, index) => {
    if (properties.findIndex((other) => other.name === property.name) !== index) {
      throw new SpecError(`spec ${name}: there are two properties ${JSON.stringify(property.name)}`);
    }
    const where = `spec ${name}, property ${JSON.stringify(property.name)}`;
    switch (property.kind) {
      case "always":
        return { ...property, holds: (state: unknown) => judged(where, () => property.holds(state)) };
      case "steps":
        return {
          ...property,
          holds: (before, after) => judged(where, () => property.holds(before, after)),
        };
      case "sometimes":
        return { ...property, reached: (state) => guarded(where, () => property.reached(state)) };
    }
  });
}

function judged(where: string, judge: () => true | string): true | string {
  const judgement: unknown = guarded(where, judge);
  if (judgement === true || typeof judgement === "string") return judgement;
  throw new SpecError(`${where} returned ${show(judgement)}: return true, or in words what is wrong`);
}

/** Runs code of the user: what it throws says where. */
function guarded<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof SpecError) throw error;
    if (error instanceof ValueError) throw new SpecError(`${where}: ${error.message}`);
    throw new SpecError(`${where} threw ${error}`, { cause: error });
  }
}

function expand(c: Compiled, vector: ArrayLike<number>, out: Successors): void {
  for (const transition of c.transitions) {
    const writes = effectOf(c, transition, vector);
    if (writes === null) continue;
    const { vectors } = out;
    const at = vectors.length;
    reserve(vectors, vector.length);
    for (let p = 0; p < vector.length; p++) vectors.items[at + p] = vector[p]!;
    for (let i = 0; i < writes.length; i += 2) vectors.items[at + writes[i]!] = writes[i + 1]!;
    vectors.length += vector.length;
    push(out.removed, -1);
    push(out.added, 0);
    out.count++;
  }
}

function stepsOf(c: Compiled, { vector }: State): readonly Step[] {
  return c.transitions.flatMap((transition): readonly Step[] => {
    const writes = effectOf(c, transition, vector);
    if (writes === null) return [];
    const next = [...vector];
    for (let i = 0; i < writes.length; i += 2) next[writes[i]!] = writes[i + 1]!;
    const { label } = transition;
    const to = { vector: next, bag: [] };
    return [{ label, aliases: [], to, servers: [], event: label }];
  });
}

/** What the action does in a state: known, if it has met the values that it reads there before. */
function effectOf(c: Compiled, transition: Transition, vector: ArrayLike<number>): Leaf["writes"] {
  let tree = transition.tree;
  while (tree?.type === "fork") tree = tree.children[vector[tree.place]!];
  return tree === undefined ? learn(c, transition, vector) : tree.writes;
}

function learn(c: Compiled, transition: Transition, vector: ArrayLike<number>): Leaf["writes"] {
  const reading: Reading = { reads: [], copies: new Map() };
  const where = `spec ${c.name}, action ${transition.label}`;
  try {
    const result = guarded(where, () => transition.run(draft(c, where, vector, reading)));
    if (result instanceof Promise) throw new SpecError(`${where} is async: an action happens at once`);
    const writes = result === false ? null : guarded(where, () => writesOf(c, vector, reading));
    remember(where, transition, vector, reading.reads, { type: "leaf", writes });
    return writes;
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    const state = c.variables.map((variable, p) => `${variable} ${show(c.places[p]!.values[vector[p]!])}`);
    throw new SpecError(`${error.message} (in the state ${state.join(", ")})`, { cause: error.cause });
  }
}

function writesOf(c: Compiled, vector: ArrayLike<number>, { copies }: Reading): readonly number[] {
  const writes: number[] = [];
  for (const [p, value] of [...copies].sort(([a], [b]) => a - b)) {
    const place = c.places[p]!;
    const after = place.intern(plain(value, place.name));
    if (after !== vector[p]) writes.push(p, after);
  }
  return writes;
}

/** Grows the tree by the path that an action took through its readings. */
function remember(
  where: string,
  transition: Transition,
  vector: ArrayLike<number>,
  reads: readonly number[],
  leaf: Leaf,
): void {
  let attach = (tree: Tree): void => void (transition.tree = tree);
  let tree = transition.tree;
  for (const place of reads) {
    if (tree === undefined) {
      tree = { type: "fork", place, children: [] };
      attach(tree);
    }
    if (tree.type === "leaf" || tree.place !== place) throw notDeterministic(where);
    const { children }: Fork = tree;
    const value = vector[place]!;
    attach = (child) => void (children[value] = child);
    tree = children[value];
  }
  if (tree !== undefined) throw notDeterministic(where);
  attach(leaf);
}

function notDeterministic(where: string): SpecError {
  return new SpecError(`${where} is not deterministic: it may depend on the draft and its arguments only`);
}

/** The state as an action sees it: each variable is copied when it is first read or written. */
function draft(c: Compiled, where: string, vector: ArrayLike<number>, { reads, copies }: Reading): object {
  function read(key: string): unknown {
    const p = placeOf(key);
    if (!copies.has(p)) {
      reads.push(p);
      copies.set(p, copy(c.places[p]!.values[vector[p]!]));
    }
    return copies.get(p);
  }
  function placeOf(key: string): number {
    const p = c.variables.indexOf(key);
    if (p >= 0) return p;
    throw new SpecError(`${where}: there is no variable ${key}; there are ${c.variables.join(", ")}`);
  }
  return new Proxy({}, {
    get: (_, key) => typeof key === "symbol" ? undefined : read(key),
    set(_, key, value) {
      const p = placeOf(String(key));
      read(String(key));
      copies.set(p, value);
      return true;
    },
    deleteProperty(_, key) {
      throw new SpecError(`${where} deletes the variable ${String(key)}: a state keeps its variables`);
    },
    defineProperty(_, key) {
      throw new SpecError(`${where} defines ${String(key)}: assign to a variable instead`);
    },
    has: (_, key) => typeof key === "string" && c.variables.includes(key),
    ownKeys: () => [...c.variables],
    getOwnPropertyDescriptor: (_, key) =>
      typeof key === "string" && c.variables.includes(key)
        ? { value: read(key), writable: true, enumerable: true, configurable: true }
        : undefined,
  });
}
