/**
 * Voting: how acceptors choose one value, and never two, in numbered ballots.
 *
 * This is the idea of Paxos without its messages. An acceptor votes for at most one value in each ballot, and
 * never goes back to a ballot below the highest one that it takes part in. A value is chosen when a quorum has
 * voted for it in one ballot. That two different values are never chosen is due to one rule: vote only for a
 * value that is safe, for which no ballot below can have chosen, or can still choose, another one.
 *
 *     deno task check voting --set ballots=2
 */
import { always, each, type Property, sometimes, spec, type Specification, steps } from "../mod.ts";

/** What the acceptors have done. */
export interface Votes {
  /** For each acceptor and ballot the value that it voted for, or null. */
  readonly votes: Readonly<Record<string, readonly (string | null)[]>>;
  /** For each acceptor the highest ballot that it has heard of; -1 at first. It votes in none below. */
  readonly maxBallot: Readonly<Record<string, number>>;
}

/** The names of so many acceptors, or of so many values. */
export function named(letter: "a" | "v", count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}

/** The same for each acceptor. */
export function forEach<T>(acceptors: readonly string[], make: (acceptor: string) => T): Record<string, T> {
  return Object.fromEntries(acceptors.map((acceptor) => [acceptor, make(acceptor)]));
}

/** All sets of more than half of the acceptors, smallest possible: any two share an acceptor. */
export function majorities(acceptors: readonly string[]): readonly (readonly string[])[] {
  const size = Math.floor(acceptors.length / 2) + 1;
  const subsets = acceptors.reduce<readonly string[][]>(
    (shorter, acceptor) => [...shorter, ...shorter.map((subset) => [...subset, acceptor])],
    [[]],
  );
  return subsets.filter((subset) => subset.length === size);
}

/** What shows that a value is safe: a quorum, and the one of it that cast its last vote, or null if none has voted. */
export interface Proof {
  /** More than half of the acceptors. */
  readonly quorum: readonly string[];
  /** Who voted in the highest ballot; several may have, and each of them will do. */
  readonly last: string | null;
}

/** Everything that could be a proof. */
export function proofs(acceptors: readonly string[]): readonly Proof[] {
  return majorities(acceptors).flatMap((quorum) => [null, ...quorum].map((last) => ({ quorum, last })));
}

/**
 * Whether this proves that nothing but `value` can be chosen below `ballot`: none of the quorum will vote below any
 * more, and its last vote there, if it cast any, was for this value.
 */
export function showsSafe({ votes, maxBallot }: Votes, proof: Proof, ballot: number, value: string): boolean {
  if (proof.quorum.some((acceptor) => maxBallot[acceptor]! < ballot)) return false;
  for (let below = ballot - 1; below >= 0; below--) {
    const hasVote = proof.quorum.some((acceptor) => votes[acceptor]![below] !== null);
    if (hasVote) return proof.last !== null && votes[proof.last]![below] === value;
  }
  return proof.last === null;
}

/** The values that were chosen, and in which ballot. */
export function chosen({ votes }: Votes): readonly { readonly ballot: number; readonly value: string }[] {
  const all = Object.values(votes);
  const ballots = [...(all[0] ?? []).keys()];
  return ballots.flatMap((ballot) => {
    const cast = all.map((of) => of[ballot] ?? null);
    const values = [...new Set(cast)].filter((value) => value !== null);
    return values.filter((value) => cast.filter((vote) => vote === value).length * 2 > all.length)
      .map((value) => ({ ballot, value }));
  });
}

/** The spec. A vote comes with the proof that its value is safe; with several proofs it can be cast in several ways. */
export const voting: Specification = spec<Votes, { acceptors: number; values: number; ballots: number }>(
  "voting",
  { acceptors: 3, values: 2, ballots: 3 },
  (parameters) => {
    const acceptors = named("a", parameters.acceptors);
    const values = named("v", parameters.values);
    const ballots = Array.from({ length: parameters.ballots }, (_, ballot) => ballot);
    const choices = values.flatMap((value) => proofs(acceptors).map((proof) => ({ value, proof })));
    return {
      init: {
        votes: forEach(acceptors, () => ballots.map(() => null)),
        maxBallot: forEach(acceptors, () => -1),
      },
      actions: {
        IncreaseMaxBallot: each(acceptors, ballots, (s, acceptor, ballot) => {
          if (ballot <= s.maxBallot[acceptor]!) return false;
          s.maxBallot[acceptor] = ballot;
          return true;
        }),
        Vote: each(acceptors, ballots, choices, (s, acceptor, ballot, { value, proof }) => {
          const isLate = ballot < s.maxBallot[acceptor]! || s.votes[acceptor]![ballot] !== null;
          const isOther = Object.values(s.votes).some(({ [ballot]: vote }) =>
            vote !== null && vote !== value
          );
          if (isLate || isOther || !showsSafe(s, proof, ballot, value)) return false;
          s.votes[acceptor]![ballot] = value;
          s.maxBallot[acceptor] = ballot;
          return true;
        }),
      },
      // All take part in the last ballot, and have voted there if anything was safe.
      ends: ({ maxBallot }) => Object.values(maxBallot).every((ballot) => ballot === ballots.length - 1),
      properties: propertiesOf(ballots, majorities(acceptors)),
      symmetry: [acceptors, values],
    };
  },
);

function propertiesOf(
  ballots: readonly number[],
  quorums: readonly (readonly string[])[],
): readonly Property<Votes>[] {
  return [
    always("One Value", "at most one value is chosen, in however many ballots", (state) => {
      const all = chosen(state);
      const other = all.find(({ value }) => value !== all[0]?.value);
      return other === undefined ||
        `ballot ${all[0]?.ballot} chose ${all[0]?.value}, ballot ${other.ballot} ${other.value}`;
    }),
    always("One Value Per Ballot", "all votes of a ballot are for one value", ({ votes }) => {
      const split = ballots.find((ballot) =>
        new Set(Object.values(votes).map((of) => of[ballot]).filter((vote) => vote !== null)).size > 1
      );
      return split === undefined || `ballot ${split} has votes for two values`;
    }),
    always(
      "Votes Are Safe",
      "whoever votes for a value in a ballot: no ballot below can choose another one",
      (state) => unsafeVote(state, quorums) ?? true,
    ),
    steps("Chosen For Good", "what is chosen stays chosen", (before, after) => {
      const lost = chosen(before).find(({ value }) => !chosen(after).some((now) => now.value === value));
      return lost === undefined ||
        `${lost.value} was chosen in ballot ${lost.ballot}, and isn't any more`;
    }),
    sometimes("a value is chosen", "it can come to a choice", (state) => chosen(state).length > 0),
  ];
}

/** A vote in a ballot below which another value was chosen or can still be; or null. */
function unsafeVote({ votes, maxBallot }: Votes, quorums: readonly (readonly string[])[]): string | null {
  for (const [acceptor, cast] of Object.entries(votes)) {
    for (const [ballot, value] of cast.entries()) {
      if (value === null) continue;
      for (let below = 0; below < ballot; below++) {
        // A quorum of which nobody has voted, or will vote, for anything else leaves no room for another choice.
        const isClosed = quorums.some((quorum) =>
          quorum.every((other) => {
            const vote = votes[other]![below];
            return vote === value || (vote === null && maxBallot[other]! > below);
          })
        );
        if (!isClosed) {
          return `${acceptor} voted for ${value} in ballot ${ballot}, but ballot ${below} is open`;
        }
      }
    }
  }
  return null;
}

export default voting;
