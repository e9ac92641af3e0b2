import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type AppendEntries, AssertionError, type Message, step } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import type { Delivery } from "../src/node.ts";
import { bytes, disk, errorOf, lab, leaderLab, seeded, text, turn } from "./node_support.ts";

function appendEntries(fields: Partial<AppendEntries> = {}): AppendEntries {
  return {
    type: "AppendEntries",
    from: "b",
    to: "a",
    term: 1,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [],
    leaderCommit: 0,
    round: 0,
    ...fields,
  };
}

function types(messages: readonly Message[]): string[] {
  return messages.map((message) => message.type);
}

// Proposals.

Deno.test("broadcast resolves to the index of its entry once it is applied here", async () => {
  const { node } = await leaderLab();
  assertEquals(await node.broadcast(bytes("x")), { index: 2 });
  assertEquals(node.status().lastApplied, 2);
  await node.close();
});

Deno.test("propose resolves to what the state machine returned", async () => {
  const applied: string[] = [];
  const stateMachine = {
    apply: (command: Uint8Array, index: number) => `${applied.push(text(command))}@${index}`,
  };
  const { node } = await leaderLab({ stateMachine });
  assertEquals(await Promise.all([node.propose(bytes("x")), node.propose(bytes("y"))]), ["1@2", "2@3"]);
  assertEquals(applied, ["x", "y"]);
  await node.close();
});

Deno.test("what the caller, the state machine and a consumer do to their bytes later changes nothing", async () => {
  const stateMachine = { apply: (command: Uint8Array) => command.fill(0) };
  const { node, storage } = await leaderLab({ stateMachine });
  const mine = bytes("mine");
  const broadcast = node.broadcast(mine);
  mine.fill(0);
  await broadcast;
  for (let round = 0; round < 2; round++) {
    for await (const delivery of node.deliveries()) {
      assertEquals(text(delivery.bytes), "mine");
      delivery.bytes.fill(0);
      break;
    }
  }
  const stored = storage.content?.log[1];
  assertEquals(stored?.type === "command" ? text(stored.command) : null, "mine");
  await node.close();
});

Deno.test("what was proposed before there is a leader is held, then committed", async () => {
  const { node, clock } = await lab();
  const broadcast = node.broadcast(bytes("early"));
  await turn();
  assertEquals(node.status().heldProposals, 1);
  await clock.advance(600);
  assertEquals(await broadcast, { index: 2 });
  await node.close();
});

Deno.test("a command larger than maxCommandBytes is refused at once", async () => {
  const { node } = await leaderLab({ maxCommandBytes: 3 });
  const { code, outcome, error } = await errorOf(node.broadcast(bytes("four")));
  assertEquals([code, outcome], ["TooLarge", "no"]);
  assertMatch(error.message, /at most 3 bytes \(maxCommandBytes\), got 4/);
  await node.broadcast(bytes("two"));
  await node.close();
});

Deno.test("what is not bytes, a deadline that is none and an index that is none are refused", async () => {
  const { node } = await leaderLab();
  assertEquals((await errorOf(node.broadcast("x" as unknown as Uint8Array))).code, "InvalidOptions");
  for (const timeoutMs of [0, -1, NaN, Infinity]) {
    assertEquals((await errorOf(node.broadcast(bytes("x"), { timeoutMs }))).code, "InvalidOptions");
  }
  for (const from of [0, -1, 1.5, NaN]) {
    assertMatch(
      assertThrows(() => node.deliveries({ from }), RaftError).message,
      /from: expected an integer/,
    );
  }
  await node.close();
});

Deno.test("more than maxPendingProposals are Overloaded, and will not take effect", async () => {
  const { node, storage } = await leaderLab({ maxPendingProposals: 2 });
  storage.held = true;
  const taken = [node.broadcast(bytes("1")), node.broadcast(bytes("2"))];
  const { code, outcome } = await errorOf(node.broadcast(bytes("3")));
  assertEquals([code, outcome], ["Overloaded", "no"]);
  await turn();
  storage.held = false;
  await storage.release();
  assertEquals(await Promise.all(taken), [{ index: 2 }, { index: 3 }]);
  assertEquals(await node.broadcast(bytes("4")), { index: 4 });
  await node.close();
});

Deno.test("more than maxPendingBytes are Overloaded, and will not take effect, until there is room again", async () => {
  const { node, storage } = await leaderLab({ maxPendingBytes: 10, maxCommandBytes: 10 });
  storage.held = true;
  const taken = [node.broadcast(bytes("1234")), node.broadcast(bytes("123456"))];
  const { code, outcome, error } = await errorOf(node.broadcast(bytes("1")));
  assertEquals([code, outcome], ["Overloaded", "no"]);
  assertMatch(error.message, /10 bytes of proposals wait here already/);
  await turn();
  storage.held = false;
  await storage.release();
  assertEquals(await Promise.all(taken), [{ index: 2 }, { index: 3 }]);
  assertEquals(await node.broadcast(bytes("1234567890")), { index: 4 });
  await node.close();
});

Deno.test("more than maxHeldProposals without a leader are Overloaded, and will not take effect", async () => {
  const { node } = await lab({ maxHeldProposals: 1 });
  const held = node.broadcast(bytes("1"));
  const { code, outcome } = await errorOf(node.broadcast(bytes("2")));
  assertEquals([code, outcome], ["Overloaded", "no"]);
  const closed = errorOf(held);
  await node.close();
  assertEquals((await closed).outcome, "no");
});

Deno.test("a leader without room refuses what was forwarded, and the outcome is unknown", async () => {
  const { node, network } = await lab({ peers: ["b", "c"] });
  network.arrive(appendEntries());
  const broadcast = node.broadcast(bytes("x"));
  await turn();
  const [propose] = network.sent.filter((message) => message.type === "Propose");
  assert(propose?.type === "Propose");
  const ids = propose.proposals.map(({ id }) => id);
  network.arrive({ type: "ProposeRefused", from: "b", to: "a", ids });
  const { code, outcome } = await errorOf(broadcast);
  assertEquals([code, outcome], ["Overloaded", "unknown"]);
  await node.close();
});

Deno.test("a proposal that gets no quorum times out at its deadline, and its outcome is unknown", async () => {
  const { node, clock } = await lab({ peers: ["b", "c"], proposalTimeoutMs: 2000 });
  const byDefault = errorOf(node.broadcast(bytes("x")));
  const { code, outcome, error } = await (async () => {
    const result = errorOf(node.broadcast(bytes("y"), { timeoutMs: 100 }));
    await clock.advance(100);
    return await result;
  })();
  assertEquals([code, outcome], ["Timeout", "unknown"]);
  assertMatch(error.message, /within 100 ms/);
  assertEquals(node.status().pendingProposals, 1);
  await clock.advance(1900);
  assertEquals((await byDefault).code, "Timeout");
  assertEquals(node.status().pendingProposals, 0);
  await node.close();
});

Deno.test("an aborted signal ends the wait: unknown once the proposal was taken, no before", async () => {
  const { node } = await lab({ peers: ["b", "c"] });
  const taken = new AbortController();
  const broadcast = errorOf(node.broadcast(bytes("x"), { signal: taken.signal }));
  await turn();
  taken.abort("enough");
  const first = await broadcast;
  assertEquals([first.code, first.outcome, first.error.cause], ["Aborted", "unknown", "enough"]);

  const atOnce = new AbortController();
  const second = errorOf(node.broadcast(bytes("y"), { signal: atOnce.signal }));
  atOnce.abort();
  assertEquals((await second).outcome, "no");
  assertEquals((await errorOf(node.broadcast(bytes("z"), { signal: atOnce.signal }))).outcome, "no");
  assertEquals(node.status().heldProposals, 1);
  await node.close();
});

Deno.test("a proposal of an earlier start of the node is not mistaken for one of this start", async () => {
  const random = seeded(5);
  const { node, clock, storage } = await leaderLab({ random });
  await node.broadcast(bytes("before"));
  await node.close();
  storage.held = true;
  const again = await lab({ disk: storage, random });
  const broadcast = again.node.broadcast(bytes("after"));
  storage.held = false;
  await again.clock.advance(600);
  await storage.release();
  assertEquals(await broadcast, { index: 4 });
  await again.node.close();
  assertEquals(clock.waiting(), []);
});

// Stopping.

Deno.test("closing a node settles all that wait, and releases everything", async () => {
  const { node, clock, network, storage } = await lab({ peers: ["b", "c"] });
  network.arrive(appendEntries());
  await turn();
  const forwarded = errorOf(node.broadcast(bytes("x")));
  const next = node.deliveries().next();
  await turn();
  const queued = errorOf(node.broadcast(bytes("y")));
  await node.close();
  assertEquals([(await forwarded).code, (await forwarded).outcome], ["Stopped", "unknown"]);
  assertEquals([(await queued).code, (await queued).outcome], ["Stopped", "no"]);
  assertEquals(await next, { done: true, value: undefined });
  assertEquals([network.closed, storage.closed], [true, true]);
  assertEquals(clock.waiting(), []);
  assertEquals(await node.stopped, { type: "closed" });
  assertEquals(node.status().health, { type: "closed" });
  const late = await errorOf(node.broadcast(bytes("z")));
  assertEquals([late.code, late.outcome], ["Stopped", "no"]);
  assertEquals(await node.deliveries().next(), { done: true, value: undefined });
  await node.close();
});

Deno.test("closing waits for the write in progress before it closes the storage", async () => {
  const { node, storage } = await leaderLab();
  storage.held = true;
  const broadcast = errorOf(node.broadcast(bytes("x")));
  await turn();
  const closing = node.close();
  assertEquals((await broadcast).outcome, "unknown");
  await turn();
  assertEquals(storage.closed, false);
  await storage.release();
  await closing;
  assertEquals(storage.closed, true);
});

Deno.test("await using closes a node", async () => {
  const { storage } = await (async () => {
    const all = await lab();
    await using _node = all.node;
    return all;
  })();
  assert(storage.closed);
});

Deno.test("a storage that fails stops the node, and everybody who waits learns why", async () => {
  const { node, network, storage, lines, clock } = await leaderLab();
  storage.held = true;
  const broadcast = errorOf(node.broadcast(bytes("x")));
  const next = errorOf(node.deliveries().next());
  await turn();
  const cause = new Error("no space left\non the device");
  await storage.release(cause);
  const { code, outcome, error } = await broadcast;
  assertEquals([code, outcome, error.cause], ["Stopped", "unknown", cause]);
  assertEquals((await next).error.cause, cause);
  const health = await node.stopped;
  assertEquals(health.type === "failed" ? health.error.cause : null, cause);
  assertEquals(lines, ["node a has stopped: Error: no space left on the device"]);
  await node.close();
  assertEquals([network.closed, storage.closed, clock.waiting()], [true, true, []]);
  assertEquals((await errorOf(node.broadcast(bytes("y")))).error.cause, cause);
});

Deno.test("a core that finds itself in an impossible state stops the node", async () => {
  const broken = new AssertionError("a server votes once in a term");
  const { node, clock, lines } = await lab({
    step: (state, event) => {
      if (event.type === "timerFired") throw broken;
      return step(state, event);
    },
  });
  const held = errorOf(node.broadcast(bytes("x")));
  await clock.advance(600);
  assertEquals([(await held).code, (await held).outcome, (await held).error.cause], [
    "Stopped",
    "no",
    broken,
  ]);
  assertEquals(lines.length, 1);
  await node.close();
});

Deno.test("a state machine that throws stops the node before it answers", async () => {
  const broken = new TypeError("not a number");
  const { node, storage } = await leaderLab({
    stateMachine: {
      apply() {
        throw broken;
      },
    },
  });
  const { code, outcome, error } = await errorOf(node.broadcast(bytes("x")));
  assertEquals([code, outcome, (error.cause as Error).cause], ["Stopped", "unknown", broken]);
  assertEquals(node.status().lastApplied, 1);
  await node.close();
  assert(storage.closed);
});

Deno.test("a state machine may close the node that calls it", async () => {
  const { node } = await leaderLab({
    stateMachine: { apply: () => void node.close() },
  });
  assertEquals((await errorOf(node.broadcast(bytes("x")))).code, "Stopped");
  await node.close();
});

// Durability.

Deno.test("a hundred broadcasts at once are one write", async () => {
  const { node, storage } = await leaderLab();
  const before = storage.writes.length;
  await Promise.all(Array.from({ length: 100 }, (_, i) => node.broadcast(bytes(`${i}`))));
  assertEquals(storage.writes.length - before, 1);
  assertEquals(storage.writes.at(-1)?.entries.length, 100);
  await node.close();
});

Deno.test("what is broadcast while the disk is busy shares the next write", async () => {
  const { node, storage } = await leaderLab();
  const before = storage.writes.length;
  storage.held = true;
  const all: Promise<{ index: number }>[] = [];
  for (let i = 0; i < 50; i++) {
    all.push(node.broadcast(bytes(`${i}`)));
    await turn();
  }
  storage.held = false;
  await storage.release();
  await Promise.all(all);
  assertEquals(storage.writes.slice(before).map((write) => [write.from, write.entries.length]), [[2, 1], [
    3,
    49,
  ]]);
  await node.close();
});

Deno.test("nothing that answers for the disk leaves before its write and all earlier ones are done", async () => {
  const { node, network, storage } = await lab({ peers: ["b", "c"] });
  storage.held = true;
  const entry = { type: "noop", term: 1 } as const;
  network.arrive(appendEntries({ entries: [entry] }));
  await turn();
  // The same again changes nothing on disk, and yet must wait: a barrier.
  network.arrive(appendEntries({ entries: [entry] }));
  await turn();
  network.arrive({
    type: "RequestVote",
    from: "c",
    to: "a",
    term: 2,
    lastLogIndex: 9,
    lastLogTerm: 1,
    priority: 0,
    isTransfer: false,
  });
  await turn();
  assertEquals(types(network.sent), []);
  await storage.release();
  assertEquals(types(network.sent), ["AppendEntriesResponse"]);
  assertEquals(storage.writes.at(-1)?.votedFor, "c");
  await storage.release();
  assertEquals(types(network.sent), [
    "AppendEntriesResponse",
    "AppendEntriesResponse",
    "RequestVoteResponse",
  ]);
  await node.close();
});

Deno.test("a candidate's vote requests wait for its own vote, and leadership waits for both", async () => {
  const { node, clock, network, storage } = await lab({ peers: ["b"] });
  storage.held = true;
  await clock.advance(600);
  assertEquals(network.sent, []);
  await storage.release();
  assertEquals(types(network.sent), ["RequestVote"]);
  assertEquals(node.status().role, "candidate");
  network.arrive({ type: "RequestVoteResponse", from: "b", to: "a", term: 1, voteGranted: true });
  await turn();
  assertEquals(node.status().role, "leader");
  const closing = node.close();
  await storage.release();
  await closing;
});

Deno.test("a leader's entries leave for the followers while its own disk is busy", async () => {
  const { node, clock, network, storage } = await lab({ peers: ["b", "c"] });
  await clock.advance(600);
  network.arrive({ type: "RequestVoteResponse", from: "b", to: "a", term: 1, voteGranted: true });
  await turn();
  storage.held = true;
  network.sent.length = 0;
  const broadcast = node.broadcast(bytes("x"));
  await turn();
  assertEquals(types(network.sent), ["AppendEntries", "AppendEntries"]);
  for (const from of ["b", "c"]) {
    network.arrive({
      type: "AppendEntriesResponse",
      from,
      to: "a",
      term: 1,
      success: true,
      matchIndex: 2,
      round: 0,
    });
  }
  await turn();
  // Committed by the others, but not durable here: not applied, not answered.
  assertEquals([node.status().commitIndex, node.status().lastApplied], [2, 1]);
  storage.held = false;
  await storage.release();
  assertEquals(await broadcast, { index: 2 });
  await node.close();
});

Deno.test("what has waited for a write leaves before what the end of the write brings about", async () => {
  const { node, clock, network, storage } = await lab({ peers: ["b", "c"] });
  await clock.advance(600);
  network.arrive({ type: "RequestVoteResponse", from: "b", to: "a", term: 1, voteGranted: true });
  await turn();
  storage.held = true;
  const broadcast = node.broadcast(bytes("x"));
  await turn();
  const second = node.broadcast(bytes("y"));
  network.arrive({
    type: "RequestVote",
    from: "c",
    to: "a",
    term: 1,
    lastLogIndex: 0,
    lastLogTerm: 0,
    priority: 0,
    isTransfer: false,
  });
  network.arrive({
    type: "AppendEntriesResponse",
    from: "b",
    to: "a",
    term: 1,
    success: true,
    matchIndex: 1,
    round: 0,
  });
  await storage.release();
  network.arrive({
    type: "AppendEntriesResponse",
    from: "b",
    to: "a",
    term: 1,
    success: true,
    matchIndex: 2,
    round: 0,
  });
  await turn();
  network.sent.length = 0;
  network.arrive({
    type: "AppendEntriesResponse",
    from: "b",
    to: "a",
    term: 1,
    success: true,
    matchIndex: 3,
    round: 0,
  });
  await turn();
  network.sent.length = 0;
  storage.held = false;
  await storage.release();
  assertEquals(await Promise.all([broadcast, second]), [{ index: 2 }, { index: 3 }]);
  assertEquals(types(network.sent)[0], "RequestVoteResponse");
  await node.close();
});

Deno.test("steps that append and truncate while the disk is busy become one write that says all", async () => {
  const { node, network, storage } = await lab({ peers: ["b", "c"] });
  const noop = (term: number) => ({ type: "noop", term } as const);
  network.arrive(appendEntries({ entries: [noop(1), noop(1), noop(1)] }));
  await turn();
  storage.held = true;
  network.arrive(appendEntries({ entries: [noop(1)], prevLogIndex: 3, prevLogTerm: 1 }));
  await turn();
  network.arrive(appendEntries({ entries: [noop(1)], prevLogIndex: 4, prevLogTerm: 1 }));
  network.arrive(appendEntries({ from: "c", term: 2, prevLogIndex: 1, prevLogTerm: 1, entries: [noop(2)] }));
  network.arrive(
    appendEntries({ from: "c", term: 2, prevLogIndex: 2, prevLogTerm: 2, entries: [noop(2), noop(2)] }),
  );
  await turn();
  storage.held = false;
  await storage.release();
  const terms = [1, 2, 2, 2];
  assertEquals(storage.content?.log.map(({ term }) => term), terms);
  assertEquals([storage.writes.at(-1)?.from, storage.content?.currentTerm], [2, 2]);
  assertEquals(node.status().durableIndex, 4);
  await node.close();
});

// Time.

Deno.test("election timeouts are drawn anew, uniformly from the range, at each start of the timer", async () => {
  const { node, clock } = await lab({
    peers: ["b", "c"],
    electionTimeoutMs: [100, 200],
    proposalTimeoutMs: 1,
  });
  const drawn: number[] = [];
  for (let round = 0; round < 200; round++) {
    const ms = clock.waiting().at(-1) ?? 0;
    drawn.push(ms);
    await clock.advance(ms);
  }
  assert(drawn.every((ms) => ms >= 100 && ms < 200), `${drawn}`);
  for (const quarter of [100, 125, 150, 175]) {
    const inside = drawn.filter((ms) => ms >= quarter && ms < quarter + 25).length;
    assert(inside > 25, `${inside} of 200 between ${quarter} and ${quarter + 25} ms`);
  }
  assertEquals(node.status().currentTerm, 200);
  await node.close();
});

Deno.test("a leader's message that waits beside a fired election timer keeps a follower from standing", async () => {
  const { node, clock, network } = await lab({ peers: ["b", "c"], random: { next: () => 0.5 } });
  network.arrive(appendEntries());
  await turn();
  clock.after(450, () => network.arrive(appendEntries()));
  await clock.advance(450);
  assertEquals([node.status().role, node.status().currentTerm], ["follower", 1]);
  await node.close();
});

Deno.test("a leader beats its heart every heartbeatMs", async () => {
  const { node, clock, network } = await lab({ peers: ["b"], heartbeatMs: 10 });
  await clock.advance(600);
  network.arrive({ type: "RequestVoteResponse", from: "b", to: "a", term: 1, voteGranted: true });
  await turn();
  network.sent.length = 0;
  await clock.advance(100);
  assertEquals(types(network.sent), Array(10).fill("AppendEntries"));
  await node.close();
});

// Deliveries.

async function take(deliveries: AsyncIterable<Delivery>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const { index, bytes } of deliveries) {
    taken.push(`${index}:${text(bytes)}`);
    if (taken.length === count) break;
  }
  return taken;
}

Deno.test("deliveries are the commands in the order of the log, from any index on, to any number of consumers", async () => {
  const { node } = await leaderLab();
  const early = take(node.deliveries(), 3);
  const later = take(node.deliveries({ from: 3 }), 2);
  for (const word of ["x", "y", "z"]) await node.broadcast(bytes(word));
  assertEquals(await early, ["2:x", "3:y", "4:z"]);
  assertEquals(await later, ["3:y", "4:z"]);
  assertEquals(await take(node.deliveries({ from: 4 }), 1), ["4:z"]);
  await node.close();
});

Deno.test("several pending next() get several deliveries, in order", async () => {
  const { node } = await leaderLab();
  const deliveries = node.deliveries();
  const pending = [deliveries.next(), deliveries.next()];
  await Promise.all([node.broadcast(bytes("x")), node.broadcast(bytes("y"))]);
  assertEquals((await Promise.all(pending)).map(({ value }) => value && text(value.bytes)), ["x", "y"]);
  await node.close();
});

Deno.test("return() and a signal end a pending next(), and others go on", async () => {
  const { node } = await leaderLab();
  const [left, aborted, staying] = [node.deliveries(), new AbortController(), node.deliveries()];
  const first = left.next();
  const second = node.deliveries({ signal: aborted.signal }).next();
  const third = staying.next();
  await turn();
  await left.return?.();
  aborted.abort();
  assertEquals([(await first).done, (await second).done], [true, true]);
  await node.broadcast(bytes("x"));
  assertEquals((await third).done, false);
  assertEquals(await node.deliveries({ signal: aborted.signal }).next(), { done: true, value: undefined });
  await node.close();
});

Deno.test("a long log is applied in turns, and all of it", async () => {
  const storage = disk();
  const command = (sequence: number) =>
    ({ type: "command", term: 1, id: { node: "b", incarnation: 1, sequence }, command: bytes("x") }) as const;
  storage.content = {
    currentTerm: 1,
    votedFor: null,
    log: Array.from({ length: 5000 }, (_, i) => command(i)),
  };
  let applied = 0;
  const { node, clock } = await lab({ disk: storage, stateMachine: { apply: () => ++applied } });
  const seen = take(node.deliveries(), 5000);
  await clock.advance(600);
  assertEquals([applied, node.status().lastApplied], [5000, 5001]);
  await clock.advance(0);
  await clock.advance(0);
  assertEquals((await seen).at(-1), "5000:x");
  await node.close();
});
