/** Mutants of the sessions of clients (thesis 6.3). One server is enough to show what most of them do. */
import type { Mutant } from "./mutants.ts";

const file = "src/core/session.ts";
const alone = { servers: 1, timeouts: 2, proposals: 0, slow: 0 };
const running = { ...alone, timeouts: 1, crashes: 0 };

/** The mutants of sessions. */
export const sessionMutants: readonly Mutant[] = [
  {
    name: "command-executed-again",
    sentence: "nobody looks whether a command of a session was executed before (thesis 6.3)",
    property: "Executed Once",
    bounds: { ...running, sends: 3 },
    depth: 5,
    file,
    line: '  if (known !== undefined) return { type: "repeat", answer: known.answer };',
    becomes: "",
  },
  {
    name: "answered-command-executed-again",
    sentence: "a command is executed again that arrives after its client has said that it has the answer",
    property: "Executed Once",
    bounds: { ...running, sends: 4 },
    depth: 6,
    file,
    line: '  if (sequence < firstUnanswered) return { type: "answered" };',
    becomes: "",
  },
  {
    name: "acknowledgement-taken-back",
    sentence: "a message that waited in the network takes back what its client has said since",
    property: "Executed Once",
    bounds: { ...running, sends: 4 },
    depth: 6,
    file,
    line: "  const firstUnanswered = Math.max(before.firstUnanswered, request.firstUnanswered);",
    becomes: "  const firstUnanswered = request.firstUnanswered;",
  },
  {
    name: "expired-session-executes",
    sentence: "a command of a session that is no more is executed, although it may have been before",
    property: "Executed Once",
    bounds: { ...running, sends: 4 },
    depth: 6,
    file,
    line: '  if (session === undefined) return { verdict: { type: "expired" }, session: null, evicted: [] };',
    becomes:
      '  if (session === undefined) return { verdict: { type: "execute" }, session: null, evicted: [] };',
  },
  {
    name: "snapshot-without-its-sessions",
    sentence: "a snapshot holds the state machine, but not the sessions (thesis 6.3)",
    property: "Executed Alike",
    bounds: { ...alone, crashes: 1, snapshots: 1, sends: 3 },
    depth: 9,
    file,
    line: "  return [...sessions.values()].sort((a, b) => a.id - b.id);",
    becomes: "  return [];",
  },
  {
    name: "snapshot-without-answers",
    sentence: "a snapshot holds the sessions, but not what was answered",
    property: "Executed Once",
    bounds: { ...alone, crashes: 1, snapshots: 1, sends: 3 },
    depth: 9,
    file,
    line: "  return [...sessions.values()].sort((a, b) => a.id - b.id);",
    becomes:
      "  return [...sessions.values()].map((session) => ({ ...session, answers: [] })).sort((a, b) => a.id - b.id);",
  },
  {
    name: "eviction-by-what-is-not-in-the-log",
    sentence: "which session goes depends on when a server last restarted, not only on the log",
    property: "Executed Alike",
    bounds: { ...alone, crashes: 1, snapshots: 1, sends: 5, maxSessions: 2 },
    depth: 11,
    file,
    line: "  return [...sessions.values()].sort((a, b) => a.id - b.id);",
    becomes:
      "  return [...sessions.values()].map((session) => ({ ...session, lastUsed: session.id })).sort((a, b) => a.id - b.id);",
  },
];
