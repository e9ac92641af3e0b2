/** Traces of real nodes, replayed through `step`, and through cores with one line wrong. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Event, NodeId } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import { RaftNode, type RaftNodeOptions, type Status } from "../src/node.ts";
import { readTrace, replayTrace } from "../src/trace/replay.ts";
import { memoryNetwork } from "../src/transport/memory.ts";
import { loadMutant } from "../spec/raft/load_mutant.ts";
import { mutants } from "../spec/raft/mutants.ts";
import { bytes, type Disk, disk, fakeClock, leaderLab, seeded, text } from "./node_support.ts";

const seed = 7;
const ids: readonly NodeId[] = ["a", "b", "c"];

/** Three nodes and one that joins them, on a bad network, with everything that can happen to them; the trace of each. */
async function recordRun(): Promise<Readonly<Record<NodeId, string>>> {
  const clock = fakeClock();
  const network = memoryNetwork({ clock, seed, maxDelayMs: 5 });
  const random = seeded(seed);
  const traces: Record<NodeId, string> = { a: "", b: "", c: "", d: "" };
  const disks: Record<NodeId, Disk> = { a: disk(), b: disk(), c: disk(), d: disk() };
  const start = (id: NodeId, options: Partial<RaftNodeOptions> = {}) =>
    RaftNode.start({
      id,
      peers: ids,
      bootstrap: true,
      transport: network.transport(),
      storage: disks[id]!,
      stateMachine: counter(),
      clock,
      random,
      keptEntries: 2,
      maxSnapshotChunkBytes: 8,
      maxEntriesPerAppend: 4,
      proposalTimeoutMs: 3000,
      trace: (lines) => traces[id] += lines,
      ...options,
    });
  const nodes = new Map<NodeId, RaftNode>();
  for (const id of ids) nodes.set(id, await start(id));
  const leader = async () => {
    const leads = ({ role, health }: Status) => role === "leader" && health.type === "running";
    const find = () => [...nodes.values()].find((node) => leads(node.status()));
    while (find() === undefined) await clock.advance(10);
    return find()!;
  };
  const work = async (count: number) => {
    const all = [...nodes.values()].flatMap((node) => [
      ...Array.from({ length: count }, (_, at) => node.propose(bytes("x".repeat(at % 3)))),
      node.read(bytes("")),
    ]);
    await clock.until(Promise.allSettled(all));
  };
  await leader();
  await work(20);
  network.setFaults({ lossRate: 0.1, duplicationRate: 0.1, maxDelayMs: 30 });
  for (let round = 0; round < 6; round++) {
    network.isolate((await leader()).id);
    await clock.advance(700);
    await work(5);
    network.heal();
    const crashed = ids[round % 3]!;
    await nodes.get(crashed)!.close();
    await work(5);
    await clock.until((await leader()).snapshot());
    nodes.set(crashed, await start(crashed, { bootstrap: false }));
    await work(5);
  }
  network.setFaults({ maxDelayMs: 5 });
  await clock.advance(2000);
  const voters = [...ids, "d"];
  nodes.set("d", await start("d", { bootstrap: false, join: true }));
  const changed = (await leader()).changeMembership({ voters, learners: [] }, { timeoutMs: 20_000 });
  await clock.until(changed);
  await work(5);
  await clock.until((await leader()).transferLeadership().catch(() => {}));
  await work(5);
  for (const node of nodes.values()) await node.close();
  return traces;
}

/** A state machine whose snapshot is larger than a chunk. */
function counter() {
  let count = 0;
  return {
    apply: () => ++count,
    query: () => count,
    snapshot: () => new Blob([`the count is ${count}`]).stream(),
    async restore(content: ReadableStream<Uint8Array>) {
      count = Number(
        (await new Response(content as ReadableStream<Uint8Array<ArrayBuffer>>).text()).slice(13),
      );
    },
  };
}

const traces = await recordRun();

Deno.test(`the trace of every node replays through step: faults, crashes, snapshots, changes (seed ${seed})`, () => {
  const seen = new Set<string>();
  for (const [id, trace] of Object.entries(traces)) {
    const { starts, steps, difference } = replayTrace(trace);
    assertEquals(difference, null, id);
    assertEquals(starts, id === "d" ? 1 : 3);
    assert(steps > 100, `${id} made ${steps} steps`);
    for (const record of readTrace(trace)) if (record.type === "step") seen.add(kindOf(record.event));
  }
  // All that can happen has happened.
  for (
    const kind of [
      "timerFired",
      "received AppendEntries",
      "received RequestVote",
      "received PreVote",
      "received InstallSnapshot",
      "received Propose",
      "received ReadIndex",
      "received TimeoutNow",
      "proposed",
      "persisted",
      "applied",
      "transferRequested",
      "changeRequested",
      "readRequested",
      "snapshotTaken",
      "chunkStored",
      "snapshotStored",
    ]
  ) assert(seen.has(kind), `nothing of the kind ${kind}`);
});

function kindOf(event: Event): string {
  return event.type === "received" ? `received ${event.message.type}` : event.type;
}

Deno.test("a core with one line wrong is found out by the traces of nodes that were right", async () => {
  const found: string[] = [];
  for (const mutant of mutants) {
    const { step } = await loadMutant(mutant);
    const replays = Object.values(traces).map((trace) => replayTrace(trace, { step }));
    if (replays.some(({ difference }) => difference !== null)) found.push(mutant.name);
  }
  // The others need something that didn't happen in this run.
  assert(found.length >= 20, `only ${found.join(", ")}`);
});

Deno.test("a node that ran a core with one line wrong is found out, at the first step that differs", async () => {
  const { step } = await loadMutant(mutants.find(({ name }) => name === "minority-quorum")!);
  let trace = "";
  const { node } = await leaderLab({ peers: ["b", "c"], step, trace: (lines) => trace += lines });
  assertEquals(node.status().role, "leader");
  await node.close();
  assertEquals(replayTrace(trace, { step }).difference, null);
  const { difference } = replayTrace(trace);
  assert(difference !== null);
  // Its own vote is durable, and it believes that this is enough.
  assertEquals(difference.event, { type: "persisted", count: 1 });
  assertEquals(JSON.parse(trace.split("\n")[difference.line - 1]!).event, difference.event);
  assert("changed" in difference.recorded && "changed" in difference.replayed);
  assertEquals(difference.recorded.changed["role"], "leader");
  assertEquals(difference.replayed, { changed: { unfinishedWrites: 0 }, effects: [] });
});

Deno.test("the last step of a node that found itself in an impossible state is in its trace", async () => {
  let trace = "";
  const { node, network } = await leaderLab({ peers: ["b"], trace: (lines) => trace += lines });
  network.arrive({ type: "RequestVoteResponse", from: "b", to: "a", term: 1, voteGranted: true });
  // Another leader of the same term: somebody has broken the rules.
  const common = { from: "b", to: "a", term: 1, prevLogIndex: 0, prevLogTerm: 0, leaderCommit: 0, round: 0 };
  await new Promise<void>((resolve) => setTimeout(resolve));
  network.arrive({ type: "AppendEntries", ...common, entries: [] });
  await node.stopped;
  await node.close();
  assert(trace.trimEnd().split("\n").at(-1)!.includes('"threw":"AssertionError'), trace);
  assertEquals(replayTrace(trace).difference, null);
});

Deno.test("a trace holds no command, only its length", async () => {
  let trace = "";
  const { node } = await leaderLab({ trace: (lines) => trace += lines });
  await node.broadcast(bytes("a secret of 24 characters"));
  await node.close();
  assert(!trace.includes("secret") && !trace.includes(btoa("secret")));
  const proposed = [...readTrace(trace)].flatMap((record) =>
    record.type === "step" && record.event.type === "proposed" ? record.event.proposals : []
  );
  assertEquals(proposed.map(({ command }) => text(command)), ["\0".repeat(25)]);
});

Deno.test("a line that a crash has cut off is passed over, any other one is refused by its number", () => {
  const lines = (traces["a"] ?? "").split("\n").filter((line) => line !== "");
  const [start = "", step = ""] = lines;
  const cut = step.slice(0, 20);
  assertEquals(replayTrace([start, step, cut]).steps, 1);
  assertEquals(replayTrace([start, step, cut, "", start, step]).steps, 2);
  const refusals: readonly [readonly string[], string][] = [
    [[start, cut, step], "line 2 of the trace: expected JSON"],
    [[step], "line 1 of the trace: expected a start before the first step"],
    [[start, "{}"], "line 2 of the trace: expected a step"],
    [[start, '{"event":7,"threw":""}'], "line 2 of the trace: expected a step"],
    [
      [start, '{"event":{"type":"received","message":null},"threw":""}'],
      "line 2 of the trace: expected an event",
    ],
    [['{"trace":1}'], "line 1 of the trace: expected a start"],
    [['{"trace":2}'], "line 1 of the trace: expected format 1, got 2"],
  ];
  for (const [trace, message] of refusals) {
    assertThrows(() => replayTrace(trace), RaftError, message);
  }
});

Deno.test("a writer that throws does not stop the node", async () => {
  const { node } = await leaderLab({
    trace() {
      throw new Error("the pipe is closed");
    },
  });
  assertEquals(node.status().role, "leader");
  await node.close();
});
