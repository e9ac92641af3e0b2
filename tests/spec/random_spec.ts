/** Small specs by chance, as text: what a test prints of one that fails can be read, and pasted. */
import { always, type Definition, each, serverSteps, sometimes, steps } from "../../spec/mod.ts";
import { randomFrom } from "../random.ts";
import type { AnyCluster } from "./reference_cluster.ts";

/** Draws from lists by chance. */
export interface Draw {
  /** An integer from 0 to below `n`. */
  readonly below: (n: number) => number;
  /** One of the items. */
  readonly one: <T>(items: readonly T[]) => T;
  /** So many texts, each made anew. */
  readonly many: (count: number, make: (index: number) => string) => readonly string[];
}

/** The draws of one seed. */
export function drawFrom(seed: number): Draw {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  return {
    below,
    one: (items) => items[below(items.length)]!,
    many: (count, make) => Array.from({ length: count }, (_, index) => make(index)),
  };
}

/** The definition that a text stands for. */
export function definitionOf(
  text: string,
  vocabulary: Readonly<Record<string, unknown>> = {},
): Definition<unknown> & AnyCluster {
  const names = { each, always, steps, serverSteps, sometimes, ...vocabulary };
  return new Function(...Object.keys(names), `return (${text});`)(...Object.values(names));
}

/**
 * What a variable may hold, and how it is read, as a number, and written. In the texts X is the variable, K a small
 * number, E the number that some other variable is read as.
 */
interface Kind {
  readonly init: readonly string[];
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

const kinds: readonly Kind[] = [
  {
    init: ["0", "1", "-0"],
    reads: ["Math.abs(X)", "(X > K ? 1 : 0)"],
    writes: ["X = (X + E) % 3", "X = E % 4", "X = -X", "X++; if (X > 3) X = 0"],
  },
  {
    init: ['"p"', '"q"', '""'],
    reads: ["X.length", '(X === "q" ? 1 : 0)'],
    writes: ['X = X === "p" ? "q" : "p"', 'X = ["p", "q", "r r"][E % 3]'],
  },
  {
    init: ["true", "false", "null"],
    reads: ["(X ? 1 : 0)", "(X === null ? 2 : 0)"],
    writes: ["X = !X", "X = [null, true, false, 0][E % 4]"],
  },
  {
    init: ['{ a: 0, b: { c: "x", d: [0, 1] } }', '{ b: { d: [1, 1], c: "y" }, a: 1 }'],
    reads: ["X.a", "X.b.d[E % 2]", '(X.b.c === "x" ? 1 : 0)', "X.b.d.length", "Object.values(X).length"],
    writes: [
      "X.a = E % 3",
      "X.b.d[K % 2] = E % 2",
      'X.b = { c: "y", d: [E % 2, 0] }',
      "const old = X.b; X = { a: 1, b: { c: old.c, d: [old.d[1], old.d[0]] } }",
      "const kept = X.b; X.b = { c: kept.c, d: [1, E % 2] }; X.a = kept.d[0]",
      "X.b.d.reverse()",
    ],
  },
  {
    init: ["[0, 1, 0]", "[1, 1, 0]"],
    reads: ["X.filter((x) => x > 0).length", "X[E % 3]", "X.length"],
    writes: [
      "X[K % 3] = E % 3",
      "[X[0], X[2]] = [X[2], X[0]]",
      "X = X.toReversed()",
      "X.sort()",
      "X.fill(K)",
    ],
  },
  {
    init: ['[{ x: 0, y: "" }, { x: 1, y: "" }]'],
    reads: ["X[K % 2].x", 'X.filter(({ y }) => y === "").length', "X.findIndex(({ x }) => x === K) + 1"],
    writes: [
      "X[K % 2].x = (E + 1) % 3",
      "[X[0], X[1]] = [X[1], X[0]]",
      "X.reverse()",
      "for (const cell of X) cell.x = (cell.x + 1) % 2",
      'X[E % 2] = { x: K, y: "z" }',
      "X.sort((left, right) => left.x - right.x)",
    ],
  },
  {
    init: ["[]", "[1]"],
    reads: ["X.length", "(X.at(-1) ?? 0)", "X.filter((x) => x === K).length"],
    writes: [
      "if (X.length < 3) X.push(E % 2)",
      "X.shift()",
      "X = X.filter((x) => x !== K)",
      "X.length = 0",
      "if (X.length < 3) X = [K, ...X]",
    ],
  },
  {
    init: ["{}", "{ k0: 1 }"],
    reads: ["Object.keys(X).length", '(X["k0"] ?? 2)', '("k1" in X ? 1 : 0)'],
    writes: ['X["k" + E % 2] = K', 'delete X["k" + K % 2]', "X = { ...X, k2: E % 2 }"],
  },
  {
    init: ["new Set()", "new Set([0, 2])"],
    reads: ["X.size", "(X.has(E % 3) ? 1 : 0)", "[...X].reduce((sum, x) => sum + x, 0)"],
    writes: [
      "X.add(E % 3)",
      "X.delete(E % 3)",
      "X.clear()",
      "X = new Set([...X, K])",
      "for (const x of X) { if (x !== K) X.delete(x); }",
      "X = X.symmetricDifference(new Set([K, 1]))",
      "if (!X.delete(K)) X.add(K)",
    ],
  },
  {
    init: ['new Set([1, "1"])', "new Set([null, true])"],
    reads: ["X.size", '(X.has("1") ? 1 : 0)', "(X.has(null) ? 1 : 0)"],
    writes: ['X.add([1, "1", null, true, "T"][E % 5])', 'X.delete([1, "1", null, true, "T"][E % 5])'],
  },
  {
    init: ["new Set()", "new Set([{ to: 1, via: [0] }])"],
    reads: ["X.size", "[...X].filter(({ to }) => to > K).length", "(X.has({ via: [E % 2], to: K }) ? 1 : 0)"],
    writes: [
      "X.add({ to: E % 3, via: [0] })",
      "X.add({ via: [K % 2], to: 1 })",
      "X.delete({ to: K, via: [0] })",
      "for (const { to } of X) X.delete({ to, via: [1] })",
      "X = X.union(new Set([{ to: K, via: [0] }]))",
      "X = X.difference(new Set([{ to: 1, via: [0] }]))",
      "X = X.intersection(new Set([{ to: K, via: [0] }, { to: 1, via: [1] }]))",
    ],
  },
  {
    init: ["new Set([new Set()])", "new Set()"],
    reads: ["X.size", "(X.has(new Set([K, 1])) ? 1 : 0)"],
    writes: ["X.add(new Set([E % 2, K]))", "X.delete(new Set())"],
  },
  {
    init: ["[new Set(), new Set([1])]"],
    reads: ["X[E % 2].size", "(X[0].isSubsetOf(X[1]) ? 1 : 0)"],
    writes: [
      "X[K % 2].add(E % 2)",
      "X[E % 2] = new Set()",
      "[X[0], X[1]] = [X[1], X[0]]",
      "const held = X[0]; X[0] = new Set([K]); X[1] = held",
    ],
  },
  {
    init: ["new Uint8Array([0, 1])", "new Uint8Array()"],
    reads: ["(X[0] ?? 3)", "X.length"],
    writes: ["X[0] = (X[0] + 1) % 3", "X = new Uint8Array([E % 3])", "X = X.slice(1)"],
  },
  {
    init: ["null", "{ n: 0, log: [] }"],
    reads: ["(X === null ? 1 : 0)", "(X?.log.length ?? 0)"],
    writes: [
      "X = X === null ? { n: E % 2, log: [] } : null",
      "if (X !== null) X.n = E % 3",
      "if (X !== null && X.log.length < 2) X.log.push(K)",
    ],
  },
];

/** A spec of some of these variables, as the text of its definition. */
export function randomSpec(draw: Draw): string {
  const { below, one, many } = draw;
  const variables = many(2 + below(4), (index) => `v${index}`).map((name) => ({ name, kind: one(kinds) }));
  function read(state: string): string {
    const { name, kind } = one(variables);
    return fill(one(kind.reads), `${state}.${name}`, () => String(below(3)));
  }
  function fill(text: string, variable: string, other: () => string): string {
    return text.replace(/\bX\b/g, variable).replace(/\bK\b/g, () => String(below(3))).replace(
      /\bE\b/g,
      other,
    );
  }
  function action(argument: string): string {
    const write = () => {
      const { name, kind } = one(variables);
      const other = () => one([read("s"), `(${read("s")} + ${read("s")})`, argument === "" ? "1" : "k"]);
      return `{ ${fill(one(kind.writes), `s.${name}`, other)}; }`;
    };
    const guard = one(["", "", `if (${read("s")} === ${below(3)}) return false; `]);
    const branch = one(["", `if (${read("s")} < ${read("s")} + ${below(2)}) ${write()} else ${write()} `]);
    const last = one(["", "", `return ${read("s")} !== ${below(3)};`]);
    return `(s${argument}) => { ${guard}${branch}${many(1 + below(2), write).join(" ")} ${last}}`;
  }
  const actions = many(3 + below(4), (index) => {
    const run = one([() => action(""), () => `each([0, 1], ${action(", k")})`]);
    return `A${index}: ${run()},`;
  });
  const states = many(1 + below(3), () => {
    const values = variables.map(({ name, kind }) => `${name}: ${one(kind.init)}`);
    return `{ ${values.join(", ")} }`;
  });
  return [
    `{\n  init: [${states.join(", ")}],`,
    `actions: {\n    ${actions.join("\n    ")}\n  },`,
    ...one([[], [], [], [`constraint: (s) => ${read("s")} + ${read("s")} < ${2 + below(3)},`]]),
    ...one([[], [], [], [
      `actionConstraint: (before, after) => ${read("before")} !== ${below(3)} || ${read("after")} < ${
        1 + below(2)
      },`,
    ]]),
    `properties: [\n    ${properties(draw, read).join("\n    ")}\n  ],`,
  ].join("\n  ") + "\n}";
}

/** A property of each kind, some of them wrong. */
export function properties({ below, one }: Draw, read: (state: string) => string): readonly string[] {
  const [left, right] = [read("before"), below(4)];
  const wrong = Array.from({ length: 2 + below(2) }, () => `${read("s")} === ${below(3)}`).join(" && ");
  const same = left.replaceAll("before", "after");
  const step = one([
    `!(${left} === ${right} && ${same} === ${below(4)} && ${read("after")} === ${below(3)})`,
    `!(${left} === ${right} && ${same} === ${below(4)} && ${read("after")} === ${below(3)})`,
    `${left} !== ${same} || ${read("after")} < 2`,
  ]);
  return [
    `always("state", "", (s) => !(${wrong}) || "a bad state"),`,
    `steps("step", "", (before, after) => ${step} || "a bad step"),`,
    `sometimes("sought", "", (s) => ${read("s")} === ${below(3)} && ${read("s")} === ${below(4)}),`,
  ];
}
