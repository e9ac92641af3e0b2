import { assertEquals } from "@std/assert";
import {
  type AppendEntries,
  type Event,
  type Message,
  type NodeId,
  restart,
  type ServerState,
  step,
} from "../src/core/mod.ts";
import * as loops from "../src/node/loop.ts";

const config = {
  servers: ["a", "b", "c"],
  maxEntriesPerAppend: 64,
  maxBytesPerAppend: 1 << 20,
  maxHeldProposals: 100,
};

function acknowledgement(from: NodeId, matchIndex: number): Message {
  const common = { type: "AppendEntriesResponse", to: "a", term: 1, round: 0 } as const;
  return { ...common, from, success: true, matchIndex };
}

/** Server a, which leads term 1; its no-op is committed, and all know it. */
function leader(): ServerState {
  const events: Event[] = [
    { type: "timerFired", timer: "election" },
    { type: "persisted", count: 1 },
    {
      type: "received",
      message: { type: "RequestVoteResponse", from: "b", to: "a", term: 1, voteGranted: true },
    },
    { type: "persisted", count: 1 },
    { type: "received", message: acknowledgement("b", 1) },
    { type: "received", message: acknowledgement("c", 1) },
    { type: "applied", index: 1 },
  ];
  const first = restart({ ...config, id: "a" }, { currentTerm: 0, votedFor: null, log: [] });
  return events.reduce((state, event) => step(state, event).state, first);
}

/** A loop whose disk is as quick as its caller, and whose time passes when told to. */
function running(state: ServerState) {
  const sent: Message[] = [];
  const timers = new Set<{ readonly ms: number; readonly callback: () => void }>();
  const ignore = () => {};
  const loop = loops.createLoop(state, {
    step,
    clock: {
      now: () => 0,
      after(ms, callback) {
        const timer = { ms, callback };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    },
    durationMs: () => 1000,
    write: () => Promise.resolve(),
    send: (message) => void sent.push(message),
    apply: ignore,
    onApplied: ignore,
    refuse: ignore,
    readChunk: ignore,
    storeChunk: ignore,
    readReady: ignore,
    refuseReads: ignore,
    refuseRequest: ignore,
    onState: ignore,
    onFailure: (error) => {
      throw error;
    },
  });
  loops.begin(loop);
  return {
    loop,
    /** Lets it work, and takes what it has sent. */
    async rest(): Promise<readonly Message[]> {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      return sent.splice(0);
    },
    /** Lets the timers end that run for at most so many milliseconds. */
    pass(ms: number) {
      for (const timer of [...timers]) if (timer.ms <= ms && timers.delete(timer)) timer.callback();
    },
  };
}

const command = new Uint8Array(1);
const proposed = (node: NodeId) => ({ id: { node, incarnation: 1, sequence: 1 }, command });

/** To whom a message with so many entries goes, and the commitIndex in it. */
function appends(messages: readonly Message[]): readonly string[] {
  return messages.filter((message): message is AppendEntries => message.type === "AppendEntries")
    .map(({ to, entries, leaderCommit }) => `${to}: ${entries.length} entries, ${leaderCommit}`);
}

Deno.test("news of a commit waits for the entries that bring it, and is not told twice", async () => {
  const { loop, rest, pass } = running(leader());
  loops.propose(loop, proposed("a"));
  assertEquals(appends(await rest()), ["b: 1 entries, 1", "c: 1 entries, 1"]);
  loops.receive(loop, acknowledgement("b", 2));
  assertEquals(await rest(), []);
  loops.propose(loop, proposed("a"));
  assertEquals(appends(await rest()), ["b: 1 entries, 2", "c: 1 entries, 2"]);
  pass(10);
  assertEquals(await rest(), []);
  loops.stop(loop);
});

Deno.test("news that no entries bring leaves after a moment", async () => {
  const { loop, rest, pass } = running(leader());
  loops.propose(loop, proposed("a"));
  await rest();
  loops.receive(loop, acknowledgement("c", 2));
  assertEquals(await rest(), []);
  pass(2);
  assertEquals(appends(await rest()), ["b: 0 entries, 2", "c: 0 entries, 2"]);
  loops.stop(loop);
});

Deno.test("a follower that has proposed is told at once that it is committed", async () => {
  const { loop, rest } = running(leader());
  loops.receive(loop, { type: "Propose", from: "b", to: "a", proposals: [proposed("b")] });
  await rest();
  loops.receive(loop, acknowledgement("c", 2));
  assertEquals(appends(await rest()), ["b: 0 entries, 2"]);
  loops.stop(loop);
});

Deno.test("a heartbeat never waits, and news that is older goes with it", async () => {
  const { loop, rest, pass } = running(leader());
  loops.propose(loop, proposed("a"));
  await rest();
  loops.receive(loop, acknowledgement("b", 2));
  await rest();
  loops.submit(loop, { type: "timerFired", timer: "heartbeat" });
  assertEquals(appends(await rest()), ["b: 0 entries, 2", "c: 0 entries, 2"]);
  pass(10);
  assertEquals(await rest(), []);
  loops.stop(loop);
});

Deno.test("before a leader answers a follower's read, the follower hears what is committed", async () => {
  const { loop, rest } = running(leader());
  loops.propose(loop, proposed("a"));
  loops.receive(loop, { type: "ReadIndex", from: "b", to: "a", ids: [proposed("b").id] });
  await rest();
  // It commits the entry, and confirms the round that the read has waited for.
  loops.receive(loop, { ...acknowledgement("c", 2), round: 1 } as Message);
  const messages = await rest();
  assertEquals(appends(messages), ["b: 0 entries, 2", "c: 0 entries, 2"]);
  assertEquals(messages.at(-1)?.type, "ReadIndexResponse");
  loops.stop(loop);
});

Deno.test("a follower answers what comes at once with one message: the last answer says it all", async () => {
  const follower = restart({ ...config, id: "b" }, { currentTerm: 0, votedFor: null, log: [] });
  const { loop, rest } = running(follower);
  const entry = { type: "noop", term: 1 } as const;
  for (const prevLogIndex of [0, 1, 2]) {
    const place = { prevLogIndex, prevLogTerm: prevLogIndex === 0 ? 0 : 1 };
    const more = { term: 1, leaderCommit: 0, round: 0, entries: [entry] };
    loops.receive(loop, { type: "AppendEntries", from: "a", to: "b", ...place, ...more });
  }
  const answers = await rest();
  assertEquals(answers, [{ ...acknowledgement("b", 3), to: "a" }]);
  loops.stop(loop);
});
