/// <reference lib="dom" />
/** The lines of the core that handled the selected step, with where in the paper to read of them. */
import { useEffect, useState } from "preact/hooks";
import type { Passage } from "../source.ts";
import { usePage } from "./context.ts";

/** How long a step must stay selected before its source is looked for, in ms. */
const restMs = 200;

/** The source. */
export function SourcePanel() {
  const { store, traceSource } = usePage();
  const session = store.session.value;
  const here = store.here.value;
  const [passages, setPassages] = useState<readonly Passage[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isWhole, setWhole] = useState(false);
  const step = here?.step ?? null;
  const before = here?.before ?? null;
  useEffect(() => {
    if (session === null || step === null || before === null) {
      setPassages(null);
      return;
    }
    let isCurrent = true;
    // Who hurries through a run isn't kept waiting.
    const timer = setTimeout(() => {
      setProblem(null);
      traceSource(session.opened, before, step).then(
        (found) => isCurrent && setPassages(found),
        (error: unknown) => isCurrent && setProblem(error instanceof Error ? error.message : String(error)),
      );
    }, restMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [session?.opened, step, before]);
  if (session?.opened.spec.name !== "raft") return null;
  const shown = passages?.filter(({ part }) => isWhole || part === "handler") ?? [];
  const more = (passages?.length ?? 0) - (passages?.filter(({ part }) => part === "handler").length ?? 0);
  return (
    <section class="panel source-panel" aria-labelledby="source-title" id="source">
      <header>
        <h2 id="source-title">Source</h2>
        <span class="faint">{step === null ? "" : `what of the core handled ${step.label}`}</span>
        {more > 0 && (
          <button
            type="button"
            class="tool text"
            aria-pressed={isWhole}
            onClick={() => setWhole(!isWhole)}
          >
            {isWhole ? "less" : `and ${more} more`}
          </button>
        )}
      </header>
      {problem !== null && <p class="problem" role="alert">{problem}</p>}
      {step === null && <p class="faint">Take a step, and see which lines of the core handle it.</p>}
      {passages !== null && shown.length === 0 && (
        <p class="faint">No code of the core but its frame: the host did this by itself.</p>
      )}
      {shown.map((passage, i) => (
        <PassageText
          key={`${passage.file} ${passage.name}`}
          passage={passage}
          isAnswer={i === 0 || /^on[A-Z]/.test(passage.name)}
        />
      ))}
    </section>
  );
}

/** A function: open at first, if it is what the step comes to. */
function PassageText({ passage: { file, name, sections, lines }, isAnswer }: {
  readonly passage: Passage;
  readonly isAnswer: boolean;
}) {
  const [isOpen, setOpen] = useState(isAnswer);
  return (
    <figure class="passage">
      <figcaption>
        <button type="button" class="fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> {name}
        </button>
        <span>{file}</span>
        {sections.map((section) => <span class="section" key={section}>{section}</span>)}
      </figcaption>
      <pre tabIndex={0} hidden={!isOpen} aria-label={`lines of ${name}`}>
        {lines.map(({ number, text, mark, isWrong }) => (
          <span key={number} class={`line ${mark}${isWrong ? " wrong" : ""}`}>
            <span class="line-number" aria-hidden="true">{number}</span>
            <code>{text || " "}</code>
            {isWrong && <span class="unseen">the wrong line</span>}
          </span>
        ))}
      </pre>
    </figure>
  );
}
