/**
 * Whether nodes, and what they have stored, are of one cluster. With which servers it began, and with which backup, is part
 * of what it is; who joined later doesn't know.
 */
import type { NodeId } from "./core/mod.ts";
import type { Identity } from "./ports.ts";

/** Why a node must not talk to another one; null if it may. */
export function disagreement(other: Omit<Identity, "id">, own: Identity): string | null {
  if (other.clusterId !== own.clusterId) {
    const [theirs, ours] = [other, own].map(({ clusterId }) => JSON.stringify(clusterId));
    return `it belongs to cluster ${theirs}, and we to ${ours}`;
  }
  if (other.servers.length === 0 || own.servers.length === 0) return null;
  if (!isSameList(other.servers, own.servers)) {
    return `to it the servers of the cluster are ${listOf(other.servers)}, and to us ${listOf(own.servers)}`;
  }
  if (other.backup === own.backup) return null;
  const [theirs, ours] = [other, own].map(({ backup }) =>
    backup === undefined ? "none" : `backup ${JSON.stringify(backup)}`
  );
  return `the cluster began with ${theirs} to it, and with ${ours} to us`;
}

/** Whether these are the same servers. Both lists are sorted. */
export function isSameList(servers: readonly NodeId[], others: readonly NodeId[]): boolean {
  return servers.length === others.length && servers.every((server, at) => server === others[at]);
}

/** The servers on one line. */
export function listOf(servers: readonly NodeId[]): string {
  return servers.map((server) => JSON.stringify(server)).join(", ");
}
