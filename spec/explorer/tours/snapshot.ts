import type { Tour } from "./tour.ts";

/** How a server gets on that lags behind what is compacted. */
export const snapshot: Tour = {
  name: "snapshot",
  title: "A snapshot for a server that was away",
  summary: "The leader has dropped the entries that a server lacks, and sends what they led to (§7).",
  spec: "raft",
  parameters: { snapshots: 1 },
  mutant: null,
  stops: [
    { steps: "", says: "Three followers in term 0." },
    {
      steps: "a! a>b b>a a>b b>a a~c:RequestVote a~c:AppendEntries.1 a~c a>b b>a",
      says: "a is elected by b, and commits its first entry. c is cut off: whatever is sent to it is lost.",
    },
    {
      steps: "a=x a~c a>b b>a a~c a>b b>a",
      says: "A client proposes x. It is committed and applied on a and b.",
    },
    {
      steps: "a/",
      says:
        "a takes a snapshot of its state machine, up to index 2, and drops the entries that it stands for. The log begins at index 3 now.",
    },
    {
      steps: "a!heartbeat a>b b>a a>c",
      says:
        "c is back, and hears from a for the first time. It has no entry where a's heartbeat would go on, and refuses.",
    },
    {
      steps: "c>a",
      says:
        "a goes back to index 1, but has no such entry any more. It sends its snapshot instead, with the term and index of the last entry in it.",
    },
    {
      steps: "a>c:InstallSnapshot",
      says:
        "c stores the snapshot, durably, and puts its state machine into that state. Its log goes on from index 2, without a single entry.",
    },
    { steps: "c>a", says: "a knows now that c has all up to index 2, and sends entries again." },
  ],
  shows: ["a snapshot is installed"],
};
