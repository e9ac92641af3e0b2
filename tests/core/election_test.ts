import { assertEquals } from "@std/assert";
import { initialState, step } from "../../src/core/mod.ts";

const limits = { maxEntriesPerAppend: 64, maxBytesPerAppend: 65536, maxHeldProposals: 100 };

Deno.test("a cluster of one elects itself and commits its no-op", () => {
  const alone = initialState({ id: "a", servers: ["a"], ...limits });
  const candidate = step(alone, { type: "timerFired", timer: "election" });
  assertEquals(candidate.effects, [
    { type: "startTimer", timer: "election" },
    { type: "persist", write: { currentTerm: 1, votedFor: "a", from: 1, entries: [] } },
  ]);
  const leader = step(candidate.state, { type: "persisted", count: 1 });
  assertEquals(leader.effects, [
    { type: "stopTimer", timer: "election" },
    { type: "startTimer", timer: "heartbeat" },
    {
      type: "persist",
      write: { currentTerm: 1, votedFor: "a", from: 1, entries: [{ type: "noop", term: 1 }] },
    },
  ]);
  const committed = step(leader.state, { type: "persisted", count: 1 });
  assertEquals(committed.effects, [{ type: "apply", index: 1 }]);
});
