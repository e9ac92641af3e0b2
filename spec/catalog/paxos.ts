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
 */
import { always, each, type Property, sometimes, spec, type Specification } from "../mod.ts";
import { chosen, type Proof, proofs, showsSafe, type Votes } from "./voting.ts";

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
    readonly acceptor: number;
    readonly voteBallot: number;
    readonly voteValue: string | null;
  }
  | { readonly type: "2a"; readonly ballot: number; readonly value: string }
  | { readonly type: "2b"; readonly ballot: number; readonly acceptor: number; readonly value: string };

/** The acceptors, and all messages that were ever sent. */
export interface Paxos {
  /** The acceptors. */
  readonly acceptors: readonly Acceptor[];
  /** All messages that were ever sent. */
  readonly messages: ReadonlySet<Message>;
}

/** What `voting` sees of it: the votes are the 2b messages. */
export function votesOf({ acceptors, messages }: Paxos, ballots: readonly number[]): Votes {
  const cast = [...messages].filter((message) => message.type === "2b");
  return {
    votes: acceptors.map((_, acceptor) =>
      ballots.map((ballot) =>
        cast.find((vote) => vote.acceptor === acceptor && vote.ballot === ballot)?.value ?? null
      )
    ),
    maxBallot: acceptors.map(({ maxBallot }) => maxBallot),
  };
}

/** Whether the promises for a ballot prove that the value is safe there. */
function promisesShowSafe(messages: Iterable<Message>, proof: Proof, ballot: number, value: string): boolean {
  const promises = [...messages].filter((message) => message.type === "1b").filter((promise) =>
    promise.ballot === ballot && proof.quorum.includes(promise.acceptor)
  );
  if (promises.length < proof.quorum.length) return false;
  const last = promises.find(({ acceptor }) => acceptor === proof.last);
  const highest = Math.max(...promises.map(({ voteBallot }) => voteBallot));
  if (last === undefined) return highest < 0;
  return last.voteBallot >= 0 && last.voteBallot === highest && last.voteValue === value;
}

/** The spec. The action of an acceptor is named by it and the ballot of the message that it receives. */
export const paxos: Specification = spec<Paxos, { acceptors: number; values: number; ballots: number }>(
  "paxos",
  { acceptors: 3, values: 2, ballots: 2 },
  (parameters) => {
    const everyone = Array.from({ length: parameters.acceptors }, (_, acceptor) => acceptor);
    const values = Array.from({ length: parameters.values }, (_, value) => `v${value + 1}`);
    const ballots = Array.from({ length: parameters.ballots }, (_, ballot) => ballot);
    const allProofs = proofs(parameters.acceptors);
    return {
      init: {
        acceptors: everyone.map(() => ({ maxBallot: -1, voteBallot: -1, voteValue: null })),
        messages: new Set(),
      },
      actions: {
        Phase1a: each(ballots, (s, ballot) => {
          s.messages.add({ type: "1a", ballot });
        }),
        Phase1b: each(everyone, ballots, (s, self, ballot) => {
          const acceptor = s.acceptors[self]!;
          const isAsked = [...s.messages].some(({ type, ballot: asked }) =>
            type === "1a" && asked === ballot
          );
          if (!isAsked || ballot <= acceptor.maxBallot) return false;
          acceptor.maxBallot = ballot;
          const { voteBallot, voteValue } = acceptor;
          s.messages.add({ type: "1b", ballot, acceptor: self, voteBallot, voteValue });
          return true;
        }),
        // With several proofs it can be done in several ways, of which each counts.
        Phase2a: each(ballots, values, allProofs, (s, ballot, value, proof) => {
          const isDone = [...s.messages].some(({ type, ballot: done }) => type === "2a" && done === ballot);
          if (isDone || !promisesShowSafe(s.messages, proof, ballot, value)) return false;
          s.messages.add({ type: "2a", ballot, value });
          return true;
        }),
        Phase2b: each(everyone, ballots, (s, self, ballot) => {
          const proposal = [...s.messages].filter(({ type }) => type === "2a")
            .find((message) => message.ballot === ballot);
          if (proposal?.type !== "2a" || ballot < s.acceptors[self]!.maxBallot) return false;
          const { value } = proposal;
          s.acceptors[self] = { maxBallot: ballot, voteBallot: ballot, voteValue: value };
          s.messages.add({ type: "2b", ballot, acceptor: self, value });
          return true;
        }),
      },
      properties: propertiesOf(ballots, allProofs),
    };
  },
);

/** What it claims; `ballots` are all that there are, `allProofs` everything that can show that a value is safe. */
function propertiesOf(ballots: readonly number[], allProofs: readonly Proof[]): readonly Property<Paxos>[] {
  return [
    always("One Value", "at most one value is chosen, in however many ballots", (state) => {
      const all = chosen(votesOf(state, ballots));
      const other = all.find(({ value }) => value !== all[0]?.value);
      return other === undefined ||
        `ballot ${all[0]?.ballot} chose ${all[0]?.value}, ballot ${other.ballot} ${other.value}`;
    }),
    always(
      "Last Votes",
      "an acceptor remembers its last vote, and takes part in no lower ballot",
      (state) => {
        const { votes } = votesOf(state, ballots);
        const odd = state.acceptors.findIndex(({ maxBallot, voteBallot, voteValue }, self) =>
          maxBallot < voteBallot || voteBallot !== votes[self]!.findLastIndex((vote) => vote !== null) ||
          voteValue !== (votes[self]![voteBallot] ?? null)
        );
        return odd < 0 || `acceptor ${odd} remembers ${state.acceptors[odd]?.voteValue}`;
      },
    ),
    always(
      "Promises Are Kept",
      "what a promise says of the last vote stays true of all ballots below",
      (state) => {
        const { votes } = votesOf(state, ballots);
        const broken = [...state.messages].filter((message) => message.type === "1b").find((promise) => {
          const { acceptor, ballot, voteBallot } = promise;
          const last = votes[acceptor]!.slice(0, ballot).findLastIndex((vote) => vote !== null);
          return state.acceptors[acceptor]!.maxBallot < ballot || last !== voteBallot;
        });
        return broken === undefined ||
          `acceptor ${broken.acceptor} broke its promise for ballot ${broken.ballot}`;
      },
    ),
    always(
      "Proposals Are Safe",
      "a ballot proposes one value, and a quorum shows that it is safe",
      (state) => {
        const votes = votesOf(state, ballots);
        const proposals = [...state.messages].filter((message) => message.type === "2a");
        const unsafe = proposals.find(({ ballot, value }) =>
          proposals.some((other) => other.ballot === ballot && other.value !== value) ||
          !allProofs.some((proof) => showsSafe(votes, proof, ballot, value))
        );
        return unsafe === undefined || `ballot ${unsafe.ballot} proposes ${unsafe.value}`;
      },
    ),
    sometimes(
      "a value is chosen",
      "it can come to a choice",
      (state) => chosen(votesOf(state, ballots)).length > 0,
    ),
  ];
}

export default paxos;
