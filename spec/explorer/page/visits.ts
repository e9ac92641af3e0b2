/// <reference lib="dom" />
/** What a person does, and its trace in the browser's history: back and forward are undo and redo. */
import { Reshape } from "../../dsl/shape.ts";
import { SpecError } from "../../dsl/specification.ts";
import { type Address, addressOf, hashOf } from "../hash.ts";
import { follow, fork, go, play, select, type Session, type Showing, traceHere } from "../session.ts";
import type { Setup } from "../setup.ts";
import { snapshot } from "../snapshot.ts";
import { tours } from "../tours/mod.ts";
import { type AddressBar, createAddressBar } from "./address_bar.ts";
import { wordsOf } from "./diagram.ts";
import { addressIn, openAddress, problemOf } from "./opening.ts";
import type { Store } from "./store.ts";

/** What a person can do with the visit. */
export interface Visits {
  /** Goes to an address, as a new entry of the history; `asFarAsPossible`: a trace up to the first step that can't happen. */
  visit(address: Address, options?: { readonly asFarAsPossible: boolean }): Promise<void>;
  /** Shows another trace of the same spec. Returns what is wrong with it; null if nothing is. */
  show(trace: string, showing?: Showing): string | null;
  /** Takes a step from the selected moment. */
  take(label: string): void;
  /** Selects a moment of the path. */
  goTo(position: number): void;
  /** Selects any moment of the tree. */
  pick(moment: number): void;
  /** Ends the path at the selected moment. What came after it is kept as a branch. */
  forkHere(): void;
  /** Ends the tour, and leaves what is shown as it is. */
  leaveTour(): void;
  /** Goes back in the history. */
  undo(): void;
  /** Goes forward in the history. */
  redo(): void;
  /** Whether there is anything to go back to. */
  canUndo(): boolean;
  /** Whether there is anything to go forward to. */
  canRedo(): boolean;
  /** Leaves an address that can't be opened, for what is shown. */
  stay(): void;
  /** Opens what the address of the page says, and follows it from then on. */
  begin(): Promise<void>;
}

/** A page on which somebody is. */
interface Visiting {
  readonly store: Store;
  readonly setup: Setup;
  readonly bar: AddressBar;
  /** Counts what is opened: who is slower than the next one comes to nothing. */
  opening: number;
}

/** What a person can do on a page. */
export function createVisits(store: Store, setup: Setup): Visits {
  const bar = createAddressBar((session) => hashOf(addressIn(session, store.tour.peek())));
  const visiting: Visiting = { store, setup, bar, opening: 0 };
  return {
    visit: (address, { asFarAsPossible } = { asFarAsPossible: false }) =>
      enter(visiting, () => address, { isNew: true, asFarAsPossible }),
    show(trace, showing = {}) {
      try {
        change(visiting, (session) => follow(session, trace, showing), true, () => trace);
        return null;
      } catch (error) {
        if (error instanceof SpecError) return error.message;
        throw error;
      }
    },
    take(label) {
      const trace = (session: Session) => `${traceHere(session)} ${label}`.trim();
      change(visiting, (session) => play(session, label), true, trace);
    },
    goTo: (position) => change(visiting, (session) => go(session, position), false),
    pick: (moment) => change(visiting, (session) => select(session, moment), true),
    forkHere() {
      change(
        visiting,
        (session) => session.position === session.path.length - 1 ? session : fork(session),
        true,
      );
    },
    leaveTour() {
      store.tour.value = null;
      store.said.value = "The tour is over: play on as you like.";
      if (store.session.value !== null) bar.write(store.session.value, false);
    },
    stay() {
      store.problem.value = null;
      if (store.session.value !== null) bar.write(store.session.value, false);
    },
    undo() {
      bar.flush();
      history.back();
    },
    redo() {
      bar.flush();
      history.forward();
    },
    canUndo: bar.canUndo,
    canRedo: bar.canRedo,
    begin: () => begin(visiting),
  };
}

/** Opens what the address of the page says, and follows it. */
async function begin(visiting: Visiting): Promise<void> {
  const read = () => addressOf(location.hash, visiting.setup);
  const asTyped = { isNew: false, asFarAsPossible: false };
  addEventListener("popstate", ({ state }) => {
    const session = visiting.bar.arrive(state);
    if (session !== null) returnTo(visiting, session);
    // Somebody has typed another address, or has come from an entry of an earlier visit.
    else void enter(visiting, read, asTyped);
  });
  await enter(visiting, read, asTyped);
}

/**
 * Shows what a person did. If a value turns out not to keep its shape, the spec is built anew, and `trace` is what to
 * show then.
 */
function change(
  visiting: Visiting,
  act: (session: Session) => Session,
  isNew: boolean,
  trace?: (session: Session) => string,
): void {
  const { store, bar } = visiting;
  const before = store.session.value;
  if (before === null) return;
  try {
    const next = act(before);
    if (next.path === before.path && next.position === before.position) return;
    snapshot(next);
    store.session.value = next;
    bar.write(next, isNew);
    say(store);
  } catch (error) {
    if (!(error instanceof Reshape) || trace === undefined) throw error;
    const address = { ...addressIn(before, store.tour.value), trace: trace(before), position: null };
    void enter(visiting, () => address, { isNew, asFarAsPossible: false });
  }
}

/** Goes to an address; if that is wrong, tells how, and keeps what is shown. */
async function enter(
  visiting: Visiting,
  read: () => Address,
  { isNew, asFarAsPossible }: { readonly isNew: boolean; readonly asFarAsPossible: boolean },
): Promise<void> {
  const { store, setup, bar } = visiting;
  const ticket = ++visiting.opening;
  let address: Address | null = null;
  try {
    address = read();
    const { tour } = address;
    const session = await openAddress(address, store.session.value, setup, asFarAsPossible);
    // Somebody was quicker.
    if (ticket !== visiting.opening) return;
    store.problem.value = null;
    store.session.value = session;
    store.tour.value = tours.find(({ name }) => name === tour) ?? null;
    bar.write(session, isNew);
    say(store);
  } catch (error) {
    if (ticket !== visiting.opening) return;
    store.problem.value = problemOf(error, asFarAsPossible ? null : address);
  }
}

/** What the history says is shown; branches that were made since are kept. */
function returnTo(visiting: Visiting, session: Session): void {
  const { store } = visiting;
  visiting.opening++;
  const current = store.session.value;
  const isSameTree = current !== null && current.opened === session.opened &&
    current.start === session.start && current.moments.length >= session.moments.length;
  store.problem.value = null;
  store.session.value = isSameTree ? { ...session, moments: current.moments } : session;
  say(store);
}

/** Tells who doesn't see the page where they are. */
function say({ here, said, session }: Store): void {
  const { step, position, changes } = here.value!;
  const what = step === null ? "the first state" : `${step.label}, ${step.event}`;
  document.title = `${session.value!.opened.spec.name}: ${step?.label ?? "start"} · Quorate`;
  said.value = `step ${position}: ${what}. ${wordsOf(changes)}`;
}
