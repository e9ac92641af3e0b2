/**
 * What a person does in the explorer, as pure functions: a tree of steps of which one branch is shown and one moment
 * selected. Where the steps come from is the model's business, and how they look is the page's.
 */
import type { Start, State, Step } from "../checker/model.ts";
import { Reshape, untilInShape } from "../dsl/shape.ts";
import { SpecError } from "../dsl/specification.ts";
import { whyNoLoop } from "../trace/behaviour.ts";
import { formatTrace, type Run, splitTrace, startNamed, stepOf } from "../trace/run.ts";
import type { Opened } from "./subject.ts";

/** A state in the tree of those that were visited, and how it was reached. */
export interface Moment {
  /** The moment before it, by its place in the tree; null for the first one. */
  readonly parent: number | null;
  /** The step that led here; null for the first one. */
  readonly step: Step | null;
  /** The state. Nothing has a price in it: who plays may do more than the bounds of a search allow. */
  readonly state: State;
  /** How many steps it is from the first moment. */
  readonly number: number;
}

/** A visit: all that was played, and what of it is shown. */
export interface Session {
  /** What is looked at. */
  readonly opened: Opened;
  /** Where it begins. */
  readonly start: Start;
  /** All moments, parents first. They are never removed: branches are kept. */
  readonly moments: readonly Moment[];
  /** The branch that is shown: moments by their place in the tree, from the first one to where it ends. */
  readonly path: readonly number[];
  /** Which moment is selected, by its place on the path; so many steps were taken to get there. */
  readonly position: number;
  /** How many steps at the end of the path are taken again and again, 0: nothing happens for ever; null: it ends. */
  readonly loop: number | null;
}

/** What of a trace to show. */
export interface Showing {
  /** After how many steps the selected moment is; the last one if left out. */
  readonly position?: number | null;
  /** How many of the last steps are taken again and again; null if left out: none, it ends. */
  readonly loop?: number | null;
  /** Whether a step that can't happen (any more) ends the trace, instead of being an error. Default: false. */
  readonly asFarAsPossible?: boolean;
}

/**
 * A new visit, in which a trace was played.
 *
 * @throws {SpecError} if the trace is malformed, a step is impossible, or the loop is none: where, and what is possible.
 */
export function openSession(opened: Opened, trace = "", showing: Showing = {}): Session {
  const [start, words] = beginning(opened, trace);
  return show(playAll(emptySession(opened, start), words, showing), showing);
}

/**
 * The same visit, showing another trace: steps that were played before are found again, others become a branch. From
 * another start it is a new visit.
 *
 * @throws {SpecError} if the trace is malformed or a step is impossible: which one, and what was possible there.
 */
export function follow(session: Session, trace: string, showing: Showing = {}): Session {
  const [start, words] = beginning(session.opened, trace);
  if (start !== session.start) return openSession(session.opened, trace, showing);
  return show(playAll({ ...session, path: [0], position: 0, loop: null }, words, showing), showing);
}

/**
 * Takes a step from the selected moment. If it is the next one on the path, that is kept as it is; else the path
 * branches off here.
 *
 * @throws {SpecError} if the step can't happen here: what can.
 */
export function play(session: Session, label: string): Session {
  try {
    return settled(playInShape(session, label));
  } catch (error) {
    // Some value doesn't keep its shape. The spec knows it now, and is built another way.
    if (!(error instanceof Reshape)) throw error;
    return play(rebuilt(session), label);
  }
}

function playInShape(session: Session, label: string): Session {
  const { moments, path, position } = session;
  const from = path[position]!;
  const step = stepOf(session.opened.model, moments[from]!.state, label, position + 1);
  const next = path[position + 1];
  if (next !== undefined && moments[next]!.step!.label === step.label) return go(session, position + 1);
  const known = moments.findIndex(({ parent, step: taken }) =>
    parent === from && taken!.label === step.label
  );
  if (known >= 0) return { ...select(session, known), position: position + 1 };
  const moment = { parent: from, step, state: step.to, number: position + 1 };
  return {
    ...session,
    moments: [...moments, moment],
    path: [...path.slice(0, position + 1), moments.length],
    position: position + 1,
    loop: null,
  };
}

/** Selects another moment on the path; the nearest one if there are not so many. */
export function go(session: Session, position: number): Session {
  return { ...session, position: Math.max(0, Math.min(session.path.length - 1, position)) };
}

/** Selects any moment of the tree. If it is not on the path, another branch is shown: the latest one through it. */
export function select(session: Session, moment: number): Session {
  const { moments, path } = session;
  const known = path.indexOf(moment);
  if (known >= 0) return go(session, known);
  const through = wayTo(moments, moment);
  const position = through.length - 1;
  for (let last: number = moment; last >= 0;) {
    const parent: number = last;
    last = moments.findLastIndex((child) => child.parent === parent);
    if (last >= 0) through.push(last);
  }
  return { ...session, path: through, position, loop: null };
}

/** Ends the path at the selected moment: what came after it stays in the tree, and what is played next is a branch. */
export function fork(session: Session): Session {
  return { ...session, path: session.path.slice(0, session.position + 1), loop: null };
}

/** The moments that follow a moment, the oldest branch first. */
export function branchesOf({ moments }: Session, moment: number): readonly number[] {
  return moments.flatMap(({ parent }, index) => parent === moment ? [index] : []);
}

/** The moment that is selected. */
export function selected({ moments, path, position }: Session): Moment {
  return moments[path[position]!]!;
}

/** The run that is shown. */
export function shownRun({ start, moments, path, opened }: Session): Run {
  const steps = path.slice(1).map((moment) => moments[moment]!.step!);
  return { start: { ...start, state: free(opened, start.state) }, steps };
}

/** The run that is shown, in the notation. */
export function shownTrace(session: Session): string {
  return formatTrace(shownRun(session));
}

/** The run up to the selected moment, in the notation: what the terminal's `replay` takes. */
export function traceHere(session: Session): string {
  const { start, steps } = shownRun(session);
  return formatTrace({ start, steps: steps.slice(0, session.position) });
}

function emptySession(opened: Opened, start: Start): Session {
  const first = { parent: null, step: null, state: free(opened, start.state), number: 0 };
  return { opened, start, moments: [first], path: [0], position: 0, loop: null };
}

/** What can happen next is looked at now, so that a value that doesn't keep its shape shows here. */
function settled(session: Session): Session {
  session.opened.model.steps(selected(session).state);
  return session;
}

/** The same visit, in a model of another shape. */
function rebuilt(session: Session): Session {
  const { spec, values } = session.opened;
  return untilInShape(() => {
    const opened = { ...session.opened, model: spec.build(values) };
    const start = startNamed(opened.model, session.start.name);
    const moments = session.moments.reduce<readonly Moment[]>((known, { parent, step, number }) => {
      if (parent === null) return emptySession(opened, start).moments;
      const taken = stepOf(opened.model, known[parent]!.state, step!.label, number);
      return [...known, { parent, step: taken, state: taken.to, number }];
    }, []);
    return { ...session, opened, start, moments };
  });
}

function beginning({ model }: Opened, trace: string): readonly [Start, readonly string[]] {
  const words = splitTrace(trace);
  const start = startNamed(model, words[0]?.startsWith("@") ? words.shift()!.slice(1) : "1");
  return [start, words];
}

/** The same state, if nothing had a price. */
function free({ model }: Opened, state: State): State {
  return model.unpriced?.(state) ?? state;
}

function playAll(session: Session, words: readonly string[], { asFarAsPossible = false }: Showing): Session {
  let played = session;
  for (const word of words) {
    try {
      // What follows on the branch of an earlier visit is not part of this trace.
      played = fork(play(played, word));
    } catch (error) {
      if (!asFarAsPossible) throw error;
      break;
    }
  }
  return played;
}

function show(session: Session, { position, loop = null, asFarAsPossible = false }: Showing): Session {
  const { moments, path } = session;
  const last = path.length - 1;
  const why = loop === null ? null : whyNoLoop(path.map((moment) => moments[moment]!.state), loop);
  if (why !== null && !asFarAsPossible) throw new SpecError(why);
  return go({ ...session, loop: why === null ? loop : null }, position ?? last);
}

function wayTo(moments: readonly Moment[], moment: number): number[] {
  const way = [moment];
  for (let at = moments[moment]!.parent; at !== null; at = moments[at]!.parent) way.unshift(at);
  return way;
}
