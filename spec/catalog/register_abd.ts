/**
 * A register on several servers that is linearizable as long as more than half of them answer (Attiya, Bar-Noy, Dolev).
 *
 * Each server keeps a value with a sequence number. Whichever server a client asks first queries all for what they
 * have, and waits for a majority. To write, it takes a number above the highest; to read, it takes the value with the
 * highest. Then it has a majority record that, and only then answers: also a read writes, lest a later read go back.
 *
 *     deno task check register_abd --set servers=2 --set clients=2
 */
import type { Specification } from "../mod.ts";
import { type Answer, type Envelope, type Question, register } from "./register.ts";

/** A sequence number. Two servers never make the same one. */
export interface Sequence {
  /** It counts. */
  readonly clock: number;
  /** Who made it: decides at a tie. */
  readonly by: string;
}

/** A value with its number. */
export interface Versioned {
  /** The number. */
  readonly sequence: Sequence;
  /** The value. */
  readonly value: string | null;
}

/** What servers say to each other. */
export type Internal =
  | Envelope & { readonly type: "Query"; readonly request: string }
  | Envelope & { readonly type: "AckQuery"; readonly request: string; readonly held: Versioned }
  | Envelope & { readonly type: "Record"; readonly request: string; readonly held: Versioned }
  | Envelope & { readonly type: "AckRecord"; readonly request: string };

/** What a server does for a client: one request at a time. */
export type Phase =
  | { readonly type: "query"; readonly answers: Readonly<Record<string, Versioned>> }
  | { readonly type: "record"; readonly acks: readonly string[]; readonly read: string | null };

/** A server. */
export interface AbdServer {
  /** What it holds. */
  readonly held: Versioned;
  /** The question that it works on, and how far it is. */
  readonly work: { readonly question: Question; readonly phase: Phase } | null;
}

/** What a server becomes, and what it sends. */
interface Reaction {
  readonly state: AbdServer;
  readonly sends: readonly (Answer | Internal)[];
}

/** The spec. */
export const registerAbd: Specification = register<AbdServer, Internal>(
  "register_abd",
  { servers: 2, clients: 2 },
  {
    initial: (self) => ({ held: { sequence: { clock: 0, by: self }, value: null }, work: null }),
    receive,
  },
);

function receive(
  state: AbdServer,
  message: Question | Internal,
  self: string,
  servers: readonly string[],
): Reaction | null {
  const { held, work } = state;
  const { from, request } = message;
  switch (message.type) {
    case "Put":
    case "Get": {
      if (work !== null) return null;
      const phase: Phase = { type: "query", answers: { [self]: held } };
      const sends = others(self, servers).map((to): Internal => ({ type: "Query", from: self, to, request }));
      return { state: { held, work: { question: message, phase } }, sends };
    }
    case "Query":
      return { state, sends: [{ type: "AckQuery", from: self, to: from, request, held }] };
    case "AckQuery": {
      if (work?.phase.type !== "query" || work.question.request !== request) return null;
      const answers = { ...work.phase.answers, [from]: message.held };
      if (isMajority(Object.keys(answers).length, servers)) {
        return record(held, work.question, Object.values(answers), self, servers);
      }
      return { state: { held, work: { ...work, phase: { type: "query", answers } } }, sends: [] };
    }
    case "Record":
      return {
        state: { ...state, held: newest([held, message.held]) },
        sends: [{ type: "AckRecord", from: self, to: from, request }],
      };
    case "AckRecord": {
      if (work?.phase.type !== "record" || work.question.request !== request) return null;
      if (work.phase.acks.includes(from)) return null;
      const acks = [...work.phase.acks, from].sort();
      if (isMajority(acks.length, servers)) {
        return { state: { held, work: null }, sends: [answer(work.question, work.phase.read, self)] };
      }
      return { state: { held, work: { ...work, phase: { ...work.phase, acks } } }, sends: [] };
    }
  }
}

/** The second phase. */
function record(
  held: Versioned,
  question: Question,
  answers: readonly Versioned[],
  self: string,
  servers: readonly string[],
): Reaction {
  const highest = newest(answers);
  const chosen = question.type === "Put"
    ? { sequence: { clock: highest.sequence.clock + 1, by: self }, value: question.value }
    : highest;
  const read = question.type === "Get" ? chosen.value : null;
  const { request } = question;
  return {
    state: {
      held: newest([held, chosen]),
      work: { question, phase: { type: "record", acks: [self], read } },
    },
    sends: others(self, servers).map((to) => ({ type: "Record", from: self, to, request, held: chosen })),
  };
}

function answer({ type, from, request }: Question, value: string | null, self: string): Answer {
  return type === "Put"
    ? { type: "PutOk", from: self, to: from, request }
    : { type: "GetOk", from: self, to: from, request, value };
}

function newest(all: readonly Versioned[]): Versioned {
  return all.reduce((a, b) => isNewer(b.sequence, a.sequence) ? b : a);
}

function isNewer(a: Sequence, b: Sequence): boolean {
  return a.clock > b.clock || (a.clock === b.clock && a.by > b.by);
}

function others(self: string, servers: readonly string[]): readonly string[] {
  return servers.filter((server) => server !== self);
}

/** Exactly as many as are enough: what comes later changes nothing. */
function isMajority(count: number, servers: readonly string[]): boolean {
  return count === Math.floor(servers.length / 2) + 1;
}

export default registerAbd;
