/** Clients with sessions, as the model sees them (thesis 6.3): what they send, and what a server makes of it. */
import type { KeptAnswer, LogEntry, LogIndex, Session, SessionRequest } from "../../src/core/mod.ts";
import type { Happening } from "../dsl/cluster.ts";
import type { Core } from "./core.ts";
import type { Note } from "./history.ts";
import type { Host, HostEvent } from "./host.ts";

/** The sessions of a server after these entries, the first of which is at `index`, and what an observer notes. */
export function applySessions(
  core: Core,
  before: readonly Session[],
  entries: readonly LogEntry[],
  index: LogIndex,
): { readonly sessions: readonly Session[]; readonly notes: readonly Note[] } {
  const isOfSession = (entry: LogEntry) => entry.type === "command" && entry.session !== undefined;
  if (!entries.some(isOfSession)) return { sessions: before, notes: [] };
  const sessions = new Map(before.map((session) => [session.id, session]));
  const notes: Note[] = [];
  entries.forEach((entry, position) => {
    if (entry.type !== "command" || entry.session === undefined) return;
    const request = entry.session;
    const { verdict, session, evicted } = core.judgeRequest(sessions, request, index + position);
    for (const id of evicted) sessions.delete(id);
    if (session !== null) sessions.set(session.id, session);
    if (request.type === "open") return;
    // The state machine answers with the index at which it executed a command.
    const answer = verdict.type === "execute" ? textBytes(String(index + position)) : null;
    if (session !== null && answer !== null) {
      sessions.set(session.id, core.withAnswer(session, request.sequence, answer));
    }
    const answered = verdict.type === "repeat" ? verdict.answer : answer;
    notes.push({
      type: "judged",
      index: index + position,
      command: wordOf(request.session, request.sequence),
      executedAt: answered === null ? null : Number(bytesText(answered)),
    });
  });
  return { sessions: [...sessions.values()], notes };
}

/** What clients may send to this server: an opening; the first command of any session of which this server has told. */
export function sessionHappenings(host: Host, maxSessions: number): readonly Happening<HostEvent>[] {
  const open: SessionRequest = { type: "open", maxSessions, maxAnswers: 2 };
  const opened = host.machine.flatMap((name, position) => name.endsWith("+") ? [position + 1] : []);
  return [
    sending(host, "open", "a client opens a session", open),
    ...opened.flatMap((id) => commandsOf(host, id)),
  ];
}

/** A client sends its second command only when it has the answer to the first, and says so. */
function commandsOf(host: Host, id: LogIndex): readonly Happening<HostEvent>[] {
  const isAnswered = host.sessions.find((session) => session.id === id)?.answers.some(({ sequence }) =>
    sequence === 1
  );
  const sequences = isAnswered ? [1, 2] : [1];
  return sequences.map((sequence) => {
    const request = { type: "command", session: id, sequence, firstUnanswered: sequence } as const;
    const title = `a client sends command ${sequence} of session ${id}`;
    return sending(host, wordOf(id, sequence), title, request);
  });
}

function sending(host: Host, word: string, title: string, session: SessionRequest): Happening<HostEvent> {
  const id = { node: host.server.config.id, incarnation: host.restarts, sequence: 0 };
  const command = textBytes(session.type === "open" ? "" : word);
  return {
    notation: `=${word}`,
    title,
    event: { type: "core", event: { type: "proposed", proposals: [{ id, command, session }] } },
    spends: "sends",
  };
}

function wordOf(session: LogIndex, sequence: number): string {
  return `s${session}c${sequence}`;
}

/** What a snapshot holds, as text without spaces; nothing of no sessions. */
export function sessionsText(core: Core, sessions: readonly Session[]): string {
  const inOrder = core.sessionsInOrder(new Map(sessions.map((session) => [session.id, session])));
  if (inOrder.length === 0) return "";
  return JSON.stringify(inOrder, (_, value) => value instanceof Uint8Array ? bytesText(value) : value);
}

/** The sessions of such a text. */
export function sessionsIn(text: string): readonly Session[] {
  if (text === "") return [];
  const sessions: (Omit<Session, "answers"> & { answers: { sequence: number; answer: string }[] })[] = JSON
    .parse(text);
  return sessions.map((session) => ({
    ...session,
    answers: session.answers.map(({ sequence, answer }): KeptAnswer => ({
      sequence,
      answer: textBytes(answer),
    })),
  }));
}

function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function bytesText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
