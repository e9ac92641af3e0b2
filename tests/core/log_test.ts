import { configurationOfVoters } from "../../src/core/configuration.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  append,
  entriesBetween,
  entriesOf,
  firstDifference,
  lastIndexUpTo,
  lastTerm,
  logOf,
  termAt,
  truncate,
} from "../../src/core/log.ts";
import { AssertionError } from "../../src/core/mod.ts";
import { command, noop } from "./support.ts";

const abc = configurationOfVoters(["a", "b", "c"]);
const log = logOf([noop(1), command(1, "x"), noop(3)], abc);

Deno.test("termAt is total: 0 before the log and after it", () => {
  assertEquals([-1, 0, 1, 2, 3, 4].map((index) => termAt(log, index)), [0, 0, 1, 1, 3, 0]);
  assertEquals(lastTerm(log), 3);
  assertEquals(lastTerm(logOf([], abc)), 0);
});

Deno.test("appending leaves the older log as it was", () => {
  const longer = append(log, [noop(4)]);
  assertEquals(entriesOf(log).length, 3);
  assertEquals(entriesOf(longer).length, 4);
  assertEquals(termAt(log, 4), 0);
});

Deno.test("two futures of one log don't see each other", () => {
  const one = append(log, [noop(4)]);
  const other = append(log, [noop(5)]);
  assertEquals([termAt(one, 4), termAt(other, 4)], [4, 5]);
});

Deno.test("the newest log grows in place: a million appends copy nothing", () => {
  let grown = logOf([], abc);
  const { shared } = grown;
  for (let index = 1; index <= 1_000_000; index++) grown = append(grown, [noop(1)]);
  assertStrictEquals(grown.shared, shared);
  assertEquals(grown.lastIndex, 1_000_000);
});

Deno.test("truncating and appending brings back nothing of what was cut", () => {
  const cut = truncate(log, 1);
  assertEquals(entriesOf(cut), [noop(1)]);
  assertEquals(entriesOf(append(cut, [noop(2)])), [noop(1), noop(2)]);
  assertEquals(entriesOf(log).length, 3);
  assertStrictEquals(truncate(log, 7), log);
});

Deno.test("the first difference of two logs, by example", () => {
  const longer = append(log, [noop(4)]);
  assertEquals(firstDifference(log, log), 4);
  assertEquals(firstDifference(log, longer), 4);
  assertEquals(firstDifference(log, truncate(log, 1)), 2);
  assertEquals(firstDifference(log, append(truncate(log, 1), [noop(2)])), 2);
  assertEquals(firstDifference(log, append(truncate(log, 1), [noop(2), noop(2), noop(2)])), 2);
});

Deno.test("the last index of at most a term, by example", () => {
  const terms = logOf([1, 1, 3, 3, 3, 6].map(noop), abc);
  const cases = [[0, 6, 0], [1, 6, 2], [2, 6, 2], [3, 4, 4], [3, 6, 5], [5, 6, 5], [6, 6, 6], [9, 99, 6], [
    3,
    1,
    1,
  ]];
  for (const [term = 0, index = 0, expected] of cases) {
    assertEquals(lastIndexUpTo(terms, term, index), expected);
  }
});

Deno.test("entries between two indexes: both included, none beyond the log", () => {
  assertEquals(entriesBetween(log, 2, 2), [command(1, "x")]);
  assertEquals(entriesBetween(log, 2, 9).length, 2);
  assertEquals(entriesBetween(log, 4, 9), []);
  assertThrows(() => entriesBetween(log, 0, 1), AssertionError);
});
