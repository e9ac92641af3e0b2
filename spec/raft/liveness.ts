/** What Raft promises to do some day, where messages arrive and disks take their writes in the end. */
import { type Fairness, weak } from "../dsl/fairness.ts";
import { leadsTo, type Property } from "../dsl/property.ts";
import type { RaftView } from "./properties.ts";

/** Of each two servers, what one sends the other arrives; of each server, the disk takes what it was given. */
export const fairness: readonly Fairness[] = [weak.each(">"), weak.each("*")];

/**
 * The promises. They hold where nobody disturbs: with one election timeout in all there is one candidate, and its leader
 * stays. (Of servers that time out at once for ever nobody is elected, which no fairness rules out: §5.2 asks for
 * randomness there.)
 */
export const promises: readonly Property<RaftView>[] = [
  leadsTo("An Election Ends", "a majority that can talk elects a leader (§5.2)", {
    when: ({ servers }) => servers.some(({ role }) => role === "candidate" || role === "preCandidate"),
    then: hasLeader,
  }),
  leadsTo("A Proposal Is Answered", "where there is a leader, what clients propose is applied (§5.3)", {
    when: (view) =>
      hasLeader(view) && view.servers.some(({ holds, log }) => holds > 0 || log.some(isCommand)),
    then: ({ servers, history }) =>
      servers.every(({ holds }) => holds === 0) &&
      servers.flatMap(({ log }) => log).filter(isCommand)
        .every((command) => history.applied.some(({ entry }) => entry === command)),
  }),
  leadsTo(
    "A Leader Is Answered",
    "whoever a leader sends entries to answers, also from a later term (§5.1)",
    {
      when: ({ servers }) => servers.some(({ unheard }) => unheard.length > 0),
      then: ({ servers }) => servers.every(({ unheard }) => unheard.length === 0),
    },
  ),
  leadsTo("A Change Of Members Ends", "once a leader has begun a change of members, it ends (§6)", {
    when: ({ servers }) => servers.some(isChanging),
    then: ({ servers }) => servers.every((server) => server.role !== "leader" || !isChanging(server)),
  }),
];

function hasLeader({ servers }: RaftView): boolean {
  return servers.some(({ role }) => role === "leader");
}

function isCommand(entry: string): boolean {
  return /^\d+[a-z]/.test(entry);
}

/** Whether the latest configuration is on its way to another one, or not committed yet. */
function isChanging({ role, log, commitIndex, configuration }: RaftView["servers"][number]): boolean {
  const isUncommitted = log.slice(commitIndex).some((entry) => /^\d+&/.test(entry));
  return role === "leader" && (/[&>]/.test(configuration) || isUncommitted);
}
