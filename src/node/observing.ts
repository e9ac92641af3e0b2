/** What a node tells whoever measures it. Without one, nothing of this costs anything. */
import type { ServerState } from "../core/mod.ts";
import type { Health, Status } from "./status.ts";

/** Something that takes time, from which an {@linkcode Observer} makes durations and spans. */
export type Operation =
  | {
    /** A proposal of this node, until it is applied here. */
    readonly type: "propose";
    /** The length of the command. */
    readonly bytes: number;
  }
  | {
    /** A read of this node, until it is answered. */
    readonly type: "read";
  }
  | {
    /** A write of the storage, until it is durable. */
    readonly type: "write";
    /** How many log entries it holds. */
    readonly entries: number;
  }
  | {
    /** What an administrator has asked for, until it is done. */
    readonly type: "snapshot" | "transferLeadership" | "changeMembership";
  };

/** A node that can be asked. */
export interface Observed {
  /** What the node knows of itself. */
  readonly status: () => Status;
  /** Resolves when the node no longer runs. */
  readonly stopped: Promise<Health>;
}

/** Measures a node. All of it is called as it happens, so it must be quick; what it throws is ignored. */
export interface Observer {
  /** The node serves: from now on it can be asked for its status. */
  started(node: Observed): void;
  /** An operation begins. What is returned is called once, at its end, with the error if it has failed. */
  begin(operation: Operation): (error?: unknown) => void;
  /** A step was made: this is the state after it. */
  stepped(state: ServerState): void;
}

/** Does it, and lets it be measured. */
export function observed<Result>(
  observer: Observer | undefined,
  operation: Operation,
  action: () => Promise<Result>,
): Promise<Result> {
  return observer === undefined ? action() : measured(observer, operation, action);
}

async function measured<Result>(
  observer: Observer,
  operation: Operation,
  action: () => Promise<Result>,
): Promise<Result> {
  let end: ((error?: unknown) => void) | undefined;
  tell(() => end = observer.begin(operation));
  try {
    const result = await action();
    tell(() => end?.());
    return result;
  } catch (error) {
    tell(() => end?.(error));
    throw error;
  }
}

/** Tells an observer. That it fails must not stop the node. */
export function tell(what: () => void): void {
  try {
    what();
  } catch {
    // What can't be measured still happens.
  }
}
