import type { Tour } from "./tour.ts";

/** How a server that was cut off is kept from deposing a leader. */
export const preVote: Tour = {
  name: "pre-vote",
  title: "A pre-vote spares a leader",
  summary: "A server that was cut off asks first, and so deposes nobody when it is back (thesis 9.6).",
  spec: "raft",
  parameters: { preVote: true, checkQuorum: true },
  mutant: null,
  stops: [
    {
      steps: "",
      says:
        "Three followers, with pre-vote: who hears of no leader asks whether it would be elected, before it begins a term.",
    },
    { steps: "a! a>b a>c", says: "a asks b and c. It is in term 0 still: a question changes nobody's term." },
    { steps: "b>a c>a", says: "Both would vote for it. Only now it begins term 1, and asks for votes." },
    {
      steps: "a>b a>c b>a c>a a>b a>c b>a c>a a>b a>c b>a c>a",
      says: "a is elected, and its first entry is committed on all three. b and c have heard from it.",
    },
    {
      steps: "c! c~a c~b",
      says: "The network cuts c off. It hears no heartbeats, and asks for pre-votes; its messages are lost.",
    },
    {
      steps: "c! c~a c~b",
      says:
        "Its timer runs out again and again. Without pre-vote each time would be another term; when c is back, a would hear of it and step down, though all is well. c is in term 1 still.",
    },
    {
      steps: "c! c>a c>b",
      says:
        "The network is whole again. The question gets to a, who leads, and to b, who has heard from a: both refuse.",
    },
    { steps: "a>c b>c", says: "Two refusals. c begins no term." },
    {
      steps: "a!heartbeat a>c",
      says: "The next heartbeat reaches c, and it follows a as before. Nobody else has noticed anything.",
    },
  ],
  shows: ["a leader is elected", "an entry is committed"],
};
