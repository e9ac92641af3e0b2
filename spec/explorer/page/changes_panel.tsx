/** What the last step was, and what it changed: old -> new. */
import { startOfTour } from "../hash.ts";
import { tours } from "../tours/mod.ts";
import { usePage } from "./context.ts";
import { envelopeOf } from "./flights.ts";
import { messageText } from "./message_text.ts";

/** The step that led to the selected moment. */
export function ChangesPanel() {
  const { store } = usePage();
  const here = store.here.value;
  const session = store.session.value;
  if (here === null || session === null) return null;
  const { step, position, changes } = here;
  const handled = store.diagram.value?.traffic[position]?.handled ?? null;
  return (
    <section class="panel changes" aria-labelledby="changes-title">
      <h2 id="changes-title">{step === null ? "Start" : `Step ${position}`}</h2>
      {step === null ? <StartText /> : (
        <p class="happened">
          <code>{step.label}</code>
          {step.event !== step.label && <span>{titleOf(step.event, step.servers)}</span>}
        </p>
      )}
      {handled !== null && (
        <p class="said">{messageText(envelopeOf(session.opened.model, handled.message))}</p>
      )}
      {step !== null && changes.length === 0 && <p class="faint">Nothing changes.</p>}
      {changes.length > 0 && (
        <table>
          <thead class="unseen">
            <tr>
              <th scope="col">where</th>
              <th scope="col">what</th>
              <th scope="col">old</th>
              <th scope="col">new</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(({ where, what, before, after }, i) => (
              <tr key={where + what + i}>
                <th scope="row">
                  {changes[i - 1]?.where === where ? <span class="unseen">{where}</span> : where}
                </th>
                <td>{what}</td>
                <td>{before === null ? <span class="faint">–</span> : <del>{before}</del>}</td>
                <td>{after === null ? <span class="faint">gone</span> : <ins>{after}</ins>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Who begins is offered a tour. */
function StartText() {
  const { store, visits } = usePage();
  const start = store.session.value?.start;
  const [first] = tours;
  if (start !== undefined && start.name !== "1") {
    return (
      <p class="faint">
        From <code>@{start.name}</code>
        {start.trace !== "" && (
          <>
            , which is what <code>{start.trace}</code> leads to
          </>
        )}.
      </p>
    );
  }
  return (
    <>
      <p class="faint">Nothing has happened yet. Choose what happens next, at the right or by its key.</p>
      {store.cluster.value !== null && store.tour.value === null && first !== undefined && (
        <p class="buttons">
          <button type="button" class="main" onClick={() => void visits.visit(startOfTour(first))}>
            Take the first tour: {first.title.replace(/^./, (letter) => letter.toLowerCase())}
          </button>
        </p>
      )}
    </>
  );
}

function titleOf(event: string, servers: readonly string[]): string {
  const [from, to] = servers;
  if (to !== undefined) return `${event} from ${from} to ${to}`;
  return from === undefined ? event : `${from}: ${event}`;
}
