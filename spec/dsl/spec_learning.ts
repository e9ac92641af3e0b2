/** What the actions of a plain spec do, learned once for each distinct reading. */
import { type Growable, growable, push } from "../checker/growable.ts";
import { valueAt } from "../checker/layer.ts";
import { guarded, happened } from "./definition.ts";
import { draftOf, type Recorder } from "./draft.ts";
import { plain, show } from "./plain.ts";
import { gather, type Layout, Reshape, type SetShape } from "./shape.ts";
import { disabled, effectFor, type Effects, effects } from "./spec_effects.ts";
import { forget, type Groups, groups } from "./spec_groups.ts";
import { type Records, recordsOf } from "./spec_records.ts";
import { SpecError } from "./specification.ts";
import { grow, makeRoom, type Trees, trees } from "./spec_trees.ts";
import { type Oracle, oracle } from "./choice.ts";

/** One action with its arguments. */
export interface Transition {
  /** How a trace writes it. */
  readonly label: string;
  /** The name of the action. */
  readonly name: string;
  /** Its arguments in JSON. */
  readonly arguments: readonly string[];
  /** What it does to a draft. Returns false where it can't happen. */
  readonly run: (draft: object, choose: Oracle["choose"]) => unknown;
}

/** Everything learned so far. */
export interface Learning {
  readonly name: string;
  readonly layout: Layout;
  /** The paths of values that must be one place each. What changes its shape is added. */
  readonly whole: Set<string>;
  readonly transitions: readonly Transition[];
  readonly records: Records;
  /** A tree for each transition. A leaf is twice an effect; or, if the action chooses, twice a bundle, and 1. */
  readonly trees: Trees;
  readonly effects: Effects;
  readonly groups: Groups;
  /** The effects of each outcome of an action that chooses, some of which may be `disabled`. */
  readonly bundles: (readonly number[])[];
  /** Outcomes: first those of transitions that don't choose, then each k-th of one that does. */
  readonly outcomes: { readonly transition: number; readonly choice: number }[];
  readonly outcomeIds: Map<string, number>;
  /** For each transition, the sets that it looked at as a whole. */
  readonly looked: Set<SetShape>[];
  /** For each transition, 1 if it could happen in some state. */
  readonly enabled: Uint8Array;
  /** For each transition, how often it was learned. */
  readonly learned: Growable;
}

/** Nothing learned yet. */
export function learning(
  name: string,
  layout: Layout,
  whole: Set<string>,
  transitions: readonly Transition[],
): Learning {
  const records = recordsOf(layout.places);
  const learned = growable();
  for (let i = 0; i < transitions.length; i++) push(learned, 0);
  return {
    name,
    layout,
    whole,
    transitions,
    records,
    trees: trees(transitions.length),
    effects: effects(),
    groups: groups(records.fields, transitions.length),
    bundles: [],
    outcomes: transitions.map((_, transition) => ({ transition, choice: 0 })),
    outcomeIds: new Map(),
    looked: transitions.map(() => new Set()),
    enabled: new Uint8Array(transitions.length),
    learned,
  };
}

/** Calls `each` with every effect of a leaf of a transition, and with its outcome. */
export function forEachEffect(
  l: Learning,
  transition: number,
  leaf: number,
  each: (effect: number, outcome: number) => void,
): void {
  if ((leaf & 1) === 0) return each(leaf >> 1, transition);
  l.bundles[leaf >> 1]!.forEach((effect, choice) => {
    if (effect !== disabled) each(effect, outcomeOf(l, transition, choice + 1));
  });
}

function outcomeOf({ outcomes, outcomeIds }: Learning, transition: number, choice: number): number {
  const key = `${transition}#${choice}`;
  let outcome = outcomeIds.get(key);
  if (outcome === undefined) {
    outcome = outcomes.push({ transition, choice }) - 1;
    outcomeIds.set(key, outcome);
  }
  return outcome;
}

/** What running an action once for every choice showed. */
interface Reading {
  /** The places that it read, in order, and what it found there. */
  readonly reads: readonly number[];
  readonly first: ReadonlyMap<number, number>;
  /** The effect of each choice, and whether it chose at all. */
  readonly effects: readonly number[];
  readonly chose: boolean;
}

/** Runs the code of an action on the record that begins at `at`, and remembers what it did under what it read. */
export function learn(l: Learning, transition: number, words: Int32Array, at: number): number {
  const before = l.layout.places.length;
  const reading = readingOf(l, transition, words, at);
  const known = l.layout.places.length;
  if (isSampled(l, transition) || known > before) {
    const again = readingOf(l, transition, words, at);
    // An action that adds other elements each time would be learned for ever.
    if (l.layout.places.length > known) throw notDeterministic(l, transition);
    if (known === before) compare(l, transition, reading, again);
  }
  const leaf = leafOf(l, reading);
  if (reading.effects.some((effect) => effect !== disabled)) l.enabled[transition] = 1;
  makeRoom(l.trees, l.layout.places);
  forgetWhatLookedAtAll(l, before);
  // It has looked at all elements of a set, and then added one: what it reads next time will be different.
  if (hasGrown(l.looked[transition]!, before)) return leaf;
  if (!grow(l.trees, transition, reading.reads, reading.first, leaf)) throw notDeterministic(l, transition);
  return leaf;
}

function leafOf({ bundles }: Learning, { effects, chose }: Reading): number {
  return chose ? (bundles.push(effects) - 1) * 2 + 1 : effects[0]! * 2;
}

/** Runs an action, once for every choice that it has. */
function readingOf(l: Learning, transition: number, words: Int32Array, at: number): Reading {
  const { records } = l;
  const reads: number[] = [];
  const first = new Map<number, number>();
  const read = (place: number): number => {
    const known = first.get(place);
    if (known !== undefined) return known;
    // A place that was added just now is not in the record yet: its element is in no set.
    const value = place < records.known ? valueAt(records.fields, words, at, place) : 0;
    first.set(place, value);
    reads.push(place);
    return value;
  };
  const choices = oracle(whereOf(l, transition));
  const effects: number[] = [];
  do {
    effects.push(run(l, transition, read, first, choices, words, at));
  } while (choices.next());
  return { reads, first, effects, chose: choices.chose() };
}

function run(
  l: Learning,
  transition: number,
  read: (place: number) => number,
  first: ReadonlyMap<number, number>,
  choices: Oracle,
  words: Int32Array,
  at: number,
): number {
  const where = whereOf(l, transition);
  const after = new Map<number, number>();
  const copies = new Map<number, unknown>();
  const recorder: Recorder = {
    copies,
    read,
    current: (place) => after.get(place) ?? read(place),
    write: (place, value) => {
      read(place);
      after.set(place, value);
    },
    lookAtAll: (set) => l.looked[transition]!.add(set),
  };
  const { run } = l.transitions[transition]!;
  return withState(l, words, at, () => {
    const draft = draftOf(l.layout, recorder);
    const result = choices.ask(() => happened(where, guarded(where, () => run(draft, choices.choose))));
    if (result === false) return disabled;
    for (const [place, value] of copies) {
      const target = l.layout.places[place]!;
      after.set(place, guarded(where, () => target.intern(plain(value, target.name))));
    }
    return effectFor(l.effects, first, after);
  });
}

function whereOf(l: Learning, transition: number): string {
  return `spec ${l.name}, action ${l.transitions[transition]!.label}`;
}

/** What goes wrong in an action says in which state. */
function withState<T>(l: Learning, words: Int32Array, at: number, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof Reshape) l.whole.add(error.path);
    if (!(error instanceof SpecError)) throw error;
    const { fields, known } = l.records;
    const state = Object.entries(l.layout.root.fields).map(([variable, shape]) => {
      const read = (place: number) => place < known ? valueAt(fields, words, at, place) : 0;
      return `${variable} ${show(gather(l.layout, shape, read))}`;
    });
    throw new SpecError(`${error.message} (in the state ${state.join(", ")})`, { cause: error.cause });
  }
}

/** Whether to run an action twice: the first times, and then ever more seldom. */
function isSampled({ learned }: Learning, transition: number): boolean {
  const times = ++learned.items[transition]!;
  return times <= 3 || (times & (times - 1)) === 0;
}

/** Refuses an action of which two runs in one state differ. */
function compare(l: Learning, transition: number, one: Reading, other: Reading): void {
  const told = ({ effects, reads }: Reading) => `${effects.join()} ${reads.join()}`;
  if (told(one) !== told(other)) throw notDeterministic(l, transition);
}

function notDeterministic(l: Learning, transition: number): SpecError {
  return new SpecError(
    `${
      whereOf(l, transition)
    } is not deterministic: two runs in one state differ. It may depend on the draft and ` +
      `its arguments only; where anything may happen, let it choose`,
  );
}

/** An element that was met for the first time may matter to whoever looked at all elements of its set. */
function forgetWhatLookedAtAll(l: Learning, before: number): void {
  if (l.layout.places.length === before) return;
  for (const [transition, sets] of l.looked.entries()) {
    if (l.trees.roots[transition] === 0 || !hasGrown(sets, before)) continue;
    l.trees.roots[transition] = 0;
    forget(l.groups, transition);
  }
}

function hasGrown(sets: ReadonlySet<SetShape>, before: number): boolean {
  return [...sets].some(({ members }) => [...members.values()].some(({ place }) => place >= before));
}
