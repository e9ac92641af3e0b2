/** The errors that a user of the library meets. */

/**
 * What went wrong:
 * - `Overloaded`: too many proposals wait; try again later.
 * - `Timeout`: the deadline passed before the proposal was applied here.
 * - `Aborted`: the caller's signal aborted the wait; `cause` is its reason.
 * - `SessionExpired`: there is no such session any more, and the command was not executed by this call. Open a new one.
 * - `TooLarge`: the command is longer than the node's `maxCommandBytes`.
 * - `NotLeader`: only the leader can do this; the message names it, if this node knows it.
 * - `Pending`: something of the kind is under way; wait for its end.
 * - `Compacted`: what was asked for has been compacted away; the message says where the log begins now.
 * - `Stopped`: the node was closed, or stopped after an error of its storage or of the core.
 * - `InvalidOptions`: an option is wrong; the message names it and what was expected.
 * - `NotBootstrapped`: the storage is empty, and `bootstrap` was not set.
 * - `Mismatch`: the storage belongs to another node or cluster, or has another format.
 * - `Corrupt`: the storage is damaged; the message names the place.
 * - `Unavailable`: the transport or the storage can't be opened.
 */
export type RaftErrorCode = (typeof raftErrorCodes)[number];

/** All codes. */
export const raftErrorCodes = [
  "Overloaded",
  "Timeout",
  "Aborted",
  "SessionExpired",
  "TooLarge",
  "NotLeader",
  "Pending",
  "Compacted",
  "Stopped",
  "InvalidOptions",
  "NotBootstrapped",
  "Mismatch",
  "Corrupt",
  "Unavailable",
] as const;

/** An expected failure. An impossible state is an `AssertionError` instead. */
export class RaftError extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "RaftError";
  /** What went wrong. */
  readonly code: RaftErrorCode;
  /** Whether the proposal can still take effect: "no", never; "unknown", it may have, or may yet. */
  readonly outcome: "no" | "unknown";

  /** An error with a message that says what to do. */
  constructor(
    code: RaftErrorCode,
    message: string,
    options: { outcome?: "no" | "unknown"; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.outcome = options.outcome ?? "no";
  }
}
