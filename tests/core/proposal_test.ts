import { assertEquals } from "@std/assert";
import {
  configurationOfVoters,
  entriesOf,
  type Event,
  type LogEntry,
  type Message,
  type Proposal,
  type ServerState,
  step,
} from "../../src/core/mod.ts";
import {
  appendEntries,
  electionTimeout,
  follower,
  leader,
  noop,
  proposal,
  received,
  run,
  sent,
  vote,
} from "./support.ts";

function proposed(...proposals: readonly Proposal[]): Event {
  return { type: "proposed", proposals };
}

function propose(from: string, ...proposals: readonly Proposal[]): Message {
  return { type: "Propose", from, to: "a", proposals };
}

const [x, y] = [proposal("x"), proposal("y")];
const fromC: Proposal = { ...proposal("z"), id: { node: "c", incarnation: 4, sequence: 1 } };

Deno.test("a leader appends proposals of its clients and of other servers, in order", () => {
  const { state } = run(leader(0, []), proposed(x, y), received(propose("c", fromC)));
  assertEquals(
    entriesOf(state.log).slice(1),
    [x, y, fromC].map((proposal) => ({ type: "command", term: 1, ...proposal })),
  );
});

Deno.test("a follower hands proposals on to the leader at once, and keeps nothing", () => {
  const known = run(follower(0, []), received(appendEntries({}))).state;
  const { state, effects } = step(known, proposed(x, y));
  assertEquals(effects, [{
    type: "send",
    message: { type: "Propose", from: "a", to: "b", proposals: [x, y] },
  }]);
  assertEquals(state.heldProposals, []);
});

Deno.test("proposals wait while no leader is known, and go on as soon as one is", () => {
  const waiting = run(follower(0, []), proposed(x)).state;
  assertEquals(waiting.heldProposals, [x]);
  const { state, effects } = run(waiting, received(appendEntries({})));
  assertEquals(sent(effects)[0], { type: "Propose", from: "a", to: "b", proposals: [x] });
  assertEquals(state.heldProposals, []);
});

Deno.test("who becomes leader appends what it held, after its no-op", () => {
  const { state } = run(follower(0, []), proposed(x), electionTimeout, received(vote("b", 1)));
  assertEquals(entriesOf(state.log), [noop(1), { type: "command", term: 1, ...x }]);
});

Deno.test("proposals beyond the limit are refused: one's own at once, another's by message", () => {
  const full = run(follower(0, []), proposed(x, y)).state;
  const { state, effects } = run(full, received(propose("c", fromC, x, fromC)));
  assertEquals(state.heldProposals, [x, y, fromC]);
  const message = { type: "ProposeRefused", from: "a", to: "c", ids: [fromC.id] } as const;
  assertEquals(effects, [
    { type: "persist", write: null },
    { type: "refuse", ids: [x.id], outcome: "no" },
    { type: "send", message },
  ]);
});

Deno.test("a refusal by another server leaves the outcome unknown", () => {
  const refused = received({ type: "ProposeRefused", from: "b", to: "a", ids: [x.id] });
  const { effects } = run(follower(0, []), refused);
  assertEquals(effects.at(-1), { type: "refuse", ids: [x.id], outcome: "unknown" });
});

Deno.test("a deposed leader hands proposals on to its successor, not to itself", () => {
  const deposed = run(leader(0, []), received(appendEntries({ from: "c", term: 2 }))).state;
  const [message] = sent(step(deposed, proposed(x)).effects);
  assertEquals(message?.to, "c");
});

Deno.test("a server that is no member any more refuses what it would have to hold for ever", () => {
  const without = configurationOfVoters(["b", "c"]);
  const entry: LogEntry = { type: "configuration", term: 1, configuration: without };
  const { state } = run(
    follower(1, [entry]),
    received(appendEntries({ prevLogIndex: 1, prevLogTerm: 1, leaderCommit: 1 })),
  );
  const removed: ServerState = { ...state, role: { type: "follower", leaderId: null } };
  const { state: after, effects } = step(removed, received(propose("c", fromC)));
  assertEquals(after.heldProposals, []);
  assertEquals(sent(effects), [{ type: "ProposeRefused", from: "a", to: "c", ids: [fromC.id] }]);
});
