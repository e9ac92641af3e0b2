import type { Tour } from "./tour.ts";

/** How a leader comes to be. */
export const election: Tour = {
  name: "election",
  title: "The election",
  summary:
    "How three servers that know of no leader choose one, and how the first entry is committed (§5.2, §5.3).",
  spec: "raft",
  parameters: {},
  mutant: null,
  stops: [
    {
      steps: "",
      says: "Three servers have just started. All are followers in term 0, their logs and disks are empty.",
    },
    {
      steps: "a!",
      says:
        "The election timer of a runs out first, for it has heard of no leader. It begins term 1, votes for itself, and asks b and c. Its own vote is on its disk before anyone hears of it.",
    },
    {
      steps: "a>b",
      says:
        "b has not voted in term 1, and a's log is as good as its own: it votes for a, on its disk first.",
    },
    {
      steps: "a>c",
      says: "So does c. Each server has one vote a term: whoever asks next in term 1 will get none.",
    },
    {
      steps: "b>a",
      says:
        "With its own vote and b's, a has a majority of three: it leads term 1. It begins the term with an entry of its own, which holds no command, and sends it to both.",
    },
    { steps: "c>a", says: "The third vote comes too late to matter." },
    {
      steps: "a>b",
      says: "b hears of its leader and appends the entry. It answers when the entry is on its disk.",
    },
    {
      steps: "b>a",
      says:
        "The entry is now on two of three disks, a majority: a commits it. From here on no leader can be without it.",
    },
    { steps: "a>c:AppendEntries.2", says: "c appends the entry, too." },
    {
      steps: "a>b a>c",
      says: "With its next message the leader says what is committed, and b and c apply it.",
    },
  ],
  shows: ["a leader is elected", "an entry is committed"],
};
