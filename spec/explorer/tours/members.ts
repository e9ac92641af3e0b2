import type { Tour } from "./tour.ts";

/** How a cluster changes its members while it works. */
export const members: Tour = {
  name: "members",
  title: "A change of members",
  summary:
    "A server is replaced by another one, through a configuration in which two majorities are needed (§6).",
  spec: "raft",
  parameters: { servers: 4, voters: 3, changes: 1 },
  mutant: null,
  stops: [
    {
      steps: "",
      says:
        "a, b and c are a cluster. d has an empty disk, and is a member of nothing: it does nothing by itself.",
    },
    {
      steps: "a! a>b a>c b>a c>a a>b a>c b>a c>a a>b b>a a>c c>a",
      says: "a is elected, and its first entry is committed.",
    },
    {
      steps: "a&a,b,d",
      says:
        "An administrator wants d in the place of c. To go from the old members to the new ones at once could make two majorities that know nothing of each other. So a appends a joint configuration: from here on, for this entry too, it takes a majority of a, b, c and one of a, b, d.",
    },
    {
      steps: "a>d d>a",
      says: "d hears from a for the first time, and gets what is in the log from the beginning.",
    },
    {
      steps: "a>b a>d d>a",
      says: "b and d append the joint configuration, which counts for them at once, committed or not.",
    },
    {
      steps: "b>a",
      says:
        "a and b are two of a, b, c; a, b and d are all of the new ones: both majorities have it, and it is committed. Only now a appends the new configuration alone. c counts no more.",
    },
    {
      steps: "a>b:AppendEntries.2 b>a",
      says: "b has it too: two of a, b, d. It is committed, and the change is done. a never stopped leading.",
    },
  ],
  shows: ["a change of members is committed"],
};
