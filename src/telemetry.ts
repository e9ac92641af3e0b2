/**
 * Metrics and spans of nodes through OpenTelemetry. They go to whatever the process has set up, such as Deno with
 * `OTEL_DENO=true`; without that nothing is sent, and nearly nothing spent. `docs/operations.md` tells of each metric.
 *
 * @module
 */
import {
  type Attributes,
  type Histogram,
  type Meter,
  metrics,
  type Span,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { ServerState } from "./core/mod.ts";
import { RaftError } from "./error.ts";
import type { Observed, Observer, Operation } from "./node/observing.ts";
import { isReady, type Status } from "./node/status.ts";

/** The name under which all of it goes. */
const scope = "@quorate/raft";

/** Seconds. From what a batch on a fast disk takes to what a client gives up after. */
const boundaries = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

/**
 * An observer of one node, for the option `observer`.
 *
 * @example
 * ```ts
 * import { memoryNetwork, memoryStorage, RaftNode } from "@quorate/raft";
 * import { openTelemetry } from "@quorate/raft/telemetry";
 *
 * await using node = await RaftNode.start({
 *   id: "a",
 *   peers: [],
 *   bootstrap: true,
 *   transport: memoryNetwork().transport(),
 *   storage: memoryStorage(),
 *   observer: openTelemetry(),
 * });
 * await node.broadcast(new TextEncoder().encode("hello"));
 * ```
 */
export function openTelemetry(): Observer {
  const meter = metrics.getMeter(scope);
  const tracer = trace.getTracer(scope);
  const duration = (name: string, description: string) =>
    meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries: boundaries } });
  const durations: Readonly<Record<Operation["type"], Histogram>> = {
    propose: duration("raft.propose.duration", "A proposal of this node, until it is applied here"),
    read: duration("raft.read.duration", "A read of this node, until it is answered"),
    write: duration("raft.storage.write.duration", "A write of the storage, until it is durable"),
    snapshot: duration("raft.snapshot.duration", "A snapshot, until it is durable"),
    transferLeadership: duration("raft.transfer.duration", "A transfer of leadership"),
    changeMembership: duration("raft.membership.change.duration", "A change of members"),
  };
  const written = meter.createCounter("raft.storage.entries", {
    description: "Log entries that were written to the storage",
  });
  const watch = watchStates(meter, duration);
  let attributes: Attributes = {};
  return {
    started(node) {
      const { id, clusterId } = node.status();
      attributes = { "raft.node": id, "raft.cluster": clusterId };
      observeStatus(meter, node, attributes);
    },
    begin(operation) {
      const { type } = operation;
      const span = type === "write" ? null : tracer.startSpan(`raft.${type}`, { attributes });
      const begun = performance.now();
      return (error) => {
        const failure = error === undefined ? {} : { "error.type": codeOf(error) };
        durations[type].record((performance.now() - begun) / 1000, { ...attributes, ...failure });
        if (type === "write") written.add(operation.entries, attributes);
        if (span !== null) endSpan(span, error);
      };
    },
    stepped: (state) => watch(state, attributes),
  };
}

function codeOf(error: unknown): string {
  if (error instanceof RaftError) return error.code;
  return error instanceof Error ? error.name : "Error";
}

function endSpan(span: Span, error: unknown): void {
  if (error !== undefined) {
    span.setAttribute("error.type", codeOf(error));
    if (error instanceof RaftError) span.setAttribute("raft.outcome", error.outcome);
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
  }
  span.end();
}

/** What shows only in how states follow each other: elections, changes of leader, and how long commits take a leader. */
function watchStates(
  meter: Meter,
  duration: (name: string, description: string) => Histogram,
): (state: ServerState, attributes: Attributes) => void {
  const commits = duration("raft.commit.duration", "From an entry in this leader's log to its commit");
  const elections = meter.createCounter("raft.elections", {
    description: "How often this node stood for election",
  });
  const won = meter.createCounter("raft.elections.won", { description: "How often this node was elected" });
  let last: Pick<ServerState, "role" | "currentTerm"> | null = null;
  // Each batch of entries that this leader has appended and not committed yet, the oldest first.
  let uncommitted: { readonly index: number; readonly at: number }[] = [];
  let lastIndex = 0;
  return (state, attributes) => {
    const { role, currentTerm, log, commitIndex } = state;
    const isLeader = role.type === "leader";
    // Who is alone leads in the term in which it stood, with no step in between that another could see.
    if (role.type === "candidate" && currentTerm !== last?.currentTerm) elections.add(1, attributes);
    if (isLeader && last?.role.type !== "leader") {
      won.add(1, attributes);
      lastIndex = log.lastIndex - 1;
    }
    last = state;
    if (!isLeader) {
      if (uncommitted.length > 0) uncommitted = [];
      return;
    }
    if (log.lastIndex > lastIndex) {
      lastIndex = log.lastIndex;
      uncommitted.push({ index: lastIndex, at: performance.now() });
    }
    const done = uncommitted.findIndex(({ index }) => index > commitIndex);
    const count = done === -1 ? uncommitted.length : done;
    if (count === 0) return;
    const now = performance.now();
    for (const { at } of uncommitted.splice(0, count)) commits.record((now - at) / 1000, attributes);
  };
}

/** Metrics that are asked for when they are sent. */
const gauges: Readonly<Record<string, readonly [description: string, value: (status: Status) => number]>> = {
  "raft.ready": ["1 if requests should be sent here", (status) => isReady(status) ? 1 : 0],
  "raft.leader": ["1 if this node leads", ({ role }) => role === "leader" ? 1 : 0],
  "raft.term": ["currentTerm", ({ currentTerm }) => currentTerm],
  "raft.commit.index": ["The highest index known to be committed", ({ commitIndex }) => commitIndex],
  "raft.apply.lag": [
    "Committed entries that are not applied here yet",
    ({ commitIndex, lastApplied }) => commitIndex - lastApplied,
  ],
  "raft.log.entries": [
    "Entries in the log: what a snapshot would compact",
    ({ lastLogIndex, compactedIndex }) => lastLogIndex - compactedIndex,
  ],
  "raft.proposals.pending": ["Proposals of this node that wait", ({ pendingProposals }) => pendingProposals],
  "raft.proposals.held": ["Proposals that wait for a leader", ({ heldProposals }) => heldProposals],
  "raft.reads.pending": ["Reads of this node that wait", ({ reads }) => reads.pending],
  "raft.storage.writes.unfinished": ["Steps that wait for the disk", (status) => status.unfinishedWrites],
};

function observeStatus(meter: Meter, node: Observed, attributes: Attributes): void {
  const observed = Object.entries(gauges).map(([name, [description, value]]) => ({
    gauge: meter.createObservableGauge(name, { description }),
    value,
  }));
  const lag = meter.createObservableGauge("raft.peer.lag", {
    description: "Entries of this leader that a peer is not known to have",
  });
  const inFlight = meter.createObservableGauge("raft.peer.in_flight", {
    description: "Messages with entries on their way to a peer",
  });
  const instruments = [...observed.map(({ gauge }) => gauge), lag, inFlight];
  const observe: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
    const status = node.status();
    for (const { gauge, value } of observed) result.observe(gauge, value(status), attributes);
    for (const [peer, progress] of Object.entries(status.progress)) {
      const labels = { ...attributes, "raft.peer": peer };
      result.observe(lag, status.lastLogIndex - progress.matchIndex, labels);
      result.observe(inFlight, progress.inFlight, labels);
    }
  };
  meter.addBatchObservableCallback(observe, instruments);
  node.stopped.then(() => meter.removeBatchObservableCallback(observe, instruments));
}
