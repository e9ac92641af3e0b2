import { assertEquals } from "@std/assert";
import { initialState, type RequestVote, step, timersOf } from "../../src/core/mod.ts";
import {
  appendEntries,
  command,
  config,
  electionTimeout,
  follower,
  leader,
  noop,
  received,
  run,
  sent,
  vote,
} from "./support.ts";

function requestVote(more: Partial<RequestVote>): RequestVote {
  const usual = { lastLogIndex: 0, lastLogTerm: 0, priority: 0, isTransfer: false };
  return { type: "RequestVote", from: "b", to: "a", term: 1, ...usual, ...more };
}

function isGranted(state: ReturnType<typeof follower>, request: RequestVote): boolean {
  const [answer] = sent(run(state, received(request)).effects);
  return answer?.type === "RequestVoteResponse" && answer.voteGranted;
}

Deno.test("a cluster of one elects itself and commits its no-op, each when it is durable (§5.2)", () => {
  const alone = initialState(config({ servers: ["a"] }));
  const candidate = step(alone, electionTimeout);
  assertEquals(candidate.effects, [
    { type: "startTimer", timer: "election" },
    { type: "persist", write: { currentTerm: 1, votedFor: "a", from: 1, entries: [] } },
  ]);
  const elected = step(candidate.state, { type: "persisted", count: 1 });
  assertEquals(elected.effects, [
    { type: "stopTimer", timer: "election" },
    { type: "startTimer", timer: "heartbeat" },
    { type: "persist", write: { currentTerm: 1, votedFor: "a", from: 1, entries: [noop(1)] } },
  ]);
  const committed = step(elected.state, { type: "persisted", count: 1 });
  assertEquals(committed.effects, [{ type: "apply", index: 1 }]);
});

Deno.test("a candidate asks everyone for a vote, after its own is durable (§5.2)", () => {
  const { state, effects } = step(follower(3, [noop(2)]), electionTimeout);
  assertEquals([state.currentTerm, state.votedFor, state.role.type], [4, "a", "candidate"]);
  assertEquals(effects.map(({ type }) => type), ["startTimer", "persist", "send", "send"]);
  assertEquals(sent(effects).map(({ to }) => to), ["b", "c"]);
});

Deno.test("a vote goes to whoever asks first, and again to the same candidate (§5.2)", () => {
  const { state, effects } = run(follower(0, []), received(requestVote({})));
  assertEquals(state.votedFor, "b");
  assertEquals(effects[0], { type: "startTimer", timer: "election" });
  assertEquals(isGranted(state, requestVote({})), true);
  assertEquals(isGranted(state, requestVote({ from: "c" })), false);
  assertEquals(isGranted(state, requestVote({ from: "c", term: 2 })), true);
});

Deno.test("no vote in an old term, and none for a log that is less up-to-date (§5.4.1)", () => {
  const voter = follower(3, [noop(1), command(2, "x")]);
  const cases: [Partial<RequestVote>, boolean][] = [
    [{ term: 2, lastLogTerm: 2, lastLogIndex: 2 }, false],
    [{ term: 3, lastLogTerm: 2, lastLogIndex: 2 }, true],
    [{ term: 4, lastLogTerm: 2, lastLogIndex: 1 }, false],
    [{ term: 4, lastLogTerm: 1, lastLogIndex: 9 }, false],
    [{ term: 4, lastLogTerm: 3, lastLogIndex: 1 }, true],
    [{ term: 4, lastLogTerm: 2, lastLogIndex: 3 }, true],
  ];
  for (const [request, expected] of cases) assertEquals(isGranted(voter, requestVote(request)), expected);
});

Deno.test("votes of an earlier election, refusals and votes twice don't elect (§5.2)", () => {
  const five =
    run(follower(0, [], { servers: ["a", "b", "c", "d", "e"] }), electionTimeout, electionTimeout).state;
  const { state } = run(
    five,
    ...[vote("b", 1), vote("c", 1), vote("b", 2), vote("b", 2), vote("d", 2, false)].map(received),
  );
  assertEquals(state.role, { type: "candidate", votesGranted: ["a", "b"] });
  assertEquals(run(state, received(vote("e", 2))).state.role.type, "leader");
});

Deno.test("a new leader stops its election timer, appends a no-op and tells everyone (§5.2, §8)", () => {
  const candidate = run(follower(0, []), electionTimeout).state;
  const { state, effects } = step(candidate, received(vote("b", 1)));
  assertEquals(effects.map(({ type }) => type), ["stopTimer", "startTimer", "send", "send", "persist"]);
  assertEquals(sent(effects).map((message) => "entries" in message && message.entries), [[noop(1)], [
    noop(1),
  ]]);
  assertEquals(timersOf(state), ["heartbeat"]);
});

Deno.test("whoever sees a higher term follows, and forgets that it led (§5.1)", () => {
  const deposed = step(leader(0, []), received(vote("b", 7, false)));
  assertEquals(deposed.state.role, { type: "follower", leaderId: null });
  assertEquals([deposed.state.currentTerm, deposed.state.votedFor], [7, null]);
  assertEquals(deposed.effects.slice(0, 2), [
    { type: "stopTimer", timer: "heartbeat" },
    { type: "startTimer", timer: "election" },
  ]);
});

Deno.test("a candidate that hears of the leader of its term follows, and keeps its vote (§5.2)", () => {
  const candidate = run(follower(0, []), electionTimeout).state;
  const { state } = run(candidate, received(appendEntries({ entries: [noop(1)] })));
  assertEquals(state.role, { type: "follower", leaderId: "b" });
  assertEquals(state.votedFor, "a");
});

Deno.test("an election timer that fires late at a leader does nothing", () => {
  const state = leader(0, []);
  assertEquals(step(state, electionTimeout), { state, effects: [] });
});
