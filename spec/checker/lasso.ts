/** A shortest behaviour that breaks a claim: some steps, and then others again and again, or nothing for ever. */
import { type Component, fairComponents, type Loops, type Pair, type Recurring } from "./components.ts";
import type { Graph } from "./graph.ts";

/** What a behaviour that breaks a claim looks like. */
export interface Breach extends Loops {
  /** By state: 1 if the breach may begin there; null: anywhere. */
  readonly begin: Uint8Array | null;
  /** By state: 1 if the behaviour may pass it once the breach has begun; null: any. The loop begins after that. */
  readonly path: Uint8Array | null;
}

/** A behaviour without an end. */
export interface Lasso {
  /** The number of the state where it begins. */
  readonly start: number;
  /** The edges to where the loop begins. */
  readonly stem: readonly number[];
  /** After how many of them the breach begins. */
  readonly begins: number;
  /** The edges of the loop; none: nothing happens for ever. */
  readonly loop: readonly number[];
  /** Whether no other lasso that breaks the claim has fewer edges. */
  readonly isShortest: boolean;
}

/**
 * A lasso with as few edges as possible, those of stem and loop together. Among several it is one that ends in nothing
 * happening, else one with the shortest stem; then the first in the order in which states were discovered.
 * If there is too much to try, the loop may not be a shortest one; the lasso says so.
 */
export function findLasso(graph: Graph, breach: Breach): Lasso | null {
  const reach = reached(graph, breach);
  const stop = reach.order.find((state) => breach.states[state] === 1 && canStop(breach, state));
  const limit = stop === undefined ? Infinity : reach.distance[stop]! - 1;
  const { loop, isShortest } = limit < 2
    ? { loop: null, isShortest: true }
    : shortestLoop(graph, breach, reach, limit);
  if (loop !== null) return { ...stemTo(graph, reach, loop.entry), loop: loop.edges, isShortest };
  return stop === undefined ? null : { ...stemTo(graph, reach, stop), loop: [], isShortest };
}

/** Whether nothing need happen in a state for ever. */
function canStop({ recurring, pairs }: Breach, state: number): boolean {
  return recurring.every(({ states }) => states?.[state] === 1) &&
    pairs.every(({ states }) => states[state] !== 1);
}

/** The states that a behaviour can reach in breach of the claim, and how. */
interface Reach {
  /** In the order of their distance, and then of discovery. */
  readonly order: Int32Array;
  /** By state: how many edges lead there; -1: it isn't reached. */
  readonly distance: Int32Array;
  /** By phase and state, the edge that leads there first; -1: none, as it begins there; -2: the breach begins there. */
  readonly edges: Int32Array;
  /** By phase and state, where that edge begins. */
  readonly sources: Int32Array;
}

/** Breadth first: before the breach begins every state is a node of its own, and after it another one. */
function reached(graph: Graph, { begin, path }: Breach): Reach {
  const { count, firsts, targets, starts } = graph;
  const edges = new Int32Array(count * 2).fill(-1);
  const sources = new Int32Array(count * 2);
  const distances = new Int32Array(count * 2).fill(-1);
  const queue: number[] = [];
  function enter(node: number, distance: number, edge: number, source: number): void {
    if (distances[node] !== -1) return;
    distances[node] = distance;
    edges[node] = edge;
    sources[node] = source;
    queue.push(node);
    const isBefore = node < count;
    if (isBefore && begin?.[node] !== 0 && path?.[node] !== 0) enter(node + count, distance, -2, node);
  }
  for (let state = 0; state < starts.length; state++) enter(state, 0, -1, -1);
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at]!;
    const phase = node < count ? 0 : count;
    for (let edge = firsts[node - phase]!; edge < firsts[node - phase + 1]!; edge++) {
      const target = targets[edge]!;
      if (target < 0 || (phase > 0 && path?.[target] === 0)) continue;
      enter(target + phase, distances[node]! + 1, edge, node);
    }
  }
  const order = Int32Array.from(queue.filter((node) => node >= count), (node) => node - count);
  return { order, distance: distances.subarray(count), edges, sources };
}

/** The edges that lead to a state in breach of the claim. */
function stemTo(
  { count }: Graph,
  { edges, sources }: Reach,
  state: number,
): Pick<Lasso, "start" | "stem" | "begins"> {
  const stem: number[] = [];
  let since = 0;
  let node = state + count;
  for (; edges[node] !== -1; node = sources[node]!) {
    if (edges[node] === -2) since = stem.length;
    else stem.unshift(edges[node]!);
  }
  return { start: node, stem, begins: stem.length - since };
}

/** A loop, and where the stem meets it. */
interface Found {
  readonly entry: number;
  readonly edges: readonly number[];
}

/** How many steps the search for shortest loops may take in all. */
const patience = 1 << 21;

/** The loop that makes the shortest lasso, if one of at most `limit` edges does; whether that is known for sure. */
function shortestLoop(
  graph: Graph,
  breach: Breach,
  reach: Reach,
  limit: number,
): { readonly loop: Found | null; readonly isShortest: boolean } {
  const tours = new Map<number, Tour>();
  for (const component of fairComponents(graph, breach, reach.order)) {
    const tour = tourOf(graph, breach, component);
    for (const state of component) tours.set(state, tour);
  }
  const entries = reach.order.filter((state) => tours.has(state));
  const [nearest] = entries;
  if (nearest === undefined) return { loop: null, isShortest: true };
  // Any loop will do as a first bound.
  const some: Found = { entry: nearest, edges: someLoop(graph, tours.get(nearest)!, nearest) };
  const bound = reach.distance[nearest]! + some.edges.length;
  const budget = { left: patience };
  let loop = bound > limit ? null : some;
  let most = Math.min(limit, bound);
  for (const entry of entries) {
    const distance = reach.distance[entry]!;
    if (distance + 2 > most) break;
    const edges = loopThrough(graph, tours.get(entry)!, entry, most - distance, budget);
    if (edges === null) continue;
    loop = { entry, edges };
    most = distance + edges.length - 1;
  }
  return { loop, isShortest: budget.left >= 0 };
}

/** A component, and what must occur in a loop in it. */
interface Tour {
  readonly isIn: (state: number) => boolean;
  readonly avoided: Uint8Array | null;
  readonly recurring: readonly Recurring[];
  readonly pairs: readonly Pair[];
}

/** What occurs in each of its states need not be looked for, nor what need not occur. */
function tourOf({ count }: Graph, { recurring, pairs, avoided }: Breach, component: Component): Tour {
  const members = new Uint8Array(count);
  for (const state of component) members[state] = 1;
  return {
    isIn: (state) => members[state] === 1,
    avoided,
    recurring: recurring.filter(({ states }) => !component.every((state) => states?.[state] === 1)),
    pairs: pairs.filter(({ states }) => component.some((state) => states[state] === 1)),
  };
}

function isEdgeOf({ targets }: Graph, { isIn, avoided }: Tour, edge: number): boolean {
  return targets[edge]! >= 0 && isIn(targets[edge]!) && avoided?.[edge] !== 1;
}

/** A shortest loop through a state that obeys what it must, of at most so many edges; null if there is none. */
function loopThrough(
  graph: Graph,
  tour: Tour,
  entry: number,
  most: number,
  budget: { left: number },
): readonly number[] | null {
  const { firsts, targets, actions } = graph;
  const { recurring, pairs } = tour;
  const bits = recurring.length + pairs.length * 2;
  if (bits > 20) budget.left = -1;
  if (budget.left < 0) return null;
  const all = 2 ** recurring.length - 1;
  /** What has occurred, with this state and the action that led there: a bit for each. */
  function metWith(met: number, state: number, action: number): number {
    let result = met;
    recurring.forEach(({ states, actions }, bit) => {
      if (states?.[state] === 1 || (action >= 0 && actions?.[action] === 1)) result |= 1 << bit;
    });
    pairs.forEach(({ states, actions }, pair) => {
      const bit = recurring.length + pair * 2;
      if (states[state] === 1) result |= 1 << bit;
      if (action >= 0 && actions[action] === 1) result |= 2 << bit;
    });
    return result;
  }
  const isEnough = (met: number) =>
    (met & all) === all && pairs.every((_, pair) => ((met >> (recurring.length + pair * 2)) & 3) !== 1);
  const size = 2 ** bits;
  const first = metWith(0, entry, -1);
  const nodes = [entry * size + first];
  const links: [from: number, edge: number][] = [[-1, -1]];
  const lengths = [0];
  const known = new Set(nodes);
  for (let at = 0; at < nodes.length && lengths[at]! < most; at++) {
    const state = Math.floor(nodes[at]! / size);
    for (let edge = firsts[state]!; edge < firsts[state + 1]!; edge++) {
      if (!isEdgeOf(graph, tour, edge)) continue;
      if (--budget.left < 0) return null;
      const target = targets[edge]!;
      const met = metWith(nodes[at]! % size, target, actions[edge]!);
      if (target === entry && isEnough(met)) return linked(links, at, edge);
      const node = target * size + met;
      if (known.has(node)) continue;
      known.add(node);
      nodes.push(node);
      links.push([at, edge]);
      lengths.push(lengths[at]! + 1);
    }
  }
  return null;
}

/** The edges that lead to the last one. */
function linked(
  links: readonly (readonly [from: number, edge: number])[],
  last: number,
  edge: number,
): number[] {
  const edges = [edge];
  for (let at = last; links[at]![0] >= 0; at = links[at]![0]) edges.unshift(links[at]![1]);
  return edges;
}

/** A loop through a state that obeys what it must, though perhaps not a shortest one: from one thing to the next. */
function someLoop(graph: Graph, tour: Tour, entry: number): readonly number[] {
  const { targets, actions } = graph;
  const edges: number[] = [];
  let state = entry;
  const goTo = (isThere: (state: number, action: number) => boolean) => {
    const more = nearest(graph, tour, state, isThere);
    edges.push(...more);
    state = more.length > 0 ? targets[more.at(-1)!]! : state;
  };
  for (
    const { states, actions: members } of [
      ...tour.recurring,
      ...tour.pairs.map(({ actions }) => ({ states: null, actions })),
    ]
  ) {
    const has = (at: number, action: number) =>
      states?.[at] === 1 || (action >= 0 && members !== null && members[action] === 1);
    const isMet = has(entry, -1) || edges.some((edge) => has(targets[edge]!, actions[edge]!));
    if (!isMet) goTo(has);
  }
  if (state !== entry || edges.length === 0) goTo((at) => at === entry);
  return edges;
}

/** The edges of a shortest way, of one edge or more, to a state or by an action such as is sought. */
function nearest(
  graph: Graph,
  tour: Tour,
  from: number,
  isThere: (state: number, action: number) => boolean,
): readonly number[] {
  const { firsts, targets, actions } = graph;
  const queue = [from];
  const links: [from: number, edge: number][] = [[-1, -1]];
  const known = new Set<number>();
  for (let at = 0; at < queue.length; at++) {
    const state = queue[at]!;
    for (let edge = firsts[state]!; edge < firsts[state + 1]!; edge++) {
      if (!isEdgeOf(graph, tour, edge)) continue;
      const target = targets[edge]!;
      if (isThere(target, actions[edge]!)) return linked(links, at, edge);
      if (known.has(target)) continue;
      known.add(target);
      queue.push(target);
      links.push([at, edge]);
    }
  }
  throw new Error("a component that is not connected");
}
