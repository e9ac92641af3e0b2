/** What a state of `ongaro_raft` is made of: servers, messages, and history variables; and the bag of messages. */
import type { Draft } from "../mod.ts";

/** An entry of a log. There is only one value that a client asks for. */
export interface Entry {
  /** The leader's term when it took the entry. */
  readonly term: number;
  /** What the client wants. */
  readonly value: string;
}

/** A log: entry i of the paper is at i - 1. */
export type Log = readonly Entry[];

/** A server. */
export interface Server {
  /** The latest term that it has seen. */
  readonly currentTerm: number;
  /** What it is in this term. */
  readonly role: "follower" | "candidate" | "leader";
  /** For whom it voted in this term. */
  readonly votedFor: string | null;
  /** Its log. */
  readonly log: Log;
  /** Up to where its log is committed, as far as it knows. */
  readonly commitIndex: number;
  /** A candidate: who has answered it. */
  readonly votesResponded: ReadonlySet<string>;
  /** A candidate: who has voted for it. */
  readonly votesGranted: ReadonlySet<string>;
  /** A candidate, for the history: the log of each server that voted for it, when it did. */
  readonly voterLogs: Readonly<Record<string, Log | null>>;
  /** A leader: the next entry to send to each server. */
  readonly nextIndex: Readonly<Record<string, number>>;
  /** A leader: up to where each server's log is known to be like its own. */
  readonly matchIndex: Readonly<Record<string, number>>;
}

/** An election that was won, for the history. */
export interface Election {
  /** In which term. */
  readonly term: number;
  /** By whom. */
  readonly leader: string;
  /** With which log. */
  readonly log: Log;
  /** By whose votes. */
  readonly votes: ReadonlySet<string>;
  /** And with which logs these have voted. */
  readonly voterLogs: Readonly<Record<string, Log | null>>;
}

/** What every message says. */
interface Envelope {
  /** Who sends it. */
  readonly from: string;
  /** To whom. */
  readonly to: string;
  /** The sender's term. */
  readonly term: number;
}

/** A candidate asks for a vote. */
export interface RequestVoteRequest extends Envelope {
  /** Tells messages apart. */
  readonly type: "RequestVoteRequest";
  /** The term of the candidate's last entry. */
  readonly lastLogTerm: number;
  /** And its index. */
  readonly lastLogIndex: number;
}

/** The answer. */
export interface RequestVoteResponse extends Envelope {
  /** Tells messages apart. */
  readonly type: "RequestVoteResponse";
  /** Whether this is a vote. */
  readonly granted: boolean;
  /** For the history: the sender's log. */
  readonly senderLog: Log;
}

/** A leader sends one entry, or none. */
export interface AppendEntriesRequest extends Envelope {
  /** Tells messages apart. */
  readonly type: "AppendEntriesRequest";
  /** The index of the entry before. */
  readonly prevLogIndex: number;
  /** And its term. */
  readonly prevLogTerm: number;
  /** The entry, if there is one. */
  readonly entries: readonly Entry[];
  /** For the history: the sender's log. */
  readonly senderLog: Log;
  /** Up to where the receiver may commit. */
  readonly commitIndex: number;
}

/** The answer. */
export interface AppendEntriesResponse extends Envelope {
  /** Tells messages apart. */
  readonly type: "AppendEntriesResponse";
  /** Whether the entry, or that before, was found to fit. */
  readonly success: boolean;
  /** Up to where the sender's log is now like the leader's; 0 if not known. */
  readonly matchIndex: number;
}

/** A message. */
export type Message =
  | RequestVoteRequest
  | RequestVoteResponse
  | AppendEntriesRequest
  | AppendEntriesResponse;

/** Equal messages in flight. */
export interface Copies {
  /** What they say. */
  readonly message: Message;
  /** How many there are. */
  readonly count: number;
}

/** The cluster. */
export interface Cluster {
  /** The servers by name. */
  readonly servers: Readonly<Record<string, Server>>;
  /** The bag of messages in flight; null while it is empty. */
  readonly messages: ReadonlySet<Copies> | null;
  /** Every election that was ever won. */
  readonly elections: ReadonlySet<Election>;
  /** Every log that any server ever had, up to the state before this one. */
  readonly allLogs: ReadonlySet<Log>;
}

/** The messages in flight, in a fixed order. */
export function inFlight({ messages }: Draft<Cluster>): readonly Draft<Copies>[] {
  const text = ({ message }: Draft<Copies>) => JSON.stringify(message);
  return [...messages ?? []].sort((a, b) => text(a) < text(b) ? -1 : 1);
}

/** Puts a message into the bag. */
export function send(s: Draft<Cluster>, message: Message): void {
  const key = JSON.stringify(message);
  s.messages ??= new Set();
  const known = [...s.messages].find((copies) => JSON.stringify(copies.message) === key);
  if (known !== undefined) s.messages.delete(known);
  s.messages.add({ message: message as Draft<Message>, count: (known?.count ?? 0) + 1 });
}

/** Takes one copy of the message at this place out of the bag. */
export function discard(s: Draft<Cluster>, place: number): void {
  const all = inFlight(s);
  const { message, count } = all[place]!;
  const rest = [...all.toSpliced(place, 1), ...(count > 1 ? [{ message, count: count - 1 }] : [])];
  s.messages = rest.length > 0 ? new Set(rest) : null;
}

/** The term of the last entry, or 0. */
export function lastTerm(log: Log): number {
  return log.at(-1)?.term ?? 0;
}

/** Whether these are more than half of the servers. */
export function isQuorum(
  s: Draft<Cluster>,
  votes: ReadonlySet<string>,
): boolean {
  return votes.size * 2 > Object.keys(s.servers).length;
}
