import { assert, assertEquals, assertRejects } from "@std/assert";
import { check, type Report } from "../../spec/checker/check.ts";
import { type Core, core } from "../../spec/raft/core.ts";
import { promises } from "../../spec/raft/liveness.ts";
import { loadMutant, mutantSpec } from "../../spec/raft/load_mutant.ts";
import { raft } from "../../spec/raft/mod.ts";
import { type Mutant, mutants } from "../../spec/raft/mutants.ts";
import { properties } from "../../spec/raft/properties.ts";
import { replay } from "../../spec/trace/replay.ts";

async function breakIt(mutant: Mutant): Promise<Report> {
  const from = mutant.from === undefined ? {} : { from: mutant.from };
  return await check(await mutantSpec(mutant, [mutant.property]), {
    depth: mutant.depth,
    parameters: mutant.bounds,
    ...from,
  });
}

for (const mutant of mutants) {
  Deno.test(`mutant ${mutant.name} dies by ${mutant.property}, and its trace shows it again`, async () => {
    const report = await breakIt(mutant);
    const killer = report.properties.find(({ property }) => property.name === mutant.property);
    assertEquals(killer?.result, "violated");
    const { violations, run } = replay(report.model, killer?.trace ?? "");
    // What should happen some day, no run that ends can show.
    if (killer?.property.kind === "leads-to") return assertEquals(run.steps.length, killer.run?.steps.length);
    const again = violations.find(({ name }) => name === mutant.property);
    assertEquals(again?.witness, killer?.witness);
  });
}

Deno.test("no two mutants share a name, and each line has one right form", () => {
  assertEquals(new Set(mutants.map(({ name }) => name)).size, mutants.length);
  assert(mutants.every(({ line, becomes }) => line !== becomes));
});

Deno.test("each property is there for some mutant, or the core claims the same of itself", async () => {
  const killers = new Set(mutants.map(({ property }) => property));
  const claims = [...properties, ...promises].filter(({ kind }) => kind !== "sometimes");
  const unused = claims.map(({ name }) => name).filter((name) => !killers.has(name));
  // A core that goes back stops, before anybody sees it (Local Claims); so this is what one would do that doesn't.
  assertEquals(unused, ["Never Back In Memory"]);
  const forgetful: Core = {
    ...core,
    step(state, event) {
      const { state: after, effects } = core.step(state, event);
      const forgets = event.type === "timerFired" && event.timer === "heartbeat";
      return { state: forgets ? { ...after, commitIndex: 0, lastApplied: 0 } : after, effects };
    },
  };
  const report = await check(raft(forgetful, { starts: [], properties: unused }), {
    depth: 8,
    parameters: { crashes: 0, slow: 0, proposals: 0 },
  });
  assertEquals(report.properties.map(({ result }) => result), ["violated"]);
});

Deno.test("a change without a joint configuration is found by disjoint majorities first", async () => {
  const mutant = mutants.find(({ name }) => name === "two-servers-changed-at-once");
  assert(mutant !== undefined);
  const { depth, bounds: parameters, from = "" } = mutant;
  const report = await check(raft(await loadMutant(mutant), { starts: [from] }), { depth, parameters, from });
  const violated = report.properties.filter(({ result }) => result === "violated");
  assertEquals(violated.map(({ property }) => property.name), ["No Disjoint Majorities"]);
});

Deno.test("a mutant whose line is not in its file is refused", async () => {
  const [first] = mutants;
  assert(first !== undefined);
  await assertRejects(() => loadMutant({ ...first, line: "nowhere" }), Error, "occurs 0 times");
});

Deno.test("under the bounds of every mutant the core itself violates nothing", async () => {
  const seen = new Set<string>();
  for (const { bounds, from } of mutants) {
    const key = JSON.stringify([bounds, from]);
    if (seen.has(key)) continue;
    seen.add(key);
    const start = from === undefined ? {} : { from };
    const report = await check(raft(core, { starts: Object.values(start) }), {
      depth: bounds.fair ? null : 7,
      parameters: bounds,
      ...start,
    });
    assertEquals(report.properties.filter(({ result }) => result === "violated"), []);
  }
});

Deno.test("leases need clocks that agree: where they may drift, a leader answers an old read", async () => {
  const parameters = { proposals: 0, crashes: 0, transfers: 0 };
  const options = { bounds: "lease", from: "leased", depth: 9, parameters };
  assertEquals((await check(raft(), options)).verdict, "holds");
  const report = await check(raft(), { ...options, parameters: { ...parameters, drift: 1 } });
  const violated = report.properties.filter(({ result }) => result === "violated");
  assertEquals(violated.map(({ property }) => property.name), ["Linearizable Reads"]);
});

for (const [bounds, { fair }] of Object.entries(raft().bounds)) {
  if (fair) {
    Deno.test(`under the bounds ${bounds} the core does all that it promises to do some day`, async () => {
      const report = await check(raft(), { bounds, depth: null });
      assertEquals(report.properties.filter(({ result }) => !["holds", "reached"].includes(result)), []);
      const promised = report.properties.filter(({ property, vacuous }) =>
        property.kind === "leads-to" && !vacuous
      );
      assert(promised.length > 0);
    });
  } else {
    Deno.test(`under the bounds ${bounds} the core violates nothing`, async () => {
      const report = await check(raft(), { bounds, depth: 7 });
      assertEquals(report.properties.filter(({ result }) => result === "violated"), []);
    });
  }
}
