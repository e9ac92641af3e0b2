import { assert, assertEquals, assertRejects } from "@std/assert";
import { check, type CheckOptions, type Report } from "../../spec/checker/check.ts";
import { cluster, type ClusterDefinition } from "../../spec/dsl/cluster.ts";
import { always } from "../../spec/dsl/property.ts";
import { SpecError } from "../../spec/dsl/specification.ts";
import { mutantSpec } from "../../spec/raft/load_mutant.ts";
import { raft } from "../../spec/raft/mod.ts";
import { mutants } from "../../spec/raft/mutants.ts";
import { replay } from "../../spec/trace/replay.ts";

/** A check in which single steps come nowhere. */
async function byRounds(name: string, options: CheckOptions = {}): Promise<Report> {
  const mutant = mutants.find((mutant) => mutant.name === name)!;
  return await check(await mutantSpec(mutant, [mutant.property]), {
    depth: 2,
    parameters: mutant.bounds,
    ...options,
  });
}

Deno.test("rounds come to Figure 8, which is many steps away, and tell it in plain steps", async () => {
  const report = await byRounds("commit-of-an-old-term");
  const { searches, properties, model } = report;
  assertEquals(searches.at(-1)?.search, "rounds");
  const completeness = properties.find(({ property }) => property.name === "Leader Completeness")!;
  assertEquals(completeness.result, "violated");
  assert(completeness.run!.steps.length > 10);
  const { violations } = replay(model, completeness.trace!);
  assertEquals(violations.find(({ name }) => name === "Leader Completeness")?.witness, completeness.witness);
});

for (const name of ["vote-twice", "longer-log-wins", "commit-without-majority"]) {
  Deno.test(`rounds find ${name}, and its run shows it again`, async () => {
    const { properties, model } = await byRounds(name);
    for (const { property, trace, witness } of properties.filter(({ result }) => result === "violated")) {
      const { violations } = replay(model, trace!);
      assertEquals(violations.find(({ name }) => name === property.name)?.witness, witness);
    }
    assert(properties.some(({ result }) => result === "violated"));
  });
}

Deno.test("rounds of the core violate nothing; there are as many as counted before", async () => {
  const { searches, verdict } = await check(raft(), { depth: 2 });
  assertEquals(verdict, "holds");
  assertEquals(searches.at(-1)?.search, "rounds");
  assertEquals([searches.at(-1)?.distinct, searches.at(-1)?.depth], [13_392, 3]);
});

Deno.test("there are as many rounds whatever was learned before them", async () => {
  for (const [bounds, expected] of [["network", 13_392], ["snapshots", 16_084]] as const) {
    for (const depth of [2, 6]) {
      const { searches } = await check(raft(), { depth, bounds });
      assertEquals([bounds, searches.at(-1)?.search, searches.at(-1)?.distinct], [
        bounds,
        "rounds",
        expected,
      ]);
    }
  }
});

Deno.test("there are no rounds where single steps have searched all, or one search is asked for", async () => {
  const bounds = { timeouts: 1, proposals: 0, crashes: 0, slow: 0 };
  const whole = await check(raft(undefined, { starts: [] }), { depth: null, parameters: bounds });
  assertEquals(whole.searches.map(({ search }) => search), ["steps"]);
  const only = await check(raft(), { depth: 3, from: "leader" });
  assertEquals(only.searches.map(({ search }) => search), ["leader"]);
});

interface Token {
  readonly from: string;
  readonly to: string;
  readonly type: "Token";
}

interface Relay {
  readonly id: string;
  readonly count: number;
}

/** Each time it is asked, a sends a token to b, who passes it on to c, who counts it. */
function relay(more: Partial<ClusterDefinition<Relay, Token, string | Token>> = {}) {
  const next: Record<string, string> = { a: "b", b: "c" };
  return cluster("relay", (): ClusterDefinition<Relay, Token, string | Token> => ({
    servers: ["a", "b", "c"],
    budgets: { asks: 3 },
    initial: (id) => ({ id, count: 0 }),
    happenings: ({ id }) =>
      id === "a" ? [{ notation: "=go", title: "is asked", event: "go", spends: "asks" }] : [],
    outcomes: ({ id, count }) => {
      const to = next[id];
      const sends = to === undefined ? [] : [{ from: id, to, type: "Token" } as const];
      return [{ local: { id, count: count + 1 }, sends }];
    },
    properties: [
      always("at most two arrive", "c counts to 2", ({ servers }) => servers[2]!.count < 3 || "c counts 3"),
    ],
    rounds: { most: 3, spending: ["asks"] },
    ...more,
  }));
}

Deno.test("so many rounds follow each other, and messages of a round arrive in order or not at all", async () => {
  const { properties, searches } = await check(relay(), { depth: 2 });
  assertEquals(searches.at(-1)?.search, "rounds");
  assertEquals(properties[0]?.result, "violated");
  assertEquals(properties[0]?.trace, "a=go a>b b>c a=go a>b b>c a=go a>b b>c");
  const fewer = await check(relay({ rounds: { most: 2, spending: ["asks"] } }), { depth: 2 });
  assertEquals(fewer.properties[0]?.result, "holds");
  const unpaid = await check(relay({ rounds: { most: 3, spending: [] } }), { depth: 2 });
  assertEquals(unpaid.properties[0]?.result, "holds");
});

Deno.test("rounds are refused where messages have an order of their own, and where they make no sense", async () => {
  const ordered = await assertRejects(() => check(relay({ network: "ordered" })), SpecError);
  assertEquals(ordered.message, "rounds: they are for an unordered network, not for ordered");
  const wrong = await assertRejects(() => check(relay({ rounds: { most: -1, spending: [] } })), SpecError);
  assertEquals(
    wrong.message,
    "cluster relay: rounds is an object, expected an object with most, a count, and spending, a list of budgets",
  );
});
