/** Wrong options are refused: a check that did something else than was asked would be believed. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { check, replay, spec, SpecError } from "../../spec/mod.ts";

const up = spec<{ n: number }, { most: number }>("up", { most: 9 }, ({ most }) => ({
  init: { n: 0 },
  actions: { Up: (s) => s.n < most && void s.n++ },
  ends: ({ n }) => n === most,
  properties: [],
  starts: { two: "Up Up" },
}));

const mistakes: readonly (readonly [options: unknown, message: string])[] = [
  [{ from: "typo" }, "check: there is no start typo to search from; there are steps, two"],
  [{ depth: 0 }, "check: depth is 0, expected 1, 2, 3, ... or null"],
  [{ depth: -1 }, "check: depth is -1"],
  [{ depth: NaN }, "check: depth is NaN"],
  [{ depth: 1.5 }, "check: depth is 1.5"],
  [{ depth: "3" }, 'check: depth is "3"'],
  [
    { depht: 3 },
    "check: there is no depht; there are depth, from, bounds, parameters, exact, coverage, symmetry, maxMegabytes, workers, signal, onStart, onProgress",
  ],
  [{ bounds: 3 }, "check: bounds is 3, expected a string"],
  [{ bounds: "toString" }, "up has no bounds toString"],
  [{ parameters: [] }, "check: parameters is an array, expected an object"],
  [{ parameters: { toString: 1 } }, "up has no parameter toString"],
  [{ signal: new AbortController() }, "check: signal is an object, expected an AbortSignal"],
  [{ onProgress: "loud" }, 'check: onProgress is "loud", expected a function'],
  [null, "check: expected an object with depth, "],
];

for (const [options, message] of mistakes) {
  Deno.test(`a check refuses options that it doesn't understand: ${message}`, async () => {
    await assertRejects(() => check(up, options as never), SpecError, message);
  });
}

Deno.test("a check from one start searches from there alone, and so does one from the initial states", async () => {
  for (const [from, distinct] of [["two", 3], ["steps", 3]] as const) {
    const { searches } = await check(up, { from, depth: 3 });
    assertEquals(searches.map(({ search, distinct }) => [search, distinct]), [[from, distinct]]);
  }
});

Deno.test("an option that is undefined is left out", async () => {
  assertEquals((await check(up, { depth: undefined, from: undefined } as never)).distinct, 10 + 8);
});

Deno.test("what is no spec is refused", async () => {
  const wrong = [[undefined, "undefined"], [null, "null"], [{}, "an object"], ["raft", '"raft"']] as const;
  for (const [value, told] of wrong) {
    const [checked, replayed] = ["check", "replay"].map((what) =>
      `${what} takes what spec(...) returns, not ${told}`
    );
    await assertRejects(() => check(value as never), SpecError, checked);
    assertThrows(() => replay(value as never, ""), SpecError, replayed);
  }
});

Deno.test("a replay refuses what is no trace, and options that it doesn't understand", () => {
  assertThrows(() => replay(up, 3 as never), SpecError, "replay takes a trace as a string, not 3");
  assertThrows(
    () => replay(up, "Up", { depth: 3 } as never),
    SpecError,
    "replay: there is no depth; there are bounds",
  );
});
