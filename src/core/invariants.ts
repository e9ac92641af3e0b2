/** What one server can see of itself, asserted on every step, in production too. What only an observer can see is in spec/. */
import { assert } from "./assert.ts";
import { firstDifference, termAt } from "./log.ts";
import { applicableIndex } from "./durability.ts";
import { isVoteDurable, type ServerState } from "./state.ts";

/**
 * Stops a server whose state makes no sense.
 *
 * @throws {AssertionError} naming the claim that does not hold.
 */
export function assertInvariants(before: ServerState, after: ServerState): void {
  const { log } = after;
  assert(after.currentTerm >= before.currentTerm, "currentTerm never decreases (§5.1)");
  assert(after.commitIndex >= before.commitIndex, "commitIndex never decreases (§5.3)");
  assert(after.lastApplied >= before.lastApplied, "lastApplied never decreases (§5.3)");
  assert(log.compactedIndex <= after.lastApplied, "compactedIndex <= lastApplied (§7)");
  assert(after.lastApplied <= applicableIndex(after), "lastApplied <= commitIndex, and durable (§5.3)");
  assert(after.commitIndex <= log.lastIndex, "commitIndex <= lastLogIndex (§5.3)");
  assert(after.durableIndex <= log.lastIndex, "durableIndex <= lastLogIndex");
  assert(after.unfinishedVote <= after.unfinishedWrites.length, "a vote that isn't durable is being written");
  if (after.snapshot !== null && before.snapshot !== after.snapshot) {
    const { index, term } = after.snapshot;
    assert(termAt(log, index) === term, "a log agrees with its snapshot (§7)");
  }
  if (before.log !== log) {
    assert(firstDifference(before.log, log) > before.commitIndex, "a committed entry never changes (§5.3)");
  }
  assert(after.role.type !== "leader" || isVoteDurable(after), "a leader's vote is durable (§5.2)");
  assertNextIndex(after);
  assertMatchIndex(before, after);
}

function assertNextIndex({ log, role }: ServerState): void {
  if (role.type !== "leader") return;
  for (const [server, next] of Object.entries(role.nextIndex)) {
    const match = role.matchIndex[server] ?? 0;
    assert(match < next && next <= log.lastIndex + 1, "matchIndex < nextIndex <= lastLogIndex + 1 (§5.3)");
  }
}

function assertMatchIndex(before: ServerState, after: ServerState): void {
  if (before.role.type !== "leader" || after.role.type !== "leader") return;
  for (const [server, match] of Object.entries(before.role.matchIndex)) {
    // Who is no member any more is not tracked.
    assert(
      (after.role.matchIndex[server] ?? match) >= match,
      "matchIndex never decreases while leading (§5.3)",
    );
  }
}
