/**
 * Raft as its author specified it, to lay beside ours: Ongaro's raft.tla, with its history variables, within bounds.
 *
 * It is not the spec of our core, which is `raft`. It has smaller steps (a candidate asks one server at a time, itself
 * too; a leader sends and counts when it likes), and a network that is a bag of messages: any of them may be received
 * at any time, in any order, twice or never. A server that sees a newer term first takes it over, in a step of its own
 * that leaves the message where it is; so do all steps after which there is more to do with a message.
 * What can't be seen in a server any more but matters to the proof is kept in history variables, as part of the state:
 * elections, all logs that ever were, the logs of those who voted, and the log of the sender in some messages.
 * A constraint bounds terms, logs and the bag.
 *
 *     deno task check ongaro_raft --set servers=3 --set restarts=false --set duplicates=false --set drops=false
 */
import { type Draft, each, spec, type Specification } from "../mod.ts";
import { properties } from "./ongaro_raft_properties.ts";
import { receive } from "./ongaro_raft_receive.ts";
import { SpecError } from "../dsl/specification.ts";
import {
  type Cluster,
  discard,
  inFlight,
  isQuorum,
  lastTerm,
  send,
  type Server,
} from "./ongaro_raft_state.ts";

/** An action that also adds the logs as they were before it to the history. */
function noting<Arguments extends readonly unknown[]>(
  run: (s: Draft<Cluster>, ...given: Arguments) => boolean,
): (s: Draft<Cluster>, ...given: Arguments) => boolean {
  return (s, ...given) => {
    const logs = Object.values(s.servers).map(({ log }) => [...log]);
    if (!run(s, ...given)) return false;
    for (const log of logs) s.allLogs.add(log);
    return true;
  };
}

/**
 * The spec. The bounds are `terms`, the length of a `log`, the messages in `flight`, and the `copies` of each;
 * `restarts`, `duplicates` and `drops` say what may go wrong.
 */
export const ongaroRaft: Specification = spec<
  Cluster,
  {
    servers: number;
    terms: number;
    log: number;
    flight: number;
    copies: number;
    restarts: boolean;
    duplicates: boolean;
    drops: boolean;
  }
>(
  "ongaro_raft",
  {
    servers: 2,
    terms: 2,
    log: 1,
    flight: 1,
    copies: 1,
    restarts: true,
    duplicates: true,
    drops: true,
  },
  (bounds) => {
    const everyone = "abcdefghi".slice(0, bounds.servers).split("");
    if (everyone.length === 0 || everyone.length !== bounds.servers) {
      throw new SpecError(`servers of ongaro_raft is ${bounds.servers}, expected 1 to 9`);
    }
    const places = Array.from({ length: bounds.flight }, (_, place) => place);
    return {
      init: {
        servers: forEach(everyone, () => newServer(everyone)),
        messages: null,
        elections: new Set(),
        allLogs: new Set(),
      },
      actions: {
        ...(bounds.restarts ? { Restart: each(everyone, noting(restart)) } : {}),
        Timeout: each(everyone, noting(timeout)),
        RequestVote: each(everyone, everyone, noting(requestVote)),
        BecomeLeader: each(everyone, noting(becomeLeader)),
        ClientRequest: each(everyone, ["v"], noting(clientRequest)),
        AdvanceCommitIndex: each(everyone, noting(advanceCommitIndex)),
        AppendEntries: each(everyone, everyone, noting(appendEntries)),
        // A message is named by its place in the bag. There are no more places than may be in flight.
        Receive: each(places, noting(receive)),
        ...(bounds.duplicates ? { Duplicate: each(places, noting(duplicate)) } : {}),
        ...(bounds.drops ? { Drop: each(places, noting(drop)) } : {}),
      },
      constraint: ({ servers, messages }) =>
        Object.values(servers).every(({ currentTerm, log }) =>
          currentTerm <= bounds.terms && log.length <= bounds.log
        ) &&
        [...messages ?? []].every(({ count }) => count <= bounds.copies) &&
        [...messages ?? []].reduce((size, { count }) => size + count, 0) <= bounds.flight,
      properties,
      symmetry: [everyone],
    };
  },
);

/** The same for each server, by name. */
function forEach<T>(servers: readonly string[], make: () => T): Record<string, T> {
  return Object.fromEntries(servers.map((server) => [server, make()]));
}

/** A server that begins, with nothing on its disk. */
function newServer(everyone: readonly string[]): Server {
  return {
    currentTerm: 1,
    role: "follower",
    votedFor: null,
    log: [],
    commitIndex: 0,
    votesResponded: new Set(),
    votesGranted: new Set(),
    voterLogs: forEach(everyone, () => null),
    nextIndex: forEach(everyone, () => 1),
    matchIndex: forEach(everyone, () => 0),
  };
}

/** Term, vote and log are on the disk; the rest is lost. It counts also where that changes nothing. */
function restart(s: Draft<Cluster>, i: string): boolean {
  const server = s.servers[i]!;
  server.role = "follower";
  server.commitIndex = 0;
  forgetVotes(server);
  server.nextIndex = forEach(Object.keys(s.servers), () => 1);
  server.matchIndex = forEach(Object.keys(s.servers), () => 0);
  return true;
}

function timeout(s: Draft<Cluster>, i: string): boolean {
  const server = s.servers[i]!;
  if (server.role === "leader") return false;
  server.role = "candidate";
  server.currentTerm++;
  // It will ask itself for its vote, by a message like the others.
  server.votedFor = null;
  forgetVotes(server);
  return true;
}

function forgetVotes(server: Draft<Server>): void {
  server.votesResponded.clear();
  server.votesGranted.clear();
  for (const voter of Object.keys(server.voterLogs)) server.voterLogs[voter] = null;
}

function requestVote(s: Draft<Cluster>, i: string, j: string): boolean {
  const { role, votesResponded, currentTerm, log } = s.servers[i]!;
  if (role !== "candidate" || votesResponded.has(j)) return false;
  send(s, {
    type: "RequestVoteRequest",
    from: i,
    to: j,
    term: currentTerm,
    lastLogTerm: lastTerm(log),
    lastLogIndex: log.length,
  });
  return true;
}

function becomeLeader(s: Draft<Cluster>, i: string): boolean {
  const server = s.servers[i]!;
  const { role, currentTerm, log, votesGranted, voterLogs } = server;
  if (role !== "candidate" || !isQuorum(s, votesGranted)) return false;
  server.role = "leader";
  server.nextIndex = forEach(Object.keys(s.servers), () => log.length + 1);
  server.matchIndex = forEach(Object.keys(s.servers), () => 0);
  s.elections.add({
    term: currentTerm,
    leader: i,
    log,
    votes: votesGranted,
    voterLogs,
  });
  return true;
}

function clientRequest(s: Draft<Cluster>, i: string, value: string): boolean {
  const { role, currentTerm, log } = s.servers[i]!;
  if (role !== "leader") return false;
  log.push({ term: currentTerm, value });
  return true;
}

/** Commits what a quorum has, if its last entry is of the leader's term; also where that changes nothing. */
function advanceCommitIndex(s: Draft<Cluster>, i: string): boolean {
  const server = s.servers[i]!;
  if (server.role !== "leader") return false;
  const agreed = server.log.findLastIndex((_, at) =>
    isQuorum(
      s,
      new Set([
        i,
        ...Object.keys(s.servers).filter((k) => server.matchIndex[k]! > at),
      ]),
    )
  );
  if (agreed >= 0 && server.log[agreed]!.term === server.currentTerm) {
    server.commitIndex = agreed + 1;
  }
  return true;
}

/** Sends at most one entry. */
function appendEntries(s: Draft<Cluster>, i: string, j: string): boolean {
  const { role, currentTerm, log, commitIndex, nextIndex } = s.servers[i]!;
  if (i === j || role !== "leader") return false;
  const next = nextIndex[j]!;
  send(s, {
    type: "AppendEntriesRequest",
    from: i,
    to: j,
    term: currentTerm,
    prevLogIndex: next - 1,
    prevLogTerm: next > 1 ? log[next - 2]!.term : 0,
    entries: log.slice(next - 1, next),
    senderLog: [...log],
    commitIndex: Math.min(commitIndex, log.length, next),
  });
  return true;
}

function duplicate(s: Draft<Cluster>, place: number): boolean {
  const message = inFlight(s)[place]?.message;
  if (message === undefined) return false;
  send(s, message);
  return true;
}

function drop(s: Draft<Cluster>, place: number): boolean {
  if (inFlight(s)[place] === undefined) return false;
  discard(s, place);
  return true;
}

export default ongaroRaft;
