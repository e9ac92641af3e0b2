/// <reference lib="dom" />
/** The page. */
import { render } from "preact";
import { type Signal, signal } from "@preact/signals";
import { loadCore } from "../core_files.ts";
import { addressOf, hashOf } from "../hash.ts";
import { openSession, play, type Session, shownTrace } from "../session.ts";
import type { Setup } from "../setup.ts";
import { snapshot } from "../snapshot.ts";
import { openSubject } from "../subject.ts";

/** Opens the page. */
export async function begin(setup: Setup): Promise<void> {
  const address = addressOf(location.hash, setup);
  const opened = await openSubject(address, { specs: setup.specs, loadCore });
  const session = signal(openSession(opened, address.trace, address));
  render(<Page session={session} />, document.body);
}

function Page({ session }: { readonly session: Signal<Session> }) {
  const { changes, enabled, truths } = snapshot(session.value);
  const { subject, spec } = session.value.opened;
  function take(label: string): void {
    session.value = play(session.value, label);
    const trace = shownTrace(session.value);
    history.pushState(null, "", `#${hashOf({ ...subject, trace, position: null, loop: null })}`);
  }
  return (
    <main>
      <h1>{spec.name}</h1>
      <p>{shownTrace(session.value)}</p>
      <ul>
        {changes.map(({ where, what, before, after }) => (
          <li key={where + what}>{where} {what}: {before} → {after}</li>
        ))}
      </ul>
      {enabled.map(({ where, enabled }) => (
        <p key={where}>
          {where}: {enabled.map(({ step: { label } }) => (
            <button
              key={label}
              type="button"
              onClick={() => take(label)}
            >
              {label}
            </button>
          ))}
        </p>
      ))}
      <ul>
        {truths.map(({ property, here, witness }) => (
          <li key={property.name}>{property.name}: {here} {witness}</li>
        ))}
      </ul>
    </main>
  );
}
