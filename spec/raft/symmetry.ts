/** Servers that can take each other's place: when they can, and what of a server tells it from another one. */
import { type Effect, entriesOf, type ServerState } from "../../src/core/mod.ts";
import { encode } from "../checker/value.ts";
import type { Host } from "./host.ts";

/** The parameters by which it matters what servers are called. */
type NamesMatter = Readonly<
  Record<
    "servers" | "voters" | "priority" | "changes" | "reads" | "snapshots" | "sends" | "transfers",
    number
  >
>;

/**
 * Whether servers can take each other's place: nobody has a role of its own from the start, and no name stands inside of
 * a text or a sorted list, as it does in configurations and reads.
 */
export function isSymmetric(values: NamesMatter, disks: Readonly<Record<string, unknown>> = {}): boolean {
  const { voters, priority, changes, reads, snapshots, sends, transfers, servers } = values;
  return (voters === 0 || voters === servers) && Object.keys(disks).length === 0 &&
    priority + changes + reads + snapshots + sends + transfers === 0;
}

/**
 * The log is a view of a shared array: its entries are what it is. What never changes is left out. What has only the
 * order of servers' names is a set.
 */
export function identity({ server, held, ...rest }: Host): unknown {
  const { config: _, log, role, ...state } = server;
  return {
    ...state,
    ...rest,
    role: roleInSets(role),
    held: held.map(({ write, late }) => ({ write, late: bagOf(late) })),
    log: entriesOf(log),
  };
}

function roleInSets(role: ServerState["role"]): unknown {
  switch (role.type) {
    case "follower":
      return role;
    case "candidate":
    case "preCandidate":
      return { ...role, votesGranted: new Set(role.votesGranted) };
    case "leader":
      return { ...role, activePeers: new Set(role.activePeers) };
  }
}

/** What waits for one write goes to the network at once, which reorders it. */
function bagOf(late: readonly Effect[]): ReadonlySet<unknown> {
  if (late.length < 2) return new Set(late.map((effect) => ({ effect, count: 1 })));
  const texts = late.map((effect) => encode(effect));
  return new Set(late.map((effect, index) => ({
    effect,
    count: texts.filter((text) => text === texts[index]).length,
  })));
}
