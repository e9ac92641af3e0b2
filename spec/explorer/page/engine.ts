/** What is searched while people play: what may soon go wrong, and what they ask for. */
import { effect, type Signal, signal } from "@preact/signals";
import { searcher } from "../searcher.ts";
import type { Answer, Mark, Marks } from "../seek.ts";
import type { Store } from "./store.ts";
import { addressIn } from "./opening.ts";
import type { Visits } from "./visits.ts";

/** A search that somebody asked for. */
export interface Search {
  /** The property. */
  readonly property: string;
  /** How far it is; null as long as nothing is known. */
  readonly progress: { readonly depth: number; readonly distinct: number } | null;
  /** What it found; null as long as it runs. */
  readonly answer: Answer | { readonly type: "failed"; readonly message: string } | null;
}

/** What is searched in the background. */
export interface Engine {
  /** By which of the next steps something may break, by their notation. */
  readonly marks: Signal<ReadonlyMap<string, Mark>>;
  /** Within how many steps that is known; 0 while nothing is. */
  readonly within: Signal<number>;
  /** The search that runs, or ran last; null if none did. */
  readonly search: Signal<Search | null>;
  /** Looks for a counterexample of a property from the selected moment on; of a `sometimes`, for an example. */
  find(property: string): Promise<void>;
  /** Ends the search that runs. */
  cancel(): void;
}

/** How far ahead to look for what may go wrong. */
const stepsAhead = 4;

/** How long a moment must stay selected before it is worth a search. */
const restMs = 150;

const noMarks: ReadonlyMap<string, Mark> = new Map();

/** Searches in workers: one looks ahead of the selected moment, one for what is asked. */
export function createEngine(store: Store, visits: Visits): Engine {
  const marks = signal(noMarks);
  const within = signal(0);
  const search = signal<Search | null>(null);
  const ahead = searcher();
  const asked = searcher();
  followMoments();

  function followMoments(): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    effect(() => {
      const session = store.session.value;
      clearTimeout(timer);
      ahead.stop();
      marks.value = noMarks;
      within.value = 0;
      if (session === null) return;
      timer = setTimeout(() => {
        const show = (found: Marks) => {
          if (store.session.peek() !== session) return;
          marks.value = new Map(found.marks.map((mark) => [mark.label, mark]));
          within.value = found.within;
        };
        // That something can't be searched is told where somebody asks for it.
        ahead.mark({ ...addressIn(session, null), position: session.position }, stepsAhead, show).catch(
          () => {},
        );
      }, restMs);
    });
  }

  async function find(property: string): Promise<void> {
    const session = store.session.peek();
    if (session === null) return;
    const begun: Search = { property, progress: null, answer: null };
    search.value = begun;
    const isLatest = () => search.peek()?.property === property && search.peek()?.answer === null;
    try {
      const address = { ...addressIn(session, null), position: session.position };
      const answer = await asked.seek(address, { property, steps: null }, ({ depth, distinct }) => {
        if (isLatest()) search.value = { ...begun, progress: { depth, distinct } };
      });
      if (answer === null || !isLatest()) return;
      search.value = { ...begun, answer };
      store.said.value = answer.type === "found" ? `${property}: found` : `${property}: none found`;
      if (answer.type === "found" && store.session.peek()?.opened === session.opened) {
        visits.show(answer.trace, { loop: answer.loop, position: session.position });
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (isLatest()) search.value = { ...begun, answer: { type: "failed", message } };
    }
  }

  return {
    marks,
    within,
    search,
    find,
    cancel() {
      asked.stop();
      search.value = null;
    },
  };
}
