/// <reference lib="dom" />
/** Finds what can be done and looked at by a few letters. */
import { useState } from "preact/hooks";
import { homeOf } from "../hash.ts";
import { choiceText } from "./choices.ts";
import { usePage } from "./context.ts";
import { wordsOf } from "./diagram.ts";
import { type Finding, findingsFor } from "./finding.ts";

/** How many findings are shown. */
const most = 12;

/** Find. */
export function FindDialog() {
  const { store } = usePage();
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const found = findingsFor(useFindings(), query).slice(0, most);
  function act(finding: Finding | undefined): void {
    if (finding === undefined) return;
    store.dialog.value = null;
    // What is behind a dialog can't have the focus.
    setTimeout(finding.act);
  }
  return (
    <div class="find">
      <input
        autofocus
        type="search"
        aria-label="What to find"
        placeholder="a step, an action, a property, a spec"
        role="combobox"
        list={undefined}
        aria-expanded="true"
        aria-controls="findings"
        aria-activedescendant={found.length > 0 ? `finding-${chosen}` : undefined}
        value={query}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (by !== 0) {
            event.preventDefault();
            setChosen((chosen + by + found.length) % Math.max(1, found.length));
          }
          if (event.key === "Enter") act(found[chosen]);
        }}
      />
      <ul id="findings" role="listbox" aria-label="Findings" class="choices">
        {found.map((finding, i) => (
          <li
            key={finding.kind + finding.title + i}
            id={`finding-${i}`}
            role="option"
            aria-selected={i === chosen}
            onClick={() => act(finding)}
          >
            <b>{finding.title}</b>
            <span>{finding.detail}</span>
            <small>{finding.kind}</small>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="note">Nothing here is called that.</p>}
    </div>
  );
}

/** All that can be found. */
function useFindings(): readonly Finding[] {
  const { setup, store, visits } = usePage();
  const next = store.choices.value.flatMap(({ choices, requests }) => [...choices, ...requests]);
  const steps = store.diagram.value?.rows ?? [];
  const truths = store.here.value?.truths ?? [];
  return [
    ...next.flatMap((choice) =>
      [choice.enabled, ...choice.variants.map(({ enabled }) => enabled)].map((
        { step: { label } },
      ): Finding => ({
        kind: "next",
        title: label,
        detail: choiceText(choice),
        act: () => visits.take(label),
      }))
    ),
    ...steps.map(({ number, label, title, changes }): Finding => ({
      kind: "step",
      title: `${number} ${label}`,
      detail: `${title} ${wordsOf(changes)}`,
      act: () => visits.goTo(number),
    })),
    ...truths.map(({ property: { name }, sentence }): Finding => ({
      kind: "property",
      title: name,
      detail: sentence,
      act: () => showProperty(name),
    })),
    ...Object.keys(setup.specs).map((name): Finding => ({
      kind: "spec",
      title: name,
      detail: "open it",
      act: () => void visits.visit(homeOf(name)),
    })),
  ];
}

function showProperty(name: string): void {
  const row = [...document.querySelectorAll<HTMLElement>(".property")].find(({ dataset }) =>
    dataset.name === name
  );
  const details = row?.querySelector("details");
  if (details === undefined || details === null) return;
  details.open = true;
  row!.scrollIntoView({ block: "nearest" });
  details.querySelector("summary")?.focus();
}
