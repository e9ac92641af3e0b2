/** Parts of the graph in which a behaviour can go round for ever, and obey what it must. */
import type { Graph } from "./graph.ts";

/** Which loops break a claim. */
export interface Loops {
  /** By state: 1 if it may be in the loop. */
  readonly states: Uint8Array;
  /** By edge: 1 if it may not; null: all may. */
  readonly avoided: Uint8Array | null;
  /** What must occur in the loop. */
  readonly recurring: readonly Recurring[];
  /** What must occur if something else does. */
  readonly pairs: readonly Pair[];
}

/** One of these states or actions. */
export interface Recurring {
  /** By state: 1 if it is one of them; null: none is. */
  readonly states: Uint8Array | null;
  /** By action: 1 if it is one of them; null: none is. */
  readonly actions: Uint8Array | null;
}

/** If one of these states, then one of these actions. */
export interface Pair {
  /** By state: 1 if it is one of them. */
  readonly states: Uint8Array;
  /** By action: 1 if it is one of them. */
  readonly actions: Uint8Array;
}

/** Some states, of which each can be reached from each. */
export type Component = Int32Array;

/**
 * The largest parts, each strongly connected and of two states or more, in which a loop through all states obeys what
 * it must. Every loop of two states or more that does so lies in one of them.
 */
export function fairComponents(graph: Graph, loops: Loops, states: Int32Array): readonly Component[] {
  const found: Component[] = [];
  const work = workspace(graph.count);
  const { part } = work;
  let parts = 0;
  const queue: Int32Array[] = [states];
  for (let wanted = queue.pop(); wanted !== undefined; wanted = queue.pop()) {
    const own = ++parts;
    for (const state of wanted) if (loops.states[state] === 1) part[state] = own;
    const all = components(graph, loops, wanted, work, own);
    for (const state of wanted) part[state] = 0;
    for (const component of all) {
      const whole = ++parts;
      for (const state of component) part[state] = whole;
      const met = occurrences(graph, loops, component, part, whole);
      for (const state of component) part[state] = 0;
      if (!met.recurring.every(Boolean)) continue;
      const missing = loops.pairs.filter((_, pair) => !met.pairs[pair]);
      const rest = component.filter((state) => missing.every((pair) => pair.states[state] !== 1));
      if (rest.length === component.length) found.push(component);
      else queue.push(rest);
    }
  }
  return found;
}

/** What the search for components notes of each state. */
interface Workspace {
  /** Which part it belongs to, in which its component is looked for; 0 for none. */
  readonly part: Int32Array;
  /** 0 if it was not met, its number while its component is unknown, -1 after that. */
  readonly index: Int32Array;
  /** The lowest number that can be reached from it, as far as is known. */
  readonly low: Int32Array;
  /** The edge to go along next. */
  readonly next: Int32Array;
}

function workspace(count: number): Workspace {
  const array = () => new Int32Array(count);
  return { part: array(), index: array(), low: array(), next: array() };
}

/** What occurs in a component: each of what recurs, and of each pair the action. */
function occurrences(
  { firsts, targets, actions }: Graph,
  { recurring, pairs, avoided }: Loops,
  component: Component,
  part: Int32Array,
  own: number,
): { readonly recurring: readonly boolean[]; readonly pairs: readonly boolean[] } {
  const happens = new Set<number>();
  for (const state of component) {
    for (let edge = firsts[state]!; edge < firsts[state + 1]!; edge++) {
      const target = targets[edge]!;
      if (target >= 0 && part[target] === own && avoided?.[edge] !== 1) happens.add(actions[edge]!);
    }
  }
  const some = (members: Uint8Array | null) => members !== null && [...happens].some((a) => members[a] === 1);
  return {
    recurring: recurring.map((one) =>
      some(one.actions) || component.some((state) => one.states?.[state] === 1)
    ),
    pairs: pairs.map((pair) => some(pair.actions)),
  };
}

/** The strongly connected components of two states or more among the states of a part: Tarjan's, without recursion. */
function components(
  { firsts, targets }: Graph,
  { avoided }: Loops,
  states: Int32Array,
  { part, index, low, next }: Workspace,
  own: number,
): readonly Component[] {
  const found: Component[] = [];
  const stack: number[] = [];
  const path: number[] = [];
  let met = 0;
  function enter(state: number): void {
    index[state] = low[state] = ++met;
    next[state] = firsts[state]!;
    stack.push(state);
    path.push(state);
  }
  function leave(state: number): void {
    path.pop();
    const before = path.at(-1);
    if (before !== undefined) low[before] = Math.min(low[before]!, low[state]!);
    if (low[state] !== index[state]) return;
    const component = Int32Array.from(stack.splice(stack.lastIndexOf(state)));
    for (const member of component) index[member] = -1;
    if (component.length > 1) found.push(component.sort());
  }
  for (const root of states) {
    if (part[root] !== own || index[root] !== 0) continue;
    enter(root);
    while (path.length > 0) {
      const state = path.at(-1)!;
      const edge = next[state]!++;
      if (edge >= firsts[state + 1]!) {
        leave(state);
        continue;
      }
      const target = targets[edge]!;
      if (target < 0 || part[target] !== own || avoided?.[edge] === 1) continue;
      if (index[target] === 0) enter(target);
      else if (index[target]! > 0) low[state] = Math.min(low[state]!, index[target]!);
    }
  }
  for (const state of states) index[state] = 0;
  return found;
}
