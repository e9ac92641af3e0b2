/** What entries do to the table of sessions (thesis 6.3). */
import { assertEquals } from "@std/assert";
import {
  judgeRequest,
  type LogIndex,
  type Session,
  type SessionRequest,
  sessionsInOrder,
  type Verdict,
  withAnswer,
} from "../../src/core/mod.ts";

const open = (maxSessions: number, maxAnswers = 3): SessionRequest => ({
  type: "open",
  maxSessions,
  maxAnswers,
});

const send = (session: LogIndex, sequence: number, firstUnanswered = 1): SessionRequest => ({
  type: "command",
  session,
  sequence,
  firstUnanswered,
});

/** Feeds a log of requests, from index 1 on; each command that is executed is answered by its index. */
function run(...requests: readonly SessionRequest[]) {
  const sessions = new Map<LogIndex, Session>();
  const verdicts: string[] = [];
  requests.forEach((request, position) => {
    const index = position + 1;
    const { verdict, session, evicted } = judgeRequest(sessions, request, index);
    for (const id of evicted) sessions.delete(id);
    if (session !== null) sessions.set(session.id, session);
    if (verdict.type === "execute" && request.type === "command" && session !== null) {
      sessions.set(session.id, withAnswer(session, request.sequence, new Uint8Array([index])));
    }
    verdicts.push(verdictText(verdict));
  });
  return { verdicts, sessions };
}

function verdictText(verdict: Verdict): string {
  return verdict.type === "repeat" ? `repeat ${verdict.answer}` : verdict.type;
}

Deno.test("a command that is sent again is answered as it was the first time", () => {
  const { verdicts } = run(open(9), send(1, 1), send(1, 2), send(1, 2), send(1, 1));
  assertEquals(verdicts, ["opened", "execute", "execute", "repeat 3", "repeat 2"]);
});

Deno.test("commands of one session may arrive in any order", () => {
  const { verdicts } = run(open(9), send(1, 3), send(1, 1), send(1, 3), send(1, 2));
  assertEquals(verdicts, ["opened", "execute", "execute", "repeat 2", "execute"]);
});

Deno.test("an answer goes when its client has it, and its command is still not executed again", () => {
  const { verdicts, sessions } = run(open(9), send(1, 1), send(1, 2, 2), send(1, 1), send(1, 2));
  assertEquals(verdicts, ["opened", "execute", "execute", "answered", "repeat 3"]);
  assertEquals(sessions.get(1)?.answers.map(({ sequence }) => sequence), [2]);
  assertEquals(sessions.get(1)?.firstUnanswered, 2, "an older message takes nothing back");
});

Deno.test("a session keeps no more answers than its opening says", () => {
  const { verdicts } = run(open(9, 2), send(1, 1), send(1, 3), send(1, 2), send(1, 3, 2), send(1, 4, 2));
  assertEquals(verdicts, ["opened", "execute", "crowded", "execute", "execute", "crowded"]);
});

Deno.test("of too many sessions the one goes that was used at the lowest index, and nothing of it is executed", () => {
  const { verdicts, sessions } = run(
    open(2),
    open(2),
    send(1, 1),
    open(2),
    send(2, 1),
    send(1, 1),
    send(4, 1),
  );
  assertEquals(verdicts, ["opened", "opened", "execute", "opened", "expired", "repeat 3", "execute"]);
  assertEquals(sessionsInOrder(sessions).map(({ id, lastUsed }) => [id, lastUsed]), [[1, 6], [4, 7]]);
});

Deno.test("a repeated command keeps its session in use", () => {
  const { verdicts } = run(open(2), send(1, 1), open(2), send(1, 1), open(2), send(1, 1), send(3, 1));
  assertEquals(verdicts.slice(5), ["repeat 2", "expired"]);
});

Deno.test("the limit is the one in the log: a lower one closes several sessions at once", () => {
  const { verdicts, sessions } = run(open(4), open(4), open(4), open(4), open(2), send(1, 1), send(4, 1));
  assertEquals([...sessions.keys()], [4, 5]);
  assertEquals(verdicts.slice(5), ["expired", "execute"]);
});

Deno.test("a session that nobody has opened has expired", () => {
  assertEquals(run(send(7, 1)).verdicts, ["expired"]);
});
