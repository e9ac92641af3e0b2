/** The steps of a cluster by kind and place, which is how fairness names them. */
import { type ActionInstance, row, type Successors } from "../checker/model.ts";
import type { Learning } from "./cluster_learning.ts";

/** What may happen at a server by itself, by the first sign of its notation; anything else is "other". */
const local = ["!", "=", "?", "*", "^", "-", "/", "@", "&", "other"] as const;

/** What may happen to a message: it arrives, is lost, or is duplicated. */
const between = [">", "~", "+"] as const;

/** All that fairness can name: each kind at each server, or between any two. */
export function clusterActions(servers: readonly string[]): readonly ActionInstance[] {
  const alone = local.flatMap((name) =>
    servers.map((at): ActionInstance => ({ name, arguments: [at], label: `${at}${name}` }))
  );
  const pairs = between.flatMap((name) =>
    servers.flatMap((from) =>
      servers.map((to): ActionInstance => ({ name, arguments: [from, to], label: `${from}${name}${to}` }))
    )
  );
  return [...alone, ...pairs];
}

/** Which of `clusterActions` a row stands for. */
export function clusterActionOf(l: Learning, { rows }: Successors, at: number): number {
  const { servers } = l.definition;
  const cause = l.reactions.causes[rows[at + row.first]!]!;
  switch (cause.type) {
    case "happening": {
      const sign = local.findIndex((name) => name === cause.happening.notation[0]);
      return (sign < 0 ? local.length - 1 : sign) * servers.length + (rows[at + row.second]! & 0xff);
    }
    case "message": {
      const { from, to } = l.messages.values[cause.message]!;
      const pair = servers.indexOf(from) * servers.length + servers.indexOf(to);
      return local.length * servers.length + between.indexOf(cause.sign) * servers.length ** 2 + pair;
    }
  }
}
