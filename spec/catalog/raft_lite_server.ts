/** A server of `raft_lite`: what it holds, and what it does with an event. */
import type { Draft } from "../mod.ts";

/** An entry of the log. */
export interface Entry {
  /** The leader's term when it took the entry. */
  readonly term: number;
  /** What is to be broadcast: here, the name of the server that wants it. */
  readonly payload: string;
}

/** A timer. */
export type Timer = "election" | "replication";

/** What a server holds. By the name of a server: `sentLength` and `ackedLength`. */
export interface Server {
  /** Its name. */
  readonly id: string;
  /** Whether it has crashed, for good. */
  readonly crashed: boolean;
  /** The timers that are set. */
  readonly timers: ReadonlySet<Timer>;
  /** The latest term that it has seen. */
  readonly currentTerm: number;
  /** For whom it voted. */
  readonly votedFor: string | null;
  /** The log. */
  readonly log: readonly Entry[];
  /** How much of the log is committed. */
  readonly commitLength: number;
  /** What it is. */
  readonly role: "follower" | "candidate" | "leader";
  /** Whom it takes for the leader. */
  readonly leader: string | null;
  /** Who has voted for it. */
  readonly votesReceived: ReadonlySet<string>;
  /** How much of the log was sent to each server. */
  readonly sentLength: Readonly<Record<string, number>>;
  /** How much of it each server has acknowledged. */
  readonly ackedLength: Readonly<Record<string, number>>;
  /** Broadcasts that wait until a leader is known. */
  readonly buffer: readonly string[];
  /** What was delivered, in order. */
  readonly delivered: readonly string[];
}

/** What every message says. */
interface Envelope {
  /** Who sends it. */
  readonly from: string;
  /** To whom. */
  readonly to: string;
}

/** A candidate asks for a vote. */
export interface VoteRequest extends Envelope {
  /** Tells messages apart. */
  readonly type: "VoteRequest";
  /** The candidate's term. */
  readonly term: number;
  /** The length of its log. */
  readonly logLength: number;
  /** The term of its last entry, or 0. */
  readonly lastTerm: number;
}

/** The answer. */
export interface VoteResponse extends Envelope {
  /** Tells messages apart. */
  readonly type: "VoteResponse";
  /** The sender's term. */
  readonly term: number;
  /** Whether this is a vote. */
  readonly granted: boolean;
}

/** A leader replicates its log. */
export interface LogRequest extends Envelope {
  /** Tells messages apart. */
  readonly type: "LogRequest";
  /** The leader's term. */
  readonly term: number;
  /** How many entries come before those sent. */
  readonly prefixLength: number;
  /** The term of the last of these, or 0. */
  readonly prefixTerm: number;
  /** How much the leader has committed. */
  readonly commitLength: number;
  /** The entries. */
  readonly suffix: readonly Entry[];
}

/** The answer. */
export interface LogResponse extends Envelope {
  /** Tells messages apart. */
  readonly type: "LogResponse";
  /** The sender's term. */
  readonly term: number;
  /** How much of the log it has; 0 without success. */
  readonly ack: number;
  /** Whether the entries fit. */
  readonly success: boolean;
}

/** Something is to be broadcast. */
export interface Broadcast extends Envelope {
  /** Tells messages apart. */
  readonly type: "Broadcast";
  /** What. */
  readonly payload: string;
}

/** A message. */
export type Message = VoteRequest | VoteResponse | LogRequest | LogResponse | Broadcast;

/** What happens at a server. */
export type RaftLiteEvent =
  | { readonly type: "timeout"; readonly timer: Timer }
  | { readonly type: "received"; readonly message: Message }
  | { readonly type: "crash" };

/** A server at work: a copy to change, and what it sends, in order. */
interface Work {
  readonly s: Draft<Server>;
  readonly others: readonly string[];
  readonly sends: Message[];
}

/** A server that has just started. */
export function initialServer(id: string, servers: readonly string[]): Server {
  return {
    id,
    crashed: false,
    timers: new Set<Timer>(["election", "replication"]),
    currentTerm: 0,
    votedFor: null,
    log: [],
    commitLength: 0,
    role: "follower",
    leader: null,
    votesReceived: new Set(),
    sentLength: Object.fromEntries(servers.map((name) => [name, 0])),
    ackedLength: Object.fromEntries(servers.map((name) => [name, 0])),
    buffer: [],
    delivered: [],
  };
}

/** What becomes of a server by an event, and what it sends. */
export function handle(server: Server, event: RaftLiteEvent, servers: readonly string[]) {
  const s = draftOf(server);
  const work: Work = { s, others: servers.filter((name) => name !== server.id), sends: [] };
  switch (event.type) {
    case "crash":
      s.timers = new Set();
      s.crashed = true;
      break;
    case "timeout":
      s.timers.delete(event.timer);
      if (event.timer === "election") onElectionTimeout(work);
      else if (s.role === "leader") replicateToAll(work);
      break;
    case "received":
      onMessage(work, event.message);
  }
  return { server: s, sends: work.sends };
}

/** A copy that may change. Entries of logs never do. */
function draftOf(server: Server): Draft<Server> {
  return {
    ...server,
    timers: new Set(server.timers),
    log: [...server.log],
    votesReceived: new Set(server.votesReceived),
    sentLength: { ...server.sentLength },
    ackedLength: { ...server.ackedLength },
    buffer: [...server.buffer],
    delivered: [...server.delivered],
  };
}

function onMessage(work: Work, message: Message): void {
  switch (message.type) {
    case "VoteRequest":
      return onVoteRequest(work, message);
    case "VoteResponse":
      return onVoteResponse(work, message);
    case "LogRequest":
      return onLogRequest(work, message);
    case "LogResponse":
      return onLogResponse(work, message);
    case "Broadcast":
      return onBroadcast(work, message.payload);
  }
}

function onElectionTimeout({ s, others, sends }: Work): void {
  if (s.role === "leader") return;
  s.currentTerm++;
  s.votedFor = s.id;
  s.role = "candidate";
  s.votesReceived = new Set([s.id]);
  const { id: from, currentTerm: term, log } = s;
  for (const to of others) {
    sends.push({ type: "VoteRequest", from, to, term, logLength: log.length, lastTerm: lastTerm(log) });
  }
}

/** Neither sets the timer again nor forgets the leader. */
function onVoteRequest({ s, sends }: Work, { from, term, logLength, lastTerm: theirs }: VoteRequest): void {
  if (term > s.currentTerm) {
    s.currentTerm = term;
    s.role = "follower";
    s.votedFor = null;
  }
  const mine = lastTerm(s.log);
  const isUpToDate = theirs > mine || (theirs === mine && logLength >= s.log.length);
  const granted = term === s.currentTerm && isUpToDate && (s.votedFor === null || s.votedFor === from);
  if (granted) s.votedFor = from;
  sends.push({ type: "VoteResponse", from: s.id, to: from, term: s.currentTerm, granted });
}

function onVoteResponse(work: Work, { from, term, granted }: VoteResponse): void {
  const { s, others } = work;
  if (s.role !== "candidate" || term !== s.currentTerm || !granted) return stepDown(work, term);
  s.votesReceived.add(from);
  if (!isQuorum(work, s.votesReceived.size)) return;
  s.role = "leader";
  setLeader(work, s.id);
  for (const other of others) {
    s.sentLength[other] = s.log.length;
    s.ackedLength[other] = 0;
  }
  replicateToAll(work);
}

function onLogRequest(work: Work, message: LogRequest): void {
  const { s, sends } = work;
  const { from, term, prefixLength, prefixTerm, suffix } = message;
  if (term > s.currentTerm) {
    s.currentTerm = term;
    s.votedFor = null;
    s.timers.add("election");
  }
  if (term === s.currentTerm) {
    s.role = "follower";
    setLeader(work, from);
    s.timers.add("election");
  }
  const fits = s.log.length >= prefixLength &&
    (prefixLength === 0 || s.log[prefixLength - 1]!.term === prefixTerm);
  const success = term === s.currentTerm && fits;
  if (success) append(s, message);
  const ack = success ? prefixLength + suffix.length : 0;
  sends.push({ type: "LogResponse", from: s.id, to: from, term: s.currentTerm, ack, success });
}

/** Looks only at the last entry that both have: if its term differs, all from the first one sent on is cut off. */
function append(s: Draft<Server>, { prefixLength, suffix, commitLength }: LogRequest): void {
  if (suffix.length > 0 && s.log.length > prefixLength) {
    const at = Math.min(s.log.length, prefixLength + suffix.length) - 1;
    if (s.log[at]!.term !== suffix[at - prefixLength]!.term) s.log.length = prefixLength;
  }
  s.log.push(...suffix.slice(s.log.length - prefixLength));
  if (commitLength > s.commitLength) deliver(s, commitLength);
}

function onLogResponse(work: Work, { from, term, ack, success }: LogResponse): void {
  const { s } = work;
  if (s.role !== "leader" || term !== s.currentTerm) return stepDown(work, term);
  if (success && ack >= s.ackedLength[from]!) {
    s.sentLength[from] = ack;
    s.ackedLength[from] = ack;
    commit(work);
  } else if (s.sentLength[from]! > 0) {
    s.sentLength[from]!--;
    replicate(work, from);
  }
}

function onBroadcast(work: Work, payload: string): void {
  const { s, sends } = work;
  if (s.role === "leader") {
    s.log.push({ term: s.currentTerm, payload });
    s.ackedLength[s.id] = s.log.length;
    replicateToAll(work);
  } else if (s.leader !== null) sends.push({ type: "Broadcast", from: s.id, to: s.leader, payload });
  else s.buffer.push(payload);
}

/** A newer term was seen in an answer. */
function stepDown({ s }: Work, term: number): void {
  if (term <= s.currentTerm) return;
  s.currentTerm = term;
  s.role = "follower";
  s.votedFor = null;
  s.timers.add("election");
}

/** What has waited for a leader is sent to it, before anything else. */
function setLeader({ s, sends }: Work, leader: string): void {
  s.leader = leader;
  for (const payload of s.buffer) sends.push({ type: "Broadcast", from: s.id, to: leader, payload });
  s.buffer = [];
}

function replicateToAll(work: Work): void {
  for (const other of work.others) replicate(work, other);
}

function replicate({ s, sends }: Work, to: string): void {
  const prefixLength = s.sentLength[to]!;
  sends.push({
    type: "LogRequest",
    from: s.id,
    to,
    term: s.currentTerm,
    prefixLength,
    prefixTerm: prefixLength > 0 ? s.log[prefixLength - 1]!.term : 0,
    commitLength: s.commitLength,
    suffix: s.log.slice(prefixLength),
  });
}

/** Commits what a quorum has acknowledged, if its last entry is of this term. */
function commit(work: Work): void {
  const { s } = work;
  for (let length = s.log.length; length > s.commitLength; length--) {
    if (!isQuorum(work, Object.values(s.ackedLength).filter((acked) => acked >= length).length)) continue;
    if (s.log[length - 1]!.term === s.currentTerm) deliver(s, length);
    return;
  }
}

function deliver(s: Draft<Server>, commitLength: number): void {
  s.delivered.push(...s.log.slice(s.commitLength, commitLength).map(({ payload }) => payload));
  s.commitLength = commitLength;
}

function isQuorum({ others }: Work, count: number): boolean {
  return count * 2 > others.length + 1;
}

function lastTerm(log: readonly Entry[]): number {
  return log.at(-1)?.term ?? 0;
}
