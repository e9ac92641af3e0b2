/** Asks one server after the other: the leader first, if it is known (thesis 6.2). */
import { RaftError } from "../error.ts";
import type { Clock, Random } from "../ports.ts";
import { within, withOutcome } from "../session.ts";
import type { ClientTransport } from "./transport.ts";
import { type ClientRequest, type ClientResponse, decodeResponse, encodeRequest } from "./wire.ts";

/** What is asked; how long the server may take is added. */
export type Question = Distribute<ClientRequest>;
type Distribute<T> = T extends ClientRequest ? Omit<T, "timeoutMs"> : never;

/** The answer to each kind of question. */
export type ReplyTo<T extends Question> = Extract<
  ClientResponse,
  { readonly type: T["type"] extends "open" ? "opened" : "answer" }
>;

/** What asking acts on. */
export interface AskerHost {
  /** Where each server answers, by its name. */
  readonly servers: Readonly<Record<string, string>>;
  /** Carries requests. */
  readonly transport: ClientTransport;
  /** How long one server may take, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Measures it. */
  readonly clock: Clock;
  /** Draws whom to ask first. */
  readonly random: Random;
}

/** Whoever asks. */
export interface Asker {
  /** Asks one server, once: the next call may ask another one. */
  ask<T extends Question>(question: T, signal: AbortSignal): Promise<ReplyTo<T>>;
}

/** Begins with any server, so that not all clients ask the same one. */
export function createAsker({ servers, transport, attemptTimeoutMs, clock, random }: AskerHost): Asker {
  const names = Object.keys(servers);
  let next = names[Math.floor(random.next() * names.length)]!;

  /** Whoever can't answer isn't asked again at once, unless it leads. */
  function learn(asked: string, leader: string | null, failed: boolean): void {
    if (leader !== null && servers[leader] !== undefined) next = leader;
    else if (failed && next === asked) next = names[(names.indexOf(asked) + 1) % names.length]!;
  }

  return {
    async ask<T extends Question>(question: T, signal: AbortSignal) {
      const asked = next;
      const expected = question.type === "open" ? "opened" : "answer";
      let response: ClientResponse;
      try {
        const request = encodeRequest({ ...question, timeoutMs: attemptTimeoutMs } as ClientRequest);
        const bytes = await within(
          clock,
          attemptTimeoutMs,
          [signal],
          (signal) => transport.request(servers[asked]!, request, signal),
        );
        response = decodeResponse(bytes);
        if (response.type !== expected && response.type !== "failed") {
          throw new Error(`expected ${expected}, got ${response.type}`);
        }
      } catch (error) {
        learn(asked, null, true);
        // Only what changes something is worth a doubt, and only if the server has read it.
        const isUnread = error instanceof RaftError && error.code === "TooLarge";
        const mayHappen = question.type === "propose" && !isUnread;
        throw withOutcome(unanswered(asked, error), mayHappen ? "unknown" : "no");
      }
      learn(asked, response.leader, response.type === "failed");
      if (response.type === "failed") throw response.error;
      return response as ReplyTo<T>;
    },
  };
}

function unanswered(server: string, error: unknown): RaftError {
  if (error instanceof RaftError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new RaftError("Unavailable", `server ${JSON.stringify(server)} gave no answer: ${text}`, {
    cause: error,
  });
}
