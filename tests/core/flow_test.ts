import { assert, assertEquals } from "@std/assert";
import { type Effect, type Event, type Message, step } from "../../src/core/mod.ts";
import { command, leader, noop, proposal, received, run, sent } from "./support.ts";

const heartbeat: Event = { type: "timerFired", timer: "heartbeat" };

function answer(from: string, matchIndex: number): Event {
  const common = { type: "AppendEntriesResponse", from, to: "a", term: 2, round: 0 } as const;
  return received({ ...common, success: true, matchIndex });
}

function refusal(from: string, prevLogIndex: number, conflictIndex: number): Event {
  const common = { type: "AppendEntriesResponse", from, to: "a", term: 2, round: 0 } as const;
  return received({ ...common, success: false, prevLogIndex, conflictTerm: 0, conflictIndex });
}

/** How many entries leave for b with each message. */
function toB(effects: readonly Effect[]): number[] {
  const isForB = (message: Message) => message.type === "AppendEntries" && message.to === "b";
  return sent(effects).filter(isForB).map((message) =>
    message.type === "AppendEntries" ? message.entries.length : 0
  );
}

const propose = (word: string, size = 0): Event => ({ type: "proposed", proposals: [proposal(word, size)] });

Deno.test("no more messages with entries are on their way to a follower than the limit; each answer lets the next go", () => {
  let state = run(leader(1, [noop(1)], { maxInFlightMessages: 2 }), answer("c", 2)).state;
  const numbers: number[][] = [];
  for (const event of [propose("x"), propose("y"), propose("z"), answer("b", 2), answer("b", 3)]) {
    const result = run(state, event);
    state = result.state;
    numbers.push(toB(result.effects));
  }
  // The no-op and x are on their way; y and z go together as soon as there is room. The last brings news of a commit.
  assertEquals(numbers, [[1], [0], [0], [2], [0]]);
});

Deno.test("the bytes on their way are limited too, but for the last message", () => {
  const start = run(leader(1, [noop(1)], { maxInFlightBytes: 100 }), answer("b", 2), answer("c", 2)).state;
  const first = run(start, propose("x", 150));
  assertEquals(toB(first.effects), [1]);
  assertEquals(toB(run(first.state, propose("y", 10)).effects), [0]);
});

Deno.test("after a refusal one message probes what the follower has, until it answers", () => {
  const log = [1, 1, 1, 1].map(noop);
  const start = leader(1, log, { maxInFlightMessages: 9, maxEntriesPerAppend: 1 });
  const probe = run(start, refusal("b", 4, 1));
  assertEquals(toB(probe.effects), [1]);
  const waiting = run(probe.state, heartbeat, propose("x"));
  assertEquals(toB(waiting.effects), [0, 0]);
  // The probe is lost: the next refusal of a sign of life makes it go again.
  assertEquals(toB(run(waiting.state, refusal("b", 1, 1)).effects), [1]);
  assertEquals(toB(run(waiting.state, answer("b", 1)).effects), [1]);
});

Deno.test("what waits to be committed is limited in bytes: a proposal beyond is refused at once", () => {
  const start = run(leader(1, [noop(1)], { maxUncommittedBytes: 100 }), answer("b", 2)).state;
  const long = run(start, propose("x", 500));
  assertEquals(long.effects.some(({ type }) => type === "refuse"), false, "one is always taken");
  const refused = step(long.state, propose("y", 1));
  assertEquals(refused.effects.find(({ type }) => type === "refuse"), {
    type: "refuse",
    ids: [proposal("y").id],
    outcome: "no",
  });
  const committed = run(long.state, answer("b", 3));
  assertEquals(committed.state.commitIndex, 3);
  assertEquals(run(committed.state, propose("y", 1)).effects.some(({ type }) => type === "refuse"), false);
});

Deno.test("a follower 100,000 entries behind is fed in messages of bounded size", () => {
  const log = Array.from({ length: 100_000 }, () => command(1, "x", 10));
  let state = leader(1, log, { maxInFlightMessages: 4, maxEntriesPerAppend: 512 });
  let result = run(state, refusal("b", 100_000, 1));
  let matchIndex = 0;
  for (let messages = 0; matchIndex < 100_001; messages++) {
    assert(messages < 1200, "it ends");
    for (const message of sent(result.effects)) {
      if (message.type !== "AppendEntries" || message.to !== "b") continue;
      assert(message.entries.length <= 512);
      matchIndex = Math.max(matchIndex, message.prevLogIndex + message.entries.length);
    }
    state = result.state;
    result = run(state, answer("b", matchIndex));
  }
  assertEquals(matchIndex, 100_001);
});
