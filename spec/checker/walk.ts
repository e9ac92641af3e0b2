/** Random walks: behaviours of a spec whose space is too large to search. */
import { type Deadlock, noDeadlock, type Property, stuck } from "../dsl/property.ts";
import { aFunction, aString, checkFields, type Field, isRecord, optional, told } from "../dsl/fields.ts";
import { Reshape } from "../dsl/shape.ts";
import {
  isSpecification,
  type Parameter,
  type Parameters,
  resolveParameters,
  SpecError,
  type Specification,
} from "../dsl/specification.ts";
import { formatTrace, type Run } from "../trace/run.ts";
import type { Verdict } from "./judge.ts";
import type { Model, Start, State, Step } from "./model.ts";
import { shift } from "./patience.ts";
import { drawSeed, type Random, random } from "./random.ts";
import { deadlock } from "./search.ts";
import { shorten, type Tells } from "./shorten.ts";
import { type Claims, claimsOf } from "./temporal.ts";
import { begin, go, isStuck, judgeHere, lookAhead, mayGoOn, type Walker, walker } from "./walker.ts";

/** How to walk. */
export interface WalkOptions {
  /** How many walks to make: over all shards, if there are several. */
  readonly walks: number;
  /** What the walks are drawn from, an integer: the same seed gives the same walks. Drawn if left out. */
  readonly seed?: number;
  /** `[i, n]`: only the i-th of n parts of the walks, from 1. Together the n parts are all walks. */
  readonly shard?: readonly [number, number];
  /** How many states a walk has at most: its first has depth 1. Default: 100, whatever the spec says of a search. */
  readonly depth?: number;
  /** The start from which to walk; the initial states if left out. */
  readonly from?: string;
  /** The named bounds to use; the spec's defaults if left out. */
  readonly bounds?: string;
  /** Values of single parameters, which win over the bounds. */
  readonly parameters?: Readonly<Record<string, Parameter>>;
  /** Ends the walks when it fires; the verdict is then "inconclusive", unless a violation was found. */
  readonly signal?: AbortSignal;
  /** Called now and then, and whenever another tenth of the walks is done. */
  readonly onProgress?: (progress: WalkProgress) => void;
}

const aPositive: Field = {
  expected: "1, 2, 3, ...",
  isRight: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
};

const anOption = {
  walks: aPositive,
  seed: optional({
    expected: "0, 1, 2, ...",
    isRight: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  }),
  shard: optional({
    expected: "[i, n], where i is one of 1, ..., n",
    isRight: (value) =>
      Array.isArray(value) && value.length === 2 && value.every(aPositive.isRight) && value[0] <= value[1],
  }),
  depth: optional(aPositive),
  from: optional(aString),
  bounds: optional(aString),
  parameters: optional({ expected: "an object of values by name", isRight: isRecord }),
  signal: optional({ expected: "an AbortSignal", isRight: (value) => value instanceof AbortSignal }),
  onProgress: optional(aFunction),
} satisfies Readonly<Record<keyof WalkOptions, Field>>;

/** How far the walks have come. */
export interface WalkProgress {
  /** How many are done. */
  readonly done: number;
  /** How many are to be done, by this shard. */
  readonly walks: number;
  /** In how many states they were, again and again perhaps. */
  readonly generated: number;
  /** Whether another tenth of them is done. */
  readonly complete: boolean;
}

/** What became of a property. */
export interface WalkedProperty {
  /** The property; or that there is no deadlock, if a walk ended in one. */
  readonly property: Property<unknown> | Deadlock;
  /** `holds` means: in all states and steps of the walks. `unknown`: walks, which end, can't tell. */
  readonly result: "holds" | "violated" | "reached" | "not-reached" | "unknown";
  /** The number of the walk that violates or reaches it first, from 1, or null. */
  readonly walk: number | null;
  /** How many steps that walk took until it did, or null. */
  readonly walked: number | null;
  /** What is left of them after what isn't needed was left out, or null. Perhaps not a shortest run. */
  readonly run: Run | null;
  /** The same run in the trace notation. */
  readonly trace: string | null;
  /** Who and what is at fault, or null. */
  readonly witness: string | null;
}

/** What random walks found. */
export interface WalkReport {
  /** The name of the spec. */
  readonly spec: string;
  /** The values of its parameters. */
  readonly parameters: Parameters;
  /** The named bounds that were used, or null. */
  readonly bounds: string | null;
  /** How many states a walk has at most. */
  readonly depth: number;
  /** How many walks were asked for, over all shards. */
  readonly walks: number;
  /** What they were drawn from. */
  readonly seed: number;
  /** `[i, n]` if these were the i-th of n parts; null: all. */
  readonly shard: readonly [number, number] | null;
  /** The compiled spec, in which the runs of this report are told. */
  readonly model: Model;
  /** How many walks were made. A violation ends them. */
  readonly done: number;
  /** In how many states they were. A state in which two of them were counts twice. */
  readonly generated: number;
  /** The depth of the last state of the longest. */
  readonly deepest: number;
  /** How many of them ended at a state that the constraint keeps out. */
  readonly cut: number;
  /** What became of each property, in the spec's order. */
  readonly properties: readonly WalkedProperty[];
  /** What ended the walks before their time. */
  readonly stopped: "signal" | null;
  /** `inconclusive`: they were cut short. `holds`: in the states and steps of the walks; there are others. */
  readonly verdict: "holds" | "violated" | "inconclusive";
}

/** How many states a walk has at most, if nobody says. */
export const defaultDepth = 100;

/**
 * Walks through a spec at random: each step is drawn from those that are possible and change the state. For spaces
 * too large to search: that nothing was found says little.
 *
 * @throws {SpecError} if the spec, an option or a parameter is wrong.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { always, spec, walk } from "@quorate/raft/spec";
 *
 * const drift = spec<{ n: number }>("drift", () => ({
 *   init: { n: 0 },
 *   actions: { Up: (s) => void s.n++, Down: (s) => void s.n-- },
 *   properties: [always("near", "|n| < 9", ({ n }) => Math.abs(n) < 9 || `n is ${n}`)],
 * }));
 * const report = await walk(drift, { walks: 100, seed: 1 });
 * assertEquals([report.verdict, report.properties[0]?.run?.steps.length], ["violated", 9]);
 * ```
 */
export async function walk(spec: Specification, options: WalkOptions): Promise<WalkReport> {
  if (!isSpecification(spec)) throw new SpecError(`walk takes what spec(...) returns, not ${told(spec)}`);
  checkFields("walk", options, anOption);
  const seed = options.seed ?? drawSeed();
  for (;;) {
    try {
      return await walkAll(spec, { ...options, seed });
    } catch (error) {
      // Some value doesn't keep its shape. The spec knows it now, and is built another way.
      if (!(error instanceof Reshape)) throw error;
    }
  }
}

/** The walks, and what they found so far. */
interface Walks {
  readonly model: Model;
  readonly claims: Claims;
  readonly walker: Walker;
  readonly options: WalkOptions;
  readonly seed: number;
  readonly starts: readonly Start[];
  readonly depth: number;
  /** By the name of the property: the number of the walk that violated or reached it, from 0, and the verdict. */
  readonly found: Map<string, { readonly walk: number; readonly verdict: Verdict }>;
  generated: number;
  deepest: number;
  cut: number;
  stopped: "signal" | null;
  breath: number;
  /** Whether it is time to look up. */
  isLong: () => boolean;
}

async function walkAll(spec: Specification, options: WalkOptions & { seed: number }): Promise<WalkReport> {
  const bounds = options.bounds ?? null;
  const parameters = resolveParameters(spec, bounds, options.parameters ?? {});
  const model = spec.build(parameters);
  const depth = options.depth ?? defaultDepth;
  const claims = claimsOf(model);
  const walks: Walks = {
    model,
    claims,
    walker: walker(claims.searched),
    options,
    seed: options.seed,
    starts: startsOf(model, options.from),
    depth,
    found: new Map(),
    generated: 0,
    deepest: 1,
    cut: 0,
    stopped: null,
    breath: performance.now(),
    isLong: shift(),
  };
  const done = await walkShard(walks);
  const { seed, generated, deepest, cut, stopped } = walks;
  const properties = [
    ...model.properties.map((property) => walked(walks, property)),
    ...(walks.found.has(deadlock) ? [walked(walks, noDeadlock)] : []),
  ];
  const isViolated = properties.some(({ result }) => result === "violated");
  const asked = { spec: spec.name, parameters, bounds, depth, walks: options.walks, seed };
  return {
    ...asked,
    shard: options.shard ?? null,
    model,
    done,
    generated,
    deepest,
    cut,
    properties,
    stopped,
    verdict: isViolated ? "violated" : stopped === null ? "holds" : "inconclusive",
  };
}

function startsOf({ starts }: Model, from: string | undefined): readonly Start[] {
  const isMeant = ({ name }: Start) => from === undefined ? /^[0-9]/.test(name) : name === from;
  const meant = starts.filter(isMeant);
  if (meant.length > 0) return meant;
  const names = starts.map(({ name }) => name).join(", ");
  throw new SpecError(`walk: there is no start ${from} to walk from; there are ${names}`);
}

/** Makes the walks of a shard, up to the first that violates a property, and returns how many those were. */
async function walkShard(walks: Walks): Promise<number> {
  const { walks: count, shard: [part, parts] = [1, 1] } = walks.options;
  const mine = Math.floor((count - part) / parts) + 1;
  for (let done = 0; done < mine; done++) {
    await walkOnce(walks, part - 1 + done * parts, { done, walks: mine });
    if (walks.stopped !== null) return done;
    const tenths = Math.floor((done + 1) * 10 / mine);
    if (tenths > Math.floor(done * 10 / mine)) report(walks, { done: done + 1, walks: mine, complete: true });
    if (walks.walker.judge.violated) return done + 1;
  }
  return Math.max(0, mine);
}

/** Makes one walk, and judges its states and steps. */
async function walkOnce(
  walks: Walks,
  index: number,
  progress: { readonly done: number; readonly walks: number },
): Promise<void> {
  const { walker, depth, seed, found } = walks;
  const numbers = random(seed, index);
  const start = startOf(walks, numbers);
  begin(walker, start.state);
  judgeStart(walks, start);
  for (let steps = 0;;) {
    if ((walks.generated++ & 1023) === 0 || walks.isLong()) await breathe(walks, progress);
    if (walks.stopped !== null) break;
    judgeHere(walker, steps);
    if (!mayGoOn(walker)) {
      walks.cut++;
      break;
    }
    if (walker.judge.violated || steps + 1 === depth) break;
    const choices = lookAhead(walker);
    if (choices === 0 && isStuck(walker)) violate(walks, deadlock, steps, stuck);
    if (choices === 0) break;
    go(walker, numbers.below(choices));
    walks.deepest = Math.max(walks.deepest, ++steps + 1);
  }
  for (const [name, verdict] of walker.judge.verdicts) {
    if (!found.has(name)) found.set(name, { walk: index, verdict });
  }
}

/** Judges an initial state by what the spec refines. */
function judgeStart(walks: Walks, { name, state: { vector } }: Start): void {
  if (!/^[0-9]/.test(name)) return;
  for (const { property, starts } of walks.claims.refinements) {
    const witness = starts(walks.model.view(vector, 0, () => {}));
    if (witness !== true) violate(walks, property.name, 0, witness);
  }
}

function violate({ walker: { judge } }: Walks, name: string, steps: number, witness: string): void {
  judge.verdicts.set(name, { state: steps, branch: -1, witness });
  judge.violated = true;
}

function startOf({ starts }: Walks, numbers: Random): Start {
  return starts[numbers.below(starts.length)]!;
}

/** Lets signals and timers in now and then, and tells how far the walks have come. */
async function breathe(walks: Walks, progress: Pick<WalkProgress, "done" | "walks">): Promise<void> {
  walks.isLong = shift();
  if (performance.now() - walks.breath < 200) return;
  report(walks, { ...progress, complete: false });
  await new Promise((resolve) => setTimeout(resolve, 0));
  walks.breath = performance.now();
  if (walks.options.signal?.aborted ?? false) walks.stopped = "signal";
}

function report({ options, generated }: Walks, progress: Omit<WalkProgress, "generated">): void {
  options.onProgress?.({ ...progress, generated });
}

function walked(walks: Walks, property: Property<unknown> | Deadlock): WalkedProperty {
  const found = walks.found.get(property.kind === "deadlock" ? deadlock : property.name);
  if (found === undefined) {
    const result = resultOfNothing(walks, property);
    return { property, result, walk: null, walked: null, run: null, trace: null, witness: null };
  }
  const { walk, verdict } = found;
  const whole = runOf(walks, walk, verdict.state);
  const { run, witness } = shorten(walks.model, tellsOf(walks, property), {
    run: whole,
    witness: verdict.witness,
  });
  return {
    property,
    result: property.kind === "sometimes" ? "reached" : "violated",
    walk: walk + 1,
    walked: whole.steps.length,
    run,
    trace: formatTrace(run),
    witness,
  };
}

/** What is to be said of a property that no walk violated or reached. */
function resultOfNothing(
  { claims }: Walks,
  { kind, name }: Property<unknown> | Deadlock,
): WalkedProperty["result"] {
  if (kind === "sometimes") return "not-reached";
  return claims.claims.some(({ property }) => property.name === name) ? "unknown" : "holds";
}

/** What a property tells of the states and steps of a run. */
function tellsOf({ model, claims }: Walks, property: Property<unknown> | Deadlock): Tells {
  const view = ({ vector }: State) => model.view(vector, 0, () => {});
  const unlessTrue = (judgement: true | string) => judgement === true ? undefined : judgement;
  switch (property.kind) {
    case "sometimes":
      return (_, after) => property.reached(view(after)) ? null : undefined;
    case "always":
      return (_, after) => unlessTrue(property.holds(view(after)));
    case "steps":
      return (before, after) =>
        before === null ? undefined : unlessTrue(property.holds(view(before), view(after)));
    case "refines": {
      const { starts, steps } = claims.refinements.find((one) => one.property === property)!;
      return (before, after) =>
        unlessTrue(before === null ? starts(view(after)) : steps(view(before), view(after)));
    }
    case "deadlock":
      return (_, after) =>
        model.steps(after).length === 0 && model.ends?.(after) === false ? stuck : undefined;
    default:
      // A run that ends tells nothing of what must happen some day.
      return () => undefined;
  }
}

/** Makes a walk again, so many steps of it, and writes them down. */
function runOf(walks: Walks, index: number, length: number): Run {
  const { walker } = walks;
  const numbers = random(walks.seed, index);
  const start = startOf(walks, numbers);
  const steps: Step[] = [];
  let state: State = start.state;
  begin(walker, state);
  while (steps.length < length) {
    const step = walker.model.stepAt(state, go(walker, numbers.below(lookAhead(walker))));
    steps.push(step);
    state = step.to;
  }
  return { start, steps };
}
