/** The catalog counts what other checkers count. */
import { assert, assertEquals } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { check } from "../../spec/mod.ts";
import { type Row, rows, titleOf } from "./crosscheck.ts";

for (const row of rows) {
  Deno.test(`other checkers agree: ${titleOf(row)}`, () => agree(row));
}

async function agree(row: Row): Promise<void> {
  const specification = catalog[row.spec];
  assert(specification !== undefined, `${row.spec} is not in the catalog`);
  const report = await check(specification, { depth: row.bound ?? null, parameters: row.parameters });
  for (const [name, expected] of Object.entries(row.length ?? {})) {
    const found = report.properties.find(({ property }) => property.name === name);
    assert(found?.run, `${name} was neither violated nor reached`);
    assertEquals({ [name]: found.run.steps.length + 1 }, { [name]: expected });
  }
  for (const [name, expected] of Object.entries(row.temporal ?? {})) {
    const found = report.properties.find(({ property }) => property.name === name);
    assert(found, `there is no property ${name}`);
    const { result, run, loop } = found;
    const actual = result === "violated" ? [run?.steps.length, loop?.length] : result;
    assertEquals({ [name]: actual }, { [name]: expected });
  }
  const violated = report.properties.filter(({ result, property }) =>
    result === "violated" && row.length?.[property.name] === undefined &&
    !Array.isArray(row.temporal?.[property.name])
  );
  assertEquals(violated.map(({ property }) => property.name), []);
  const { distinct, generated } = report;
  const counts = { distinct, generated, depth: report.searches[0]?.depth };
  for (const key of ["distinct", "generated", "depth"] as const) {
    if (row[key] !== undefined) assertEquals({ [key]: counts[key] }, { [key]: row[key] });
  }
}
