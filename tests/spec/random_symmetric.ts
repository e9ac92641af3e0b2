/** Small specs by chance, as text, in which names may take each other's place; and what permutations make of states. */
import type { Draw } from "./random_spec.ts";
import { textOf } from "./reference.ts";
import type { AnyCluster, Global } from "./reference_cluster.ts";

/** The names that may: servers, and values. */
const sets = [["a", "b", "c"], ["v", "w"]] as const;

/** What a variable may hold, and how it is read as a number and written where I is a server and V a value. */
const kinds = [
  {
    init: "{ a: 0, b: 0, c: 0 }",
    reads: ["X[I]", "Object.values(X).filter((x) => x > K).length"],
    writes: ["X[I] = (X[I] + E) % 3", "for (const name of Object.keys(X)) X[name] = (X[name] + 1) % 2"],
  },
  {
    init: "{ a: null, b: null, c: null }",
    reads: ["(X[I] === V ? 1 : 0)", "Object.values(X).filter((x) => x === V).length"],
    writes: ["X[I] = V", "X[I] = X[I] === null ? V : null"],
  },
  {
    init: "null",
    reads: ["(X === I ? 1 : 0)", "(X === null ? 2 : 0)"],
    writes: ["X = I", "X = X === I ? null : X"],
  },
  {
    init: "new Set()",
    reads: ["X.size", "(X.has(I) ? 1 : 0)"],
    writes: ["X.add(I)", "X.delete(I)", "if (X.size > K) X.clear()"],
  },
  {
    init: "new Set()",
    reads: ["X.size", "(X.has({ by: I, what: V }) ? 1 : 0)"],
    writes: ["X.add({ by: I, what: V })", "for (const one of X) { if (one.what === V) X.delete(one); }"],
  },
  {
    init: "[]",
    reads: ["X.length", "X.filter((x) => x === I).length"],
    writes: [
      "if (X.length < 2) X.push(I)",
      "X = X.filter((x) => x !== V)",
      "if (X.length < 2) X = [V, ...X]",
    ],
  },
] as const;

/** A plain spec that is the same whatever its servers and values are called. */
export function randomSymmetricSpec({ below, one, many }: Draw): string {
  const variables = many(2 + below(2), (index) => `x${index}`).map((name) => ({ name, kind: one(kinds) }));
  const bound = (text: string) => text.replaceAll(/\b([IV])\b/g, (name) => name === "I" ? "i" : "v");
  const read = (state = "s") => {
    const { name, kind } = one(variables);
    return bound(
      one<string>(kind.reads).replaceAll("X", `${state}.${name}`).replaceAll("K", String(below(2))),
    );
  };
  const write = () => {
    const { name, kind } = one(variables);
    const text = one<string>(kind.writes).replaceAll("X", `s.${name}`).replaceAll("K", String(below(2)));
    return `${bound(text.replaceAll(/\bE\b/g, () => `(${read()} + ${below(2)})`))};`;
  };
  // Of a state as a whole: how many pairs of a server and a value there are of which something is so.
  const count = (state: string) =>
    `pairs.filter(([i, v]) => ${read(state)} === ${below(3)} && ${read(state)} === ${below(3)}).length`;
  const actions = many(2 + below(3), (index) => {
    const guard = one(["", "", `if (${read()} === ${below(2)}) return false; `]);
    return `A${index}: each(...sets, (s, i, v) => { ${guard}${many(1 + below(2), write).join(" ")} }),`;
  });
  return [
    `{\n  symmetry: ${JSON.stringify(sets)},`,
    `init: { ${variables.map(({ name, kind }) => `${name}: ${kind.init}`).join(", ")} },`,
    `actions: {\n    ${actions.join("\n    ")}\n  },`,
    "ends: () => true,",
    ...one([[], [
      `constraint: (s) => pairs.filter(([i, v]) => ${read()} + ${read()} > 0).length < ${1 + below(6)},`,
    ]]),
    ...one([[], [], [
      `actionConstraint: (before, after) => ${count("after")} < ${count("before")} + ${1 + below(2)},`,
    ]]),
    `properties: [
    always("state", "", (s) => ${count("s")} !== ${1 + below(6)} || "a bad state"),
    steps("step", "", (before, after) => ${count("before")} <= ${count("after")} + ${
      2 + below(4)
    } || "a bad step"),
    sometimes("sought", "", (s) => ${count("s")} === ${below(6)}),
  ],`,
  ].join("\n  ") + "\n}";
}

/** A cluster that is the same whatever its servers are called. */
export function randomSymmetricCluster({ below, one }: Draw): string {
  const servers = '["a", "b", "c"]';
  const number = () =>
    one(["local.n", "local.met.size", "local.list.length", "(event.n ?? 1)", String(below(3))]);
  const name = () => one(["local.id", "(event.from ?? local.id)", "(local.list[0] ?? local.id)"]);
  const local = () =>
    `({ ...local, ${
      one([
        `n: (${number()} + ${number()}) % 3`,
        `met: new Set([...local.met, ${name()}])`,
        "met: new Set()",
        `list: [...local.list, ${name()}].slice(-2)`,
        `sent: { [${name()}]: ${number()} }`,
      ])
    } })`;
  const message = (to: string) =>
    `{ from: local.id, to: ${to}, type: "${one(["Ping", "Pong"])}", n: ${number()} % 2, of: ${name()} }`;
  const outcome = () => {
    const sends = one([
      "",
      `, sends: [${message(name())}]`,
      `, sends: ${servers}.filter((to) => to !== local.id).map((to) => (${message("to")}))`,
    ]);
    return `{ local: ${local()}${sends}${one(["", `, notes: [${name()}]`])} }`;
  };
  const network = one(["unordered", "unordered", "ordered", "duplicating"]);
  const faults = network === "unordered" ? `, drops: ${below(2)}, duplicates: ${below(2)}` : "";
  const count = (state: string) =>
    one([
      `${state}.servers.filter(({ n }) => n > ${below(2)}).length`,
      `${state}.servers.filter(({ id, met }) => met.has(id)).length`,
      `${state}.history.size`,
      `(${state}.servers.some(({ id, n }) => n === 2 && ${state}.history.has(id)) ? 2 : 0)`,
    ]);
  return [
    `{\n  servers: ${servers}, symmetry: [${servers}],`,
    `network: "${network}",`,
    `budgets: { ticks: ${1 + below(2)}, slow: 1${faults} },`,
    'initial: (id) => ({ id, n: 0, met: new Set(), list: [], sent: {}, extra: "x" }),',
    `inFlight: ${one(["[]", `${servers}.map((id) => ({ from: id, to: id, type: "Ping", n: 0, of: id }))`])},`,
    'happenings: ({ n }) => n < 2 ? [{ notation: "!", title: "tick", event: { type: "tick" }, spends: "ticks" }] : [],',
    `outcomes: (local, event) => event.type === "${one(["tick", "Ping", "Pong"])}"`,
    `  ? [${outcome()}] : ${number()} === 0 ? [] : [${outcome()}, { ...${outcome()}, notation: "_", spends: "slow" }],`,
    "history: new Set(),",
    "remember: (history, note) => new Set([...history, note]),",
    "identity: ({ extra, ...rest }) => rest,",
    ...one([[], [`constraint: (s) => ${count("s")} + ${count("s")} < ${2 + below(2)},`]]),
    `properties: [
    always("state", "", (s) => ${count("s")} + ${count("s")} !== ${2 + below(4)} || "a bad state"),
    steps("step", "", (before, after) => ${count("before")} <= ${count("after")} + ${
      below(2)
    } || "a bad step"),
    sometimes("sought", "", (s) => ${count("s")} === ${below(3)}),
  ],`,
  ].join("\n  ") + "\n}";
}

/** What a text of a spec may speak of. */
export const vocabulary = { sets, pairs: sets[0].flatMap((i) => sets[1].map((v) => [i, v] as const)) };

/** The same for all states of one orbit, and only for them: tries every permutation of some names. */
export function orbitOf(names: readonly (readonly string[])[]): (state: unknown) => string {
  const all = names.reduce<readonly (readonly (readonly [string, string])[])[]>(
    (before, set) =>
      before.flatMap((pairs) =>
        orders(set).map((order) => [...pairs, ...set.map((name, at) => [name, order[at]!] as const)])
      ),
    [[]],
  ).map((pairs) => new Map(pairs));
  return (state) => all.map((other) => textOf(rename(state, other))).reduce((a, b) => a < b ? a : b);
}

/** A state of a cluster as plain data in which servers stand by name, and messages in no order. */
export function unordered(
  { servers, network, identity = (local) => local }: AnyCluster,
  { locals, flight, ...rest }: Global,
): unknown {
  const count = (message: unknown) => flight.filter((other) => textOf(other) === textOf(message)).length;
  const queue = (from: string, to: string) =>
    flight.filter((message) => message.from === from && message.to === to);
  return {
    ...rest,
    locals: Object.fromEntries(servers.map((name, server) => [name, identity(locals[server])])),
    flight: network === "ordered"
      ? new Set(servers.flatMap((from) => servers.map((to) => ({ from, to, queue: queue(from, to) }))))
      : new Set(flight.map((message) => ({ message, count: count(message) }))),
  };
}

function orders(items: readonly string[]): readonly (readonly string[])[] {
  return items.length < 2
    ? [items]
    : items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

function rename(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return names.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => rename(item, names));
  if (value instanceof Set) return new Set([...value].map((item) => rename(item, names)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [names.get(key) ?? key, rename(item, names)]),
  );
}
