import type { Tour } from "./tour.ts";

/** What a leader is worth without a majority. */
export const partition: Tour = {
  name: "partition",
  title: "A partition, and its end",
  summary:
    "A leader that is cut off commits nothing; the majority goes on, and the old leader learns of it (§5.1, §5.3).",
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
      says:
        "The network breaks: nothing gets from a to the others any more. A client that is with a proposes x. a appends it, and waits.",
    },
    {
      steps: "b! b~a",
      says: "b and c hear no heartbeats. b stands for election in term 2; its request to a is lost.",
    },
    {
      steps: "b>c c>b",
      says: "c votes for b, and two of three are a majority: there are two leaders at once, of two terms.",
    },
    {
      steps: "b~a b>c c>b b~a b>c c>b",
      says:
        "Only b can commit: its entry is on b and c. Whatever a appends, it is alone with it, and no client of a is told that x has happened.",
    },
    {
      steps: "b=y b~a b>c c>b",
      says:
        "A client that is with b proposes y. It is committed: the cluster works, with one server cut off.",
    },
    {
      steps: "a!heartbeat a>c",
      says:
        "The network is whole again, and a sends its heartbeats. c is in term 2: it refuses whoever speaks for term 1.",
    },
    { steps: "c>a", says: "The refusal carries term 2. a learns that its time is over, and is a follower." },
    {
      steps: "b!heartbeat b>a",
      says:
        "b's next heartbeat reaches a, which now follows b. Its x was never committed, and will give way to what b has: that is the tour of a log repaired.",
    },
  ],
  shows: ["two leaders at once", "an entry is committed"],
};
