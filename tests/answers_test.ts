import { assertEquals, assertThrows } from "@std/assert";
import { plainAnswers } from "../src/answers.ts";

Deno.test("plain answers come back as they were", () => {
  const answers = [
    undefined,
    null,
    true,
    -1.5,
    "ü",
    new Uint8Array([1, 2]),
    [],
    { a: [{ b: null }], c: new Uint8Array(0) },
  ];
  for (const answer of answers) assertEquals(plainAnswers.decode(plainAnswers.encode(answer)), answer);
});

Deno.test("what would come back as something else is refused, with the place where it is", () => {
  class Point {
    readonly x = 1;
  }
  const wrong: readonly [answer: unknown, message: string][] = [
    [new Map(), "the answer is a Map"],
    [{ a: [new Set()] }, "the answer.a[0] is a Set"],
    [{ a: undefined }, "the answer.a is undefined"],
    [[10n], "the answer[0] is a bigint"],
    [{ f: () => 1 }, "the answer.f is a function"],
    [new Point(), "the answer is a Point"],
    [new Error("x"), "the answer is a Error"],
  ];
  for (const [answer, message] of wrong) assertThrows(() => plainAnswers.encode(answer), TypeError, message);
});
