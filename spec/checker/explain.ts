/** Shows where a property holds, and not just because nothing happens. */
import type { Property, ServersSeen } from "../dsl/property.ts";
import { Reshape } from "../dsl/shape.ts";
import type { Parameters, Specification } from "../dsl/specification.ts";
import { formatTrace, type Run } from "../trace/run.ts";
import { foundIn, judgeLooking, kindsOf, type Look, type Place } from "./look.ts";
import type { Model, Start } from "./model.ts";
import { type Found, search, type SearchOptions } from "./search.ts";
import { encode } from "./value.ts";

/** A state, or the last step of a run, in which the property holds non-trivially. */
export interface Sample {
  /** A shortest run that leads there. */
  readonly run: Run;
  /** The same run in the trace notation. */
  readonly trace: string;
}

/** Where a property doesn't hold. */
export interface Failure extends Sample {
  /** What it says is at fault. */
  readonly witness: string;
}

/** Where a property holds. */
export interface Explanation {
  /** The compiled spec, in which the runs are told. */
  readonly model: Model;
  /** The property. */
  readonly property: Property<unknown>;
  /** A handful of samples that differ in what the property looks at, and are reached soonest. */
  readonly samples: readonly Sample[];
  /** Where it doesn't hold, if that was met on the way. */
  readonly failure: Failure | null;
  /** What it looks at: kinds of parts of a state. */
  readonly looks: readonly string[];
  /** Whether all that is reachable was searched. */
  readonly exhausted: boolean;
}

/** How many samples are shown at most. */
const handful = 5;

/** At so many states more the property looks, when there is a handful of samples, whether it looks at something else. */
const patience = 50_000;

type Options = Omit<SearchOptions, "onProgress">;

/**
 * Looks for states or steps in which a property of this name holds non-trivially; null if there is no such property.
 * A state is one if the property is reached there, a `sometimes`; if its condition is met; if it is one of those that
 * must come some day; or else if what the property looks at is other than at first.
 */
export async function explain(
  spec: Specification,
  parameters: Parameters,
  name: string,
  options: Options,
): Promise<Explanation | null> {
  for (;;) {
    try {
      const model = spec.build(parameters);
      const property = model.properties.find((candidate) => candidate.name === name);
      return property === undefined ? null : await explainIn(model, property, options);
    } catch (error) {
      // Some value doesn't keep its shape. The spec knows it now, and is built another way.
      if (!(error instanceof Reshape)) throw error;
    }
  }
}

/** How a sample differs from those before: the property looks at other parts of it, or finds something else there. */
type News = "parts" | "findings";

/** What is known of a property so far. */
interface Inquiry {
  readonly model: Model;
  readonly property: Property<unknown>;
  /** Where the state of a view stands. */
  readonly where: WeakMap<object, Place>;
  /** What was looked at so far, by each sample, and what was found there. */
  readonly seen: Readonly<Record<News, Set<string>>>;
  /** All kinds of parts that it looks at. */
  readonly looks: Set<string>;
  /** How many samples there are, of each kind of news. */
  readonly samples: Record<News, number>;
  /** How many looks there were since there was a handful of samples. */
  since: number;
  /** Where the property doesn't hold; null as long as that was not met. */
  failure: Failure | null;
}

async function explainIn(model: Model, property: Property<unknown>, options: Options): Promise<Explanation> {
  const inquiry: Inquiry = {
    model,
    property,
    where: new WeakMap(),
    seen: { parts: new Set(), findings: new Set() },
    looks: new Set(),
    samples: { parts: 0, findings: 0 },
    since: 0,
    failure: null,
  };
  if (isTrivialAtFirst(property)) {
    for (const { state: { vector } } of model.starts) {
      newsOf(inquiry, lookAt(inquiry, [{ vector, at: 0, onRead: () => {} }]));
    }
  }
  const stopped = () => options.stopped() || isEnough(inquiry);
  const samples: (Sample & { readonly news: News })[] = [];
  let exhausted = true;
  for (const starts of searchesOf(model)) {
    for (let isOver = false; !isOver && !stopped();) {
      const probes = probesOf(inquiry);
      const found = await search(probing(inquiry, probes), starts, {
        ...options,
        stopped,
        onProgress: () => {},
      });
      const more = samplesOf(probes, found);
      samples.push(...more);
      const failed = failureOf(inquiry, found);
      inquiry.failure ??= failed;
      isOver = property.kind !== "steps" || (more.length === 0 && failed === null);
      // A property of steps ends a search with the layer in which a sample is found, and others may lie deeper.
      if (isOver) exhausted &&= found.exhausted;
    }
  }
  const chosen = samples.toSorted((a, b) => (a.news === "parts" ? 0 : 1) - (b.news === "parts" ? 0 : 1))
    .slice(0, handful).sort((a, b) => a.run.steps.length - b.run.steps.length);
  return {
    model,
    property,
    samples: chosen,
    failure: inquiry.failure,
    looks: leavesOf([...inquiry.looks].sort()),
    exhausted: exhausted && !stopped(),
  };
}

/** Those of which no part is named, too. */
function leavesOf(looks: readonly string[]): readonly string[] {
  return looks.filter((look) => !looks.some((other) => other.startsWith(`${look}.`)));
}

function isEnough({ samples: { parts, findings }, since }: Inquiry): boolean {
  return parts >= handful || (parts + findings >= handful && since > patience);
}

/** From the initial states, and from each named start. */
function searchesOf({ starts }: Model): readonly (readonly Start[])[] {
  const isNamed = ({ name }: Start) => !/^[0-9]/.test(name);
  return [starts.filter((start) => !isNamed(start)), ...starts.filter(isNamed).map((start) => [start])];
}

/** The model with other properties, and it is noted where the state of each view stands. */
function probing({ model, property, where, failure }: Inquiry, probes: readonly Probe[]): Model {
  const view: Model["view"] = (vector, at, onRead) => {
    const seen = model.view(vector, at, onRead);
    where.set(seen as object, { vector, at, onRead });
    return seen;
  };
  // A deadlock would end the search.
  const { ends: _, ...endless } = model;
  return { ...endless, properties: failure === null ? [...probes, ...opposite(property)] : probes, view };
}

/** What is met where the property doesn't hold. */
function opposite(property: Property<unknown>): readonly Property<unknown>[] {
  const { sentence } = property;
  switch (property.kind) {
    case "always":
      return [{
        kind: "sometimes",
        name: failing,
        sentence,
        reached: (view) => property.holds(view) !== true,
      }];
    case "steps":
      return [{ ...property, name: failing }];
    default:
      return [];
  }
}

const failing = "failing";

/** Where the property was found not to hold. */
function failureOf({ model, property }: Inquiry, { verdicts, path }: Found): Failure | null {
  const verdict = verdicts.get(failing);
  if (verdict === undefined) return null;
  const run = path(verdict);
  const { vector } = run.steps.at(-1)?.to ?? run.start.state;
  const witness = property.kind === "always"
    ? property.holds(model.view(vector, 0, () => {}))
    : verdict.witness;
  return { run, trace: formatTrace(run), witness: String(witness) };
}

/** A property that is reached or violated by a sample. */
type Probe = Property<unknown> & { readonly news: News };

/** Each of them takes the first sample with its kind of news that none before has taken. */
function probesOf(inquiry: Inquiry): readonly Probe[] {
  const { property, where, model } = inquiry;
  let latest: Latest = { integers: [], read: [], news: null };
  function takes(news: News, views: readonly unknown[]): boolean {
    const places = views.map((view) => where.get(view as object)!);
    if (!isSame(model, latest.integers, places)) {
      const read = places.map(() => new Set<number>());
      const noting = places.map((place, index) => ({
        ...place,
        onRead: (p: number) => void read[index]!.add(p),
      }));
      const found = newsOf(inquiry, lookAt(inquiry, noting));
      latest = { integers: places.flatMap((place) => integersOf(model, place)), read, news: found };
    }
    // The search judges a state by a property again only if that looked at what is other there.
    for (const [index, { onRead }] of places.entries()) for (const p of latest.read[index]!) onRead(p);
    if (latest.news !== news) return false;
    latest.news = null;
    inquiry.samples[news]++;
    return true;
  }
  return (["parts", "findings"] as const).flatMap((news) =>
    Array.from({ length: handful }, (_, index): Probe => {
      const named = { name: `${news} ${index}`, sentence: property.sentence, news };
      return property.kind === "steps"
        ? { ...named, kind: "steps", holds: (before, after) => takes(news, [before, after]) ? "" : true }
        : { ...named, kind: "sometimes", reached: (view) => takes(news, [view]) };
    })
  );
}

/** What was found in the state, or before and after the step, that was looked at last. */
interface Latest {
  readonly integers: readonly number[];
  readonly read: readonly ReadonlySet<number>[];
  news: News | null;
}

function integersOf({ places }: Model, { vector, at }: Place): readonly number[] {
  return places.map((_, place) => vector[at + place] ?? 0);
}

function isSame(model: Model, integers: readonly number[], places: readonly Place[]): boolean {
  const width = model.places.length;
  return integers.length === places.length * width && places.every(({ vector, at }, index) => {
    for (let p = 0; p < width; p++) if (integers[index * width + p] !== (vector[at + p] ?? 0)) return false;
    return true;
  });
}

/** What the property looks at in a state, or before and after a step, if it holds there; else null. */
function lookAt({ model, property }: Inquiry, places: readonly Place[]): readonly Look[] | null {
  const [first, second] = places;
  const [before, after]: readonly Look[] = [new Map(), new Map()];
  const judge = (judgement: (...views: readonly unknown[]) => boolean) =>
    judgeLooking(
      model,
      first!,
      before!,
      (one) =>
        second === undefined
          ? judgement(one)
          : judgeLooking(model, second, after!, (other) => judgement(one, other)),
    );
  const changed = property.kind === "steps" && property.ofServer !== undefined
    ? changedServers(model, places)
    : null;
  return judge((one, other) => isThere(property, changed, one, other)) ? [before!, after!] : null;
}

/** Which servers a step changes. To find out is not to look at them. */
function changedServers(model: Model, places: readonly Place[]): readonly number[] {
  const [before, after] = places.map(({ vector, at, onRead }) => serversIn(model.view(vector, at, onRead)));
  return [...after!.keys()].filter((server) => encode(before![server]) !== encode(after![server]));
}

function serversIn(view: unknown): readonly unknown[] {
  return (view as ServersSeen<unknown>).servers;
}

/** Whether a property is met, or what it speaks of: in a state, or in a step, perhaps one that changed some servers. */
function isThere(
  property: Property<unknown>,
  changed: readonly number[] | null,
  one: unknown,
  other: unknown,
): boolean {
  switch (property.kind) {
    case "always":
      return (property.when === undefined || property.when(one)) && property.holds(one) === true;
    case "sometimes":
      return property.reached(one);
    case "steps":
      return changed === null
        ? property.holds(one, other) === true
        : changed.every((server) =>
          property.ofServer!(serversIn(one)[server], serversIn(other)[server]) === true
        );
    case "leads-to":
      return property.when(one);
    case "eventually":
    case "infinitely-often":
    case "eventually-always":
      return property.holds(one);
    case "refines":
      return property.mapping(one) !== null;
  }
}

/** Whether what the property looks at must change before it tells anything. */
function isTrivialAtFirst(property: Property<unknown>): boolean {
  return property.kind === "refines" || (property.kind === "always" && property.when === undefined);
}

/** What is new in what a property looks at where it holds; null if nothing is. */
function newsOf(inquiry: Inquiry, looks: readonly Look[] | null): News | null {
  const { samples, seen, property } = inquiry;
  if (samples.parts + samples.findings >= handful) inquiry.since++;
  if (looks === null) return null;
  const kinds = [...new Set(looks.flatMap(kindsOf))].sort();
  for (const kind of kinds) inquiry.looks.add(kind);
  const findings = looks.map(foundIn);
  // A step that changes nothing that is looked at is trivial.
  if (property.kind === "steps" && findings[0] === findings[1]) return null;
  const isOther = isNew(seen.findings, findings.join(" "));
  if (isNew(seen.parts, kinds.join())) return "parts";
  return isOther ? "findings" : null;
}

function isNew(seen: Set<string>, text: string): boolean {
  return !seen.has(text) && seen.add(text) !== undefined;
}

function samplesOf(
  probes: readonly Probe[],
  { verdicts, path }: Found,
): readonly (Sample & { readonly news: News })[] {
  return probes.flatMap(({ name, news }) => {
    const verdict = verdicts.get(name);
    if (verdict === undefined) return [];
    const run = path(verdict);
    return [{ run, trace: formatTrace(run), news }];
  });
}
