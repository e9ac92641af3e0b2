/// <reference lib="dom" />
/** The address of the page and the browser's history: what was shown at each entry is kept, so that to go back costs nothing. */
import { signal } from "@preact/signals";
import type { Session } from "../session.ts";

/** The address of the page. */
export interface AddressBar {
  /** Writes what is shown: as a new entry of the history, or in the place of the current one. */
  write(session: Session, isNew: boolean): void;
  /** Writes at once what waits to be written. */
  flush(): void;
  /** The history has moved: what was shown at the entry where it is now; null if that is not known. */
  arrive(state: unknown): Session | null;
  /** Whether there is anything to go back to. */
  canUndo(): boolean;
  /** Whether there is anything to go forward to. */
  canRedo(): boolean;
}

/** How long a moment must stay selected before the address tells of it, in ms. */
const restMs = 150;

/** The address of the page, given how to write what is shown. */
export function createAddressBar(hashOf: (session: Session) => string): AddressBar {
  // Where in the history the page is, and how far it has been.
  const at = signal(0);
  const last = signal(0);
  const shown = new Map<number, Session>();
  let pending: { readonly replace: () => void; readonly timer: ReturnType<typeof setTimeout> } | null = null;

  function flush(): void {
    clearTimeout(pending?.timer);
    pending?.replace();
    pending = null;
  }

  function write(session: Session, isNew: boolean): void {
    if (isNew) {
      flush();
      at.value++;
      last.value = at.value;
      for (const entry of shown.keys()) if (entry > at.value) shown.delete(entry);
    }
    shown.set(at.value, session);
    const put = (method: "pushState" | "replaceState") =>
      history[method]({ entry: at.value }, "", `#${hashOf(session)}`);
    if (isNew) {
      put("pushState");
      return;
    }
    // A browser takes only so many changes of its address a second.
    clearTimeout(pending?.timer);
    pending = { replace: () => put("replaceState"), timer: setTimeout(flush, restMs) };
  }

  function arrive(state: unknown): Session | null {
    // It was for the entry that is left.
    clearTimeout(pending?.timer);
    pending = null;
    const session = isEntry(state) ? shown.get(state.entry) ?? null : null;
    if (isEntry(state) && session !== null) at.value = state.entry;
    return session;
  }

  return { write, flush, arrive, canUndo: () => at.value > 0, canRedo: () => at.value < last.value };
}

function isEntry(state: unknown): state is { readonly entry: number } {
  return typeof state === "object" && state !== null && "entry" in state && typeof state.entry === "number";
}
