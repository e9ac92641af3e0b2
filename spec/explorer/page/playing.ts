/** The page goes through the run by itself. */
import type { Store } from "./store.ts";
import type { Visits } from "./visits.ts";

/** How long each step is shown, in ms. */
const stepMs = 1000;

/** Begins to go through the run, from its start if it is at its end; or ends that. */
export function play({ store, visits }: { readonly store: Store; readonly visits: Visits }): void {
  const { session, isPlaying } = store;
  if (isPlaying.value || session.value === null || session.value.path.length === 1) {
    isPlaying.value = false;
    return;
  }
  const { position, path } = session.value;
  if (position === path.length - 1) visits.goTo(0);
  isPlaying.value = true;
  let shown = session.value;
  const timer = setInterval(() => {
    const { value } = session;
    // Whoever does something else takes over.
    if (value !== shown || !isPlaying.value || value.position === value.path.length - 1) {
      isPlaying.value = false;
    }
    if (!isPlaying.value || value === null) {
      clearInterval(timer);
      return;
    }
    visits.goTo(value.position + 1);
    shown = session.value!;
  }, stepMs);
}
