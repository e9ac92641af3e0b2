/** Searches from the selected moment, by the engine that checks: for one property, and for what may soon go wrong. */
import { check, silence } from "../checker/check.ts";
import type { Model, Start, State, Step } from "../checker/model.ts";
import { named, namingFor } from "../checker/naming.ts";
import { deadlock, type Found, type Progress, type Stopped } from "../checker/search.ts";
import { claimsOf } from "../checker/temporal.ts";
import { searchAlone } from "../checker/workers.ts";
import { noDeadlock, type Property, stuck } from "../dsl/property.ts";
import { SpecError } from "../dsl/specification.ts";
import { judgesOf } from "../trace/replay.ts";
import { formatTrace, isSameState, viewOf } from "../trace/run.ts";
import { selected, type Session, traceHere } from "./session.ts";

/** What to search for. */
export interface Quest {
  /** The property of which to find a counterexample; of a `sometimes`, an example. */
  readonly property: string;
  /** How many steps to go at most; null: as far as it takes. */
  readonly steps: number | null;
}

/** Whom to tell, and whom to ask. */
export interface Watcher {
  /** Called now and then. */
  readonly onProgress: (progress: Progress) => void;
  /** Asked now and then; true ends the search. */
  readonly stopped: () => boolean;
}

/** What a search found. */
export type Answer =
  | {
    /** There is such a run. */
    readonly type: "found";
    /** The whole of it, in the notation; up to the selected moment the run that is shown, unless it has a loop. */
    readonly trace: string;
    /** How many of its last steps are taken again and again; null: it ends. */
    readonly loop: number | null;
    /** Who and what is at fault; null if nothing is: it is an example. */
    readonly witness: string | null;
  }
  | {
    /** There is none, as far as was looked. */
    readonly type: "none";
    /** How many steps away the farthest states are that were found. */
    readonly steps: number;
    /** How many states were found. */
    readonly distinct: number;
    /** Whether that is all that can be reached within the bounds. */
    readonly exhausted: boolean;
    /** What ended the search before its time, or null. */
    readonly stopped: Stopped | null;
    /** Why nobody knows, though all was searched; null: there is no such reason. */
    readonly reason: string | null;
  };

/** How many bytes of tables a search may use: a page has less room than a terminal. */
const maxBytes = 1e9;

/**
 * Searches from the selected moment for a run that breaks a property, or is an example of it. The budgets count from
 * there. Of what must happen some day the search begins where behaviours begin.
 *
 * @throws {SpecError} if there is no such property.
 */
export async function seek(session: Session, { property, steps }: Quest, watcher: Watcher): Promise<Answer> {
  const { model } = session.opened;
  const wanted = property === noDeadlock.name
    ? noDeadlock
    : model.properties.find(({ name }) => name === property);
  if (wanted === undefined) throw new SpecError(`${session.opened.spec.name} claims no ${property}`);
  switch (wanted.kind) {
    case "always":
    case "steps":
    case "refines":
      return await seekFrom(session, without(model, { properties: [wanted], ends: false }), steps, watcher);
    case "sometimes":
      return await seekFrom(
        session,
        without(model, { properties: [never(wanted)], ends: false }),
        steps,
        watcher,
      );
    case "deadlock":
      return await seekFrom(session, without(model, { properties: [], ends: true }), steps, watcher);
    default:
      return await seekBehaviour(session, wanted, watcher);
  }
}

/** What is to be found is what breaks the claim that there is no such state. */
function never({ name, sentence, reached }: Property<unknown> & { kind: "sometimes" }): Property<unknown> {
  return { kind: "always", name, sentence, holds: (state) => !reached(state) || "there it is" };
}

/** The same model, with other properties, and perhaps without looking for deadlocks. */
function without(
  model: Model,
  { properties, ends }: { readonly properties: readonly Property<unknown>[]; readonly ends: boolean },
): Model {
  const { ends: mayEnd, ...rest } = model;
  return { ...rest, properties, ...(ends && mayEnd !== undefined ? { ends: mayEnd } : {}) };
}

async function seekFrom(
  session: Session,
  model: Model,
  steps: number | null,
  watcher: Watcher,
): Promise<Answer> {
  const here = startAt(session.opened.model, selected(session).state);
  const found = await searchFrom(session, model, here, steps, watcher);
  const name = model.properties[0]?.name ?? deadlock;
  const verdict = found.verdicts.get(name);
  if (verdict === undefined) {
    const { depth, distinct, exhausted, stopped } = found;
    return { type: "none", steps: depth - 1, distinct, exhausted, stopped, reason: null };
  }
  const isExample = session.opened.model.properties.some((property) =>
    property.name === name && property.kind === "sometimes"
  );
  const more = found.path(verdict).steps.map(({ label }) => label);
  return {
    type: "found",
    trace: [traceHere(session), ...more].filter((part) => part !== "").join(" "),
    loop: null,
    witness: isExample ? null : name === deadlock ? stuck : verdict.witness,
  };
}

/** A claim about whole behaviours is judged on all that can be reached. */
async function seekBehaviour(
  { opened }: Session,
  property: Property<unknown>,
  { onProgress, stopped }: Watcher,
): Promise<Answer> {
  const { spec, values } = opened;
  const only = {
    ...spec,
    build: (parameters: typeof values) =>
      without(spec.build(parameters), { properties: [property], ends: false }),
  };
  const end = new AbortController();
  const report = await check(only, {
    parameters: values,
    depth: null,
    maxMegabytes: maxBytes / 1e6,
    signal: end.signal,
    onProgress(progress) {
      onProgress(progress);
      if (stopped()) end.abort();
    },
  });
  const { run, loop, witness, reason } = report.properties[0] ?? silence;
  if (run !== null && report.verdict === "violated") {
    const trace = formatTrace({ ...run, steps: [...run.steps, ...loop ?? []] });
    return { type: "found", trace, loop: loop?.length ?? null, witness };
  }
  const { distinct, exhausted, stopped: why, searches } = report;
  return { type: "none", steps: (searches[0]?.depth ?? 1) - 1, distinct, exhausted, stopped: why, reason };
}

/** Where a search begins. The budgets count from there. */
function startAt({ priced }: Model, state: State): Start {
  return { name: "here", trace: "", state: priced?.(state) ?? state };
}

/** Searches a model from one state. */
async function searchFrom(
  { opened }: Session,
  model: Model,
  start: Start,
  steps: number | null,
  { onProgress, stopped }: Watcher,
): Promise<Found> {
  const claims = claimsOf(model);
  const asked = { name: opened.spec.name, symmetry: false, exact: false, workers: 1 };
  const { naming } = namingFor(model, claims, [start], asked);
  return await searchAlone(named(claims.searched, naming), [start], {
    depth: steps === null ? null : steps + 1,
    onProgress,
    stopped,
    maxBytes,
    isExact: false,
  });
}

/** What a step leads to. */
export interface Mark {
  /** The step, in the notation. */
  readonly label: string;
  /** The property that a shortest run breaks which begins with this step. */
  readonly property: string;
  /** How many steps that run has, this one included. */
  readonly steps: number;
}

/** How long to search before somebody else may have a word: each of these searches is short. */
const breathMs = 50;

/** How far the search for marks has come. */
export interface Marks {
  /** The marks found so far. */
  readonly marks: readonly Mark[];
  /** Within how many steps all is known. */
  readonly within: number;
}

/**
 * Marks the steps from the selected moment by which something that holds so far may break within so many steps: nearer
 * ones first. Tells of each round.
 */
export async function markSteps(
  session: Session,
  most: number,
  { onMarks, stopped }: { readonly onMarks: (marks: Marks) => void; readonly stopped: () => boolean },
): Promise<Marks> {
  const { model } = session.opened;
  const { state } = selected(session);
  const unbroken = safetyOf(session);
  const watched = without(model, { properties: unbroken, ends: true });
  const steps = model.steps(state).filter(({ to }) => !isSameState(state, to));
  let known: Marks = { marks: brokenAtOnce(session, unbroken, steps), within: 1 };
  onMarks(known);
  let breath = performance.now();
  for (let within = 2; within <= most; within++) {
    const marks = [...known.marks];
    for (const { label, to } of steps) {
      if (marks.some((mark) => mark.label === label)) continue;
      const found = await searchFrom(session, watched, startAt(model, to), within - 1, {
        onProgress: () => {},
        stopped,
      });
      if (performance.now() - breath > breathMs) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        breath = performance.now();
      }
      if (stopped()) return known;
      const broken = firstBroken(found);
      if (broken !== null) marks.push({ label, ...broken, steps: broken.steps + 1 });
    }
    known = { marks, within };
    onMarks(known);
  }
  return known;
}

/** The properties of single states and steps that the run so far does not break. */
function safetyOf(session: Session): readonly Property<unknown>[] {
  const { model } = session.opened;
  const { path, position, moments, start } = session;
  const judges = judgesOf(model, start);
  const views = path.slice(0, position + 1).map((moment) => viewOf(model, moments[moment]!.state));
  return model.properties.filter(({ name }) => {
    const judge = judges.get(name);
    return judge !== undefined && views.every((view, step) => judge(views[step - 1], view, step) === true);
  });
}

function brokenAtOnce(
  session: Session,
  properties: readonly Property<unknown>[],
  steps: readonly Step[],
): readonly Mark[] {
  const { model } = session.opened;
  const judges = judgesOf(model, session.start);
  const before = viewOf(model, selected(session).state);
  return steps.flatMap(({ label, to }): readonly Mark[] => {
    const after = viewOf(model, to);
    const broken = properties.find(({ name }) =>
      judges.get(name)!(before, after, session.position + 1) !== true
    );
    return broken === undefined ? [] : [{ label, property: broken.name, steps: 1 }];
  });
}

function firstBroken(found: Found): Pick<Mark, "property" | "steps"> | null {
  for (const [name, verdict] of found.verdicts) {
    if (name.includes("\0") && name !== deadlock) continue;
    return { property: name === deadlock ? noDeadlock.name : name, steps: found.path(verdict).steps.length };
  }
  return null;
}
