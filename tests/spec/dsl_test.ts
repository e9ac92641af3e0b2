import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { always, check, each, sometimes, spec, SpecError, steps, strong, weak } from "../../spec/mod.ts";

interface Counter {
  readonly n: number;
  readonly seen: ReadonlySet<string>;
}

Deno.test("without a named type, actions are typed by the initial state", async () => {
  const counter = spec("counter", () => ({
    init: { n: 0 },
    actions: { Up: (s) => s.n < 3 && void s.n++ },
    properties: [],
  }));
  const { distinct, generated } = await check(counter);
  assertEquals({ distinct, generated }, { distinct: 4, generated: 4 });
});

Deno.test("with a named type, each and the properties are typed by it, and parameters by their defaults", async () => {
  const counter = spec<Counter, { most: number }>("counter", { most: 2 }, ({ most }) => ({
    init: { n: 0, seen: new Set() },
    actions: {
      Add: each([1, 2], ["a", "b"], (s, by, name) => {
        if (s.n + by > most) return false;
        s.n += by;
        s.seen.add(name);
        return true;
      }),
    },
    properties: [
      always("bounded", "n <= most", ({ n }) => n <= most || `n is ${n}`),
      steps("grows", "n' > n", (before, after) => after.n > before.n || "n shrinks"),
      sometimes("both", "both are seen", ({ seen }) => seen.size === 2),
    ],
    ends: ({ n }) => n === most,
  }));
  const report = await check(counter);
  assertEquals([report.verdict, report.distinct], ["holds", 6]);
  assertEquals(report.properties[2]?.trace, 'Add(1,"a") Add(1,"b")');
  assertEquals((await check(counter, { parameters: { most: 1 } })).properties[2]?.result, "not-reached");
});

Deno.test("an action that changes nothing still counts as generated; one that returns false does not", async () => {
  const idle = spec("idle", () => ({
    init: { n: 0 },
    actions: { Stay: () => {}, Never: () => false, Change: (s) => (s.n++, false) },
    properties: [],
  }));
  const { distinct, generated } = await check(idle);
  assertEquals({ distinct, generated }, { distinct: 1, generated: 2 });
});

for (const exact of [false, true]) {
  Deno.test(`a property of steps is asked only of steps that change something, ${exact ? "exact" : "or by names"}`, async () => {
    const asked = new Set<string>();
    const pair = spec<{ x: number; y: number }>("pair", () => ({
      init: { x: 0, y: 0 },
      actions: {
        X: (s) => s.x < 2 && void s.x++,
        Y: (s) => s.x === 1 && s.y < 1 && void s.y++,
        Stay: (s) => void (s.x += 0),
      },
      properties: [steps("p", "", (before, after) => {
        asked.add(`${before.x} ${after.x}`);
        return true;
      })],
    }));
    assertEquals((await check(pair, { exact })).distinct, 5);
    // It looks at x alone: 1 1 is Y.
    assertEquals([...asked].sort(), ["0 1", "1 1", "1 2"]);
  });
}

Deno.test("an action runs once for each distinct combination of the variables that it reads, and some twice to compare", async () => {
  let runs = 0;
  const two = spec("two", () => ({
    init: { a: 0, b: 0 },
    actions: {
      A: (s) => {
        runs++;
        if (s.a === 9) return false;
        s.a++;
        return true;
      },
      B: (s) => s.b < 9 && void s.b++,
    },
    properties: [],
  }));
  const { distinct } = await check(two);
  assertEquals({ distinct, runs }, { distinct: 100, runs: 10 + 5 });
});

Deno.test("several initial states are searched together, and a trace says from which it begins", async () => {
  const init = [{ n: 5 }, { n: 1 }, { n: 5 }];
  const down = spec<{ n: number }>("down", () => ({
    init,
    actions: { Down: (s) => s.n > 0 && void s.n-- },
    properties: [always("not two and not zero", "n # 0", ({ n }) => n !== 0 || "n is 0")],
  }));
  const report = await check(down);
  assertEquals(report.properties[0]?.trace, "@2 Down");
});

Deno.test("a search begins at named starts, too", async () => {
  const up = spec<{ n: number }>("up", () => ({
    init: { n: 0 },
    actions: { Up: (s) => void s.n++ },
    properties: [always("small", "n < 5", ({ n }) => n < 5 || `n is ${n}`)],
    starts: { four: "Up Up Up Up" },
  }));
  const report = await check(up, { depth: 5 });
  assertEquals(report.properties[0]?.trace, "@four Up");
});

Deno.test("a change that is made to the draft changes no state but the next one", async () => {
  const lists = spec<{ list: number[]; nested: { deep: number[] } }>("lists", () => ({
    init: { list: [], nested: { deep: [0] } },
    actions: {
      Push: (s) => s.list.length < 2 && void s.list.push(1),
      Deep: (s) => s.nested.deep[0]! < 2 && void (s.nested.deep[0]! += 1),
    },
    properties: [],
  }));
  assertEquals((await check(lists)).distinct, 9);
});

Deno.test("sets compare by their elements, also by equal objects", async () => {
  const sets = spec<{ sent: ReadonlySet<{ to: number }> }>("sets", () => ({
    init: { sent: new Set() },
    actions: { Send: each([1, 2], (s, to) => void s.sent.add({ to })) },
    properties: [always("two", "|sent| <= 2", ({ sent }) => sent.size <= 2 || `${sent.size} were sent`)],
  }));
  const { distinct, verdict } = await check(sets);
  assertEquals({ distinct, verdict }, { distinct: 4, verdict: "holds" });
});

Deno.test("an action that is not a function of its draft is found out", async () => {
  let calls = 0;
  const fickle = spec<{ a: number; b: number }>("fickle", () => ({
    init: { a: 0, b: 0 },
    actions: {
      Next: (s) => {
        if (calls++ % 2 === 0) s.a = (s.a + 1) % 5;
        else s.b = (s.b + 1) % 5;
      },
    },
    properties: [],
  }));
  await assertRejects(() => check(fickle), SpecError, "is not deterministic");
});

Deno.test("a name of a spec or parameter that no command could hold is refused", () => {
  const build = () => ({ init: { n: 0 }, actions: {}, properties: [] });
  assertThrows(() => spec("two words", build), SpecError, '"two words" is no name');
  assertThrows(() => spec("fine", { "a=b": 1 }, build), SpecError, '"a=b" is no name');
});

Deno.test("a default that no parameter can have is refused", () => {
  const build = () => ({ init: { n: 0 }, actions: {}, properties: [] });
  for (const [value, told] of [[-1, "-1"], [0.5, "0.5"], [null, "null"], [[1], "[1]"]] as const) {
    assertThrows(
      () => spec("p", { most: value as never }, build),
      SpecError,
      `p: the default of most is ${told}, expected a count (0, 1, 2, ...), a string or a boolean`,
    );
  }
});

Deno.test("fairness of no action is refused", () => {
  assertThrows(() => weak(), SpecError, 'weak() names no action: name some, as in weak("Eat")');
  assertThrows(() => strong.each(), SpecError, "strong.each() names no action");
});

Deno.test("a parameter that the spec doesn't have, or of the wrong kind, is refused", async () => {
  const one = spec<{ n: number }, { most: number }>("one", { most: 1 }, ({ most }) => ({
    init: { n: most },
    actions: {},
    properties: [],
  }));
  await assertRejects(() => check(one, { parameters: { least: 1 } }), SpecError, "there are most");
  await assertRejects(() => check(one, { parameters: { most: "x" } }), SpecError, "expected a count");
  await assertRejects(() => check(one, { bounds: "big" }), SpecError, "has no bounds big");
});

Deno.test("a set that is replaced loses an element that is met only later", async () => {
  const late = spec<{ n: number; seen: ReadonlySet<string> }>("late", () => ({
    init: { n: 0, seen: new Set() },
    actions: {
      Up: (s) => {
        if (s.n === 1000) return false;
        s.n++;
        if (s.n === 700) s.seen.add("x");
        return true;
      },
      Reset: (s) => {
        s.seen = new Set();
      },
    },
    properties: [],
  }));
  const { distinct, generated } = await check(late);
  assertEquals({ distinct, generated }, { distinct: 1302, generated: 2603 });
});

interface Mixed {
  readonly queue: readonly number[];
  readonly votes: Readonly<Record<string, string>>;
  readonly got: { readonly n: number } | null;
  readonly cells: readonly { readonly x: number; readonly tags: ReadonlySet<string> }[];
}

Deno.test("values that change their shape, such as queues and maps, are found out and kept whole", async () => {
  const mixed = spec<Mixed>("mixed", () => ({
    init: { queue: [], votes: {}, got: null, cells: [{ x: 0, tags: new Set() }, { x: 0, tags: new Set() }] },
    actions: {
      Push: each([1, 2], (s, n) => s.queue.length < 2 && void s.queue.push(n)),
      Pop: (s) => s.queue.length > 0 && void (s.got = { n: s.queue.shift() ?? 0 }),
      Bump: (s) => s.got !== null && s.got.n < 3 && void s.got.n++,
      Vote: each(["a", "b"], (s, voter) => !(voter in s.votes) && void (s.votes[voter] = "yes")),
      Tag: each([0, 1], ["p", "q"], (s, index, tag) => {
        const cell = s.cells[index];
        if (cell === undefined || cell.tags.has(tag)) return false;
        cell.tags.add(tag);
        cell.x = cell.tags.size;
        return true;
      }),
    },
    properties: [
      always(
        "counted",
        "x is the number of tags",
        ({ cells }) => cells.every(({ x, tags }) => x === tags.size) || "no",
      ),
    ],
  }));
  // 7 queues, 4 sets of votes, nothing or 1 to 3, 16 sets of tags; all can be combined.
  const { distinct, verdict } = await check(mixed);
  assertEquals({ distinct, verdict }, { distinct: 7 * 4 * 4 * 16, verdict: "holds" });
});

Deno.test("an action that could never happen is named, even if the check holds", async () => {
  const idle = spec("idle", () => ({
    init: { n: 0 },
    actions: { Up: (s) => s.n < 3 && void s.n++, Never: (s) => s.n > 5 && void s.n-- },
    properties: [],
  }));
  assertEquals((await check(idle)).neverEnabled, ["Never"]);
});
