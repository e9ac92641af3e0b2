import type { Tour } from "./tour.ts";

/** Why a leader counts replicas only for entries of its own term. */
export const figure8: Tour = {
  name: "figure-8",
  title: "Figure 8",
  summary:
    "A core that commits entries of earlier terms by counting replicas loses one that it has committed (§5.4.2, Figure 8).",
  spec: "raft",
  parameters: {},
  mutant: "commit-of-an-old-term",
  stops: [
    {
      steps: "",
      says:
        "Three followers. One line of this core is wrong: a leader commits whatever is on a majority of disks, be it of its own term or not.",
    },
    {
      steps: "a! a>b a>c b>a c~a a>b a>c b>a c>a a>b a>c b>a c>a",
      says: "a is elected in term 1, and its first entry is committed.",
    },
    { steps: "a=x a~b a~c", says: "(a) in the figure: a appends x, at index 2, and nobody else gets it." },
    {
      steps: "b! b~a b>c c>b b~a b~c",
      says:
        "(b): b is elected in term 2 by c, and appends an entry of its own at index 2. It is lost on the way to both.",
    },
    { steps: "b^ a^", says: "b crashes and restarts; so does a. Both still have on disk what they had." },
    {
      steps: "a! a~b a~c a! a~b a>c c>a",
      says: "(c): a is elected again, in term 3, by c. Its first entry of the new term is on its way to c.",
    },
    {
      steps: "a~b b! b!",
      says: "b stands for election once more, and is in term 4 already, but nobody has heard.",
    },
    {
      steps: "a>c c>a a>c",
      says: "a goes back to where c's log ends, and sends it x, of term 1. Now x is on two of three disks.",
    },
    {
      steps: "b>c:RequestVote.2 c>b:RequestVoteResponse",
      says:
        "(d): b asks c for its vote. The last entry of b is of term 2, that of c is x, of term 1: b's log is more up-to-date, and c must vote for it. b leads term 4, without x.",
    },
    {
      steps: "c>a",
      says:
        "The answer of c reaches a: x is on a majority, so this core commits it. But b, leader of a later term, lacks x and will overwrite it on c. What was committed is lost. The right core waits until an entry of its own term is on a majority.",
    },
  ],
  shows: ["Leader Completeness"],
};
