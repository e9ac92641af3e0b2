/**
 * A register that can be written once, kept by Paxos: the servers agree on who has written.
 *
 * Whichever server a client asks to write leads a ballot of its own. It asks all to prepare: to take part in no lower
 * ballot, and to say what they accepted last. From a majority it learns what it must propose, which is its client's
 * value only if nobody has accepted anything. When a majority has accepted it, it is decided: the leader tells the
 * servers, and the client whose value it is. A server that doesn't know of a decision doesn't answer a read.
 *
 *     deno task check paxos_register --set servers=3 --set clients=2
 */
import type { Specification } from "../mod.ts";
import { type Answer, type Envelope, type Question, register } from "./register.ts";

/** A ballot. Two servers never lead the same one. */
export interface Ballot {
  /** It counts. */
  readonly round: number;
  /** Who leads it: decides at a tie. */
  readonly by: string;
}

/** What a client wants written. */
export type Proposal = Question & { readonly type: "Put" };

/** A proposal that was accepted, and when. */
export interface Accepted {
  /** In which ballot. */
  readonly ballot: Ballot;
  /** What. */
  readonly proposal: Proposal;
}

/** What servers say to each other. */
export type Internal =
  | Envelope & { readonly type: "Prepare"; readonly ballot: Ballot }
  | Envelope & { readonly type: "Prepared"; readonly ballot: Ballot; readonly accepted: Accepted | null }
  | Envelope & { readonly type: "Accept"; readonly ballot: Ballot; readonly proposal: Proposal }
  | Envelope & { readonly type: "Accepted"; readonly ballot: Ballot }
  | Envelope & { readonly type: "Decided"; readonly ballot: Ballot; readonly proposal: Proposal };

/** A server. */
export interface PaxosServer {
  /** The highest ballot in which it takes part. */
  readonly ballot: Ballot;
  /** What it last accepted. */
  readonly accepted: Accepted | null;
  /** Whether it knows that this is decided. */
  readonly decided: boolean;
  /** As a leader: what it proposes. It takes one write, ever. */
  readonly proposal: Proposal | null;
  /** As a leader: who is prepared, and what these had accepted. */
  readonly prepares: Readonly<Record<string, Accepted | null>>;
  /** As a leader: who has accepted. */
  readonly accepts: readonly string[];
}

/** What a server becomes, and what it sends. */
interface Reaction {
  readonly state: PaxosServer;
  readonly sends: readonly (Answer | Internal)[];
}

/** The spec. */
export const paxosRegister: Specification = register<PaxosServer, Internal>(
  "paxos_register",
  { servers: 3, clients: 2 },
  {
    initial: (_, servers) => ({
      ballot: { round: 0, by: servers[0]! },
      accepted: null,
      decided: false,
      proposal: null,
      prepares: {},
      accepts: [],
    }),
    receive,
  },
);

function receive(
  state: PaxosServer,
  message: Question | Internal,
  self: string,
  servers: readonly string[],
): Reaction | null {
  if (state.decided) return read(state, message, self);
  const { from } = message;
  switch (message.type) {
    case "Get":
      return null;
    case "Put": {
      if (state.proposal !== null) return null;
      const ballot = { round: state.ballot.round + 1, by: self };
      const prepares = { [self]: state.accepted };
      return {
        state: { ...state, ballot, proposal: message, prepares, accepts: [] },
        sends: others(self, servers).map((to) => ({ type: "Prepare", from: self, to, ballot })),
      };
    }
    case "Prepare": {
      const { ballot } = message;
      if (compare(ballot, state.ballot) <= 0) return null;
      const { accepted } = state;
      return {
        state: { ...state, ballot },
        sends: [{ type: "Prepared", from: self, to: from, ballot, accepted }],
      };
    }
    case "Prepared":
      return compare(message.ballot, state.ballot) === 0 ? onPrepared(state, message, self, servers) : null;
    case "Accept": {
      const { ballot, proposal } = message;
      if (compare(ballot, state.ballot) < 0) return null;
      return {
        state: { ...state, ballot, accepted: { ballot, proposal } },
        sends: [{ type: "Accepted", from: self, to: from, ballot }],
      };
    }
    case "Accepted":
      return compare(message.ballot, state.ballot) === 0 ? onAccepted(state, from, self, servers) : null;
    case "Decided": {
      const { ballot, proposal } = message;
      return { state: { ...state, ballot, accepted: { ballot, proposal }, decided: true }, sends: [] };
    }
  }
}

/** Who knows the decision answers reads, and does nothing else. */
function read(state: PaxosServer, message: Question | Internal, self: string): Reaction | null {
  if (message.type !== "Get") return null;
  const { from, request } = message;
  const value = state.accepted!.proposal.value;
  return { state, sends: [{ type: "GetOk", from: self, to: from, request, value }] };
}

function onPrepared(
  state: PaxosServer,
  { from, ballot, accepted }: Internal & { readonly type: "Prepared" },
  self: string,
  servers: readonly string[],
): Reaction {
  const prepares = { ...state.prepares, [from]: accepted };
  if (!isMajority(Object.keys(prepares).length, servers)) return { state: { ...state, prepares }, sends: [] };
  const last = Object.values(prepares).filter((one) => one !== null)
    .sort((a, b) => compare(a.ballot, b.ballot)).at(-1);
  const proposal = last?.proposal ?? state.proposal!;
  return {
    state: { ...state, prepares, proposal, accepted: { ballot, proposal }, accepts: [self] },
    sends: others(self, servers).map((to) => ({ type: "Accept", from: self, to, ballot, proposal })),
  };
}

function onAccepted(state: PaxosServer, from: string, self: string, servers: readonly string[]): Reaction {
  const accepts = [...new Set([...state.accepts, from])].sort();
  if (!isMajority(accepts.length, servers)) return { state: { ...state, accepts }, sends: [] };
  const proposal = state.proposal!;
  const { ballot } = state;
  return {
    state: { ...state, accepts, decided: true },
    sends: [
      ...others(self, servers).map((to): Internal => ({ type: "Decided", from: self, to, ballot, proposal })),
      { type: "PutOk", from: self, to: proposal.from, request: proposal.request },
    ],
  };
}

function compare(a: Ballot, b: Ballot): number {
  return a.round - b.round || (a.by < b.by ? -1 : a.by > b.by ? 1 : 0);
}

function others(self: string, servers: readonly string[]): readonly string[] {
  return servers.filter((server) => server !== self);
}

/** Exactly as many as are enough: what comes later changes nothing. */
function isMajority(count: number, servers: readonly string[]): boolean {
  return count === Math.floor(servers.length / 2) + 1;
}

export default paxosRegister;
