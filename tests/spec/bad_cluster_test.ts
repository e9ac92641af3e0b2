/** What is wrong in a cluster is said: in which cluster, in which of its functions, for what, and where in the value. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { always, check, cluster, sometimes, SpecError } from "../../spec/mod.ts";
import { withoutPlaces } from "./cli_support.ts";

interface Local {
  n: number;
  list: number[];
  set: Set<number>;
}

/** A cluster that works, but for these parts, which need not make sense to the type checker. */
function wrong(parts: object) {
  const whole = {
    servers: ["a", "b"],
    budgets: { ticks: 1 },
    initial: (): Local => ({ n: 0, list: [], set: new Set() }),
    inFlight: [{ from: "a", to: "b", type: "Hello" }],
    outcomes: (local: Local) => [{ local: { ...local, n: 1 } }],
    properties: [],
    ...parts,
  };
  return cluster("wrong", () => whole as never);
}

/** Parts of a cluster in which this happens at a server that has counted to 0. */
function happening(parts: object) {
  const found = { notation: "!", title: "tick", event: { type: "tick" }, ...parts };
  return { happenings: ({ n }: Local) => n === 0 ? [found] : [] };
}

function outcome(parts: object) {
  return { outcomes: (local: Local) => [{ local, ...parts }] };
}

function boom(): never {
  throw new Error("boom");
}

let calls = 0;

const arrival = "cluster wrong, outcomes of (from: a, to: b, type: Hello) in (n: 0, list: [], set: {})";
const happens = "cluster wrong, happenings in (n: 0, list: [], set: {})";
const seen = "in the state servers [(n: 0, list: [], set: {}), (n: 0, list: [], set: {})], history null";

const mistakes: readonly (readonly [what: string, parts: object, message: string])[] = [
  ["no servers", { servers: [] }, "cluster wrong: servers is empty"],
  ["two servers of one name", { servers: ["a", "b", "a"] }, "cluster wrong: there are two servers a"],
  [
    "a server that no trace could name",
    { servers: ["a", "b_"] },
    'cluster wrong: servers[1] is "b_", expected',
  ],
  ["a server that is no name", { servers: ["a", 1] }, "cluster wrong: servers[1] is 1, expected letters"],
  [
    "a budget below nothing",
    { budgets: { ticks: -1 } },
    "cluster wrong: budgets.ticks is -1, expected a count",
  ],
  [
    "rounds that spend what isn't there",
    { rounds: { most: 1, spending: ["ticks", "tock"] } },
    "cluster wrong: rounds.spending[1] spends tock: there are ticks",
  ],
  [
    "a start that no trace could name",
    { starts: { "1": "" } },
    "cluster wrong: starts is an object, expected",
  ],
  ["a start that is impossible", { starts: { one: "b>a" } }, "start one: step 1, b>a, can't happen here"],
  ["a message in flight to nobody", {
    inFlight: [{ from: "a", to: "z", type: "Hello" }],
  }, "cluster wrong: inFlight[0] is a message to z, which is none of a, b"],
  ["initial throws", { initial: boom }, "cluster wrong, initial of a threw Error: boom"],
  ["initial differs from time to time", {
    initial: () => ({ n: calls++ }),
  }, "cluster wrong, initial of a is not deterministic"],
  ["received throws", {
    received: boom,
  }, "cluster wrong, received (from: a, to: b, type: Hello) threw Error: boom"],
  ["identity throws", { identity: boom }, "cluster wrong, identity threw Error: boom"],
  ["observe throws", { observe: boom }, "cluster wrong, observe threw Error: boom"],
  ["remember throws", {
    ...outcome({ notes: [1] }),
    remember: boom,
  }, "cluster wrong, remember threw Error: boom"],
  ["remember changes the history", {
    ...outcome({ notes: [1] }),
    history: [],
    remember: (history: number[], note: number) => (history.push(note), history),
  }, "cluster wrong, remember threw TypeError: Cannot add property 0"],
  ["outcomes throws", { outcomes: boom }, `${arrival} threw Error: boom`],
  ["outcomes is no list", {
    outcomes: () => ({ local: 1 }),
  }, `${arrival}: it returned an object, expected an array of outcomes`],
  ["outcomes is async", {
    outcomes: () => Promise.resolve([]),
  }, `${arrival}: it returned a promise, expected an array of outcomes`],
  ["an outcome that is nothing", {
    outcomes: () => [null],
  }, `${arrival}: outcomes[0]: expected an object with notation, spends, local, sends, notes; it is null`],
  ["an outcome without a server", {
    outcomes: () => [{ sends: [] }],
  }, `${arrival}: outcomes[0]: local is missing, expected a value`],
  [
    "an outcome with a part that nobody knows",
    outcome({ send: [] }),
    `${arrival}: outcomes[0]: there is no send`,
  ],
  [
    "messages that are no list",
    outcome({ sends: {} }),
    `${arrival}: outcomes[0]: sends is an object, expected`,
  ],
  ["notes that are no list", outcome({ notes: 1 }), `${arrival}: outcomes[0]: notes is 1, expected an array`],
  ["two outcomes that are written alike", {
    outcomes: (local: Local) => [{ local }, { local: { ...local, n: 2 } }],
  }, `${arrival}: outcomes[0] and outcomes[1] are both written ""`],
  [
    "an outcome that no trace could mark",
    outcome({ notation: "again" }),
    `${arrival}: outcomes[0].notation is "again"`,
  ],
  [
    "an outcome that spends what isn't there",
    outcome({ spends: "tick" }),
    `${arrival}: outcomes[0] spends tick: there are ticks`,
  ],
  [
    "a message that is none",
    outcome({ sends: ["Hello"] }),
    `${arrival}: outcomes[0].sends[0] is "Hello", expected a message`,
  ],
  [
    "a message to nobody",
    outcome({
      sends: [{ from: "b", to: "z", type: "Hello" }],
    }),
    `${arrival}: outcomes[0].sends[0] is a message to z, which is none of a, b`,
  ],
  [
    "a message from nobody",
    outcome({
      sends: [{ to: "b", type: "Hello" }],
    }),
    `${arrival}: outcomes[0].sends[0] is a message from undefined, which is none of a, b`,
  ],
  [
    "a message of no kind",
    outcome({
      sends: [{ from: "b", to: "a" }],
    }),
    `${arrival}: outcomes[0].sends[0].type is undefined, expected letters`,
  ],
  [
    "a message whose kind no trace could name",
    outcome({
      sends: [{ from: "b", to: "a", type: "Hello there" }],
    }),
    `${arrival}: outcomes[0].sends[0].type is "Hello there", expected letters`,
  ],
  ["an outcome changes the server", {
    outcomes: (local: Local) => (local.n++, [{ local }]),
  }, `${arrival} threw TypeError: Cannot assign to read only property 'n'`],
  ["an outcome changes a set of the server", {
    outcomes: (local: Local) => (local.set.add(1), [{ local }]),
  }, `${arrival} threw TypeError: Cannot change a frozen set`],
  ["an outcome changes a server that has an identity", {
    identity: ({ n, list }: Local) => ({ n, list }),
    outcomes: (local: Local) => [{ local: { ...local, n: local.list.push(1) - local.list.length } }],
  }, "changes what it is given: return something new"],
  ["an outcome changes the message", {
    outcomes: (local: Local, message: { type: string }) => (message.type = "Bye", [{ local }]),
  }, `${arrival} threw TypeError: Cannot assign to read only property 'type'`],
  ["an outcome differs from time to time", {
    outcomes: (local: Local) => [{ local: { ...local, n: calls++ } }],
  }, `${arrival} is not deterministic: it may depend on what it is given only`],
  ["happenings throws", { happenings: boom }, `${happens} threw Error: boom`],
  ["happenings is no list", { happenings: () => {} }, `${happens}: it returned undefined, expected an array`],
  ["happenings differ from time to time", {
    happenings: () => calls++ % 2 === 0 ? [] : [{ notation: "!", title: "tick", event: 1 }],
  }, `${happens} is not deterministic`],
  [
    "a happening that is none",
    { happenings: () => ["!"] },
    `${happens}: happenings[0]: expected an object with`,
  ],
  [
    "a happening without a notation",
    happening({ notation: undefined }),
    `${happens}: happenings[0]: notation is missing`,
  ],
  [
    "a happening without an event",
    happening({ event: undefined }),
    `${happens}: happenings[0]: event is missing`,
  ],
  [
    "a happening with a part that nobody knows",
    happening({ spend: "ticks" }),
    `${happens}: happenings[0]: there is no spend`,
  ],
  [
    "a happening that no trace could write",
    happening({ notation: "tick" }),
    `${happens}: happenings[0] is written "tick", expected !`,
  ],
  [
    "a happening that is written like an arrival",
    happening({ notation: ">b" }),
    `${happens}: happenings[0] is written ">b"`,
  ],
  [
    "a happening whose other form no trace could write",
    happening({ aliases: ["! x"] }),
    `${happens}: happenings[0] is written "! x"`,
  ],
  [
    "a happening that spends what isn't there",
    happening({ spends: "tock" }),
    `${happens}: happenings[0] spends tock: there are ticks`,
  ],
  ["two happenings that are written alike", {
    happenings: () => [1, 2].map((event) => ({ notation: "!", title: "tick", event })),
  }, `${happens}: happenings[0] and happenings[1] are both written "!"`],
  ["a property that throws", {
    properties: [always("p", "", boom)],
  }, `cluster wrong, property "p" threw Error: boom (${seen})`],
  ["a property that says no word", {
    properties: [always("p", "", (() => {}) as never)],
  }, `cluster wrong, property "p" returned undefined: return true, or in words what is wrong (${seen})`],
  ["a state that is sought neither here nor not", {
    properties: [sometimes("p", "", (() => 0) as never)],
  }, `cluster wrong, property "p" returned 0, expected true or false (${seen})`],
  ["a property that is none", { properties: [() => true] }, "cluster wrong: properties[0] is a function"],
  ["two properties of one name", {
    properties: [always("p", "", () => true), always("p", "", () => true)],
  }, 'cluster wrong: there are two properties "p"'],
  ["a property that changes a server", {
    properties: [always("p", "", ({ servers }: { servers: Local[] }) => (servers[0]!.list.push(1), true))],
  }, 'cluster wrong, property "p" threw TypeError: Cannot add property 0'],
  ["a constraint that decides nothing", {
    constraint: () => {},
  }, `cluster wrong, its constraint returned undefined, expected true or false (${seen})`],
  ["ends that decide nothing", {
    inFlight: [],
    ends: () => {},
  }, `cluster wrong, its ends returned undefined, expected true or false (${seen})`],
];

for (const [what, parts, message] of mistakes) {
  Deno.test(`it says where the mistake in a cluster is: ${what}`, async () => {
    const error = await assertRejects(() => check(wrong(parts)), SpecError);
    assertStringIncludes(withoutPlaces(error.message), message);
  });
}

const cyclic: unknown[] = [];
cyclic.push(cyclic);

const strangers: readonly (readonly [what: string, value: unknown, message: string])[] = [
  ["a function", () => 1, " is a function: a state is plain data"],
  ["a cycle", cyclic, "[0] contains itself"],
  ["NaN", NaN, " is NaN"],
  ["a Map", new Map(), " is of the class Map"],
  ["a getter", {
    get now() {
      return 1;
    },
  }, ".now is a getter or setter"],
  ["a symbol as a key", { [Symbol("key")]: 1 }, " has a symbol among its keys"],
  ["something undefined", undefined, " is undefined"],
  ["a bigint", 1n, " is a bigint"],
];

for (const [what, value, message] of strangers) {
  const given: readonly (readonly [parts: object, path: string])[] = [
    [{ initial: () => ({ v: [value] }) }, "cluster wrong, initial of a: the server.v[0]"],
    [{ inFlight: [{ from: "a", to: "b", type: "Hello", v: [value] }] }, "cluster wrong: inFlight[0].v[0]"],
    [outcome({ local: { v: [value] } }), `${arrival}: outcomes[0].local.v[0]`],
    [
      outcome({ sends: [{ from: "b", to: "a", type: "Hello", v: [value] }] }),
      `${arrival}: outcomes[0].sends[0].v[0]`,
    ],
    [outcome({ notes: [[value]] }), `${arrival}: outcomes[0].notes[0][0]`],
    [{ history: [value] }, "cluster wrong: history[0]"],
    [{ ...outcome({ notes: [1] }), remember: () => [value] }, "cluster wrong, remember: the history[0]"],
    [{ identity: () => [value] }, "cluster wrong, identity: the identity[0]"],
    [{ observe: () => [value] }, "cluster wrong, observe: what is observed[0]"],
  ];
  Deno.test(`no part of a cluster holds ${what}, and it is said where it was found`, async () => {
    for (const [parts, path] of given) {
      await assertRejects(() => check(wrong(parts)), SpecError, path + message, path);
    }
  });
}

Deno.test("what the sample misses of an identity is found as it is written, and the cluster is named", async () => {
  const late = wrong({
    inFlight: [],
    identity: ({ n }: Local) => ({ n: n === 300 ? NaN : n }),
    happenings: ({ n }: Local) => n < 400 ? [{ notation: "!", title: "tick", event: 1 }] : [],
    outcomes: (local: Local) => [{ local: { ...local, n: local.n + 1 } }],
  });
  await assertRejects(() => check(late), SpecError, "wrong: a.n is NaN");
});

/** Counts far beyond the sample, and then does something else. */
function later(outcomes: (local: Local) => object) {
  return wrong({
    inFlight: [],
    happenings: ({ n }: Local) => n < 400 ? [{ notation: "!", title: "tick", event: 1 }] : [],
    outcomes: (local: Local) => [local.n === 300 ? outcomes(local) : { local: { ...local, n: local.n + 1 } }],
  });
}

const late: readonly (readonly [what: string, outcomes: (local: Local) => object, message: string])[] = [
  [
    "a changed server",
    (local) => ({ local: Object.assign(local, { n: 0 }) }),
    "threw TypeError: Cannot assign",
  ],
  ["a budget that isn't there", (local) => ({ local, spends: "tock" }), "outcomes[0] spends tock"],
  [
    "a message to nobody",
    (local) => ({ local, sends: [{ from: "a", to: "z", type: "T" }] }),
    "a message to z",
  ],
  ["a part that nobody knows", (local) => ({ local, send: [] }), "outcomes[0]: there is no send"],
];

for (const [what, outcomes, message] of late) {
  Deno.test(`also where the sample is thin it is found: ${what}`, async () => {
    await assertRejects(() => check(later(outcomes)), SpecError, message);
  });
}

Deno.test("the cluster that all of these are made of is right", async () => {
  assertEquals((await check(wrong(happening({ spends: "ticks", aliases: ["!tick"] })))).verdict, "holds");
  assertEquals((await check(wrong(outcome({ notation: "#1", spends: "ticks" })))).distinct, 2);
});
