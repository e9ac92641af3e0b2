import type { Tour } from "./tour.ts";

/** How a log that went astray becomes like the leader's again. */
export const repair: Tour = {
  name: "repair",
  title: "A log repaired",
  summary: "An entry that only one server has gives way to what the majority has agreed upon (§5.3).",
  spec: "raft",
  parameters: {},
  mutant: null,
  stops: [
    { steps: "", says: "Three followers in term 0." },
    {
      steps: "a! a>b a>c b>a c>a a>b a>c b>a c>a a>b a>c b>a c>a",
      says: "a is elected, and its first entry is committed on all three.",
    },
    {
      steps: "a=x a~b a~c",
      says: "A client proposes x. a appends it, but both messages that carry it are lost.",
    },
    {
      steps: "b! b~a b>c c>b",
      says:
        "b hears nothing more and is elected in term 2 by c, whose log is as good as its own. a still believes that it leads term 1. Their logs differ at index 2.",
    },
    {
      steps: "b~a b>c c>b",
      says: "The first entry of b's term gets to c, and so to a majority: it is committed. a hears nothing.",
    },
    {
      steps: "b>a",
      says:
        "At last a message reaches a. Its term 2 ends a's leadership. But it says: at index 2 there is an entry of term 2. a has one of term 1 there, so it refuses, and says where to try next.",
    },
    {
      steps: "a>b",
      says: "b goes back: its nextIndex for a is 2 again, and it sends the entry that a lacks.",
    },
    {
      steps: "b>a",
      says:
        "Now the entry before it agrees. a deletes x, which conflicts, and appends b's entry. x was never committed, so nobody was told that it was.",
    },
    { steps: "a>b", says: "matchIndex of a is 2: all three logs are the same." },
  ],
  shows: ["an entry is committed"],
};
