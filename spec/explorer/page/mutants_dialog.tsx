/** Which line of the core to break. */
import { type Mutant, mutants } from "../../raft/mutants.ts";
import { homeOf } from "../hash.ts";
import { usePage } from "./context.ts";

/** Break one line of the core. */
export function MutantsDialog() {
  const { store, visits } = usePage();
  const current = store.session.value?.opened.mutant?.name ?? null;
  function open(mutant: Mutant | null): void {
    store.dialog.value = null;
    const trace = mutant?.from === undefined ? "" : `@${mutant.from}`;
    void visits.visit({ ...homeOf("raft"), mutant: mutant?.name ?? null, trace });
  }
  return (
    <div class="mutants">
      <p>
        Each is the core with one line wrong. Choose one, and play until something breaks; or ask for a
        counterexample under <b>Properties</b>.
      </p>
      {current !== null && (
        <button type="button" class="main" onClick={() => open(null)}>Back to the right core</button>
      )}
      {byFile().map(([file, those]) => (
        <section key={file}>
          <h3>{file}</h3>
          <ul class="choices">
            {those.map((mutant) => (
              <li key={mutant.name}>
                <button type="button" aria-current={mutant.name === current} onClick={() => open(mutant)}>
                  <b>{mutant.name}</b>
                  <span>{mutant.sentence}</span>
                  <small>breaks {mutant.property}</small>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function byFile(): readonly (readonly [file: string, mutants: readonly Mutant[]])[] {
  const files = [...new Set(mutants.map(({ file }) => file))];
  return files.map((file) => [file, mutants.filter((mutant) => mutant.file === file)] as const);
}

/** The broken line beside the right one, as long as a mutant is looked at. */
export function MutantBanner() {
  const { store, engine, visits } = usePage();
  const mutant = store.session.value?.opened.mutant ?? null;
  if (mutant === null) return null;
  const { name, sentence, property, file, line, becomes } = mutant;
  return (
    <section class="mutant" aria-label={`mutant ${name}`}>
      <div>
        <h2>
          Mutant <b>{name}</b>
        </h2>
        <p>
          {sentence}. It breaks <b>{property}</b>.
        </p>
        <p class="buttons">
          <button type="button" class="main" onClick={() => engine.find(property)}>Watch it break</button>
          <button type="button" onClick={() => void visits.visit(homeOf("raft"))}>
            Back to the right core
          </button>
        </p>
      </div>
      <figure>
        <figcaption>{file}</figcaption>
        <pre tabIndex={0}>
          <del aria-label="the right line">{`- ${line.trim()}`}</del>
          {"\n"}
          <ins aria-label="what it becomes">{`+ ${becomes.trim() || "(nothing)"}`}</ins>
        </pre>
      </figure>
    </section>
  );
}
