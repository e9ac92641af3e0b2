/** A spec for tests of workers: four counters, so that layers grow wide, and something that goes wrong far out. */
import { always, each, sometimes, spec, steps } from "../../spec/mod.ts";

interface Grid {
  readonly at: readonly number[];
}

export default spec<Grid, { size: number; wrong: string }>(
  "grid",
  { size: 24, wrong: "nothing" },
  ({ size, wrong }) => ({
    init: { at: [0, 0, 0, 0] },
    actions: {
      Go: each([0, 1, 2, 3], (s, axis) => s.at[axis]! < size - 1 && void s.at[axis]!++),
      Leap: each([0, 1], (s, axis) => {
        if (s.at[axis] !== 3) return false;
        s.at[axis] = 5;
        if (wrong === "error" && s.at[2]! > 10 && s.at[3]! > 10) throw new Error("too far");
        return true;
      }),
    },
    ends: () => true,
    properties: [
      always(
        "near",
        "nobody comes so far",
        ({ at }) => wrong !== "state" || at.join() !== "12,7,9,11" || `at ${at.join()}`,
      ),
      steps(
        "straight",
        "no such turn",
        (before, after) =>
          wrong !== "step" || !(before.at.join() === "9,9,9,9" && after.at[2] === 10) || "it turns",
      ),
      sometimes("half way", "all come to the middle", ({ at }) => at.every((where) => where === 8)),
    ],
  }),
);
