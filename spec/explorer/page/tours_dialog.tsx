/** The tours that there are. */
import { startOfTour } from "../hash.ts";
import { tours } from "../tours/mod.ts";
import { usePage } from "./context.ts";

/** Choose a tour. */
export function ToursDialog() {
  const { store, visits } = usePage();
  return (
    <div class="tours">
      <p>Each is a run with a sentence a stop. You can go back, and leave into free play, at any time.</p>
      <ul class="choices">
        {tours.map((tour) => (
          <li key={tour.name}>
            <button
              type="button"
              onClick={() => {
                store.dialog.value = null;
                void visits.visit(startOfTour(tour));
              }}
            >
              <b>{tour.title}</b>
              <small>{tour.stops.length} stops</small>
              <span class="whole">{tour.summary}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
