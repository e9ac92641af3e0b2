/** The tour that is under way: a sentence for where it is, and the ways on, back and out. */
import { usePage } from "./context.ts";
import { Sign } from "./signs.tsx";
import { stopOf } from "./tourist.ts";

/** The tour, as long as one is under way. */
export function TourStrip() {
  const { store, tourist } = usePage();
  const tour = tourist.tour.value;
  const session = store.session.value;
  if (tour === null || session === null) return null;
  const here = stopOf(tour, session);
  const stop = here ?? tourist.stop.value;
  const last = tour.stops.length - 1;
  return (
    <section class="tour" aria-label={`tour: ${tour.title}`}>
      <div>
        <h2>
          {tour.title} <span class="faint">{stop + 1} of {tour.stops.length}</span>
        </h2>
        <p role="status">
          {here === null ? "You have left the tour: play on as you like." : tour.stops[stop]!.says}
        </p>
        <progress
          value={stop + 1}
          max={tour.stops.length}
          aria-label={`stop ${stop + 1} of ${tour.stops.length}`}
        />
      </div>
      <p class="buttons">
        {here === null
          ? <button type="button" class="main" onClick={() => tourist.goTo(stop)}>Back to the tour</button>
          : (
            <>
              <button type="button" disabled={stop === 0} onClick={() => tourist.goTo(stop - 1)}>
                <Sign name="previous" /> Back
              </button>
              <button
                type="button"
                class="main"
                disabled={stop === last}
                onClick={() => tourist.goTo(stop + 1)}
              >
                Next <Sign name="next" />
              </button>
            </>
          )}
        <button type="button" onClick={tourist.leave}>{stop === last ? "Finish" : "Leave"}</button>
      </p>
    </section>
  );
}
