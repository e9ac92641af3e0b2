/**
 * Philosophers dine at a round table, a fork between any two, and need two forks to eat: Chandy's and Misra's way.
 *
 * A fork is always in somebody's hand, dirty or clean. Eating makes both forks dirty. Who holds a dirty fork cleans
 * it and hands it to the neighbour; a clean fork is kept until one has eaten. At first all forks are dirty and
 * philosopher 0 has two of them, so that they don't all wait in a circle.
 *
 *     deno task check dining_philosophers --set philosophers=8
 */
import {
  always,
  each,
  infinitelyOften,
  sometimes,
  spec,
  SpecError,
  type Specification,
  weak,
} from "../mod.ts";

/** A fork. Fork i is on the left of philosopher i, and on the right of the one before. */
export interface Fork {
  /** Who holds it. */
  readonly holder: number;
  /** Whether it was cleaned since somebody ate with it. */
  readonly clean: boolean;
}

/** The table. */
export interface Table {
  /** The forks, one on the left of each philosopher. */
  readonly forks: readonly Fork[];
  /** What each philosopher is about to do: to look around, to eat, or to think and get hungry. */
  readonly next: readonly ("look" | "eat" | "think")[];
  /** Who wants to eat. */
  readonly hungry: readonly boolean[];
}

/** The spec. The three actions of a philosopher are named by it, so that fairness can be asked for each of them. */
export const diningPhilosophers: Specification = spec<Table, { philosophers: number }>(
  "dining_philosophers",
  { philosophers: 5 },
  ({ philosophers }) => {
    if (philosophers < 2) throw new SpecError("philosophers must be at least 2: they share forks");
    const everyone = Array.from({ length: philosophers }, (_, philosopher) => philosopher);
    const left = (philosopher: number) => philosopher;
    const right = (philosopher: number) => (philosopher + 1) % philosophers;
    return {
      init: {
        forks: everyone.map((fork) => ({ holder: fork === 1 ? 0 : fork, clean: false })),
        next: everyone.map(() => "look"),
        hungry: everyone.map(() => true),
      },
      actions: {
        // Hands over at most one dirty fork, and then decides what to do next.
        Look: each(everyone, (s, self) => {
          if (s.next[self] !== "look") return false;
          const mine = [left(self), right(self)];
          const dirty = mine.find((fork) => s.forks[fork]!.holder === self && !s.forks[fork]!.clean);
          if (dirty !== undefined) {
            const neighbour = dirty === left(self) ? (self + philosophers - 1) % philosophers : right(self);
            s.forks[dirty] = { holder: neighbour, clean: true };
          }
          const canEat = mine.every((fork) => s.forks[fork]!.holder === self && s.forks[fork]!.clean);
          if (!s.hungry[self]) s.next[self] = "think";
          else if (canEat) s.next[self] = "eat";
          return true;
        }),
        Eat: each(everyone, (s, self) => {
          if (s.next[self] !== "eat") return false;
          s.hungry[self] = false;
          s.forks[left(self)]!.clean = false;
          s.forks[right(self)]!.clean = false;
          s.next[self] = "look";
          return true;
        }),
        Think: each(everyone, (s, self) => {
          if (s.next[self] !== "think") return false;
          s.hungry[self] = true;
          s.next[self] = "look";
          return true;
        }),
      },
      // Whoever can go on does so some day.
      fairness: [weak.each("Look", "Eat", "Think")],
      properties: [
        always("One Fork, One Eater", "two philosophers who share a fork never eat at once", ({ next }) => {
          const eater = everyone.find((self) => next[self] === "eat" && next[right(self)] === "eat");
          return eater === undefined || `philosophers ${eater} and ${right(eater)} eat at once`;
        }),
        sometimes(
          "philosopher 0 has eaten",
          "whoever has the best forks at first can eat, and think",
          ({ next }) => next[0] === "think",
        ),
        ...everyone.map((self) =>
          infinitelyOften<Table>(
            `Philosopher ${self} Doesn't Starve`,
            "again and again it has eaten, and isn't hungry",
            ({ hungry }) => !hungry[self],
          )
        ),
      ],
    };
  },
);

export default diningPhilosophers;
