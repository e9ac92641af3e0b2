import { assert, assertEquals } from "@std/assert";
import { encodeMessage } from "../src/codec.ts";
import { messagesOfEveryType } from "./conformance/transport.ts";
import { fuzzCodec } from "./codec_fuzz.ts";
import { dishonesty } from "../src/transport/honesty.ts";

Deno.test("100,000 frames mutated from valid ones are refused by name, or are messages as the types say", async () => {
  const report = await fuzzCodec(100_000, 1);
  const types = new Set(messagesOfEveryType("a", "b").map(({ type }) => type));
  // Of each type some got through: else the checks would say nothing about it.
  assertEquals(new Set(Object.keys(report.accepted)), types);
  assert(report.refused > 10_000 && report.dishonest > 500, JSON.stringify(report));
});

Deno.test("a run of a seed is the same every time", async () => {
  assertEquals(await fuzzCodec(2000, 7), await fuzzCodec(2000, 7));
});

Deno.test("every sample message is one that an honest server can send, and has no more bytes than a frame", () => {
  for (const message of messagesOfEveryType("a", "b")) {
    assertEquals(dishonesty(message), null);
    assert(encodeMessage(message).length < 1000);
  }
});
