/** What the spec claims, in the paper's sentences: whether it is true here, and on this path. */
import { usePage } from "./context.ts";
import type { Search } from "./engine.ts";
import type { Truth } from "../snapshot.ts";

/** All properties. */
export function PropertiesPanel() {
  const { store } = usePage();
  const truths = store.here.value?.truths ?? null;
  if (truths === null) return null;
  const broken = truths.filter(isBroken).length;
  return (
    <section class="panel properties" aria-labelledby="properties-title" id="properties">
      <header>
        <h2 id="properties-title">Properties</h2>
        <span class={broken > 0 ? "bad" : "faint"}>
          {broken > 0
            ? `${broken} broken on this path`
            : `${truths.length} ${truths.length === 1 ? "claim" : "claims"}`}
        </span>
      </header>
      <ul>{truths.map((truth) => <PropertyRow key={truth.property.name} truth={truth} />)}</ul>
    </section>
  );
}

/** Whether a property is broken here or was before. */
export function isBroken({ here, first, property }: Truth): boolean {
  if (here === "broken") return true;
  return here === "holds" && first !== null && property.kind !== "deadlock";
}

function PropertyRow({ truth }: { readonly truth: Truth }) {
  const { store, engine, visits } = usePage();
  const { property: { name, kind }, sentence, source, here, witness, first } = truth;
  const state = stateOf(truth);
  const search = engine.search.value?.property === name ? engine.search.value : null;
  const isExample = kind === "sometimes";
  const isOpen = state === "broken" || search !== null;
  const position = store.here.value?.position ?? 0;
  return (
    <li class={`property ${state}`} data-name={name}>
      <details open={isOpen}>
        <summary>
          <span class="state" aria-hidden="true">{signs[state]}</span>
          <span class="unseen">{stateText(truth)}:</span>
          <span class="name">{name}</span>
          <span class="kind">{kind}</span>
        </summary>
        <p>
          {sentence}
          {source !== "" && <span class="source">{source}</span>}
        </p>
        <p class="truth">
          {stateText(truth)}
          {first !== null && first.position !== position && (
            <>
              {", first "}
              <button type="button" class="link" onClick={() => visits.goTo(first.position)}>
                after {first.position} steps
              </button>
            </>
          )}
          .
        </p>
        {(witness ?? first?.witness ?? null) !== null && <p class="witness">{witness ?? first?.witness}</p>}
        <p class="hunt">
          {search === null || search.answer !== null
            ? (
              <button type="button" onClick={() => engine.find(name)}>
                Find {isExample ? "an example" : "a counterexample"} from here
              </button>
            )
            : <button type="button" onClick={() => engine.cancel()}>Cancel</button>}
          {search !== null && <SearchText search={search} isExample={isExample} />}
        </p>
        {here === "is" && <span class="unseen">such a state is reached here</span>}
      </details>
    </li>
  );
}

type Look = "holds" | "broken" | "was-broken" | "is" | "was" | "not-yet";

const signs: Readonly<Record<Look, string>> = {
  "holds": "✓",
  "broken": "✗",
  "was-broken": "✗",
  "is": "◆",
  "was": "◈",
  "not-yet": "◇",
};

function stateOf({ here, first }: Truth): Look {
  switch (here) {
    case "broken":
      return "broken";
    case "holds":
      return first === null ? "holds" : "was-broken";
    case "is":
      return "is";
    case "isNot":
      return first === null ? "not-yet" : "was";
  }
}

function stateText(truth: Truth): string {
  const isExample = truth.property.kind === "sometimes";
  switch (stateOf(truth)) {
    case "holds":
      return "Holds here and on the way here";
    case "broken":
      return "Broken here";
    case "was-broken":
      return "Broken on the way here";
    case "is":
      return isExample ? "Reached here" : "What it awaits is so here";
    case "was":
      return isExample ? "Reached on the way here" : "What it awaits was so on the way here";
    case "not-yet":
      return isExample ? "Not reached on this path" : "What it awaits has not come on this path";
  }
}

function SearchText({ search: { progress, answer }, isExample }: {
  readonly search: Search;
  readonly isExample: boolean;
}) {
  if (answer === null) {
    const text = progress === null
      ? "searching …"
      : `${progress.distinct.toLocaleString("en")} states, ${progress.depth} steps deep …`;
    return <span role="status">{text}</span>;
  }
  const what = isExample ? "example" : "counterexample";
  switch (answer.type) {
    case "found":
      return (
        <span role="status" class={isExample ? "good" : "bad"}>
          Found: it is shown{answer.witness === null ? "" : `: ${answer.witness}`}.
        </span>
      );
    case "none": {
      const states = `${answer.distinct.toLocaleString("en")} states`;
      const where = answer.exhausted
        ? `all ${states} within the bounds`
        : `${states}, ${answer.steps} steps deep`;
      return (
        <span role="status">
          No {what} in {where}
          {answer.stopped === null ? "" : `; then the search ran out of ${answer.stopped}`}.
          {answer.reason !== null && ` ${answer.reason}`}
        </span>
      );
    }
    case "failed":
      return <span role="alert" class="bad">{answer.message}</span>;
  }
}
