import { assertEquals } from "@std/assert";
import { addExactly, exactSet } from "../../spec/checker/exact.ts";
import { check } from "../../spec/mod.ts";
import { catalog } from "../../spec/catalog/mod.ts";
import { randomFrom } from "../random.ts";
import { rows, titleOf } from "./crosscheck.ts";

Deno.test("an exact set agrees with a set of texts, also when its lists grow (seed 7)", () => {
  const next = randomFrom(7);
  const below = (n: number) => Math.floor(next() * n);
  const set = exactSet();
  const texts = new Set<string>();
  for (let i = 0; i < 30_000; i++) {
    const width = i < 10_000 ? 5 : i < 20_000 ? 20 : 40;
    const items = Int32Array.from({ length: width }, (_, p) => p < 5 ? below(3) : Number(below(20) === 0));
    const tail = Int32Array.from({ length: below(3) }, () => below(3));
    const text = `${items.join().replace(/(,0)+$/, "")}|${tail.join()}`;
    assertEquals(addExactly(set, items, 0, width, tail, 0, tail.length), !texts.has(text), text);
    texts.add(text);
  }
  assertEquals(set.count, texts.size);
});

for (const row of rows.filter(({ distinct = 0 }) => distinct > 100 && distinct < 10_000)) {
  Deno.test(`exact, without fingerprints: ${titleOf(row)}`, async () => {
    const spec = catalog[row.spec];
    if (spec === undefined) throw new Error(`no spec ${row.spec}`);
    const bound = row.bound === undefined ? {} : { depth: row.bound };
    const [quick, exact] = await Promise.all(
      [false, true].map((exact) => check(spec, { parameters: row.parameters, exact, ...bound })),
    );
    assertEquals(exact?.distinct, row.distinct);
    const comparable = (report: typeof exact) => [
      report?.generated,
      report?.searches,
      report?.properties.map(({ result, trace, witness }) => [result, trace, witness]),
    ];
    assertEquals(comparable(exact), comparable(quick));
    assertEquals(exact?.odds, 0);
  });
}
