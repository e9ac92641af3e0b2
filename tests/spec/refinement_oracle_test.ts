/** Refinement between random small graphs, against an oracle that tries everything. */
import { assert, assertEquals } from "@std/assert";
import {
  check,
  type Definition,
  type Fairness,
  refines,
  spec,
  type Specification,
  strong,
  weak,
} from "../../spec/mod.ts";
import { randomFrom } from "../random.ts";

/** A graph whose edges belong to two actions, and what it is fair to: one of them, or both together. */
interface Graph {
  readonly edges: readonly (readonly [action: string, from: number, to: number])[];
  readonly initial: readonly number[];
  readonly fair: { readonly strength: Fairness["strength"]; readonly group: readonly string[] } | null;
}

/** A graph, another one that it may refine, and for each of its states one of that. */
interface Drawn {
  readonly concrete: Graph;
  readonly abstract: Graph;
  readonly mapping: readonly number[];
}

const states = { concrete: [0, 1, 2, 3, 4], abstract: [0, 1, 2] } as const;

function draw(seed: number): Drawn {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const graph = (count: number, most: number): Graph => {
    const edges = new Map<string, Graph["edges"][number]>();
    for (let tries = below(most) + 2; tries > 0; tries--) {
      const [action, from] = [one(["A", "B"]), below(count)];
      edges.set(`${action} ${from}`, [action, from, below(count)]);
    }
    const fair = below(4) === 0
      ? null
      : { strength: one(["weak", "strong"] as const), group: one([["A"], ["B"], ["A", "B"]]) };
    return { edges: [...edges.values()], initial: below(3) === 0 ? [0, 1] : [0], fair };
  };
  const abstract = graph(states.abstract.length, 7);
  const concrete = graph(states.concrete.length, 9);
  return {
    abstract,
    concrete,
    mapping: states.concrete.map((n) => n === 0 ? 0 : below(states.abstract.length)),
  };
}

function asSpec(
  name: string,
  { edges, initial, fair }: Graph,
  more: Partial<Definition<{ n: number }>> = {},
) {
  const go = (action: string) => (s: { n: number }) => {
    const edge = edges.find(([own, from]) => own === action && from === s.n);
    if (edge === undefined) return false;
    s.n = edge[2];
    return true;
  };
  return spec<{ n: number }>(name, () => ({
    init: initial.map((n) => ({ n })),
    actions: { A: go("A"), B: go("B") },
    ends: () => true,
    fairness: fair === null ? [] : [(fair.strength === "weak" ? weak : strong)(...fair.group)],
    properties: [],
    ...more,
  }));
}

function specOf({ concrete, abstract, mapping }: Drawn): Specification {
  const other = asSpec("abstract", abstract);
  return asSpec("concrete", concrete, {
    properties: [refines<{ n: number }>("refined", "", other, ({ n }) => ({ n: mapping[n] }))],
  });
}

/** What breaks the refinement, and in how few steps. */
function oracle({ concrete, abstract, mapping }: Drawn): readonly [what: string, steps: number] {
  if (concrete.initial.some((n) => !abstract.initial.includes(mapping[n]!))) return ["start", 0];
  const steps = concrete.edges.filter(([, from, to]) => from !== to);
  const far = distances(concrete, steps);
  const wrong = steps.filter(([, from, to]) =>
    mapping[from] !== mapping[to] &&
    !abstract.edges.some(([, a, b]) => a === mapping[from] && b === mapping[to])
  ).map(([, from]) => far[from]! + 1);
  const first = Math.min(...wrong);
  if (first < Infinity) return ["step", first];
  const lassos = states.concrete.map((entry) =>
    far[entry]! + shortestUnfairLoop({ concrete, abstract, mapping }, entry)
  );
  const shortest = Math.min(...lassos);
  return shortest < Infinity ? ["fairness", shortest] : ["holds", Infinity];
}

function distances({ initial }: Graph, steps: Graph["edges"]): readonly number[] {
  const far = states.concrete.map((n) => initial.includes(n) ? 0 : Infinity);
  for (const _ of far) for (const [, from, to] of steps) far[to] = Math.min(far[to]!, far[from]! + 1);
  return far;
}

/** Breadth first over all sets of edges that a walk can have taken. */
function shortestUnfairLoop(drawn: Drawn, entry: number): number {
  const { concrete: { edges: all, fair }, abstract, mapping } = drawn;
  const edges = all.filter(([, from, to]) => from !== to);
  const isUnfair = (visited: readonly number[], walked: Graph["edges"]) => {
    const isFair = obeys(fair, visited, walked, all);
    const seen = walked.flatMap(([, from, to]) =>
      abstract.edges.filter(([, a, b]) => a !== b && a === mapping[from] && b === mapping[to])
    );
    return isFair && !obeys(abstract.fair, visited.map((n) => mapping[n]!), seen, abstract.edges);
  };
  if (isUnfair([entry], [])) return 0;
  let nodes = [{ at: entry, taken: 0 }];
  const known = new Set<string>();
  for (let length = 1; nodes.length > 0; length++) {
    const next: typeof nodes = [];
    for (const { at, taken } of nodes) {
      for (const [index, [, from, to]] of edges.entries()) {
        const node = { at: to, taken: taken | (1 << index) };
        if (from !== at || known.has(JSON.stringify(node))) continue;
        known.add(JSON.stringify(node));
        next.push(node);
        const walked = edges.filter((_, other) => (node.taken >> other) & 1);
        if (to === entry && isUnfair(walked.map(([, from]) => from), walked)) return length;
      }
    }
    nodes = next;
  }
  return Infinity;
}

/** Whether going round through these states by these steps is fair, where these edges are possible. */
function obeys(
  fair: Graph["fair"],
  visited: readonly number[],
  walked: Graph["edges"],
  edges: Graph["edges"],
): boolean {
  if (fair === null || walked.some(([action]) => fair.group.includes(action))) return true;
  const isPossible = (n: number) =>
    edges.some(([action, from, to]) => from === n && to !== n && fair.group.includes(action));
  return fair.strength === "weak" ? !visited.every(isPossible) : !visited.some(isPossible);
}

Deno.test("refinement between random graphs, seeds 1 to 4000: what breaks it, and in how few steps", async () => {
  const tally = new Map<string, number>();
  for (let seed = 1; seed <= 4000; seed++) {
    const drawn = draw(seed);
    const [what, steps] = oracle(drawn);
    const { properties: [found] } = await check(specOf(drawn));
    const length = found?.run === null ? Infinity : found!.run.steps.length + (found?.loop?.length ?? 0);
    assertEquals([found?.result, length], [what === "holds" ? "holds" : "violated", steps], `seed ${seed}`);
    assertEquals(found?.loop !== null, what === "fairness", `seed ${seed}`);
    tally.set(what, (tally.get(what) ?? 0) + 1);
  }
  for (const what of ["holds", "start", "step", "fairness"]) {
    assert((tally.get(what) ?? 0) > 100, `${what}: ${tally.get(what)} of 4000`);
  }
});
