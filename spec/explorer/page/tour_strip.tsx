/** The tour that is under way: a sentence for where it is, and the ways on, back and out. */
import { useRef } from "preact/hooks";
import { startOfTour } from "../hash.ts";
import { positionsOf } from "../tours/mod.ts";
import { usePage } from "./context.ts";
import { Sign } from "./signs.tsx";
import { stopOf } from "./tour_place.ts";

/** The tour, as long as one is under way. */
export function TourStrip() {
  const { store, visits } = usePage();
  const latest = useRef(0);
  const tour = store.tour.value;
  const session = store.session.value;
  if (tour === null || session === null) return null;
  const here = stopOf(tour, session);
  if (here !== null) latest.current = here;
  const stop = here ?? Math.min(latest.current, tour.stops.length - 1);
  const last = tour.stops.length - 1;
  const positions = positionsOf(tour);
  const isBetween = here !== null && session.position !== positions[here];
  return (
    <section class="tour" aria-label={`tour: ${tour.title}`}>
      <div>
        <h2>
          {tour.title} <span class="faint">{stop + 1} of {tour.stops.length}</span>
        </h2>
        <p role="status">
          {here === null
            ? "You have left the tour: play on as you like."
            : isBetween
            ? "On the way to the next stop."
            : tour.stops[stop]!.says}
        </p>
        <progress
          value={stop + 1}
          max={tour.stops.length}
          aria-label={`stop ${stop + 1} of ${tour.stops.length}`}
        />
      </div>
      <p class="buttons">
        {here === null
          ? (
            <button
              type="button"
              class="main"
              onClick={() => void visits.visit({ ...startOfTour(tour), position: positions[stop]! })}
            >
              Back to the tour
            </button>
          )
          : (
            <>
              <button
                type="button"
                disabled={session.position === 0}
                onClick={() => visits.goTo(positions[isBetween ? stop : stop - 1]!)}
              >
                <Sign name="previous" /> Back
              </button>
              <button
                type="button"
                class="main"
                disabled={stop === last}
                onClick={() => visits.goTo(positions[stop + 1]!)}
              >
                Next <Sign name="next" />
              </button>
            </>
          )}
        <button type="button" onClick={visits.leaveTour}>{stop === last ? "Finish" : "Leave"}</button>
      </p>
    </section>
  );
}
