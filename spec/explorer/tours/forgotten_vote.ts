import type { Tour } from "./tour.ts";

/** Why a vote must be on disk before anyone hears of it. */
export const forgottenVote: Tour = {
  name: "forgotten-vote",
  title: "A crash that forgets a vote",
  summary:
    "A core that answers before its disk has the vote elects two leaders in one term (§5.2, Figure 2).",
  spec: "raft",
  parameters: {},
  mutant: "send-before-persist",
  stops: [
    {
      steps: "",
      says:
        "Three followers. One line of this core is wrong: votes leave a server before they are on its disk.",
    },
    { steps: "a!", says: "a stands for election in term 1, and asks b and c." },
    {
      steps: "a>b_",
      says:
        "b votes for a, and its answer is on its way at once. But its disk is slow: the vote is in memory only.",
    },
    { steps: "b>a", says: "a has two votes of three. It leads term 1." },
    {
      steps: "b^",
      says: "b crashes and restarts. What was in memory is gone: b is in term 0, and knows of no vote.",
    },
    {
      steps: "b!",
      says:
        "Its election timer runs out, and it begins term 1, for the second time, as a candidate. It votes once more, now for itself.",
    },
    { steps: "b>c", says: "c has not heard from a yet, and votes for b." },
    {
      steps: "c>b",
      says:
        "b leads term 1, and so does a. In the right core the answer waits for the disk: had b crashed then, a would never have had its vote.",
    },
  ],
  shows: ["One Vote A Term", "Election Safety"],
};
