/** What a member that lies can do to `step` with messages that pass every check: make a claim of the core fall, which stops the node. */
import { assert, assertEquals } from "@std/assert";
import { AssertionError, type Event, initialState, type Message, type ServerState, step } from "../mod.ts";
import { dishonesty } from "../src/transport/honesty.ts";
import { between, type Random, randomFrom } from "./random.ts";

const limits = { maxEntriesPerAppend: 64, maxBytesPerAppend: 65536, maxHeldProposals: 100 };
const members = { voters: ["a", "b", "c"], oldVoters: [], learners: [], target: null, addresses: {} };

/** The claims of the core that can fall, as `docs/network.md` says. */
const claims = [
  "a leader hears of no other leader of its term (§5.2)",
  // A committed entry that was applied is replaced.
  "lastApplied <= commitIndex, and durable (§5.3)",
  "matchIndex < nextIndex <= lastLogIndex + 1 (§5.3)",
];

/** Performs what the step asks for: everything is durable, and applied, at once. */
function after(state: ServerState, event: Event): ServerState {
  let next = step(state, event);
  while (next.state.unfinishedWrites.length > 0) {
    next = step(next.state, { type: "persisted", count: next.state.unfinishedWrites.length });
  }
  const index = Math.min(next.state.commitIndex, next.state.durableIndex);
  return index > next.state.lastApplied ? after(next.state, { type: "applied", index }) : next.state;
}

function leader(): ServerState {
  const candidate = after(initialState({ id: "a", servers: members.voters, ...limits }), {
    type: "timerFired",
    timer: "election",
  });
  const vote = { type: "RequestVoteResponse", from: "b", to: "a", term: 1, voteGranted: true } as const;
  const state = after(candidate, { type: "received", message: vote });
  assertEquals(state.role.type, "leader");
  return state;
}

/** Small numbers, so that they often fit. */
function randomMessage(random: Random): Message {
  const small = () => between(random, 0, 5);
  const term = between(random, 1, 5);
  const flag = random() < 0.5;
  const header = { from: random() < 0.5 ? "b" : "c", to: "a" };
  const last = { lastLogIndex: small(), lastLogTerm: small(), priority: 0 };
  const ids = [{ node: "b", incarnation: 1, sequence: small() }];
  const command = new Uint8Array(1);
  const entries = Array.from(
    { length: between(random, 0, 3) },
    () => ({ type: "noop", term: small() }) as const,
  );
  const snapshot = { index: small(), term: small(), configuration: members };
  const conflict = { prevLogIndex: small(), conflictTerm: small(), conflictIndex: small() };
  const append = { prevLogIndex: small(), prevLogTerm: small(), leaderCommit: small(), entries };
  const messages: readonly Message[] = [
    { type: "RequestVote", ...header, term, ...last, isTransfer: flag },
    { type: "RequestVoteResponse", ...header, term, voteGranted: flag },
    { type: "AppendEntries", ...header, term, ...append, round: small() },
    { type: "AppendEntriesResponse", ...header, term, success: true, matchIndex: small(), round: small() },
    { type: "AppendEntriesResponse", ...header, term, success: false, ...conflict, round: small() },
    { type: "PreVote", ...header, nextTerm: term, ...last },
    { type: "PreVoteGranted", ...header, nextTerm: term },
    { type: "PreVoteRefused", ...header, term },
    { type: "TimeoutNow", ...header, term },
    { type: "ReadIndex", ...header, ids },
    { type: "ReadIndexResponse", ...header, ids, index: small() },
    { type: "InstallSnapshot", ...header, term, snapshot, offset: 0, data: command, isLast: flag },
    { type: "InstallSnapshotResponse", ...header, term, index: small(), nextOffset: small(), isDone: flag },
    { type: "Propose", ...header, proposals: ids.map((id) => ({ id, command })) },
    { type: "ProposeRefused", ...header, ids },
  ];
  const likely = messages.filter(({ type }) => type === "AppendEntries");
  const among = random() < 0.5 ? likely : messages;
  return among[between(random, 0, among.length - 1)]!;
}

Deno.test("messages of a member that lies stop a node by a claim of the core, and by no other error", () => {
  const fallen = new Set<string>();
  let taken = 0;
  for (let seed = 1; seed <= 3000; seed++) {
    const random = randomFrom(seed);
    let state = seed % 2 === 0 ? leader() : initialState({ id: "a", servers: members.voters, ...limits });
    try {
      for (let i = 0; i < 40; i++) {
        const message = randomMessage(random);
        if (dishonesty(message) !== null) continue;
        state = after(state, { type: "received", message });
        taken++;
      }
    } catch (error) {
      assert(error instanceof AssertionError, `seed ${seed}: ${error}`);
      fallen.add(error.message);
    }
  }
  assert(taken > 10_000, `${taken} messages`);
  assertEquals([...fallen].sort(), claims);
});
