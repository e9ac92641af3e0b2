/** What `raft_lite` claims. */
import { always, type ClusterView, type Property, sometimes } from "../mod.ts";
import type { Server } from "./raft_lite_server.ts";

/** What properties see of a server. */
export type SeenServer = Pick<Server, "id" | "role" | "currentTerm" | "commitLength" | "delivered">;

/** The properties, by the names that they have there. */
export const properties: readonly Property<ClusterView<SeenServer, null>>[] = [
  sometimes(
    "Election Liveness",
    "it can come to a leader",
    ({ servers }) => servers.some(({ role }) => role === "leader"),
  ),
  sometimes(
    "Log Liveness",
    "something can be committed",
    ({ servers }) => servers.some(({ commitLength }) => commitLength > 0),
  ),
  always("Election Safety", "no two servers lead in one term", ({ servers }) => {
    const leaders = servers.filter(({ role }) => role === "leader");
    const second = leaders.find(({ id, currentTerm }) =>
      leaders.some((other) => other.id < id && other.currentTerm === currentTerm)
    );
    return second === undefined || `${second.id} is a second leader of term ${second.currentTerm}`;
  }),
  always(
    "State Machine Safety",
    "what was delivered is the same wherever as much was delivered",
    ({ servers }) => {
      for (const { id, delivered } of servers) {
        for (const other of servers) {
          const at = delivered.findIndex((payload, index) =>
            index < other.delivered.length && other.delivered[index] !== payload
          );
          if (at >= 0) return `${id} delivered ${delivered[at]}, ${other.id} ${other.delivered[at]}`;
        }
      }
      return true;
    },
  ),
];
