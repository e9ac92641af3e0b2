/** All that a running node consists of, put together. */
import { type Command, entryAt, type ProposalId, type ServerState } from "../core/mod.ts";
import type { Report } from "../logging.ts";
import type { Clock, Connection, OpenStorage } from "../ports.ts";
import { recorded } from "../trace/record.ts";
import { type Source, wakeAll } from "./deliveries.ts";
import { errorOf, fail } from "./ending.ts";
import * as loops from "./loop.ts";
import { observed, tell } from "./observing.ts";
import { promised } from "./promised.ts";
import { durationMs, type Settings } from "./options.ts";
import { peersOf, watchPeers } from "./peers.ts";
import * as proposals from "./proposals.ts";
import * as readTable from "./reads.ts";
import { watchStates } from "./reporting.ts";
import { applyEntries, type Audience, forgetUpTo, isExecuted, type Replica, type Result } from "./replica.ts";
import * as requests from "./requests.ts";
import * as snapshots from "./snapshots.ts";
import type { Health } from "./status.ts";

/** All that a running node consists of. */
export interface Running {
  readonly settings: Settings;
  readonly loop: loops.Loop;
  readonly table: proposals.Proposals;
  readonly reads: readTable.Reads;
  readonly snapshots: snapshots.Snapshots;
  readonly requests: requests.Requests;
  readonly source: Source;
  readonly replica: Replica;
  readonly storage: OpenStorage;
  readonly report: Report;
  readonly stopped: Promise<Health>;
  readonly resolveStopped: (health: Health) => void;
  /** Aborts when the node no longer runs, for those who are about to ask again. */
  readonly ended: AbortController;
  /** Null until the transport is open. */
  connection: Connection | null;
  health: Health;
  /** The end of `close`, once it has begun. */
  closing: Promise<void> | null;
}

export function assemble(
  settings: Settings,
  { storage, report, replica }: Pick<Running, "storage" | "report" | "replica">,
  state: ServerState,
): Running {
  const { clock, trace, observer } = settings;
  const { table, reads, asked } = createTables(settings, () => loop);
  const loop = loops.createLoop(state, {
    step: trace === undefined ? settings.step : recorded(settings.step, trace),
    clock,
    durationMs: (timer) => durationMs(settings, timer),
    write: (write, options) =>
      observed(
        observer,
        { type: "write", entries: write.entries.length },
        () => storage.write(write, options),
      ),
    send: (message) => node.connection?.send(message),
    apply: (entries, first) => applyEntries(replica, entries, first, audience),
    onApplied() {
      // Only now, so that whoever is answered finds its command applied in `status` and `deliveries`.
      for (const { command, result } of answers.splice(0)) proposals.onApplied(table, command, result);
      snapshots.onApplied(content);
      wakeAll(source);
    },
    refuse: (refused) => proposals.onRefused(table, refused),
    readReady({ ids }) {
      // A machine that is being restored is nothing in between.
      if (content.restoring === null) readTable.onReady(reads, ids);
      else content.restoring.then(() => readTable.onReady(reads, ids), () => {});
    },
    readChunk: (chunk) => void snapshots.sendChunk(content, chunk),
    storeChunk: (message) => void snapshots.storeChunk(content, message),
    refuseReads: ({ ids }) => readTable.onRefused(reads, ids),
    refuseRequest: (refused) => requests.onRefused(asked, refused, loop.state),
    onState: followStates(state, () => node),
    onFailure: (error) => fail(node, error),
  });
  const content = createContent({ settings, storage, replica }, () => node);
  const answers: { readonly command: Command; readonly result: Result }[] = [];
  const audience: Audience = {
    awaits: (command) => proposals.isOwn(table, command),
    onResult: (command, result) => void answers.push({ command, result }),
  };
  const source = createSource(clock, () => node);
  const { promise: stopped, resolve: resolveStopped } = promised<Health>();
  const node: Running = {
    settings,
    loop,
    table,
    reads,
    snapshots: content,
    requests: asked,
    source,
    replica,
    storage,
    report,
    stopped,
    resolveStopped,
    ended: new AbortController(),
    connection: null,
    health: { type: "running" },
    closing: null,
  };
  return node;
}

/** What is to be done after every step. */
function followStates(first: ServerState, node: () => Running): (state: ServerState) => void {
  const watchTheirs = watchPeers(first, (state) => {
    const { settings, connection } = node();
    const { peers, addresses } = peersOf(state, settings.peers);
    connection?.setPeers(peers, addresses);
  });
  const watch = watchStates(first, (event) => node().report(event));
  return (state) => {
    const { settings, requests: asked, snapshots: content, replica } = node();
    const { observer } = settings;
    watch(state);
    if (observer !== undefined) tell(() => observer.stepped(state));
    requests.onState(asked, state);
    snapshots.onState(content, state);
    forgetUpTo(replica, state.log.compactedIndex);
    watchTheirs(state);
  };
}

/** Where deliveries come from. */
function createSource(clock: Clock, node: () => Running): Source {
  const state = () => node().loop.state;
  return {
    applied: (index) => index <= state().lastApplied ? entryAt(state().log, index) : undefined,
    isExecuted: (entry, index) => isExecuted(node().replica, entry, index),
    compactedIndex: () => state().log.compactedIndex,
    ended: () => {
      const { health } = node();
      return health.type === "running" || health.type === "closing" ? null : { error: errorOf(health) };
    },
    waiters: new Set(),
    clock,
  };
}

/** What keeps the content of snapshots. */
function createContent(
  { settings, storage, replica }: Pick<Running, "settings" | "storage" | "replica">,
  node: () => Running,
): snapshots.Snapshots {
  return snapshots.createSnapshots({
    node: settings.id,
    storage,
    replica,
    afterEntries: settings.snapshotAfterEntries ?? null,
    maxChunkBytes: settings.maxSnapshotChunkBytes,
    state: () => node().loop.state,
    send: (message) => node().connection?.send(message),
    submit: (event) => loops.submit(node().loop, event),
    pauseApplying: (isPaused) => loops.pauseApplying(node().loop, isPaused),
    applying: () => node().loop.applying,
    onFailure: (error) => fail(node(), error),
    report: (event) => node().report(event),
  });
}

/** What waits for answers of the loop: proposals, reads, requests. */
function createTables(settings: Settings, loop: () => loops.Loop) {
  const { id: node, clock, random, stateMachine, maxPendingProposals: maxPending } = settings;
  const common = {
    node,
    clock,
    incarnation: Math.floor(random.next() * 2 ** 53),
    maxPending,
  };
  const table = proposals.createProposals({
    ...common,
    maxPendingBytes: settings.maxPendingBytes,
    propose: (proposal) => loops.propose(loop(), proposal),
    withdraw: (id) => loops.withdraw(loop(), id),
  });
  const reads = readTable.createReads({
    ...common,
    read: (id) => loops.read(loop(), id),
    abandon: (id) => loops.submit(loop(), { type: "readsAbandoned", ids: [id] }),
    unanswered: () => unansweredReads(loop().state),
    askAgain(ids) {
      loops.submit(loop(), { type: "readsAbandoned", ids });
      loops.submit(loop(), { type: "readRequested", ids });
    },
    answerMs: settings.electionTimeoutMs[0],
    query: (query) => stateMachine.query!(query),
  });
  const asked = requests.createRequests(clock, (event) => loops.submit(loop(), event));
  return { table, reads, asked };
}

/** The reads about which another server was asked in this term. A leader asks itself, and hears itself. */
function unansweredReads({ role, currentTerm, ownReads }: ServerState): readonly ProposalId[] {
  if (role.type === "leader") return [];
  return ownReads.filter(({ askedIn, index }) => askedIn === currentTerm && index === null).map(({ id }) =>
    id
  );
}
