/**
 * Lamport's mutual exclusion without a shared memory, by clocks that only count.
 *
 * Who wants to enter writes its clock on a request and sends it to all others. Who receives a request remembers it,
 * sets its own clock above it, and acknowledges it. A process enters once everybody has acknowledged its request and
 * no request that it knows of is older; at a tie the smaller number goes first. Leaving, it tells all others, who then
 * forget its request. Messages between two processes arrive in the order in which they were sent: else a release could
 * overtake its request.
 * The clocks count without end, so a constraint bounds them.
 *
 *     deno task check lamport_mutex --set processes=2
 */
import { always, type Draft, each, sometimes, spec, type Specification } from "../mod.ts";

/** A message; a request carries its sender's clock. */
export type Message =
  | { readonly type: "request"; readonly clock: number }
  | { readonly type: "acknowledgement" }
  | { readonly type: "release" };

/** The processes, and the channels between them. */
export interface Processes {
  /** Each one's clock. */
  readonly clock: readonly number[];
  /** For each process the requests that it knows of, its own too: by their clocks, 0 for none. */
  readonly requests: readonly (readonly number[])[];
  /** For each process who has acknowledged its request. */
  readonly acknowledged: readonly ReadonlySet<number>[];
  /** Who is in the critical section. */
  readonly inside: ReadonlySet<number>;
  /** `channels[from][to]` are the messages on their way, the oldest first. */
  readonly channels: readonly (readonly (readonly Message[])[])[];
}

/** The spec. Receiving is one action for each kind of message and each pair of processes. */
export const lamportMutex: Specification = spec<
  Processes,
  { processes: number; clocks: number }
>(
  "lamport_mutex",
  { processes: 3, clocks: 6 },
  ({ processes, clocks }) => {
    const everyone = Array.from({ length: processes }, (_, process) => process);
    return {
      init: {
        clock: everyone.map(() => 1),
        requests: everyone.map(() => everyone.map(() => 0)),
        acknowledged: everyone.map(() => new Set()),
        inside: new Set(),
        channels: everyone.map(() => everyone.map(() => [])),
      },
      actions: {
        Request: each(everyone, (s, self) => {
          if (s.requests[self]![self] !== 0) return false;
          const clock = s.clock[self]!;
          s.requests[self]![self] = clock;
          s.acknowledged[self]!.add(self);
          broadcast(s, self, { type: "request", clock });
          return true;
        }),
        Enter: each(everyone, (s, self) => {
          const isFirst = everyone.every((other) => other === self || beats(s.requests[self]!, self, other));
          if (s.acknowledged[self]!.size < processes || !isFirst) return false;
          s.inside.add(self);
          return true;
        }),
        Exit: each(everyone, (s, self) => {
          if (!s.inside.delete(self)) return false;
          s.requests[self]![self] = 0;
          s.acknowledged[self]!.clear();
          broadcast(s, self, { type: "release" });
          return true;
        }),
        ReceiveRequest: each(everyone, everyone, (s, self, from) => {
          const message = s.channels[from]![self]!.shift();
          if (message?.type !== "request") return false;
          s.requests[self]![from] = message.clock;
          s.clock[self] = Math.max(s.clock[self]!, message.clock) + 1;
          s.channels[self]![from]!.push({ type: "acknowledgement" });
          return true;
        }),
        ReceiveAcknowledgement: each(everyone, everyone, (s, self, from) => {
          if (s.channels[from]![self]!.shift()?.type !== "acknowledgement") {
            return false;
          }
          s.acknowledged[self]!.add(from);
          return true;
        }),
        ReceiveRelease: each(everyone, everyone, (s, self, from) => {
          if (s.channels[from]![self]!.shift()?.type !== "release") {
            return false;
          }
          s.requests[self]![from] = 0;
          return true;
        }),
      },
      constraint: ({ clock }) => clock.every((time) => time <= clocks),
      properties: [
        always(
          "Mutual Exclusion",
          "at most one process is in the critical section",
          ({ inside }) => inside.size <= 1 || `${[...inside].sort().join(" and ")} are in`,
        ),
        always(
          "Short Channels",
          "no channel ever holds more than three messages",
          ({ channels }) => {
            const from = channels.findIndex((to) => to.some((messages) => messages.length > 3));
            return from < 0 || `a channel from ${from} holds more`;
          },
        ),
        sometimes(
          "one is in",
          "a process can enter",
          ({ inside }) => inside.size > 0,
        ),
      ],
    };
  },
);

function broadcast(
  { channels }: Draft<Processes>,
  from: number,
  message: Message,
): void {
  for (const [to, channel] of channels[from]!.entries()) {
    if (to !== from) channel.push(message);
  }
}

/** Whether a process goes before another one, by the requests that it knows of. */
function beats(
  requests: readonly number[],
  self: number,
  other: number,
): boolean {
  const mine = requests[self]!;
  const theirs = requests[other]!;
  return theirs === 0 || mine < theirs || (mine === theirs && self < other);
}

export default lamportMutex;
