/**
 * Two jugs, a tap and a drain: how do you get exactly four gallons?
 *
 * The heroes of a film need four gallons of water, and have one jug that holds five and one that holds three.
 * Neither has marks, so all they can do is fill a jug, empty it, or pour one into the other. The spec claims
 * that it can't be done; the checker's counterexample, which is as short as possible, is the solution.
 *
 *     deno task check die_hard
 */
import { always, spec, type Specification } from "../mod.ts";

/** How much water there is in each jug, in gallons. */
export interface Jugs {
  /** In the jug that holds five. */
  readonly big: number;
  /** In the jug that holds three. */
  readonly small: number;
}

/** The spec. An action takes a draft of the state and changes it; every action can happen at any time. */
export const dieHard: Specification = spec<Jugs>("die_hard", () => ({
  init: { big: 0, small: 0 },
  actions: {
    FillBig: (jugs) => {
      jugs.big = 5;
    },
    FillSmall: (jugs) => {
      jugs.small = 3;
    },
    EmptyBig: (jugs) => {
      jugs.big = 0;
    },
    EmptySmall: (jugs) => {
      jugs.small = 0;
    },
    // Pouring ends when one jug is empty or the other one is full, whatever comes first.
    BigToSmall: (jugs) => {
      const poured = Math.min(jugs.big, 3 - jugs.small);
      jugs.big -= poured;
      jugs.small += poured;
    },
    SmallToBig: (jugs) => {
      const poured = Math.min(jugs.small, 5 - jugs.big);
      jugs.small -= poured;
      jugs.big += poured;
    },
  },
  picture: ({ big, small }) => drawn([{ holds: big, ofAll: 5 }, { holds: small, ofAll: 3 }]),
  properties: [
    always(
      "Jugs Hold What They Can",
      "no jug holds less than nothing or more than it can (big in 0..5, small in 0..3)",
      ({ big, small }) =>
        (big >= 0 && big <= 5 && small >= 0 && small <= 3) || `big holds ${big}, small holds ${small}`,
    ),
    // Wrong on purpose: we want to be shown how.
    always(
      "Never Four Gallons",
      "the big jug never holds exactly four gallons (big # 4)",
      ({ big }) => big !== 4 || "the big jug holds 4 gallons",
    ),
  ],
}));

/** Jugs side by side, each with the water that is in it: what the explorer shows of a state. */
function drawn(jugs: readonly { readonly holds: number; readonly ofAll: number }[]): string {
  const shapes = jugs.map(({ holds, ofAll }, index) => {
    const [left, top] = [10 + index * 70, 110 - ofAll * 20];
    return `<rect x="${left}" y="${110 - holds * 20}" width="50" height="${holds * 20}" fill="#4a90d9"/>` +
      `<path d="M${left} ${top} V110 H${left + 50} V${top}" fill="none" stroke="#888" stroke-width="3"/>` +
      `<text x="${
        left + 25
      }" y="128" text-anchor="middle" font-family="sans-serif" font-size="14" fill="#888">${holds} of ${ofAll}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 135">${shapes.join("")}</svg>`;
}

export default dieHard;
