/**
 * `deno task bench:core`: what a proposal costs a leader with two voters, from the proposal to the commit, without input and
 * output: each step of the leader, both answers, its own disk, and the state machine. Printed beside the benchmark of
 * etcd-io/raft, if a folder with its sources is given (`--etcd FOLDER`) and Go is at hand.
 */
import { type Event, type Message, restart, type ServerState, step, type StepFunction } from "../../mod.ts";
import { openTelemetry } from "../../src/telemetry.ts";
import { recorded } from "../../src/trace/record.ts";

const config = {
  id: "a",
  servers: ["a", "b", "c"],
  maxEntriesPerAppend: 64,
  maxBytesPerAppend: 1 << 20,
  maxHeldProposals: 100,
};
const command = new Uint8Array(256);

/** A leader whose log has so many entries, all committed and applied. */
function leader(entries: number): ServerState {
  const id = { node: "a", incarnation: 0, sequence: 0 };
  const log = Array.from({ length: entries }, () => ({ type: "command", term: 1, id, command } as const));
  const state = restart(config, { currentTerm: 1, votedFor: null, log });
  const events: Event[] = [
    { type: "timerFired", timer: "election" },
    { type: "persisted", count: 1 },
    received({ type: "RequestVoteResponse", from: "b", to: "a", term: 2, voteGranted: true }),
    { type: "persisted", count: 1 },
    acknowledgement("b", entries + 1),
    acknowledgement("c", entries + 1),
    { type: "applied", index: entries + 1 },
  ];
  return events.reduce((state, event) => step(state, event).state, state);
}

function received(message: Message): Event {
  return { type: "received", message };
}

function acknowledgement(from: string, matchIndex: number): Event {
  const common = { type: "AppendEntriesResponse", to: "a", term: 2, round: 0 } as const;
  return received({ ...common, from, success: true, matchIndex });
}

/** Commits so many proposals, one after the other. */
function commit(state: ServerState, proposals: number, step: StepFunction): ServerState {
  for (let sequence = 1; sequence <= proposals; sequence++) {
    const id = { node: "a", incarnation: 1, sequence };
    state = step(state, { type: "proposed", proposals: [{ id, command }] }).state;
    const { lastIndex } = state.log;
    state = step(state, acknowledgement("b", lastIndex)).state;
    state = step(state, { type: "persisted", count: 1 }).state;
    state = step(state, { type: "applied", index: lastIndex }).state;
    state = step(state, acknowledgement("c", lastIndex)).state;
  }
  return state;
}

function microseconds(entries: number, steps: StepFunction = step): number {
  const proposals = 1_000;
  let state = commit(leader(entries), 20_000, steps);
  // The best of many short samples: other work on the machine disturbs some of them.
  const best = Math.min(...Array.from({ length: 60 }, () => {
    const begin = performance.now();
    state = commit(state, proposals, steps);
    return performance.now() - begin;
  }));
  return best * 1000 / proposals;
}

function bytesPerProposal(): number {
  const proposals = 100;
  let state = commit(leader(100), 2_000, step);
  const samples = Array.from({ length: 21 }, () => {
    const before = Deno.memoryUsage().heapUsed;
    state = commit(state, proposals, step);
    return (Deno.memoryUsage().heapUsed - before) / proposals;
  });
  // The garbage collector makes some of them negative.
  return samples.sort((a, b) => a - b)[10]!;
}

async function etcdMicroseconds(folder: string): Promise<number | null> {
  const args = ["test", "-run", "NONE", "-bench", "BenchmarkRawNode/two-voters", "."];
  const { stdout } = await new Deno.Command("go", { args, cwd: folder }).output();
  const [, nanoseconds] = new TextDecoder().decode(stdout).match(/two-voters\S*\s+\d+\s+([\d.]+) ns\/op/) ??
    [];
  return nanoseconds === undefined ? null : Number(nanoseconds) / 1000;
}

const small = microseconds(100);
const large = microseconds(1_000_000);
console.log("a proposal through a leader with two voters to its commit, no input and output");
console.log(
  `  log of       100 entries   ${small.toFixed(2)} us   ${Math.round(bytesPerProposal())} bytes allocated`,
);
console.log(
  `  log of 1,000,000 entries   ${large.toFixed(2)} us   ${(large / small).toFixed(2)} times as much`,
);
let bytes = 0;
let lines = 0;
const tracing = recorded(step, (text) => {
  bytes += text.length;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
});
const traced = microseconds(100, tracing);
await Promise.resolve();
console.log(
  `  with a trace               ${traced.toFixed(2)} us   ${((traced - small) / 5).toFixed(2)} us a step, ` +
    `${Math.round(bytes / lines)} bytes a step`,
);
const observer = openTelemetry();
const state = leader(100);
const observed = Math.min(...Array.from({ length: 60 }, () => {
  const begin = performance.now();
  for (let proposal = 0; proposal < 1_000; proposal++) {
    const end = observer.begin({ type: "propose", bytes: 256 });
    const written = observer.begin({ type: "write", entries: 1 });
    for (let step = 0; step < 5; step++) observer.stepped(state);
    written();
    end();
  }
  return performance.now() - begin;
}));
console.log(`  telemetry to nobody        ${observed.toFixed(2)} us more`);
const at = Deno.args.indexOf("--etcd");
if (at >= 0) {
  const etcd = await etcdMicroseconds(Deno.args[at + 1] ?? ".");
  console.log(
    etcd === null
      ? "  no such benchmark was found"
      : `  etcd-io/raft   ${etcd.toFixed(2)} us   ratio ${(small / etcd).toFixed(2)}`,
  );
}
