/**
 * Raft Lite's model, state for state: another project's Raft, to cross-check the checker and to compare its speed.
 *
 * It is not our Raft. The algorithm is the one of Kleppmann's lectures, of which Raft Lite is an implementation, and
 * the environment is that of its check with Stateright: every server wants to broadcast its own name once, timers fire
 * at most once unless they are reset, a crash is for good, and nothing is lost. Of what a server holds nothing is
 * cleared but where it says so; all of it tells states apart.
 *
 *     deno task check raft_lite --depth 8 --set servers=3 --set crashes=1 --set network=ordered
 */
import { cluster, type ClusterDefinition, type Happening, type Network } from "../mod.ts";
import { SpecError, type Specification } from "../dsl/specification.ts";
import { handle, initialServer, type Message, type RaftLiteEvent, type Server } from "./raft_lite_server.ts";
import { properties, type SeenServer } from "./raft_lite_properties.ts";

const networks: readonly Network[] = ["unordered", "duplicating", "ordered"];

/** The spec. */
export const raftLite: Specification = {
  ...cluster("raft_lite", { servers: 3, crashes: 1, network: "unordered" }, definitionOf),
  depth: 9,
  summary: ({ servers, crashes, network }) =>
    `${servers} servers · crashes <= ${crashes} · network: ${network}`,
};

type Definition = ClusterDefinition<Server, Message, RaftLiteEvent, never, null, SeenServer>;

function definitionOf(values: { servers: number; crashes: number; network: string }): Definition {
  const { servers, crashes } = values;
  const names = "abcdefghi".slice(0, servers).split("");
  if (names.length === 0 || names.length !== servers) {
    throw new SpecError(`servers of raft_lite is ${servers}, expected 1 to 9`);
  }
  const network = networks.find((known) => known === values.network);
  if (network === undefined) {
    throw new SpecError(`network of raft_lite is ${values.network}, expected one of ${networks.join(", ")}`);
  }
  return {
    servers: names,
    budgets: { crashes },
    network,
    initial: (id) => initialServer(id, names),
    inFlight: names.map((id): Message => ({ type: "Broadcast", from: id, to: id, payload: id })),
    happenings,
    received: (message) => ({ type: "received", message }),
    outcomes(server, event) {
      if (server.crashed) return [];
      const { server: local, sends } = handle(server, event, names);
      return [{ local, sends }];
    },
    observe: ({ id, role, currentTerm, commitLength, delivered }) => ({
      id,
      role,
      currentTerm,
      commitLength,
      delivered,
    }),
    describe,
    properties,
    // A server broadcasts its own name: the payloads change theirs with the servers.
    symmetry: [names],
  };
}

function happenings({ crashed, timers }: Server): readonly Happening<RaftLiteEvent>[] {
  if (crashed) return [];
  const fired = [...timers].sort().map((timer): Happening<RaftLiteEvent> => ({
    notation: timers.size === 1 ? "!" : `!${timer}`,
    aliases: [`!${timer}`],
    title: `${timer} timeout`,
    event: { type: "timeout", timer },
  }));
  return [...fired, { notation: "-", title: "crash", event: { type: "crash" }, spends: "crashes" }];
}

function describe(server: Server): Record<string, string> {
  return {
    role: server.crashed ? "crashed" : server.role.charAt(0).toUpperCase() + server.currentTerm,
    votedFor: server.votedFor ?? "-",
    leader: server.leader ?? "-",
    log: `[${server.log.map(({ term, payload }) => `${term}${payload}`).join(" ")}]`,
    commitLength: String(server.commitLength),
  };
}

export default raftLite;
