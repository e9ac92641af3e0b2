/// <reference lib="dom" />
/** The run leaves the page and comes back: as a trace, a link, a command, a picture. */
import { useState } from "preact/hooks";
import { shownTrace } from "../session.ts";
import { replayCommand, traceIn } from "./commands.ts";
import { usePage } from "./context.ts";
import { mermaid } from "./mermaid.ts";
import { pictureOf } from "./picture.ts";

/** Copy, paste and save. */
export function ShareDialog() {
  const { store, visits } = usePage();
  const [problem, setProblem] = useState<string | null>(null);
  const session = store.session.value;
  const diagram = store.diagram.value;
  if (session === null || diagram === null) return null;
  const trace = shownTrace(session);
  const captions = {
    violations: store.violations.value,
    loop: session.loop === null ? null : session.path.length - 1 - session.loop,
  };
  return (
    <div class="share">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const field = event.currentTarget.elements.namedItem("trace");
          if (!(field instanceof HTMLTextAreaElement)) return;
          const wrong = visits.show(traceIn(field.value));
          setProblem(wrong);
          if (wrong === null) store.dialog.value = null;
        }}
      >
        <label for="trace">The trace of this run. Paste another one over it to see that.</label>
        <textarea
          autofocus
          id="trace"
          name="trace"
          rows={4}
          spellcheck={false}
          autocapitalize="off"
          defaultValue={trace}
        />
        {problem !== null && <p class="problem" role="alert">{problem}</p>}
        <p class="buttons">
          <button type="submit" class="main">Show this trace</button>
          <Copy text={trace} what="trace" />
          <Copy text={location.href} what="link" />
          <Copy text={replayCommand(session)} what="command" />
        </p>
      </form>
      <h3>The picture</h3>
      <p class="buttons">
        <button
          type="button"
          onClick={() =>
            save(`${session.opened.spec.name}.svg`, "image/svg+xml", pictureOf(diagram, captions))}
        >
          Save as SVG
        </button>
        <button
          type="button"
          onClick={() => save(`${session.opened.spec.name}.mmd`, "text/plain", mermaid(diagram))}
        >
          Save as Mermaid
        </button>
        <Copy text={mermaid(diagram)} what="Mermaid" />
        <button type="button" onClick={() => print()}>Print</button>
      </p>
    </div>
  );
}

function Copy({ text, what }: { readonly text: string; readonly what: string }) {
  const { store } = usePage();
  const [isCopied, setCopied] = useState(false);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      store.said.value = `${what} copied`;
    } catch {
      // The browser doesn't allow it: then people copy by hand.
      prompt(`The ${what}, to be copied:`, text);
    }
  }
  return <button type="button" onClick={copy}>{isCopied ? `✓ ${what} copied` : `Copy the ${what}`}</button>;
}

function save(name: string, type: string, content: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
