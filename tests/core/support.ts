/** Servers and messages for the tests of the core. */
import {
  type AppendEntries,
  type Config,
  type Effect,
  type Event,
  type LogEntry,
  type Message,
  restart,
  type ServerState,
  step,
} from "../../src/core/mod.ts";

/** A configuration of server a among a, b, c. */
export function config(more: Partial<Config> = {}): Config {
  return {
    id: "a",
    servers: ["a", "b", "c"],
    maxEntriesPerAppend: 64,
    maxBytesPerAppend: 1000,
    maxHeldProposals: 3,
    ...more,
  };
}

/** An entry with a command of one word. */
export function command(term: number, word: string, size = 0): LogEntry {
  return { type: "command", term, ...proposal(word, size) };
}

/** The no-op of a term. */
export function noop(term: number): LogEntry {
  return { type: "noop", term };
}

/** A proposal of one word, made at a. */
export function proposal(word: string, size = 0) {
  const sequence = word.charCodeAt(0);
  return {
    id: { node: "a", incarnation: 0, sequence },
    command: new TextEncoder().encode(word.padEnd(size, ".")),
  };
}

/** Server a after a restart in `term` with this log. */
export function follower(term: number, log: readonly LogEntry[], more: Partial<Config> = {}): ServerState {
  return restart(config(more), { currentTerm: term, votedFor: null, log });
}

/** Takes the steps that these events ask for, each write done at once; all effects, in order. */
export function run(
  state: ServerState,
  ...events: readonly Event[]
): { state: ServerState; effects: Effect[] } {
  const effects: Effect[] = [];
  const queue = [...events];
  for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
    const next = step(state, event);
    state = next.state;
    effects.push(...next.effects);
    for (const effect of next.effects) {
      if (effect.type === "persist") queue.unshift({ type: "persisted", count: 1 });
      if (effect.type === "apply") queue.unshift({ type: "applied", index: effect.index });
    }
  }
  return { state, effects };
}

/** Server a, leader of the term after `term`, by the vote of b. */
export function leader(term: number, log: readonly LogEntry[], more: Partial<Config> = {}): ServerState {
  return run(follower(term, log, more), electionTimeout, received(vote("b", term + 1))).state;
}

/** The election timer fires. */
export const electionTimeout: Event = { type: "timerFired", timer: "election" };

/** A message arrives. */
export function received(message: Message): Event {
  return { type: "received", message };
}

/** A vote for a. */
export function vote(from: string, term: number, voteGranted = true): Message {
  return { type: "RequestVoteResponse", from, to: "a", term, voteGranted };
}

/** An AppendEntries from b to a. */
export function appendEntries(more: Partial<AppendEntries>): AppendEntries {
  return {
    type: "AppendEntries",
    from: "b",
    to: "a",
    term: 1,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [],
    leaderCommit: 0,
    round: 0,
    ...more,
  };
}

/** The messages among the effects. */
export function sent(effects: readonly Effect[]): readonly Message[] {
  return effects.flatMap((effect) => effect.type === "send" ? [effect.message] : []);
}
