/** The address of a moment: written, read, and refused. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { type Address, addressOf, hashOf, homeOf } from "../../spec/explorer/hash.ts";
import { SpecError } from "../../spec/mod.ts";
import { between, randomFrom } from "../random.ts";

const setup = { specs: catalog, first: "raft" };

Deno.test("an empty hash is the spec that opens first", () => {
  assertEquals(addressOf("", setup), homeOf("raft"));
  assertEquals(addressOf("#", { ...setup, first: "die_hard" }), homeOf("die_hard"));
});

const addresses: readonly Address[] = [
  homeOf("raft"),
  { ...homeOf("raft"), trace: "a! a>b a+c a~c:AppendEntries.2_ b^1 a=x a&a,b,(c)", position: 2 },
  { ...homeOf("raft"), mutant: "vote-twice", trace: "@leader a!" },
  { ...homeOf("raft"), bounds: "preVote", parameters: { servers: 4, preVote: false }, tour: "election" },
  { ...homeOf("raft_lite"), parameters: { network: "a & b = c # d" } },
  { ...homeOf("two_phase_commit"), trace: 'Prepare("r1") Say("50% äöü\\u0000 ☃")#2', loop: 0 },
];

for (const address of addresses) {
  Deno.test(`what is written is read: ${hashOf(address)}`, () => {
    assertEquals(addressOf(`#${hashOf(address)}`, setup), address);
    // What a terminal or a mail program takes for the end of a link is not in it.
    assertMatch(hashOf(address), /^[A-Za-z0-9=&%.~_-]*$/);
  });
}

const wrong: readonly (readonly [hash: string, message: RegExp])[] = [
  ["spec", /^the address has "spec", expected name=value$/],
  ["spec=raft&spec=raft", /^the address has spec twice$/],
  ["spec=rafft", /^there is no spec "rafft": there are raft, /],
  ["spec=__proto__", /^there is no spec "__proto__"/],
  [
    "spec=raft&trace=%E0%A4%A",
    /^the address has "%E0%A4%A", which is no text: perhaps a part of it is missing$/,
  ],
  ["spec=raft&colour=red", /^the address has "colour"; there are spec, bounds, /],
  ["spec=raft&set.servers=many", /^servers of raft is a count: 0, 1, 2, ...; not "many"$/],
  ["spec=raft&set.preVote=1", /^preVote of raft is true or false, not "1"$/],
  ["spec=raft&set.size=1", /^raft has no parameter "size"; there are servers, /],
  ["spec=raft&set.__proto__=1", /^raft has no parameter "__proto__"/],
  ["spec=raft&at=-1", /^the address has at="-1", expected a count: 0, 1, 2, ...$/],
  ["spec=raft&loop=1e9", /^the address has loop="1e9", expected a count/],
  ["spec=raft&tour=moon", /^there is no tour "moon": there are election, /],
];

for (const [hash, message] of wrong) {
  Deno.test(`a broken address says what is wrong: ${hash}`, () => {
    assertMatch(assertThrows(() => addressOf(hash, setup), SpecError).message, message);
  });
}

Deno.test("whatever stands in a hash, it is read or refused with a SpecError", () => {
  const random = randomFrom(20261124);
  const pieces = ["spec", "=", "&", "raft", "%", "trace", "a!", "#", "set.", "\u0000", "at", "9", "die_hard"];
  for (let run = 0; run < 2000; run++) {
    const hash = Array.from(
      { length: between(random, 0, 11) },
      () => pieces[between(random, 0, pieces.length - 1)],
    ).join("");
    try {
      addressOf(hash, setup);
    } catch (error) {
      assert(error instanceof SpecError, `${hash}: ${error}`);
    }
  }
});
