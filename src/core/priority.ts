/** Priority of election: of servers that know the same, the one that should rather lead. */
import { lastTerm } from "./log.ts";
import type { PreVote, RequestVote } from "./message.ts";
import type { ServerState } from "./state.ts";

/**
 * Whether this server should rather lead than the candidate, and could: it refuses its vote, which is always safe, and
 * will stand itself. A candidate with a better log is not refused, or there might be no leader at all.
 */
export function outranks({ config, log }: ServerState, request: RequestVote | PreVote): boolean {
  return request.priority < (config.priority ?? 0) && request.lastLogTerm === lastTerm(log) &&
    request.lastLogIndex === log.lastIndex;
}
