/**
 * Paxos: `voting`, done with messages.
 *
 * Whoever leads a ballot asks (1a) the acceptors to take part in it; an acceptor that hasn't heard of a higher one
 * promises to (1b), and says when and for what it voted last. With the promises of a quorum the leader knows which
 * value is safe, and proposes it (2a), one in a ballot. An acceptor that has promised nothing higher votes for it
 * (2b). Leaders aren't modelled: any ballot may go on at any time, all of them at once.
 * Messages are never taken back: anybody may receive one late, twice, or not at all.
 *
 *     deno task check paxos --set ballots=3
 *     deno task check paxos_as_voting
 */
import {
  always,
  type Definition,
  each,
  type Property,
  refines,
  sometimes,
  spec,
  type Specification,
} from "../mod.ts";
import { chosen, forEach, named, type Proof, proofs, showsSafe, type Votes, voting } from "./voting.ts";

/** What an acceptor remembers. */
export interface Acceptor {
  /** The highest ballot in which it takes part; -1 at first. */
  readonly maxBallot: number;
  /** The last ballot in which it voted; -1 at first. */
  readonly voteBallot: number;
  /** What it voted for then. */
  readonly voteValue: string | null;
}

/** A message, by the names of the paper; from and to whom only where it matters. */
export type Message =
  | { readonly type: "1a"; readonly ballot: number }
  | {
    readonly type: "1b";
    readonly ballot: number;
    readonly acceptor: string;
    readonly voteBallot: number;
    readonly voteValue: string | null;
  }
  | { readonly type: "2a"; readonly ballot: number; readonly value: string }
  | { readonly type: "2b"; readonly ballot: number; readonly acceptor: string; readonly value: string };

/** The acceptors, and all messages that were ever sent. */
export interface Paxos {
  /** The acceptors. */
  readonly acceptors: Readonly<Record<string, Acceptor>>;
  /** All messages that were ever sent. */
  readonly messages: ReadonlySet<Message>;
}

/** What there is to choose from. */
export interface Domain {
  /** The values. */
  readonly values: readonly string[];
  /** The ballots, from 0. */
  readonly ballots: readonly number[];
}

/** What an acceptor voted for in a ballot, or null: its vote is a 2b message. */
function voteOf({ messages }: Paxos, { values }: Domain, acceptor: string, ballot: number): string | null {
  return values.find((value) => messages.has({ type: "2b", ballot, acceptor, value })) ?? null;
}

/** What `voting` sees of it. */
export function votesOf(state: Paxos, domain: Domain): Votes {
  const acceptors = Object.keys(state.acceptors);
  return {
    votes: forEach(acceptors, (self) => domain.ballots.map((ballot) => voteOf(state, domain, self, ballot))),
    maxBallot: forEach(acceptors, (self) => state.acceptors[self]!.maxBallot),
  };
}

/** What an acceptor promised for a ballot, or null: at most one of all possible promises was sent. */
function promiseOf({ messages }: Paxos, { values, ballots }: Domain, acceptor: string, ballot: number) {
  const votes = ballots.slice(0, ballot).flatMap((voteBallot) =>
    values.map((voteValue) => ({ voteBallot, voteValue }))
  );
  return [{ voteBallot: -1, voteValue: null }, ...votes].find((vote) =>
    messages.has({ type: "1b", ballot, acceptor, ...vote })
  ) ?? null;
}

/** What was proposed in a ballot, or null. */
function proposalOf({ messages }: Paxos, { values }: Domain, ballot: number): string | null {
  return values.find((value) => messages.has({ type: "2a", ballot, value })) ?? null;
}

/** Whether the promises for a ballot prove that the value is safe there. */
function promisesShowSafe(s: Paxos, domain: Domain, proof: Proof, ballot: number, value: string): boolean {
  const promises = proof.quorum.map((acceptor) => promiseOf(s, domain, acceptor, ballot));
  if (!promises.every((promise) => promise !== null)) return false;
  const highest = Math.max(...promises.map(({ voteBallot }) => voteBallot));
  if (proof.last === null) return highest < 0;
  const last = promises[proof.quorum.indexOf(proof.last)]!;
  return highest >= 0 && last.voteBallot === highest && last.voteValue === value;
}

/** How many there are of each. */
type Counts = { readonly acceptors: number; readonly values: number; readonly ballots: number };

const counts: Counts = { acceptors: 3, values: 2, ballots: 2 };

function domainOf(parameters: Counts): Domain {
  return {
    values: named("v", parameters.values),
    ballots: Array.from({ length: parameters.ballots }, (_, ballot) => ballot),
  };
}

/** The state machine. The action of an acceptor is named by it and the ballot of the message that it receives. */
function definitionOf(parameters: Counts): Definition<Paxos> {
  const everyone = named("a", parameters.acceptors);
  const domain = domainOf(parameters);
  const { values, ballots } = domain;
  const allProofs = proofs(everyone);
  return {
    init: {
      acceptors: forEach(everyone, () => ({ maxBallot: -1, voteBallot: -1, voteValue: null })),
      messages: new Set(),
    },
    actions: {
      Phase1a: each(ballots, (s, ballot) => {
        s.messages.add({ type: "1a", ballot });
      }),
      Phase1b: each(everyone, ballots, (s, self, ballot) => {
        const acceptor = s.acceptors[self]!;
        if (ballot <= acceptor.maxBallot || !s.messages.has({ type: "1a", ballot })) return false;
        acceptor.maxBallot = ballot;
        const { voteBallot, voteValue } = acceptor;
        s.messages.add({ type: "1b", ballot, acceptor: self, voteBallot, voteValue });
        return true;
      }),
      // With several proofs it can be done in several ways, of which each counts.
      Phase2a: each(ballots, values, allProofs, (s, ballot, value, proof) => {
        if (proposalOf(s, domain, ballot) !== null) return false;
        if (!promisesShowSafe(s, domain, proof, ballot, value)) return false;
        s.messages.add({ type: "2a", ballot, value });
        return true;
      }),
      Phase2b: each(everyone, ballots, (s, self, ballot) => {
        const value = proposalOf(s, domain, ballot);
        if (value === null || ballot < s.acceptors[self]!.maxBallot) return false;
        s.acceptors[self] = { maxBallot: ballot, voteBallot: ballot, voteValue: value };
        s.messages.add({ type: "2b", ballot, acceptor: self, value });
        return true;
      }),
    },
    properties: propertiesOf(everyone, domain, allProofs),
    symmetry: [everyone, values],
  };
}

/** The spec. */
export const paxos: Specification = spec<Paxos, Counts>("paxos", { ...counts }, definitionOf);

/** The same, with the one claim that it is all about. To check that takes long, so it is a spec of its own. */
export const paxosAsVoting: Specification = spec<Paxos, Counts>(
  "paxos_as_voting",
  { ...counts },
  (parameters) => ({
    ...definitionOf(parameters),
    properties: [
      refines(
        "It Is Voting",
        "a 2b message is a vote",
        voting,
        (state) => votesOf(state, domainOf(parameters)),
        parameters,
      ),
    ],
  }),
);

/** What it claims; `allProofs` is everything that could show that a value is safe. */
function propertiesOf(
  everyone: readonly string[],
  domain: Domain,
  allProofs: readonly Proof[],
): readonly Property<Paxos>[] {
  const { ballots, values } = domain;
  return [
    always("One Value", "at most one value is chosen, in however many ballots", (state) => {
      const all = chosen(votesOf(state, domain));
      const other = all.find(({ value }) => value !== all[0]?.value);
      return other === undefined ||
        `ballot ${all[0]?.ballot} chose ${all[0]?.value}, ballot ${other.ballot} ${other.value}`;
    }),
    always(
      "Last Votes",
      "an acceptor remembers its last vote, and takes part in no lower ballot",
      (state) => {
        const { votes } = votesOf(state, domain);
        const odd = everyone.find((self) => {
          const { maxBallot, voteBallot, voteValue } = state.acceptors[self]!;
          return maxBallot < voteBallot ||
            voteBallot !== votes[self]!.findLastIndex((vote) => vote !== null) ||
            voteValue !== (votes[self]![voteBallot] ?? null);
        });
        return odd === undefined || `acceptor ${odd} remembers ${state.acceptors[odd]?.voteValue}`;
      },
    ),
    // One property for each: what speaks of one acceptor is judged only where something of this one changes.
    ...everyone.map((self) =>
      always<Paxos>(
        `Acceptor ${self} Keeps Its Promises`,
        "what a promise says of the last vote stays true of all ballots below",
        (state) => {
          const broken = ballots.find((ballot) => {
            const promise = promiseOf(state, domain, self, ballot);
            if (promise === null) return false;
            const votes = ballots.slice(0, ballot).map((below) => voteOf(state, domain, self, below));
            const last = votes.findLastIndex((vote) => vote !== null);
            return state.acceptors[self]!.maxBallot < ballot || last !== promise.voteBallot;
          });
          return broken === undefined || `acceptor ${self} broke its promise for ballot ${broken}`;
        },
      )
    ),
    always(
      "Proposals Are Safe",
      "a ballot proposes one value, and a quorum shows that it is safe",
      (state) => {
        const votes = votesOf(state, domain);
        const unsafe = ballots.find((ballot) => {
          const proposed = values.filter((value) => state.messages.has({ type: "2a", ballot, value }));
          const isSafe = (value: string) => allProofs.some((proof) => showsSafe(votes, proof, ballot, value));
          return proposed.length > 1 || !proposed.every(isSafe);
        });
        return unsafe === undefined || `ballot ${unsafe} proposes what isn't safe`;
      },
    ),
    sometimes(
      "a value is chosen",
      "it can come to a choice",
      (state) => chosen(votesOf(state, domain)).length > 0,
    ),
  ];
}

export default paxos;
