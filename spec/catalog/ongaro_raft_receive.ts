/** What a server of `ongaro_raft` does when it receives a message. */
import type { Draft } from "../mod.ts";
import {
  type AppendEntriesRequest,
  type AppendEntriesResponse,
  type Cluster,
  discard,
  inFlight,
  lastTerm,
  type Message,
  type RequestVoteRequest,
  type RequestVoteResponse,
  send,
} from "./ongaro_raft_state.ts";

/** The receiver of the message at this place takes its next step with it; false if there is none to take. */
export function receive(s: Draft<Cluster>, place: number): boolean {
  const message = inFlight(s)[place]?.message;
  if (message === undefined) return false;
  const { currentTerm } = s.servers[message.to]!;
  if (message.term > currentTerm) return updateTerm(s, message);
  switch (message.type) {
    case "RequestVoteRequest":
      return onRequestVoteRequest(s, place, message);
    case "AppendEntriesRequest":
      return onAppendEntriesRequest(s, place, message);
    case "RequestVoteResponse":
    case "AppendEntriesResponse":
      // An answer to a question of an older term is ignored.
      discard(s, place);
      if (message.term < currentTerm) return true;
      if (message.type === "RequestVoteResponse") {
        onRequestVoteResponse(s, message);
      } else onAppendEntriesResponse(s, message);
      return true;
  }
}

/** The message stays in flight, to be received once more. */
function updateTerm(s: Draft<Cluster>, { to, term }: Message): boolean {
  const server = s.servers[to]!;
  server.currentTerm = term;
  server.role = "follower";
  server.votedFor = null;
  return true;
}

function onRequestVoteRequest(
  s: Draft<Cluster>,
  place: number,
  message: RequestVoteRequest,
): boolean {
  const { from, to, term, lastLogTerm, lastLogIndex } = message;
  const server = s.servers[to]!;
  const mine = lastTerm(server.log);
  const isUpToDate = lastLogTerm > mine ||
    (lastLogTerm === mine && lastLogIndex >= server.log.length);
  const isFree = server.votedFor === null || server.votedFor === from;
  const granted = term === server.currentTerm && isUpToDate && isFree;
  if (granted) server.votedFor = from;
  discard(s, place);
  const { currentTerm, log } = server;
  send(s, {
    type: "RequestVoteResponse",
    from: to,
    to: from,
    term: currentTerm,
    granted,
    senderLog: [...log],
  });
  return true;
}

/** Counts a vote also where it can't matter any more: then nobody looks. */
function onRequestVoteResponse(
  s: Draft<Cluster>,
  { from, to, granted, senderLog }: RequestVoteResponse,
): void {
  const server = s.servers[to]!;
  server.votesResponded.add(from);
  if (!granted) return;
  server.votesGranted.add(from);
  server.voterLogs[from] ??= [...senderLog];
}

function onAppendEntriesRequest(
  s: Draft<Cluster>,
  place: number,
  message: AppendEntriesRequest,
): boolean {
  const { term, prevLogIndex, prevLogTerm, entries, commitIndex } = message;
  const server = s.servers[message.to]!;
  const { role, currentTerm, log } = server;
  // Two leaders of one term: it never happens, so nothing is said about it.
  if (term === currentTerm && role === "leader") return false;
  if (term === currentTerm && role === "candidate") {
    // Somebody else has won. More is to do: the message stays.
    server.role = "follower";
    return true;
  }
  const fits = prevLogIndex === 0 ||
    log[prevLogIndex - 1]?.term === prevLogTerm;
  if (term < currentTerm || !fits) return answer(s, place, message, false);
  const [entry] = entries;
  const existing = log[prevLogIndex];
  if (entry === undefined || existing?.term === entry.term) {
    // Done. An old message may set the commit index back: that does no harm.
    server.commitIndex = commitIndex;
    return answer(s, place, message, true);
  }
  // More is to do: the message stays.
  if (existing === undefined) log.push(entry);
  else log.pop();
  return true;
}

function answer(
  s: Draft<Cluster>,
  place: number,
  message: AppendEntriesRequest,
  success: boolean,
): boolean {
  const { from, to, prevLogIndex, entries } = message;
  discard(s, place);
  send(s, {
    type: "AppendEntriesResponse",
    from: to,
    to: from,
    term: s.servers[to]!.currentTerm,
    success,
    matchIndex: success ? prevLogIndex + entries.length : 0,
  });
  return true;
}

function onAppendEntriesResponse(
  s: Draft<Cluster>,
  message: AppendEntriesResponse,
): void {
  const { from, to, success, matchIndex } = message;
  const server = s.servers[to]!;
  server.nextIndex[from] = success ? matchIndex + 1 : Math.max(server.nextIndex[from]! - 1, 1);
  if (success) server.matchIndex[from] = matchIndex;
}
