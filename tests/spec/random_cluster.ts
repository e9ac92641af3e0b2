/** Small clusters by chance, as text. */
import { type Draw, properties } from "./random_spec.ts";

/** A cluster whose servers count, and remember and send what they count, as the text of its definition. */
export function randomCluster(draw: Draw): string {
  const { below, one, many } = draw;
  const servers = ["a", "b", "c"].slice(0, 1 + below(3));
  const network = one(["unordered", "unordered", "ordered", "duplicating"]);
  const number = () =>
    one([
      "local.n",
      "local.seen.size",
      "local.list.length",
      "(event.n ?? 1)",
      String(below(3)),
      '(local.id === "a" ? 1 : 0)',
    ]);
  const sum = () => `(${number()} + ${number()})`;
  const condition = () => `${number()} ${one(["<", "===", "!=="])} ${below(3)}`;
  const local = () => {
    const parts = [
      `n: ${sum()} % 3`,
      `seen: new Set([...local.seen, ${number()}])`,
      "seen: new Set()",
      `list: [...local.list, ${number()}].slice(-2)`,
      `spare: ${number()}`,
    ];
    return one([
      "local",
      `({ ...local, ${one(parts)} })`,
      `({ ...local, ${one(parts)} })`,
      `({ ...local, ${one(parts)}, ${one(parts)} })`,
    ]);
  };
  const message = (from: string, to: string, n: string) =>
    `{ from: ${from}, to: ${to}, type: "${one(["Ping", "Ping", "Pong"])}", n: ${n} % 2 }`;
  const name = () => JSON.stringify(one(servers));
  const send = () => message("local.id", one([name(), "event.from ?? local.id"]), number());
  const outcome = (extra: string) => {
    const sends = one(["", "", `, sends: [${send()}]`, `, sends: [${many(2, send)}]`]);
    const notes = one(["", "", `, notes: [${number()}]`, `, notes: [${number()}, "x"]`]);
    return `{ ${extra}local: ${local()}${sends}${notes} }`;
  };
  const outcomes = () => {
    const second = one([
      "",
      "",
      `, ${outcome('notation: "_", spends: "slow", ')}`,
      `, ${outcome('notation: "_", ')}`,
    ]);
    return `${condition()} ? ${one(["[]", `[${outcome("")}]`])} : [${outcome("")}${second}]`;
  };
  const happenings = [
    `...(${condition()} ? [{ notation: "!", title: "tick", event: { type: "tick" }, spends: "ticks" }] : [])`,
    `...(proposed < 2 ? [{ notation: "=" + proposed, title: "propose", event: { type: "propose", n: proposed }, spends: "proposals" }] : [])`,
    `...(${condition()} ? [{ notation: "@a", title: "free", event: { type: "free", n: local.n } }] : [])`,
  ].filter(() => below(4) > 0).map((text) => text.replaceAll("event.n", "local.n"));
  const faults = network === "unordered" ? `, drops: ${below(2)}, duplicates: ${below(2)}` : "";
  const initial = "{ id, n: 0, seen: new Set(), list: [], spare: 0 }";
  const seen = (state: string) =>
    one([
      `${state}.servers[${below(servers.length)}].n`,
      `${state}.servers.filter(({ n }) => n > ${below(2)}).length`,
      `${state}.servers[${below(servers.length)}].list.length`,
      `${state}.history.length`,
    ]);
  return [
    `{\n  servers: ${JSON.stringify(servers)},`,
    `network: "${network}",`,
    `budgets: { ticks: ${1 + below(2)}, proposals: ${below(3)}, slow: ${below(2)}${faults} },`,
    `initial: (id) => (${one([initial, initial.replace("n: 0", 'n: id === "a" ? 1 : 0')])}),`,
    `inFlight: [${many(below(4), () => message(name(), name(), String(below(2)))).join(", ")}],`,
    `happenings: (local, proposed) => [${happenings.join(", ")}],`,
    `outcomes: (local, event) => event.type === "${
      one(["tick", "Ping", "Pong", "propose"])
    }" ? (${outcomes()}) : (${outcomes()}),`,
    'history: "",',
    `remember: (history, note) => ${one(["(history + note).slice(-2)", "history", "String(note)"])},`,
    ...one([
      [],
      ["observe: ({ n, list }) => ({ n, list }),"],
      ["identity: ({ spare, ...rest }) => rest,", "observe: ({ spare, ...rest }) => rest,"],
    ]),
    ...one([[], [], [`constraint: (s) => ${seen("s")} + ${seen("s")} < ${1 + below(2)},`]]),
    ...one([[], [], [
      `actionConstraint: (before, after) => ${seen("before")} !== ${below(2)} || ${seen("after")} < 1,`,
    ]]),
    `properties: [\n    ${claims(draw, seen).join("\n    ")}\n  ],`,
  ].join("\n  ") + "\n}";
}

/** Properties of which one may be of each change of a server: alone, or beside one of whole steps. */
function claims(draw: Draw, seen: (state: string) => string): readonly string[] {
  const { below, one } = draw;
  const [state, step, sought] = properties(draw, seen) as [string, string, string];
  const what = one(["n", "list.length"]);
  const wrong = `before.${what} === ${below(3)} && after.${what} === ${below(3)} && after.n < ${
    1 + below(3)
  }`;
  const change = `serverSteps("change", "", (before, after) => !(${wrong}) || "a bad change"),`;
  return one([[state, step, sought], [state, change, sought], [state, change, step, sought]]);
}
