/** Which message a step is about, which ones it sends, and by which step what is in flight was sent. */
import type { Model, State, Step } from "../../checker/model.ts";
import { encode } from "../../checker/value.ts";
import type { Envelope } from "../../dsl/cluster.ts";
import type { Run } from "../../trace/run.ts";

/** What the network does with a message: it delivers, drops or duplicates it. */
export type NetworkSign = ">" | "~" | "+";

/** A message in flight. */
export interface Flight {
  /** The integer of the message in the model. */
  readonly message: number;
  /** After how many steps of the run it was sent; 0 if it was in flight from the start. */
  readonly sentAt: number;
}

/** What one step does to messages. */
export interface Traffic {
  /** The message that arrives, is lost or is duplicated; null if the step is about none. */
  readonly handled: Flight | null;
  /** What becomes of it; null if the step is about none. */
  readonly sign: NetworkSign | null;
  /** The messages that the step sends. */
  readonly sent: readonly Flight[];
  /** What is in flight after it, the oldest first. */
  readonly inFlight: readonly Flight[];
}

/** The messages in flight in a state, each as often as it is: in the bag, or in the queues of an ordered network. */
export function messagesIn(model: Model, { vector, bag }: State): readonly number[] {
  const queues = model.servers.flatMap((from) => model.servers.map((to) => `${from}>${to}`));
  const queued = model.places.flatMap((place, index) =>
    queues.includes(place.name) ? place.values[vector[index]!] as readonly number[] : []
  );
  return [...bag, ...queued];
}

/** Whether the network keeps what it delivers, and delivers it again and again. */
function deliversAgain({ places }: Model): boolean {
  return places.some(({ name }) => name === "last delivered");
}

/** What a message says of itself. */
export function envelopeOf(model: Model, message: number): Envelope {
  return model.messages.values[message] as Envelope;
}

/** What the network does in a step; null if it does nothing. */
export function signOf({ label, servers: [from = "", to] }: Step): NetworkSign | null {
  const sign = label.charAt(from.length);
  return to !== undefined && (sign === ">" || sign === "~" || sign === "+") ? sign : null;
}

/** The message that a step is about; null if it is about none. */
export function messageOf(model: Model, before: State, step: Step): number | null {
  if (signOf(step) === null) return null;
  const [from, to] = step.servers;
  const alike = [...new Set(messagesIn(model, before))].filter((message) => {
    const envelope = envelopeOf(model, message);
    return envelope.from === from && envelope.to === to && envelope.type === step.event;
  });
  const inOrder = alike.map((message) => ({ message, text: encode(envelopeOf(model, message)) }))
    .sort((a, b) => a.text < b.text ? -1 : 1);
  const [, position = "1"] = /:[A-Za-z]+\.([1-9][0-9]*)/.exec(step.label) ?? [];
  return inOrder[Number(position) - 1]?.message ?? null;
}

/** What is in flight at first. */
export function trafficAtStart(model: Model, state: State): Traffic {
  const inFlight = messagesIn(model, state).map((message) => ({ message, sentAt: 0 }));
  return { handled: null, sign: null, sent: [], inFlight };
}

/** What a step does to messages, given what those before it did; `number` counts the steps of the run from 1. */
export function trafficOf(
  model: Model,
  earlier: Traffic,
  before: State,
  step: Step,
  number: number,
): Traffic {
  const message = messageOf(model, before, step);
  const sign = message === null ? null : signOf(step);
  const position = earlier.inFlight.findIndex((flight) => flight.message === message);
  const handled = earlier.inFlight[position] ?? null;
  const after = messagesIn(model, step.to);
  const isGone = handled !== null && sign !== "+" && !deliversAgain(model);
  const kept = isGone ? earlier.inFlight.toSpliced(position, 1) : earlier.inFlight;
  const copies = sign === "+" && handled !== null ? [handled] : [];
  const left = [...after];
  for (const flight of [...kept, ...copies]) {
    const at = left.indexOf(flight.message);
    if (at >= 0) left.splice(at, 1);
  }
  const sent = left.map((fresh): Flight => ({ message: fresh, sentAt: number }));
  return { handled, sign, sent, inFlight: [...kept, ...copies, ...sent] };
}

/** What each step of a run does to messages; first, what is in flight before any. */
export function trafficIn(model: Model, { start, steps }: Run): readonly Traffic[] {
  const all = [trafficAtStart(model, start.state)];
  let before = start.state;
  for (const [index, step] of steps.entries()) {
    all.push(trafficOf(model, all[index]!, before, step, index + 1));
    before = step.to;
  }
  return all;
}
