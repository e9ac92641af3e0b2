/** The engine against a plain breadth-first search over plain objects. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { type Action, always, check, spec, type Specification, steps } from "../../spec/mod.ts";
import { encode } from "../../spec/checker/value.ts";
import { randomFrom } from "../random.ts";

interface State {
  a: number;
  b: number[];
  c: Set<string>;
}

type Move = (state: State) => boolean;

/** A state machine over three variables, drawn from a seed. */
interface Drawn {
  readonly moves: Readonly<Record<string, Move>>;
  readonly isBad: (state: State) => boolean;
  readonly isBadStep: (before: State, after: State) => boolean;
}

function draw(seed: number): Drawn {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const kinds: readonly ((k: number, m: number) => Move)[] = [
    (k, m) => (s) => (s.a = (s.a + k) % m, true),
    (k, m) => (s) => s.a !== k % m && (s.b[k % 3] = (s.b[k % 3]! + 1) % m, true),
    (k) => (s) => s.b[k % 3]! > 0 && (s.c.add(`m${k % 4}`), s.b[k % 3]!--, true),
    (k) => (s) => s.c.delete(`m${k % 4}`),
    (k) => (s) => s.c.has(`m${k % 4}`) && s.a > 0 && (s.b = s.b.toReversed(), true),
    () => (s) => s.c.size === 2 && (s.a = 0, true),
  ];
  const moves = Object.fromEntries(
    Array.from(
      { length: 4 + below(4) },
      (_, i) => [`Move${i}`, kinds[i < 3 ? i : below(kinds.length)]!(below(7), 2 + below(3))],
    ),
  );
  const [most, y, z] = [3 + below(9), below(3), below(3)];
  return {
    moves,
    isBad: ({ a, b, c }) => a + b[0]! + b[1]! + b[2]! + 2 * c.size > most,
    isBadStep: (before, after) => before.b[y] === 1 && after.b[y] === 0 && after.c.size === z,
  };
}

const first = (): State => ({ a: 0, b: [0, 0, 0], c: new Set() });

function asSpec({ moves, isBad, isBadStep }: Drawn): Specification {
  return spec<State>("drawn", () => ({
    init: first(),
    actions: moves as Readonly<Record<string, Action<State>>>,
    properties: [
      always("good", "", (state) => !isBad(state) || "bad"),
      steps("good step", "", (before, after) => !isBadStep(before, after) || "bad step"),
    ],
  }));
}

function keyOf({ a, b, c }: State): string {
  return `${a}/${b.join()}/${[...c].sort().join()}`;
}

/** What the engine must find: layer by layer, and to the end of the layer in which something is bad. */
function reference({ moves, isBad, isBadStep }: Drawn) {
  let layer = [first()];
  const seen = new Set(layer.map(keyOf));
  let [generated, depth, bad, badStep] = [1, 1, isBad(first()) ? 0 : -1, -1];
  while (layer.length > 0 && bad < 0 && badStep < 0) {
    const next: State[] = [];
    for (const before of layer) {
      for (const move of Object.values(moves)) {
        const after = structuredClone(before);
        if (!move(after)) continue;
        generated++;
        if (isBadStep(before, after) && badStep < 0) badStep = depth;
        if (seen.has(keyOf(after))) continue;
        seen.add(keyOf(after));
        if (isBad(after) && bad < 0) bad = depth;
        next.push(after);
      }
    }
    if (next.length > 0) depth++;
    layer = next;
  }
  return { generated, distinct: seen.size, depth, bad, badStep };
}

Deno.test("the engine finds the same counts and shortest violations as a plain search", async () => {
  let violated = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const drawn = draw(seed);
    const report = await check(asSpec(drawn));
    const [bad, badStep] = report.properties.map(({ run }) => run?.steps.length ?? -1);
    const { generated, distinct, searches } = report;
    assertEquals(
      { generated, distinct, depth: searches[0]?.depth, bad, badStep },
      reference(drawn),
      `seed ${seed}`,
    );
    if (report.verdict === "violated") violated++;
  }
  assert(
    violated > 10 && violated < 50,
    `${violated} of 60 are violated: the specs are too easy or too hard`,
  );
});

Deno.test("a bounded search stops at its depth, and says how many states are left", async () => {
  const up = spec("up", () => ({ init: { n: 0 }, actions: { Up: (s) => void s.n++ }, properties: [] }));
  const { searches, exhausted, verdict } = await check(up, { depth: 5 });
  assertEquals(searches[0], {
    search: "steps",
    generated: 5,
    distinct: 5,
    depth: 5,
    edge: 1,
    cut: 0,
    exhausted: false,
  });
  assertEquals([exhausted, verdict], [false, "holds"]);
});

Deno.test("a signal ends the check: inconclusive, with what was covered", async () => {
  const up = spec("up", () => ({
    init: { n: 0, m: 0 },
    actions: { Up: (s) => void (s.n = (s.n + 1) % 5000), Also: (s) => void (s.m = (s.m + 1) % 5000) },
    properties: [],
  }));
  const report = await check(up, { signal: AbortSignal.timeout(300) });
  assertEquals([report.verdict, report.stopped, report.exhausted], ["inconclusive", "signal", false]);
  assert(report.distinct > 0 && (report.searches[0]?.edge ?? 0) > 0);
});

Deno.test("values that differ in structure alone have different encodings", () => {
  const set = (...items: unknown[]) => new Set(items);
  const values: readonly unknown[] = [
    [set(1, 2), set()],
    [set(), set(1, 2)],
    [set(1), set(2)],
    [[1, 2], []],
    [[], [1, 2]],
    [1, 2],
    [[1], 2],
    ["1", 2],
    ["1,2"],
    set(1, 2),
    set("1,2"),
    set(set(1), 2),
    { a: 1, b: 2 },
    { a: { b: 2 } },
    { "a:1,b": 2 },
    {},
    [],
    set(),
    null,
    "N",
    true,
    "T",
    0,
    "0",
    "",
    new Uint8Array([1, 2]),
    new Uint8Array([12]),
    [12],
    "x0c",
  ];
  for (const [i, a] of values.entries()) {
    for (const b of values.slice(i + 1)) assertNotEquals(encode(a), encode(b));
  }
});

Deno.test("equal values have equal encodings, whatever the order in which they were built", () => {
  assertEquals(encode({ a: 1, b: [new Set([1, 2])] }), encode({ b: [new Set([2, 1])], a: 1 }));
  assertEquals(encode(new Set([{ a: 1 }, { a: 1 }])), encode(new Set([{ a: 1 }])));
  assertEquals(encode(-0), encode(0));
});

Deno.test("a search that needs more memory than it may have ends: inconclusive, with what was covered", async () => {
  const counter = spec<{ a: number; b: number }>("counter", () => ({
    init: { a: 0, b: 0 },
    actions: { A: (s) => void s.a++, B: (s) => void s.b++ },
    properties: [],
  }));
  const report = await check(counter, { maxMegabytes: 20 });
  assertEquals([report.verdict, report.stopped, report.exhausted], ["inconclusive", "memory", false]);
  assertEquals(report.distinct > 10_000, true);
});
