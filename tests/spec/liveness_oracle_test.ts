/** Liveness on random small graphs under random fairness, against an oracle that tries everything. */
import { assert, assertEquals } from "@std/assert";
import {
  type Assumption,
  ceases,
  check,
  each,
  eventually,
  eventuallyAlways,
  type Fairness,
  infinitelyOften,
  leadsTo,
  type PropertyReport,
  recurs,
  replay,
  spec,
  type Specification,
  strong,
  type Temporal,
  weak,
} from "../../spec/mod.ts";
import { randomFrom } from "../random.ts";

interface State {
  readonly n: number;
}

/** A step from one state to another by an action. */
interface Edge {
  readonly action: string;
  readonly from: number;
  readonly to: number;
}

const actions = ["A(0)", "A(1)", "B(0)", "B(1)", "C"];

/** Fairness, and which actions each of its demands is about. */
const demands: readonly (readonly [fairness: Fairness, groups: readonly (readonly string[])[]])[] = [
  [weak("Next"), [actions]],
  [weak("A"), [["A(0)", "A(1)"]]],
  [strong("A(_)", "C"), [["A(0)", "A(1)", "C"]]],
  [strong("B(1)"), [["B(1)"]]],
  [weak.each("A"), [["A(0)"], ["A(1)"]]],
  [strong.each("A", "B"), [["A(0)", "B(0)"], ["A(1)", "B(1)"]]],
  [weak.each("B(p)"), [["B(0)"], ["B(1)"]]],
  [strong("C"), [["C"]]],
];

/** A graph, and a claim about it. */
interface Drawn {
  readonly count: number;
  readonly initial: readonly number[];
  readonly edges: readonly Edge[];
  readonly kind: Temporal<State>["kind"];
  /** The states that the claim is about: what should hold, or what follows; and after what. */
  readonly goal: ReadonlySet<number>;
  readonly when: ReadonlySet<number>;
  readonly fair: (typeof demands)[number][];
  /** States that come again and again, and actions that cease; null if nothing is assumed. */
  readonly recurring: ReadonlySet<number> | null;
  readonly ceasing: string | null;
  /** The states that a constraint keeps out. */
  readonly outside: ReadonlySet<number>;
}

function draw(seed: number): Drawn {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const count = 2 + below(5);
  const some = (odds: number) =>
    new Set(Array.from({ length: count }, (_, n) => n).filter(() => random() < odds));
  const edges: Edge[] = [];
  for (let tries = 2 + below(11); tries > 0; tries--) {
    const edge = { action: actions[below(5)]!, from: below(count), to: below(count) };
    const isTaken = edges.some(({ action, from }) => action === edge.action && from === edge.from);
    if (!isTaken) edges.push(edge);
  }
  const kinds = ["eventually", "leads-to", "infinitely-often", "eventually-always"] as const;
  return {
    count,
    initial: below(4) === 0 ? [0, 1] : [0],
    edges,
    kind: kinds[below(4)]!,
    goal: some(0.4),
    when: some(0.5),
    // Without the first one most behaviours may just stop.
    fair: [
      ...(below(3) > 0 ? [demands[0]!] : []),
      ...Array.from({ length: below(4) }, () => demands[below(demands.length)]!),
    ],
    recurring: below(5) === 0 ? some(0.6) : null,
    ceasing: below(5) === 0 ? actions[below(5)]! : null,
    outside: new Set(below(4) === 0 ? [...some(0.4)].filter((n) => n > 1) : []),
  };
}

function asSpec(drawn: Drawn): Specification {
  const { initial, edges, kind, goal, when, recurring, ceasing } = drawn;
  const go = (s: { n: number }, label: string) => {
    const edge = edges.find(({ action, from }) => action === label && from === s.n);
    if (edge === undefined) return false;
    s.n = edge.to;
    return true;
  };
  const assuming: Assumption<State>[] = [];
  if (recurring !== null) assuming.push(recurs(({ n }) => recurring.has(n)));
  if (ceasing !== null) assuming.push(ceases(ceasing));
  const holds = ({ n }: State) => goal.has(n);
  const behaviours = { fair: drawn.fair.map(([fairness]) => fairness), assuming };
  const property = (): Temporal<State> => {
    switch (kind) {
      case "eventually":
        return eventually("claim", "", { holds, ...behaviours });
      case "infinitely-often":
        return infinitelyOften("claim", "", { holds, ...behaviours });
      case "eventually-always":
        return eventuallyAlways("claim", "", { holds, ...behaviours });
      case "leads-to":
        return leadsTo("claim", "", { when: ({ n }) => when.has(n), then: holds, ...behaviours });
    }
  };
  return spec<State>("drawn", () => ({
    init: initial.map((n) => ({ n })),
    actions: {
      A: each([0, 1], (s, p) => go(s, `A(${p})`)),
      B: each([0, 1], (s, p) => go(s, `B(${p})`)),
      C: (s) => go(s, "C"),
    },
    ends: () => true,
    constraint: ({ n }) => !drawn.outside.has(n),
    properties: [property()],
  }));
}

/**
 * How many steps a shortest lasso has that breaks the claim; infinitely many if there is none. Possible is also what the
 * constraint cuts off, unless only what it leaves is to count.
 */
function shortestLasso(drawn: Drawn, isKept: boolean): number {
  const within = drawn.edges.filter(({ from, to }) => !drawn.outside.has(from) && !drawn.outside.has(to));
  const stems = stemsOf({ ...drawn, edges: within });
  const possible = isKept ? within : drawn.edges;
  const lengths = stems.map((stem, entry) =>
    stem + (stem < Infinity ? shortestLoop({ ...drawn, edges: within }, possible, entry) : 0)
  );
  return Math.min(...lengths);
}

/** By state: how few steps lead there such that a loop there could break the claim. */
function stemsOf({ count, initial, edges, kind, goal, when }: Drawn): readonly number[] {
  const states = Array.from({ length: count }, (_, n) => n);
  const steps = (allowed: (n: number) => boolean) => {
    const far = states.map((a) => states.map((b) => a === b && allowed(a) ? 0 : Infinity));
    for (const { from, to } of edges) if (from !== to && allowed(from) && allowed(to)) far[from]![to] = 1;
    for (const c of states) {
      for (const a of states) {
        for (const b of states) far[a]![b] = Math.min(far[a]![b]!, far[a]![c]! + far[c]![b]!);
      }
    }
    return far;
  };
  const anywhere = steps(() => true);
  const without = steps((n) => !goal.has(n));
  const reached = (n: number) => Math.min(...initial.map((start) => anywhere[start]![n]!));
  switch (kind) {
    case "eventually":
      return states.map((n) => Math.min(...initial.map((start) => without[start]![n]!)));
    case "leads-to":
      return states.map((n) =>
        Math.min(...states.filter((due) => when.has(due)).map((due) => reached(due) + without[due]![n]!))
      );
    default:
      return states.map(reached);
  }
}

/** Breadth first over all sets of edges that a walk can have taken. */
function shortestLoop(drawn: Drawn, possible: readonly Edge[], entry: number): number {
  const edges = drawn.edges.filter(({ from, to }) => from !== to);
  if (isBreach(drawn, possible, new Set([entry]), [])) return 0;
  let nodes = [{ state: entry, taken: 0 }];
  const known = new Set<number>();
  for (let length = 1; nodes.length > 0; length++) {
    const next: typeof nodes = [];
    for (const { state, taken } of nodes) {
      for (const [index, { from, to }] of edges.entries()) {
        const node = { state: to, taken: taken | (1 << index) };
        const key = node.taken * drawn.count + to;
        if (from !== state || known.has(key)) continue;
        known.add(key);
        next.push(node);
        const walked = edges.filter((_, other) => (node.taken >> other) & 1);
        if (to === entry && isBreach(drawn, possible, new Set(walked.map((edge) => edge.from)), walked)) {
          return length;
        }
      }
    }
    nodes = next;
  }
  return Infinity;
}

/** Whether going round through these states by these edges breaks the claim, and is as fair as demanded. */
function isBreach(
  drawn: Drawn,
  possible: readonly Edge[],
  states: ReadonlySet<number>,
  walked: readonly Edge[],
): boolean {
  const { kind, goal, fair, recurring, ceasing } = drawn;
  const visited = [...states];
  const isWrong = kind === "eventually-always"
    ? visited.some((n) => !goal.has(n))
    : visited.every((n) => !goal.has(n));
  if (!isWrong || (recurring !== null && !visited.some((n) => recurring.has(n)))) return false;
  if (walked.some(({ action }) => action === ceasing)) return false;
  return fair.every(([{ strength }, groups]) =>
    groups.every((group) => {
      const isPossible = (n: number) =>
        possible.some(({ action, from, to }) => from === n && to !== n && group.includes(action));
      const isIdle = strength === "weak" ? !visited.every(isPossible) : !visited.some(isPossible);
      return isIdle || walked.some(({ action }) => group.includes(action));
    })
  );
}

/** That the loop leads back to where it began, by the vectors of its states. */
function assertLoops({ run, loop }: PropertyReport, seed: number): void {
  const before = run?.steps.at(-1)?.to ?? run?.start.state;
  assertEquals((loop?.at(-1)?.to ?? before)?.vector, before?.vector, `seed ${seed}`);
}

/** That a replay of the run and its loop breaks the claim in the same way. */
function assertReplays(drawn: Drawn, { trace, loop, witness }: PropertyReport, seed: number): void {
  if (trace === null || loop === null) return;
  const whole = [trace, ...loop.map(({ label }) => label)].join(" ");
  const { violations, run } = replay(asSpec(drawn), whole, { loop: loop.length });
  const expected = [{ name: "claim", witness: witness ?? "", step: run.steps.length }];
  assertEquals(violations, expected, `seed ${seed}`);
}

/** Whether a run of these edges from a state, of which the last ones are taken again and again, breaks the claim. */
function isBroken(drawn: Drawn, first: number, run: readonly Edge[], length: number): boolean {
  const { kind, goal, when, edges } = drawn;
  const states = [first, ...run.map(({ to }) => to)];
  const loop = run.slice(run.length - length);
  const round = new Set(length === 0 ? states.slice(-1) : loop.map(({ from }) => from));
  if (!isBreach(drawn, edges, round, loop)) return false;
  switch (kind) {
    case "eventually":
      return states.every((n) => !goal.has(n));
    case "leads-to":
      return states.some((n, at) => when.has(n) && states.slice(at).every((later) => !goal.has(later)));
    default:
      return true;
  }
}

Deno.test("a replay of a run without an end, seeds 1 to 3000: whether it breaks the claim as if it were judged by hand", () => {
  const tally = { broken: 0, obeyed: 0, stopped: 0 };
  for (let seed = 1; seed <= 3000; seed++) {
    const drawn = draw(seed);
    const random = randomFrom(seed + 0.5);
    const run: Edge[] = [];
    let at = 0;
    for (let steps = 1 + Math.floor(random() * 7); steps > 0; steps--) {
      const ways = drawn.edges.filter(({ from, to }) => from === at && to !== at);
      const way = ways[Math.floor(random() * ways.length)];
      if (way === undefined) break;
      run.push(way);
      at = way.to;
    }
    const back = run.findLastIndex(({ from }) => from === at);
    const length = back < 0 ? 0 : run.length - back;
    const trace = run.map(({ action }) => action).join(" ");
    const expected = isBroken(drawn, 0, run, length);
    const { violations } = replay(asSpec({ ...drawn, outside: new Set() }), trace, { loop: length });
    assertEquals(violations.length > 0, expected, `seed ${seed}: ${trace}, loop ${length}`);
    tally[expected ? "broken" : "obeyed"]++;
    if (length === 0) tally.stopped++;
  }
  for (const [kind, count] of Object.entries(tally)) assert(count > 300, `${kind}: ${count} of 3000`);
});

Deno.test("liveness on random graphs, seeds 1 to 3000: verdicts and lengths as if everything were tried", async () => {
  const tally = new Map<string, number>();
  for (let seed = 1; seed <= 3000; seed++) {
    const drawn = draw(seed);
    const { properties: [found], exhausted } = await check(asSpec(drawn));
    assert(found !== undefined && exhausted);
    const length = found.run === null ? Infinity : found.run.steps.length + (found.loop?.length ?? NaN);
    assertEquals(length, shortestLasso(drawn, false), `seed ${seed}`);
    const nothing = shortestLasso(drawn, true) === Infinity ? "holds" : "unknown";
    assertEquals(found.result, length === Infinity ? nothing : "violated", `seed ${seed}`);
    if (found.run !== null) assertLoops(found, seed);
    assertReplays(drawn, found, seed);
    const how = found.loop === null ? "" : found.loop.length === 0 ? " by stopping" : " by a loop";
    const kind = found.result + how;
    tally.set(kind, (tally.get(kind) ?? 0) + 1);
  }
  const least = { holds: 200, "violated by stopping": 200, "violated by a loop": 200, unknown: 20 };
  for (const [kind, count] of Object.entries(least)) {
    assert((tally.get(kind) ?? 0) > count, `${kind}: ${tally.get(kind)} of 3000`);
  }
});
