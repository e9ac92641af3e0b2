/** Runs in the Informal Trace Format, held to the rules of Apalache's ADR-015. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { cluster, type ClusterDefinition, replay, spec, type Specification } from "../../spec/mod.ts";
import { type Itf, itf } from "../../spec/report/itf.ts";
import { quorate, withFiles } from "./cli_support.ts";

/** What breaks the rules of the format in an expression, by its path. */
function faultsOf(value: unknown, path: string): readonly string[] {
  switch (typeof value) {
    case "string":
    case "boolean":
      return [];
    case "number":
      return Number.isSafeInteger(value) ? [] : [`${path} is no JSON integer`];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => faultsOf(item, `${path}[${index}]`));
  if (typeof value !== "object" || value === null) return [`${path} is no expression`];
  const entries = Object.entries(value);
  const [[key = "", content] = []] = entries;
  if (!key.startsWith("#")) {
    const odd = entries.filter(([name]) => name.startsWith("#")).map(([name]) =>
      `${path} has a field ${name}`
    );
    return [...odd, ...entries.flatMap(([name, item]) => faultsOf(item, `${path}.${name}`))];
  }
  if (entries.length > 1) return [`${path} has more than ${key}`];
  switch (key) {
    case "#bigint":
      return typeof content === "string" && /^-?[0-9]+$/.test(content) ? [] : [`${path} is no big integer`];
    case "#unserializable":
      return typeof content === "string" ? [] : [`${path} is no text`];
    case "#tup":
    case "#set":
      return Array.isArray(content) ? faultsOf(content, path) : [`${path} is no list`];
    case "#map": {
      const isMap = Array.isArray(content) &&
        content.every((pair) => Array.isArray(pair) && pair.length === 2);
      return isMap ? faultsOf(content, path) : [`${path} is no list of pairs`];
    }
    default:
      return [`${path} has an unknown form ${key}`];
  }
}

/** What breaks the rules of the format in a trace. */
function faultsOfTrace(trace: Record<string, unknown>): readonly string[] {
  const { "#meta": meta, vars, states, loop, ...rest } = trace as Record<string, Itf> & {
    readonly vars: readonly string[];
    readonly states: readonly Record<string, Itf>[];
  };
  const isLoop = loop === undefined ||
    (Number.isInteger(loop) && Number(loop) >= 0 && Number(loop) < states.length);
  return [
    ...Object.keys(rest).map((key) => `there is no ${key} in a trace`),
    ...(typeof meta === "object" ? [] : ["#meta is no object"]),
    ...(isLoop ? [] : ["loop is no index of a state"]),
    ...states.flatMap(({ "#meta": own, ...values }, index) => [
      ...((own as { index?: unknown }).index === index ? [] : [`state ${index} has another index`]),
      ...(Object.keys(values).join() === vars.join() ? [] : [`state ${index} has other variables`]),
      ...faultsOf(values, `state ${index}`),
    ]),
  ];
}

function trace(of: Specification, text: string): Record<string, unknown> {
  const { model, run } = replay(of, text);
  const asked = { spec: of.name, parameters: {}, description: "a run", isViolation: false };
  return JSON.parse(JSON.stringify(itf(model, run, null, asked)));
}

const everything = spec("everything", () => ({
  init: {
    none: null as null | number,
    large: 2 ** 53,
    half: 0.5,
    bytes: new Uint8Array([1, 255]),
    set: new Set(["b", "a"]),
    list: [1, [true]],
    record: { x: 1, y: "one" },
    tagged: { tag: "A", other: 2 },
    hash: { "#set": [1] },
  },
  actions: { Set: (s) => void (s.none = -3) },
  properties: [],
}));

Deno.test("each kind of value has its form, and none is taken for another", () => {
  const found = trace(everything, "Set");
  assertEquals(faultsOfTrace(found), []);
  assertEquals(found.vars, Object.keys((found.states as object[])[0]!).slice(1));
  assertEquals((found.states as unknown[])[0], {
    "#meta": { index: 0 },
    none: { tag: "None", value: { "#tup": [] } },
    large: { "#bigint": "9007199254740992" },
    half: { "#unserializable": "0.5" },
    bytes: [1, 255],
    set: { "#set": ["a", "b"] },
    list: [1, [true]],
    record: { x: 1, y: "one" },
    tagged: { "#map": [["tag", "A"], ["other", 2]] },
    hash: { "#map": [["#set", [1]]] },
  });
  assertEquals((found.states as Record<string, unknown>[])[1]?.none, -3);
});

for (
  const [name, text] of [["die_hard", "FillBig BigToSmall"], ["raft", "a! a>b b>a"], [
    "raft",
    "@lag",
  ]] as const
) {
  Deno.test(`a run of ${name}, ${text}, obeys the rules of the format`, () => {
    assertEquals(faultsOfTrace(trace(catalog[name]!, text)), []);
  });
}

Deno.test("a cluster's variables are its servers by id, the messages in flight, and the history", () => {
  const found = trace(catalog.raft!, "a! a>b");
  assertEquals(found.vars, ["a", "b", "c", "messages", "history"]);
  const [, , last] = found.states as Record<string, Record<string, unknown> & unknown[]>[];
  assertEquals([last?.["#meta"]?.step, last?.a?.role, last?.b?.votedFor], ["a>b", "candidate", "a"]);
  const messages = last?.messages?.map((message) => message as { type: string; from: string; to: string });
  assertEquals(messages?.map(({ type, from, to }) => `${from}>${to}:${type}`), [
    "a>c:RequestVote",
    "b>a:RequestVoteResponse",
  ]);
});

interface Ball {
  readonly from: string;
  readonly to: string;
  readonly type: "Ball";
  readonly number: number;
}

Deno.test("the messages of an ordered network are those in its queues", () => {
  const ball = (number: number): Ball => ({ from: "a", to: "b", type: "Ball", number });
  const throws = cluster("throws", (): ClusterDefinition<number, Ball> => ({
    servers: ["a", "b"],
    network: "ordered",
    initial: () => 0,
    inFlight: [ball(2), ball(1)],
    outcomes: (caught) => [{ local: caught + 1 }],
    properties: [],
  }));
  const { states } = trace(throws, "a>b") as { states: { b: number; messages: Ball[] }[] };
  assertEquals(states.map(({ b, messages }) => [b, messages.map(({ number }) => number)]), [[0, [2, 1]], [1, [
    1,
  ]]]);
});

Deno.test("check --itf: the counterexample alone on stdout, the report on stderr, the same exit code", async () => {
  for (const walks of [[], ["--walks", "1000", "--seed", "3"]]) {
    const { code, json, stderr } = await quorate(["check", "die_hard", "--itf", ...walks]);
    assertEquals(code, 1);
    const [found, ...more] = json();
    assertEquals([more, faultsOfTrace(found!)], [[], []]);
    assertEquals((found?.states as { big: number }[]).at(-1)?.big, 4);
    const meta = found?.["#meta"] as Record<string, unknown>;
    assertEquals([meta.format, meta.source, meta.status], ["ITF", "die_hard", "violation"]);
    assertStringIncludes(stderr, "<- the big jug holds 4 gallons");
    assertStringIncludes(stderr, "\nreplay: ");
    const again = await quorate(["replay", String(meta.trace), "die_hard", "--itf"]);
    assertEquals([again.code, again.json()[0]?.states], [1, found?.states]);
  }
});

Deno.test("check --itf without a counterexample writes nothing to stdout, and says so", async () => {
  const { code, stdout, stderr } = await quorate(["check", "two_phase_commit", "--itf"]);
  assertEquals([code, stdout], [0, ""]);
  assert(stderr.endsWith("no counterexample: nothing is written to stdout\n"), stderr);
});

const ring = `
import { eventually, spec } from "@quorate/raft/spec";
export default spec<{ n: number }>("ring", () => ({
  init: { n: 0 },
  actions: { Up: (s) => s.n < 3 && void s.n++, Back: (s) => s.n === 3 && void (s.n = 1) },
  properties: [eventually("five", "n = 5", ({ n }) => n === 5)],
  fairness: [],
}));
`;

Deno.test("the loop of a behaviour that goes on for ever begins at its index, and ends in the last state", async () => {
  const fair = ring.replace(/fairness: .*/, 'fairness: [weak("Up"), weak("Back")],').replace(
    "spec }",
    "spec, weak }",
  );
  await withFiles({ "ring.ts": fair, "still.ts": ring }, async (folder) => {
    const [round] = (await quorate(["check", "ring.ts", "--itf"], folder)).json();
    assertEquals(faultsOfTrace(round!), []);
    assertEquals((round?.states as { n: number }[]).map(({ n }) => n), [0, 1, 2, 3]);
    assertEquals(round?.loop, 1);
    const [still] = (await quorate(["check", "still.ts", "--itf"], folder)).json();
    assertEquals([(still?.states as unknown[]).length, still?.loop], [1, 0]);
    assertEquals(faultsOfTrace(still!), []);
  });
});

Deno.test("replay --itf writes any run", async () => {
  const { code, json, stderr } = await quorate(["replay", 'Prepare("r1")', "two_phase_commit", "--itf"]);
  assertEquals([code, (json()[0]?.states as unknown[]).length], [0, 2]);
  assertEquals(faultsOfTrace(json()[0]!), []);
  assertStringIncludes(stderr, "ok  this run violates nothing");
});
