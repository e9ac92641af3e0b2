/** States that differ are never one, and equal ones are. Three ways in which other checkers get it wrong. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { encode, fingerprint } from "../../spec/checker/value.ts";
import { check, cluster, type ClusterDefinition, each, spec, type Specification } from "../../spec/mod.ts";
import { between, type Random, randomFrom } from "../random.ts";

async function countsOf(specification: Specification, depth: number | null = null) {
  const [quick, exact] = await Promise.all(
    [false, true].map((exact) => check(specification, { depth, exact })),
  );
  const { generated, distinct } = quick!;
  assertEquals([exact!.generated, exact!.distinct], [generated, distinct]);
  return { generated, distinct };
}

type Timers = ReadonlySet<"Election" | "Replication">;

interface Servers {
  readonly timers: readonly Timers[];
}

/** A hash that writes the elements of sets without their number takes [{E,R},{}] and [{},{E,R}] for one state. */
Deno.test("sets are told apart by where their elements end: in a state, in a value, and in a server", async () => {
  const [both, none] = [["Election", "Replication"], []] as const;
  assertNotEquals(encode([new Set(both), new Set(none)]), encode([new Set(none), new Set(both)]));
  const kinds = ["Election", "Replication"] as const;
  const toggle = (timers: Set<string>, kind: string) => void (timers.delete(kind) || timers.add(kind));
  const apart = spec<Servers>("apart", () => ({
    init: { timers: [new Set(both), new Set(none)] },
    actions: { Toggle: each([0, 1], kinds, (s, server, kind) => toggle(s.timers[server]!, kind)) },
    properties: [],
  }));
  assertEquals(await countsOf(apart), { generated: 65, distinct: 16 });
  const whole = spec<{ readonly timers: readonly Timers[] | null }>("whole", () => ({
    init: [{ timers: null }, { timers: [new Set(both), new Set(none)] }],
    actions: {
      Toggle: each([0, 1], kinds, (s, server, kind) => s.timers !== null && toggle(s.timers[server]!, kind)),
    },
    ends: () => true,
    properties: [],
  }));
  assertEquals(await countsOf(whole), { generated: 66, distinct: 17 });
  assertEquals(
    await countsOf(oneServer({ timers: [new Set(both), new Set<string>(none)] }, [
      (s) => ({ timers: s.timers.toReversed() }),
    ])),
    { generated: 3, distinct: 2 },
  );
});

/** A server that changes as one of these functions says whenever a message arrives, again and again. */
function oneServer<Local>(initial: Local, changes: readonly ((local: Local) => Local)[]): Specification {
  type Ball = { readonly from: string; readonly to: string; readonly type: "Ball" };
  const ball: Ball = { from: "a", to: "a", type: "Ball" };
  return cluster("one", (): ClusterDefinition<Local, Ball> => ({
    servers: ["a"],
    initial: () => initial,
    inFlight: [ball],
    outcomes: (local) =>
      changes.map((change, index) => ({
        local: change(local),
        sends: [ball],
        ...(index === 0 ? {} : { notation: `#${index}` }),
      })),
    properties: [],
  }));
}

/** A hash and an equality that leave out a field, such as `crashed`, merge all states that differ in it alone. */
Deno.test("every field distinguishes states: of a variable, of an object in one, and of a server", async () => {
  const server = {
    currentTerm: 0,
    votedFor: null as string | null,
    log: [] as readonly number[],
    timers: new Set<string>(),
    bytes: new Uint8Array([0]),
    nested: { crashed: false },
    crashed: false,
  };
  const other: typeof server = {
    currentTerm: 1,
    votedFor: "a",
    log: [1],
    timers: new Set(["Election"]),
    bytes: new Uint8Array([1]),
    nested: { crashed: true },
    crashed: true,
  };
  const fields = Object.keys(server) as (keyof typeof server)[];
  const changed = (local: typeof server, field: keyof typeof server) => ({ ...local, [field]: other[field] });
  const distinct = 2 ** fields.length;
  const generated = 1 + distinct * fields.length;
  const variables = spec<typeof server>("variables", () => ({
    init: server,
    actions: { Change: each(fields, (s, field) => void Object.assign(s, { [field]: other[field] })) },
    properties: [],
  }));
  assertEquals(await countsOf(variables), { generated, distinct });
  const objects = spec<{ readonly servers: readonly (typeof server)[] }>("objects", () => ({
    init: { servers: [server] },
    actions: {
      Change: each(fields, (s, field) => {
        s.servers = s.servers.map((local) => ({ ...local, [field]: other[field] }));
      }),
    },
    properties: [],
  }));
  assertEquals(await countsOf(objects), { generated, distinct });
  const locals = oneServer(server, fields.map((field) => (local) => changed(local, field)));
  assertEquals(await countsOf(locals), { generated, distinct });
});

/**
 * A search that isn't in layers may reach a state first by a detour, and stop there at the bound. Here the detours
 * come first wherever there is a choice.
 */
Deno.test("at a depth bound every state counts that can be reached within it, whatever the order of actions", async () => {
  const detours = spec<{ readonly at: number; readonly along: number }>("detours", () => ({
    init: { at: 0, along: 0 },
    actions: {
      Detour: (s) => s.at % 4 === 0 && void (s.at += 1, s.along = 1),
      Along: (s) => s.along > 0 && void (s.at += 1, s.along = (s.along + 1) % 4),
      Straight: (s) => s.at % 4 === 0 && void (s.at += 4),
    },
    properties: [],
  }));
  for (let depth = 1; depth <= 12; depth++) {
    // 4k is reached in k steps, and from there 4k + 1, 4k + 2, 4k + 3 in 1, 2, 3 more.
    const reached = [0, 1, 2, 3].map((more) => Math.max(0, depth - more));
    const { distinct } = await countsOf(detours, depth);
    assertEquals(distinct, reached.reduce((sum, states) => sum + states, 0), `depth ${depth}`);
  }
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

/** A value of any kind that a state may hold, small, so that equal ones are met, too. */
function valueFrom(random: Random, depth: number): unknown {
  const primitives = [
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    0.5,
    1e21,
    "",
    "0",
    "1",
    "N",
    "T",
    "null",
    '"',
    ",",
    "a",
  ];
  const keys = ["a", "b", "0", "", "__proto__", "constructor", 'a":1,"b'];
  const items = () => Array.from({ length: between(random, 0, 2) }, () => valueFrom(random, depth - 1));
  switch (depth === 0 ? 0 : between(random, 0, 5)) {
    case 1:
      return items();
    case 2:
      return new Set(items());
    case 3:
      return Uint8Array.from({ length: between(random, 0, 2) }, () => between(random, 0, 1));
    case 4:
    case 5:
      return Object.fromEntries(items().map((item) => [keys[between(random, 0, keys.length - 1)]!, item]));
    default:
      return primitives[between(random, 0, primitives.length - 1)];
  }
}

/** Whether two values are the same state, by looking at them part by part. */
function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return a === b;
  if (a instanceof Set && b instanceof Set) {
    const isIn = (set: ReadonlySet<unknown>) => (item: unknown) =>
      [...set].some((other) => isEqual(item, other));
    return [...a].every(isIn(b)) && [...b].every(isIn(a));
  }
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) || a instanceof Set) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(Reflect.get(a, key), Reflect.get(b, key)));
}

Deno.test("texts of values are equal if and only if the values are, and so are their fingerprints (seed 4)", () => {
  const random = randomFrom(4);
  const values = Array.from({ length: 700 }, () => valueFrom(random, 3));
  const texts = values.map((value) => encode(value));
  const prints = texts.map((text) => fingerprint(text).join());
  let equal = 0;
  for (const [i, a] of values.entries()) {
    for (let j = 0; j < i; j++) {
      const expected = isEqual(a, values[j]);
      assertEquals(
        [texts[i] === texts[j], prints[i] === prints[j]],
        [expected, expected],
        `${texts[i]} and ${texts[j]}`,
      );
      if (expected) equal++;
    }
  }
  assert(equal > 1000 && equal < values.length ** 2 / 4, `${equal} pairs are equal`);
});

Deno.test("states of random values are as many as there are distinct ones, in every place of a state (seed 5)", async () => {
  const random = randomFrom(5);
  for (let round = 0; round < 20; round++) {
    const init = Array.from({ length: 60 }, () => ({
      first: valueFrom(random, 2),
      second: [valueFrom(random, 2), valueFrom(random, 1)],
    }));
    const distinct = init.filter((state, i) => init.findIndex((other) => isEqual(other, state)) === i).length;
    const values = spec<(typeof init)[number]>("values", () => ({ init, actions: {}, properties: [] }));
    assertEquals(await countsOf(values), { generated: 60, distinct });
  }
});
