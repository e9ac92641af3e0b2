/** All that is to be said of the selected moment: what changed, what can happen, and what is true. Plain data. */
import type { Model, Start, State, Step } from "../checker/model.ts";
import { changesBetween } from "../dsl/plain.ts";
import { type Deadlock, noDeadlock, type Property, stuck } from "../dsl/property.ts";
import { type Judge, judgesOf } from "../trace/replay.ts";
import { isSameState, viewOf } from "../trace/run.ts";
import { type OwnPicture, ownPicture } from "./own_picture.ts";
import { type Moment, selected, type Session } from "./session.ts";
import type { Opened } from "./subject.ts";

/** One thing that a step changed. */
export interface Change {
  /** Where: a server, or a variable. */
  readonly where: string;
  /** What of it: a field such as `votedFor`, or a part such as `[1]`; empty: all of it. */
  readonly what: string;
  /** What it was; null if it is new. */
  readonly before: string | null;
  /** What it became; null if it is gone. */
  readonly after: string | null;
}

/** Something that can happen. */
export interface Enabled {
  /** The step. */
  readonly step: Step;
  /** Whether it leads to this very state. */
  readonly isIdle: boolean;
  /** The first moment of the tree that is the state to which it leads, by its place there; null: none was so far. */
  readonly seen: number | null;
  /** The budget that a search within the bounds would have to overrun for it; null: none. */
  readonly beyond: { readonly budget: string; readonly allows: number } | null;
}

/** What can happen in one place. */
export interface EnabledGroup {
  /** The server where it happens: to a message, where that is for; or the name of an action of a plain spec. */
  readonly where: string;
  /** What can happen there, in the model's order. */
  readonly enabled: readonly Enabled[];
}

/** What is true of one property. */
export interface Truth {
  /** The property. */
  readonly property: Property<unknown> | Deadlock;
  /** What it claims, without its source. */
  readonly sentence: string;
  /** Its source, such as `§5.2, Figure 3`; empty if it names none. */
  readonly source: string;
  /**
   * Here. `holds` and `broken`: of this state, or of the step that led here. `is` and `isNot`: this is (not) a state of
   * the kind that the property says must come some day, or sometimes.
   */
  readonly here: "holds" | "broken" | "is" | "isNot";
  /** Who and what is at fault here; null if nothing is. */
  readonly witness: string | null;
  /** The first position on the path, up to the selected one, where it is broken, or such a state; null: none. */
  readonly first: { readonly position: number; readonly witness: string | null } | null;
}

/** The selected moment. */
export interface Snapshot {
  /** After how many steps. */
  readonly position: number;
  /** The step that led here; null at the start. */
  readonly step: Step | null;
  /** The state before that step; null at the start. */
  readonly before: State | null;
  /** The state. */
  readonly state: State;
  /** What the step changed. */
  readonly changes: readonly Change[];
  /** How the spec draws the state; null if it doesn't. */
  readonly picture: OwnPicture | null;
  /** What can happen next, by place. */
  readonly enabled: readonly EnabledGroup[];
  /** What is true of each property, in the spec's order; that there is no deadlock comes last, if there is one. */
  readonly truths: readonly Truth[];
  /** Whether the constraint of the spec keeps a search from going on from here. */
  readonly isOutside: boolean;
}

/** All that is to be said of the selected moment. */
export function snapshot(session: Session): Snapshot {
  const { opened, moments, path, position } = session;
  const { model } = opened;
  const { step, state, parent } = selected(session);
  const before = parent === null ? null : moments[parent]!.state;
  return {
    position,
    step,
    before,
    state,
    changes: before === null ? [] : changesOf(model, before, state),
    picture: ownPicture(model, state),
    enabled: enabledIn(session, state),
    truths: truthsOf(session, path.slice(0, position + 1).map((moment) => moments[moment]!)),
    isOutside: model.constraint !== undefined && !model.constraint(viewOf(model, state)),
  };
}

/** What differs between two states. */
export function changesOf(model: Model, before: State, after: State): readonly Change[] {
  if (model.values !== undefined) {
    const earlier = model.values(before);
    return Object.entries(model.values(after)).flatMap(([where, value]) =>
      changesBetween("", earlier[where], value).map(({ path, before, after }) => ({
        where,
        what: path,
        before,
        after,
      }))
    );
  }
  const earlier = model.describe(before);
  return Object.entries(model.describe(after)).flatMap(([where, fields]) => {
    const old = earlier[where] ?? {};
    const names = [...new Set([...Object.keys(old), ...Object.keys(fields)])];
    return names.filter((what) => old[what] !== fields[what]).map((what): Change => ({
      where,
      what,
      before: old[what] ?? null,
      after: fields[what] ?? null,
    }));
  });
}

/** What can happen in a state, by place. */
function enabledIn(session: Session, state: State): readonly EnabledGroup[] {
  const { opened, start } = session;
  const { model } = opened;
  const seen = seenStates(session);
  const groups = new Map<string, Enabled[]>(model.servers.map((server) => [server, []]));
  const spent = model.spent?.(start.state) ?? {};
  for (const step of model.steps(state)) {
    const where = step.servers.at(-1) ?? step.label.replace(/[(#].*$/, "");
    const enabled = {
      step,
      isIdle: isSameState(state, step.to),
      seen: seen.get(keyOf(model, step.to)) ?? null,
      beyond: beyond(opened, spent, state, step.to),
    };
    groups.set(where, [...groups.get(where) ?? [], enabled]);
  }
  return [...groups].map(([where, enabled]) => ({ where, enabled }));
}

/** The budget that a step overruns, counted from where the run begins. */
function beyond(
  { model, values }: Opened,
  atStart: Readonly<Record<string, number>>,
  before: State,
  after: State,
): Enabled["beyond"] {
  if (model.spent === undefined) return null;
  const earlier = model.spent(before);
  for (const [budget, count] of Object.entries(model.spent(after))) {
    const allows = Number(values[budget] ?? 0);
    if (count > (earlier[budget] ?? 0) && count - (atStart[budget] ?? 0) > allows) return { budget, allows };
  }
  return null;
}

/** For each state of the tree, however much was spent on the way there, the first moment in which it is. */
function seenStates({ opened: { model }, moments }: Session): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  moments.forEach(({ state }, index) => {
    const key = keyOf(model, state);
    if (!seen.has(key)) seen.set(key, index);
  });
  return seen;
}

/** A state never changes, so that its key is made once. */
const keys = new WeakMap<State, string>();

function keyOf({ servers, spent }: Model, state: State): string {
  const known = keys.get(state);
  if (known !== undefined) return known;
  const { vector, bag } = state;
  // The place after the servers and the history holds what was spent.
  const places = spent === undefined ? vector : vector.with(servers.length + 1, 0);
  // Places that came later have their first value.
  const key = `${places.join().replace(/(,0)+$/, "")};${bag.join()}`;
  keys.set(state, key);
  return key;
}

/** What one property says of one moment. */
interface Judgement {
  readonly here: Truth["here"];
  readonly witness: string | null;
}

/** A moment never changes, so that it is judged once. */
const judgements = new WeakMap<Moment, readonly Judgement[]>();

/** Who judges runs from a start: to refine another spec that is compiled, once. */
const judges = new WeakMap<Start, ReadonlyMap<string, Judge>>();

function judgesFrom(model: Model, start: Start): ReadonlyMap<string, Judge> {
  const known = judges.get(start) ?? judgesOf(model, start);
  judges.set(start, known);
  return known;
}

function truthsOf(session: Session, path: readonly Moment[]): readonly Truth[] {
  const { model } = session.opened;
  const judges = judgesFrom(model, session.start);
  const judged = path.map((moment, position) =>
    judgementsOf(model, judges, position === 0 ? null : path[position - 1]!, moment)
  );
  const properties = model.properties.map((property, index): Truth => {
    const { here, witness } = judged.at(-1)![index]!;
    const first = judged.findIndex((moment) =>
      moment[index]!.here === "broken" || moment[index]!.here === "is"
    );
    return {
      property,
      ...sourceOf(property),
      here,
      witness,
      first: first < 0 ? null : { position: first, witness: judged[first]![index]!.witness },
    };
  });
  return [...properties, ...deadlocks(model, path)];
}

function judgementsOf(
  model: Model,
  judges: ReadonlyMap<string, Judge>,
  before: Moment | null,
  moment: Moment,
): readonly Judgement[] {
  const known = judgements.get(moment);
  if (known !== undefined) return known;
  const view = viewOf(model, moment.state);
  const earlier = before === null ? undefined : viewOf(model, before.state);
  // A step that changes nothing is none.
  const isIdle = before !== null && isSameState(before.state, moment.state);
  const found = model.properties.map((property): Judgement => {
    const judge = judges.get(property.name);
    if (judge === undefined) return { here: isOfKind(property, view) ? "is" : "isNot", witness: null };
    const judgement = isIdle && property.kind !== "always" ? true : judge(earlier, view, moment.number);
    return judgement === true ? { here: "holds", witness: null } : { here: "broken", witness: judgement };
  });
  judgements.set(moment, found);
  return found;
}

/** Whether a state is of the kind that a property says must come. */
function isOfKind(property: Property<unknown>, view: unknown): boolean {
  switch (property.kind) {
    case "sometimes":
      return property.reached(view);
    case "leads-to":
      return property.then(view);
    case "eventually":
    case "infinitely-often":
    case "eventually-always":
      return property.holds(view);
    default:
      return false;
  }
}

function deadlocks(model: Model, path: readonly Moment[]): readonly Truth[] {
  const { state } = path.at(-1)!;
  if (model.ends === undefined || model.ends(state) || model.steps(state).length > 0) return [];
  return [{
    property: noDeadlock,
    ...sourceOf(noDeadlock),
    here: "broken",
    witness: stuck,
    first: { position: path.length - 1, witness: stuck },
  }];
}

/** The sentence of a property, and the source in the parentheses at its end. */
function sourceOf({ sentence }: { readonly sentence: string }): Pick<Truth, "sentence" | "source"> {
  const [, claim = sentence, source = ""] = sentence.match(/^(.*?)\s*\(([^()]*)\)$/s) ?? [];
  return { sentence: claim, source };
}
