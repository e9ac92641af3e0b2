/** Messages in flight where they aren't simply a bag: a set from which nothing is taken, or queues. */
import { type Place, place } from "../checker/place.ts";
import type { Envelope, Network } from "./cluster.ts";

/** What a step does to the messages in flight. */
export interface Change {
  /** The messages that enter the bag, ascending. */
  readonly added: readonly number[];
  /** Pairs [place, new value], among the places of the network. */
  readonly writes: readonly number[];
}

/** A network that needs places of its own in the state. */
export interface Flight {
  /** What becomes of messages. */
  readonly network: Exclude<Network, "unordered">;
  /** Its places: the message that arrived last, or a queue for each two servers. */
  readonly places: readonly Place<readonly number[]>[];
  /** Where they begin in the state. */
  readonly first: number;
  /** The values of the places, and the bag, when these are in flight and nothing else. */
  begin(messages: readonly number[]): { readonly values: readonly number[]; readonly bag: readonly number[] };
  /** The messages that can arrive. */
  deliverable(vector: ArrayLike<number>, bag: readonly number[]): readonly number[];
  /** What changes when one message arrives, or none (-1), and then some are sent. */
  change(
    vector: ArrayLike<number>,
    bag: readonly number[],
    arrived: number,
    sends: readonly number[],
  ): Change;
}

/** What a network works with. */
export interface FlightOptions {
  /** The servers' names. */
  readonly servers: readonly string[];
  /** Where its places begin in the state. */
  readonly first: number;
  /** The messages. */
  readonly messages: Place<Envelope>;
  /** Which channel a message takes: the number of its sender times the number of servers, plus its receiver's. */
  readonly channelOf: (message: number) => number;
}

/** The network of this kind; null for the usual one, a bag. */
export function flight(network: Network, options: FlightOptions): Flight | null {
  switch (network) {
    case "unordered":
      return null;
    case "duplicating":
      return duplicating(options);
    case "ordered":
      return ordered(options);
  }
}

/** Nothing leaves the bag, and nothing is in it twice. */
function duplicating({ first, messages }: FlightOptions): Flight {
  const last = placeOfMessages("last delivered", messages);
  const none = last.intern([]);
  return {
    network: "duplicating",
    places: [last],
    first,
    begin: (inFlight) => ({ values: [none], bag: [...new Set(inFlight)].sort((a, b) => a - b) }),
    deliverable: (_, bag) => bag,
    change(_, bag, arrived, sends) {
      const fresh = [...new Set(sends)].filter((message) => !bag.includes(message)).sort((a, b) => a - b);
      const writes = arrived < 0 ? [] : [first, last.intern([arrived])];
      return { added: fresh, writes };
    },
  };
}

/** A queue from each server to each: only its head can arrive. */
function ordered({ servers, first, messages, channelOf }: FlightOptions): Flight {
  const places = servers.flatMap((from) => servers.map((to) => placeOfMessages(`${from}>${to}`, messages)));
  for (const queue of places) queue.intern([]);
  const known = new Map<string, number>();

  /** The value of a queue from which the head was taken, or to which a message was added: learned once. */
  function changed(channel: number, value: number, message: number | "head"): number {
    const key = `${channel} ${value} ${message}`;
    let after = known.get(key);
    if (after === undefined) {
      const queue = places[channel]!.values[value]!;
      after = places[channel]!.intern(message === "head" ? queue.slice(1) : [...queue, message]);
      known.set(key, after);
    }
    return after;
  }

  function change(
    vector: ArrayLike<number>,
    _: readonly number[],
    arrived: number,
    sends: readonly number[],
  ): Change {
    const after = new Map<number, number>();
    const write = (channel: number, message: number | "head") =>
      after.set(channel, changed(channel, after.get(channel) ?? vector[first + channel]!, message));
    if (arrived >= 0) write(channelOf(arrived), "head");
    for (const message of sends) write(channelOf(message), message);
    return { added: [], writes: [...after].flatMap(([channel, value]) => [first + channel, value]) };
  }
  return {
    network: "ordered",
    places,
    first,
    begin: (inFlight) => ({
      values: places.map((queue, channel) =>
        queue.intern(inFlight.filter((message) => channelOf(message) === channel))
      ),
      bag: [],
    }),
    deliverable: (vector) =>
      places.flatMap((queue, channel) => queue.values[vector[first + channel]!]!.slice(0, 1)),
    change,
  };
}

/** A place whose values are lists of messages, told apart by what the messages say. */
function placeOfMessages(name: string, messages: Place<Envelope>): Place<readonly number[]> {
  return place({ name, identity: (list) => list.map((message) => messages.values[message]), observe: null });
}
