/// <reference lib="dom" />
/** What a person does, and its trace in the browser's history: back and forward are undo and redo. */
import { signal } from "@preact/signals";
import { SpecError } from "../../dsl/specification.ts";
import { loadCore } from "../core_files.ts";
import { type Address, addressOf, hashOf, homeOf } from "../hash.ts";
import {
  follow,
  fork,
  go,
  openSession,
  play,
  select,
  type Session,
  type Showing,
  shownTrace,
} from "../session.ts";
import type { Setup } from "../setup.ts";
import { openSubject, type Subject } from "../subject.ts";
import { type Tour, tours } from "../tours/mod.ts";
import { wordsOf } from "./diagram.ts";
import type { Problem, Store } from "./store.ts";

/** What a person can do with the visit. */
export interface Visits {
  /** Goes to an address, as a new entry of the history. */
  visit(address: Address): Promise<void>;
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

/** How long a moment must stay selected before the address tells of it, in ms. */
const restMs = 150;

/** The address of a visit. */
export function addressIn(session: Session, tour: Tour | null): Address {
  const { opened: { subject }, path, position, loop } = session;
  const isAtEnd = position === path.length - 1;
  return {
    ...subject,
    trace: shownTrace(session),
    position: isAtEnd ? null : position,
    loop,
    tour: tour?.name ?? null,
  };
}

/** What a page does with the history of its window. */
export function createVisits(store: Store, setup: Setup): Visits {
  // Where in the history the page is, and how far it has been.
  const at = signal(0);
  const last = signal(0);
  /** What was shown at each entry: to go back costs nothing. */
  const shown = new Map<number, Session>();
  let opening = 0;
  /** The address of a moment that was just selected. */
  let pending: { readonly replace: () => void; readonly timer: ReturnType<typeof setTimeout> } | null = null;

  function write(session: Session, isNew: boolean): void {
    if (isNew) {
      at.value++;
      last.value = at.value;
      for (const entry of shown.keys()) if (entry > at.value) shown.delete(entry);
    }
    shown.set(at.value, session);
    if (isNew) {
      flush();
      history.pushState({ entry: at.value }, "", addressText(session));
    } else {
      // A browser takes only so many changes of its address a second.
      clearTimeout(pending?.timer);
      const replace = () => history.replaceState({ entry: at.value }, "", addressText(session));
      pending = { replace, timer: setTimeout(flush, restMs) };
    }
  }

  /** Writes what waits to be written. */
  function flush(): void {
    clearTimeout(pending?.timer);
    pending?.replace();
    pending = null;
  }

  function addressText(session: Session): string {
    return `#${hashOf(addressIn(session, store.tour.value))}`;
  }

  function change(next: Session, isNew: boolean): void {
    const before = store.session.value;
    if (next === before) return;
    store.session.value = next;
    write(next, isNew);
    say();
  }

  /** Tells who doesn't see the page where they are. */
  function say(): void {
    const { step, position, changes } = store.here.value!;
    const what = step === null ? "the first state" : `${step.label}, ${step.event}`;
    store.said.value = `step ${position}: ${what}. ${wordsOf(changes)}`;
  }

  async function open(address: Address, asFarAsPossible: boolean): Promise<Session> {
    const current = store.session.value;
    const showing = { ...address, asFarAsPossible };
    if (current !== null && isSame(current.opened.subject, address)) {
      return follow(current, address.trace, showing);
    }
    const opened = await openSubject(subjectOf(address), { specs: setup.specs, loadCore });
    return openSession(opened, address.trace, showing);
  }

  /** Goes to an address; if that is wrong, tells how, and keeps what is shown. */
  async function enter(
    read: () => Address,
    isNew: boolean,
    asFarAsPossible: boolean,
  ): Promise<void> {
    const ticket = ++opening;
    let address: Address | null = null;
    try {
      address = read();
      const session = await open(address, asFarAsPossible);
      // Somebody was quicker.
      if (ticket !== opening) return;
      store.problem.value = null;
      store.session.value = session;
      store.tour.value = tours.find(({ name }) => name === address?.tour) ?? null;
      write(session, isNew);
      say();
    } catch (error) {
      if (ticket !== opening) return;
      store.problem.value = problemOf(error, asFarAsPossible ? null : address);
    }
  }

  /** What the history says is shown; branches that were made since are kept. */
  function returnTo(entry: number, session: Session): void {
    opening++;
    at.value = entry;
    const current = store.session.value;
    const isSameTree = current !== null && current.opened === session.opened &&
      current.start === session.start && current.moments.length >= session.moments.length;
    store.problem.value = null;
    store.session.value = isSameTree ? { ...session, moments: current.moments } : session;
    say();
  }

  return {
    visit: (address) => enter(() => address, true, store.problem.value !== null),
    show(trace, showing = {}) {
      const session = store.session.value;
      if (session === null) return "nothing is open";
      try {
        change(follow(session, trace, showing), true);
        return null;
      } catch (error) {
        if (error instanceof SpecError) return error.message;
        throw error;
      }
    },
    take(label) {
      const session = store.session.value;
      if (session !== null) change(play(session, label), true);
    },
    goTo(position) {
      const session = store.session.value;
      if (session !== null) change(go(session, position), false);
    },
    pick(moment) {
      const session = store.session.value;
      if (session !== null) change(select(session, moment), !session.path.includes(moment));
    },
    forkHere() {
      const session = store.session.value;
      if (session !== null && session.position < session.path.length - 1) change(fork(session), true);
    },
    leaveTour() {
      store.tour.value = null;
      store.said.value = "The tour is over: play on as you like.";
      if (store.session.value !== null) write(store.session.value, false);
    },
    stay() {
      const session = store.session.value;
      store.problem.value = null;
      if (session !== null) write(session, false);
    },
    undo() {
      flush();
      history.back();
    },
    redo() {
      flush();
      history.forward();
    },
    canUndo: () => at.value > 0,
    canRedo: () => at.value < last.value,
    async begin() {
      addEventListener("popstate", ({ state }) => {
        // It was for the entry that is left.
        clearTimeout(pending?.timer);
        pending = null;
        const entry = isEntry(state) ? state.entry : null;
        const known = entry === null ? undefined : shown.get(entry);
        if (entry !== null && known !== undefined) returnTo(entry, known);
        // Somebody has typed another address, or has come from an entry of an earlier visit.
        else enter(() => addressOf(location.hash, setup), false, false);
      });
      await enter(() => addressOf(location.hash, setup), false, false);
    },
  };
}

function isEntry(state: unknown): state is { readonly entry: number } {
  return typeof state === "object" && state !== null && "entry" in state && typeof state.entry === "number";
}

function subjectOf({ spec, bounds, parameters, mutant }: Address): Subject {
  return { spec, bounds, parameters, mutant };
}

function isSame(subject: Subject, address: Address): boolean {
  return JSON.stringify(subjectOf({ ...homeOf(""), ...subject })) === JSON.stringify(subjectOf(address));
}

/** What went wrong, for people. */
function problemOf(error: unknown, address: Address | null): Problem {
  const message = error instanceof Error ? error.message : String(error);
  const isTrace = error instanceof SpecError && message.startsWith("step ");
  return {
    title: isTrace
      ? "This run can't be played: perhaps it is of another version"
      : error instanceof SpecError
      ? "This address can't be opened"
      : "Something went wrong",
    message,
    playable: isTrace ? address : null,
  };
}
