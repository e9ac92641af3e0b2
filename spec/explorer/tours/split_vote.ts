import type { Tour } from "./tour.ts";

/** How an election fails, and why the next one works. */
export const splitVote: Tour = {
  name: "split-vote",
  title: "A split vote",
  summary: "Three candidates at once: nobody gets a majority, and the next term decides (§5.2).",
  spec: "raft",
  parameters: {},
  mutant: null,
  stops: [
    { steps: "", says: "Three followers in term 0." },
    {
      steps: "a! b! c!",
      says:
        "All three election timers run out before any message arrives. All are candidates of term 1, and each has voted for itself.",
    },
    {
      steps: "a>b a>c",
      says: "a asks both others, but they have given their votes of term 1 away: to themselves.",
    },
    { steps: "b>a:RequestVote b>c c>a:RequestVote c>b:RequestVote", says: "b and c fare no better." },
    {
      steps: "b>a a>b a>c c>a b>c c>b",
      says: "Six refusals. With one vote each, nobody leads term 1, and nobody ever will.",
    },
    {
      steps: "b!",
      says:
        "Election timeouts are drawn at random, so that one server is mostly alone with the next try: b begins term 2. A new term is a new vote.",
    },
    {
      steps: "b>a",
      says: "a hears of term 2: it is no candidate any more, and may vote again. It votes for b.",
    },
    { steps: "a>b", says: "b leads term 2. A term without a leader costs time, and nothing else." },
  ],
  shows: ["a leader is elected"],
};
