/** Mutants that break no promise of safety: what should happen some day doesn't, or too much happens. */
import type { Mutant } from "./mutants.ts";

const inTheEnd = { fair: true, timeouts: 1, proposals: 0, crashes: 0, slow: 0 };

/** All that can be reached under these bounds. */
const everything = 99;

/** The mutants of liveness and of flow control. */
export const livenessMutants: readonly Mutant[] = [
  {
    name: "vote-unanswered",
    sentence: "a server keeps its answer to itself when it is asked for its vote (§5.2)",
    property: "An Election Ends",
    bounds: inTheEnd,
    depth: everything,
    file: "src/core/election.ts",
    line: '    effects: [{ type: "startTimer", timer: "election" }, response],',
    becomes: '    effects: [{ type: "startTimer", timer: "election" }],',
  },
  {
    name: "lower-term-unanswered",
    sentence: "a server doesn't tell a leader of an earlier term that its time is over (§5.1, thesis 9.6)",
    property: "A Leader Is Answered",
    bounds: { ...inTheEnd, servers: 2, checkQuorum: true, timeouts: 2 },
    depth: everything,
    file: "src/core/replication.ts",
    line: "  if (request.term < state.currentTerm) return refuse(state, request);",
    becomes: "  if (request.term < state.currentTerm) return { state, effects: [] };",
  },
  {
    name: "pre-votes-uncounted",
    sentence: "a server that has a majority of pre-votes doesn't stand for election (thesis 9.6)",
    property: "An Election Ends",
    bounds: { ...inTheEnd, preVote: true, checkQuorum: true },
    depth: everything,
    file: "src/core/pre_vote.ts",
    line:
      "  if (hasQuorum(latestConfiguration(state.log).configuration, votesGranted)) return startElection(state);",
    becomes: "",
  },
  {
    name: "held-proposals-stay",
    sentence: "a follower that gets to know its leader keeps the proposals that waited for one",
    property: "A Proposal Is Answered",
    bounds: { ...inTheEnd, servers: 2, proposals: 1 },
    depth: everything,
    file: "src/core/proposal.ts",
    line: "  if (proposals.length === 0 || leader === null) return { state, effects: [] };",
    becomes: "  if (proposals.length === 0 || leader !== state.config.id) return { state, effects: [] };",
  },
  {
    name: "joint-configuration-stays",
    sentence: "a leader never leaves the joint configuration (§6)",
    property: "A Change Of Members Ends",
    bounds: { ...inTheEnd, inFlight: 1, voters: 2, changes: 1 },
    depth: everything,
    file: "src/core/membership.ts",
    line: "  if (isJoint(configuration)) {",
    becomes: "  if (false) {",
  },
  {
    name: "learners-stay",
    sentence: "a leader doesn't promote learners that have caught up (thesis 4.2.1)",
    property: "A Change Of Members Ends",
    bounds: { ...inTheEnd, servers: 2, voters: 1, changes: 1, proposals: 1, inFlight: 1 },
    depth: everything,
    file: "src/core/membership.ts",
    line: "    return appendConfiguration(state, towards(configuration, target));",
    becomes: "    return { state, effects: [] };",
  },
  {
    name: "acknowledgement-frees-nothing",
    sentence: "a leader counts messages as on their way that were acknowledged (thesis 10.2.2)",
    property: "A Proposal Is Answered",
    bounds: { ...inTheEnd, servers: 2, inFlight: 1, proposals: 1 },
    depth: everything,
    file: "src/core/flow.ts",
    line: "  const inFlight = known.inFlight.filter(({ lastIndex }) => lastIndex > matchIndex);",
    becomes: "  const { inFlight } = known;",
  },
  {
    name: "flow-without-limit",
    sentence:
      "a leader sends a follower entries however many messages are on their way to it (thesis 10.2.2)",
    property: "In Flight Is Limited",
    bounds: { proposals: 2, crashes: 0, slow: 0, inFlight: 1 },
    depth: 8,
    file: "src/core/flow.ts",
    line: "  return !isProbing && inFlight.length < maxInFlightMessages && bytes < maxInFlightBytes;",
    becomes: "  return !isProbing;",
  },
];
