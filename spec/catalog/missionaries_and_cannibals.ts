/**
 * Three missionaries and three cannibals want to cross a river in a boat that holds two.
 *
 * The boat doesn't cross by itself: one or two people take it. On neither bank may the cannibals outnumber the
 * missionaries, unless there is no missionary to be eaten. The spec claims that somebody stays on the east bank
 * for ever; the checker's counterexample, which is as short as possible, brings everyone across.
 *
 *     deno task check missionaries_and_cannibals
 */
import { always, each, spec, type Specification } from "../mod.ts";

/** Who is where. People are named `m1`, `m2`, ... and `c1`, `c2`, ... */
export interface River {
  /** The bank at which the boat lies. */
  readonly boat: "east" | "west";
  /** The people on each bank; nobody is ever on the water, as a crossing is one step. */
  readonly people: {
    /** Where all begin. */
    readonly east: ReadonlySet<string>;
    /** Where all want to be. */
    readonly west: ReadonlySet<string>;
  };
}

/** The spec: one action, a crossing, for every crew that the boat can hold. */
export const missionariesAndCannibals: Specification = spec<
  River,
  { missionaries: number; cannibals: number }
>(
  "missionaries_and_cannibals",
  { missionaries: 3, cannibals: 3 },
  ({ missionaries, cannibals }) => {
    const everyone = [...named("m", missionaries), ...named("c", cannibals)];
    const crews = everyone.flatMap((first, index) => [
      [first],
      ...everyone.slice(index + 1).map((second) => [first, second]),
    ]);
    return {
      init: { boat: "east", people: { east: new Set(everyone), west: new Set() } },
      actions: {
        Cross: each(crews, (s, crew) => {
          const here = s.people[s.boat];
          const there = s.people[otherBank(s.boat)];
          if (!crew.every((person) => here.has(person))) return false;
          for (const person of crew) {
            here.delete(person);
            there.add(person);
          }
          s.boat = otherBank(s.boat);
          return isSafe(here) && isSafe(there);
        }),
      },
      properties: [
        always(
          "Nobody Is Eaten",
          "on no bank do cannibals outnumber missionaries, if there are any",
          ({ people }) => (isSafe(people.east) && isSafe(people.west)) || "somebody is eaten",
        ),
        // Wrong on purpose: we want to be shown how.
        always(
          "Somebody Stays",
          "there is always somebody on the east bank",
          ({ people }) => people.east.size > 0 || "everyone is on the west bank",
        ),
      ],
    };
  },
);

function named(letter: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}

function otherBank(bank: "east" | "west"): "east" | "west" {
  return bank === "east" ? "west" : "east";
}

function isSafe(people: ReadonlySet<string>): boolean {
  const missionaries = [...people].filter((person) => person.startsWith("m")).length;
  return missionaries === 0 || people.size - missionaries <= missionaries;
}

export default missionariesAndCannibals;
