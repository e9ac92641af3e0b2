/** Whose a storage is. */
import { RaftError } from "../error.ts";
import type { Identity } from "../ports.ts";

/**
 * Lets only the node in whose name the storage was written first use it.
 *
 * @param place How messages call the storage.
 * @param advice What to do if it is another node's.
 * @throws {RaftError} with code `Mismatch`, saying what was found and what was expected.
 */
export function checkOwner(place: string, found: Identity, expected: Identity, advice: string): void {
  const [theirs, ours] = [found, expected].map(({ id, clusterId }) =>
    `node "${id}" of cluster "${clusterId}"`
  );
  if (theirs !== ours) throw new RaftError("Mismatch", `${place} holds ${theirs}, not ${ours}: ${advice}`);
}
