/** The run, with the buttons that lead through it. */
import { usePage } from "./context.ts";
import { RunDrawing } from "./run_drawing.tsx";
import { play } from "./playing.ts";
import { Sign, type SignName } from "./signs.tsx";

/** The run that is shown. */
export function RunPanel() {
  const { store, visits } = usePage();
  const session = store.session.value;
  if (session === null) return null;
  const { path, position, moments } = session;
  const last = path.length - 1;
  const leaves = moments.length - new Set(moments.map(({ parent }) => parent)).size + 1;
  return (
    <section class="panel run" aria-labelledby="run-title" id="run">
      <header>
        <h2 id="run-title">Run</h2>
        <span class="faint">{last === 0 ? "no steps yet" : `step ${position} of ${last}`}</span>
        <div class="tools">
          <Tool name="first" title="First state (Home)" isOff={position === 0} act={() => visits.goTo(0)} />
          <Tool
            name="previous"
            title="Previous step (k)"
            isOff={position === 0}
            act={() => visits.goTo(position - 1)}
          />
          <Tool
            name={store.isPlaying.value ? "pause" : "play"}
            title={store.isPlaying.value ? "Stop playing (p)" : "Play the run (p)"}
            isOff={last === 0}
            act={() => play({ store, visits })}
          />
          <Tool
            name="next"
            title="Next step (j)"
            isOff={position === last}
            act={() => visits.goTo(position + 1)}
          />
          <Tool name="last" title="Last step (End)" isOff={position === last} act={() => visits.goTo(last)} />
          <Tool
            name="fork"
            title="Fork here: what comes after is kept as a branch (f)"
            isOff={position === last}
            act={visits.forkHere}
          />
          {leaves > 1 && (
            <button
              type="button"
              class="tool text"
              onClick={() => store.dialog.value = "branches"}
            >
              {leaves} branches
            </button>
          )}
        </div>
      </header>
      <RunDrawing />
    </section>
  );
}

function Tool({ name, title, isOff, act }: {
  readonly name: SignName;
  readonly title: string;
  readonly isOff: boolean;
  readonly act: () => void;
}) {
  return (
    <button type="button" class="tool" title={title} aria-label={title} disabled={isOff} onClick={act}>
      <Sign name={name} />
    </button>
  );
}
