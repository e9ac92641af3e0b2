/**
 * Runs in the Informal Trace Format: JSON, as Apalache and Quint write it and their viewer shows it.
 * https://apalache-mc.org/docs/adr/015adr-trace.html
 */
import type { Model, State, Step } from "../checker/model.ts";
import { encode } from "../checker/value.ts";
import type { Parameters } from "../dsl/specification.ts";
import { formatTrace, type Run, statesOf } from "../trace/run.ts";

/** What a run is a run of, and what it shows. */
export interface ItfAsked {
  /** The name of the spec. */
  readonly spec: string;
  /** The values of its parameters. */
  readonly parameters: Parameters;
  /** What the run shows, in a sentence. */
  readonly description: string;
  /** Whether it violates a property. */
  readonly isViolation: boolean;
}

/** An expression of the format. */
export type Itf = boolean | number | string | readonly Itf[] | { readonly [key: string]: Itf };

/** The forever of a behaviour: the steps that are taken again and again, perhaps none; null: it ends. */
export type Loop = readonly Step[] | null;

/** A run, and its loop: its variables are those of a plain spec, or the servers, the messages in flight and the history. */
export function itf(
  model: Model,
  run: Run,
  loop: Loop,
  { spec, parameters, description, isViolation }: ItfAsked,
): Itf {
  // The last step of a loop leads back to its first state, which stands there already.
  const whole = { start: run.start, steps: [...run.steps, ...loop?.slice(0, -1) ?? []] };
  const states = statesOf(whole).map((state) => variablesOf(model, state));
  return {
    "#meta": {
      format: "ITF",
      "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
      source: spec,
      status: isViolation ? "violation" : "ok",
      description,
      parameters,
      trace: formatTrace({ ...run, steps: [...run.steps, ...loop ?? []] }),
    },
    vars: Object.keys(states[0] ?? {}),
    states: states.map((variables, index): Itf => ({ "#meta": metaOf(whole, index), ...variables })),
    ...(loop === null ? {} : { loop: run.steps.length }),
  };
}

function metaOf(run: Run, index: number): Itf {
  const step = run.steps[index - 1];
  return step === undefined ? { index } : { index, step: step.label };
}

function variablesOf(model: Model, state: State): Readonly<Record<string, Itf>> {
  const values = model.values?.(state) ?? clusterValues(model, state);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, expression(value)]));
}

/** What properties see of each server and of the history, and the messages in flight. */
function clusterValues(model: Model, { vector, bag }: State): Readonly<Record<string, unknown>> {
  const { servers, places, messages } = model;
  const seen = (place: number) => places[place]?.observed[vector[place] ?? 0];
  // In an ordered network the messages are in queues, each named by the two servers that it is between.
  const queued = places.flatMap(({ name, values }, place) =>
    name.includes(">") ? values[vector[place] ?? 0] as readonly number[] : []
  );
  const inBag = bag.map((message) => messages.values[message])
    .toSorted((a, b) => encode(a) < encode(b) ? -1 : 1);
  return {
    ...Object.fromEntries(servers.map((name, server) => [name, seen(server)])),
    messages: [...inBag, ...queued.map((message) => messages.values[message])],
    history: seen(servers.length),
  };
}

/** What the format has no word for is written as Quint writes it: null as its None, a fraction as unserializable. */
function expression(value: unknown): Itf {
  switch (typeof value) {
    case "number":
      return numeral(value);
    case "string":
    case "boolean":
      return value;
  }
  if (value === null || value === undefined) return { tag: "None", value: { "#tup": [] } };
  if (Array.isArray(value) || value instanceof Uint8Array) return Array.from(value, expression);
  if (value instanceof Set) return { "#set": sorted([...value].map(expression)) };
  const entries = Object.entries(value).map(([key, item]): [string, Itf] => [key, expression(item)]);
  // Readers would take these for something else than a record.
  const isMap = entries.some(([key]) => key.startsWith("#") || key === "tag");
  return isMap ? { "#map": entries } : Object.fromEntries(entries);
}

/** Sets are read in any order; in this one equal sets are written alike. */
function sorted(elements: readonly Itf[]): readonly Itf[] {
  return elements.toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}

function numeral(value: number): Itf {
  if (Number.isSafeInteger(value)) return value;
  return Number.isInteger(value)
    ? { "#bigint": String(BigInt(value)) }
    : { "#unserializable": String(value) };
}
