import { assertEquals } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { check, type Parameters, replay, type Report } from "../../spec/mod.ts";

async function checked(name: string, parameters: Parameters = {}): Promise<Report> {
  const spec = catalog[name];
  if (spec === undefined) throw new Error(`no ${name} in the catalog`);
  return await check(spec, { parameters });
}

function counts({ generated, distinct, exhausted, searches }: Report) {
  return { generated, distinct, exhausted, depth: searches[0]?.depth };
}

Deno.test("every spec of the catalog goes by its own name", () => {
  assertEquals(Object.values(catalog).map(({ name }) => name), Object.keys(catalog));
});

Deno.test("die_hard: four gallons take six steps, and no fewer", async () => {
  const report = await checked("die_hard");
  assertEquals(report.verdict, "violated");
  assertEquals(report.properties[1]?.run?.steps.length, 6);
  const { model, violations, run } = replay(catalog.die_hard!, report.properties[1]?.trace ?? "");
  assertEquals(violations, [
    { name: "Never Four Gallons", witness: "the big jug holds 4 gallons", step: 6 },
  ]);
  assertEquals(model.describe(run.steps.at(-1)!.to), { big: { value: "4" }, small: { value: "3" } });
});

const twoPhaseCommits = [
  { managers: 3, generated: 1_146, distinct: 288, depth: 11 },
  { managers: 5, generated: 58_146, distinct: 8_832, depth: 17 },
];

for (const { managers, ...expected } of twoPhaseCommits) {
  Deno.test(`two_phase_commit: ${managers} managers, ${expected.distinct} states, consistent`, async () => {
    const report = await checked("two_phase_commit", { managers });
    assertEquals(counts(report), { ...expected, exhausted: true });
    assertEquals(report.verdict, "holds");
    assertEquals(report.properties.map(({ result }) => result), ["holds", "reached", "reached"]);
  });
}
