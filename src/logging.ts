/** What nodes, transports and storages report, for people and for machines. The library itself prints nothing. */
import type { NodeId, Term } from "./core/mod.ts";

/**
 * How much it matters:
 * - `error`: the node has stopped, or can't do its work; somebody must look.
 * - `warn`: something is not as it should be; if it lasts, somebody must look.
 * - `info`: something has changed that one wants to find in the log later: the leader, the members, a connection.
 */
export type LogLevel = "error" | "warn" | "info";

/** What has happened: one word for machines to search and to count. `docs/operations.md` tells of each. */
export type LogEventName =
  | "started"
  | "stopping"
  | "stopped"
  | "failed"
  | "roleChanged"
  | "leaderChanged"
  | "membersChanged"
  | "snapshotTaken"
  | "snapshotInstalled"
  | "snapshotNotSent"
  | "snapshotNotTaken"
  | "releaseFailed"
  | "unfinishedWriteDropped"
  | "peerConnected"
  | "peerUnreachable"
  | "messageDropped"
  | "queueOverflowed"
  | "connectionClosed"
  | "connectionRefused"
  | "acceptFailed"
  | "credentialsReloaded";

/** One thing that happened. */
export interface LogEvent {
  /** How much it matters. */
  readonly level: LogLevel;
  /** What it was. */
  readonly event: LogEventName;
  /** The same in a sentence, on one line. */
  readonly message: string;
  /** The other node that it is about, if there is one. */
  readonly peer?: NodeId;
}

/** One thing that happened at a node. Plain data: `JSON.stringify` makes a line for machines of it. */
export interface LogRecord extends LogEvent {
  /** The node. */
  readonly node: NodeId;
  /** Its currentTerm; 0 until its storage was read. */
  readonly term: Term;
}

/** Takes what a transport or a storage reports. Never throws. */
export type Report = (event: LogEvent) => void;

/** Takes what a node and its adapters report, such as `(record) => console.error(logLine(record))`. What it throws is ignored. */
export type Logger = (record: LogRecord) => void;

/** A record as a line for people, without the time. */
export function logLine({ level, event, message, node, term }: LogRecord): string {
  return `${level} ${node} term ${term} ${event}: ${message}`.replaceAll(/\s+/g, " ");
}
