/** What is asked of a running node: what is wrong with the question, and who answers it. */
import { createCopier } from "../copies.ts";
import { latestConfiguration, type LogIndex, type NodeId, termAt } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import { show } from "../options.ts";
import { backupOf } from "./backup.ts";
import { stoppedError } from "./ending.ts";
import { observed } from "./observing.ts";
import {
  type MembershipChange,
  none,
  parseChange,
  parseProposeOptions,
  parseReadOptions,
  parseRequestOptions,
  parseTransfer,
  type ProposeOptions,
  type ReadOptions,
  type RequestOptions,
} from "./options.ts";
import * as proposals from "./proposals.ts";
import * as readTable from "./reads.ts";
import * as requests from "./requests.ts";
import type { Running } from "./running.ts";
import * as snapshots from "./snapshots.ts";

const copy = createCopier();

/** Not async, as of promises there is one for each of many proposals. */
export function propose<Wanted>(
  node: Running,
  bytes: Uint8Array,
  options: ProposeOptions = none,
  wanted: (outcome: proposals.Outcome) => Wanted,
): Promise<Wanted> {
  try {
    const { timeoutMs = node.settings.proposalTimeoutMs, signal, session } = parseProposeOptions(options);
    const request = session === undefined ? undefined : { type: "command" as const, ...session };
    return submit(node, bytes, { patience: { timeoutMs, signal }, wanted, session: request });
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Throws what is wrong with the command, and with asking this node. */
export function submit<Wanted>(
  node: Running,
  bytes: Uint8Array,
  asked: proposals.Asked<Wanted>,
): Promise<Wanted> {
  const { maxCommandBytes } = node.settings;
  if (!(bytes instanceof Uint8Array)) {
    throw new RaftError("InvalidOptions", `the command: expected a Uint8Array, got ${show(bytes)}`);
  }
  if (bytes.byteLength > maxCommandBytes) {
    const message =
      `the command: expected at most ${maxCommandBytes} bytes (maxCommandBytes), got ${bytes.byteLength}`;
    throw new RaftError("TooLarge", message);
  }
  if (node.health.type !== "running") throw stoppedError(node, node.health, "no");
  // A copy: the caller may use its buffer again.
  const operation = { type: "propose", bytes: bytes.byteLength } as const;
  return observed(
    node.settings.observer,
    operation,
    () => proposals.submit(node.table, copy(bytes), asked),
  );
}

export async function read(
  node: Running,
  query: Uint8Array,
  options: ReadOptions = none,
): Promise<unknown> {
  const { stateMachine, proposalTimeoutMs } = node.settings;
  const { timeoutMs = proposalTimeoutMs, signal, stale } = parseReadOptions(options);
  if (!(query instanceof Uint8Array)) {
    throw new RaftError("InvalidOptions", `the query: expected a Uint8Array, got ${show(query)}`);
  }
  if (typeof stateMachine.query !== "function") {
    throw new RaftError("InvalidOptions", "read: the state machine has no method query");
  }
  if (node.health.type !== "running") throw stoppedError(node, node.health, "no");
  return await observed(
    node.settings.observer,
    { type: "read" },
    () =>
      stale
        ? readTable.readStale(node.reads, new Uint8Array(query), node.snapshots.restoring)
        : readTable.read(node.reads, new Uint8Array(query), { timeoutMs, signal }),
  );
}

export async function takeSnapshot(node: Running): Promise<{ readonly index: LogIndex }> {
  if (node.health.type !== "running") throw stoppedError(node, node.health, "no");
  const { observer } = node.settings;
  return { index: await observed(observer, { type: "snapshot" }, () => snapshots.take(node.snapshots)) };
}

export async function backup(node: Running): Promise<ReadableStream<Uint8Array>> {
  const { index } = await takeSnapshot(node);
  if (index === 0) {
    throw new RaftError("Pending", "nothing has been applied yet: there is nothing to back up");
  }
  const { snapshot, log } = node.loop.state;
  // Another one may have taken its place; or the core has not heard of it yet.
  const taken = snapshot !== null && snapshot.index >= index ? snapshot : { index, term: termAt(log, index) };
  const { clusterId } = node.settings;
  return backupOf(
    { clusterId, index: taken.index, term: taken.term },
    await node.storage.readSnapshot(taken.index),
  );
}

export async function transferLeadership(node: Running, to: NodeId | undefined, options: RequestOptions) {
  await ask(node, { type: "transferRequested", to: parseTransfer(to) }, requests.judgeTransfer(to), options);
}

export async function changeMembership(node: Running, given: MembershipChange, options: RequestOptions) {
  const change = parseChange(given);
  const { index } = latestConfiguration(node.loop.state.log);
  await ask(node, { type: "changeRequested", change }, requests.judgeChange(index), options);
}

async function ask(node: Running, asked: requests.Request, judge: requests.Judge, options: RequestOptions) {
  const { timeoutMs = node.settings.proposalTimeoutMs } = parseRequestOptions(options);
  if (node.health.type !== "running") throw stoppedError(node, node.health, "no");
  const type = asked.type === "changeRequested" ? "changeMembership" : "transferLeadership";
  await observed(
    node.settings.observer,
    { type },
    () => requests.request(node.requests, asked, judge, timeoutMs),
  );
}
