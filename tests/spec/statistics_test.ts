/** How many values each component took, and how often properties were asked. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { componentsOf, counting } from "../../spec/checker/statistics.ts";
import { always, check, each, spec } from "../../spec/mod.ts";
import { statisticsText } from "../../spec/report/statistics.ts";
import { quorate } from "./cli_support.ts";

const shop = spec<{ shelves: readonly number[]; sold: ReadonlySet<string>; till: number }>("shop", () => ({
  init: { shelves: [2, 3], sold: new Set(), till: 0 },
  actions: {
    Sell: each(
      [0, 1],
      ["tea", "salt"],
      (s: { shelves: number[]; sold: Set<string>; till: number }, shelf, what) => {
        if (s.shelves[shelf] === 0) return false;
        s.shelves[shelf]!--;
        s.sold.add(what);
        s.till++;
        return true;
      },
    ),
  },
  ends: () => true,
  properties: [always("paid", "till = sold", ({ till }) => till < 6 || "too much")],
}));

Deno.test("components are variables; all items of a list are one, and so are all elements of a set", async () => {
  const { model } = await check(shop);
  assertEquals(componentsOf(model), [
    { name: "shelves[]", places: 2, values: 3 + 4 },
    { name: "till", places: 1, values: 6 },
    { name: "sold{}", places: 2, values: 2 },
  ]);
});

Deno.test("components of a cluster are its servers, the history, the budgets and the messages", async () => {
  const { model } = await check(catalog.raft!, { depth: 4 });
  assertEquals(componentsOf(model).map(({ name }) => name).sort(), [
    "a",
    "b",
    "budgets",
    "c",
    "history",
    "messages",
  ]);
});

Deno.test("a property is asked only once for each value that it looks at", async () => {
  const { spec, evaluations } = counting(shop);
  const { distinct, verdict } = await check(spec);
  assertEquals(verdict, "holds");
  assert(evaluations() >= 6 && evaluations() < 20 && distinct > 20, `${evaluations()} of ${distinct}`);
});

Deno.test("a component that has a value of its own for nearly every state is said to explode", async () => {
  const whole = spec<{ seen: string; turn: number }>("whole", () => ({
    init: { seen: "", turn: 0 },
    actions: {
      Add: each(["a", "b"], (s: { seen: string }, what) => s.seen.length < 10 && void (s.seen += what)),
    },
    ends: () => true,
    properties: [],
  }));
  const { model, distinct } = await check(whole);
  assertEquals(
    statisticsText({ model, evaluations: 12, states: distinct, coverage: [] }),
    `distinct values by component:
  2,047  seen   <- explodes: a new value for every single state
      1  turn
properties were asked 12 times for 2,047 states
`,
  );
});

Deno.test("check --statistics, in text and in JSON, of a search and of walks", async () => {
  const { stdout, code } = await quorate(["check", "die_hard", "--statistics"]);
  assertEquals(code, 1);
  assertStringIncludes(
    stdout,
    "\ndistinct values by component:\n  6  big\n  4  small\nproperties were asked ",
  );
  assert(/\nreplay: .*\n$/.test(stdout), stdout);
  for (const walks of [[], ["--walks", "5", "--seed", "1"]]) {
    const lines = (await quorate(["check", "two_phase_commit", "--statistics", "--json", ...walks])).json();
    const first = lines.findIndex(({ type }) => type === "property");
    const counted = lines[first - 1];
    assertEquals(counted?.type, "statistics");
    assert(
      Array.isArray(counted?.components) && Number(counted?.evaluations) > 0 && Number(counted?.states) > 0,
    );
  }
});
