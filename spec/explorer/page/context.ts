/** What every part of the page uses. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Engine } from "./engine.ts";
import type { Setup } from "../setup.ts";
import type { SourceTracer } from "../source.ts";
import type { Store } from "./store.ts";
import type { Visits } from "./visits.ts";

/** A page. */
export interface Page {
  /** What can be explored. */
  readonly setup: Setup;
  /** What the page knows. */
  readonly store: Store;
  /** What a person can do with the visit. */
  readonly visits: Visits;
  /** What is searched in the background. */
  readonly engine: Engine;
  /** Tells which lines of the core handled a step. */
  readonly traceSource: SourceTracer;
}

/** The page that a part belongs to. */
export const PageContext = createContext<Page | null>(null);

/** The page that a part belongs to. */
export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error("a part of the page is drawn outside of it");
  return page;
}
