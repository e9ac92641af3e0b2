/// <reference lib="dom" />
/** The whole page. */
import { useEffect, useErrorBoundary } from "preact/hooks";
import { homeOf } from "../hash.ts";
import { shownTrace } from "../session.ts";
import { ChangesPanel } from "./changes_panel.tsx";
import { choiceOfKey } from "./choices.ts";
import { traceIn } from "./commands.ts";
import { type Page, PageContext, usePage } from "./context.ts";
import { Dialogs } from "./dialogs.tsx";
import { Header } from "./header.tsx";
import { type Command, commandOf } from "./keyboard.ts";
import { MutantBanner } from "./mutants_dialog.tsx";
import { NextPanel } from "./next_panel.tsx";
import { play } from "./playing.ts";
import { PropertiesPanel } from "./properties_panel.tsx";
import { RunPanel } from "./run_panel.tsx";
import { Sign } from "./signs.tsx";
import { SourcePanel } from "./source_panel.tsx";
import { StatePanel } from "./state_panel.tsx";
import { TourStrip } from "./tour_strip.tsx";

/** The page. */
export function App({ page }: { readonly page: Page }) {
  useKeys(page);
  useClipboard(page);
  useProblems(page);
  return (
    <PageContext.Provider value={page}>
      <Header />
      <ProblemBanner />
      <div class="banners">
        <TourStrip />
        <MutantBanner />
      </div>
      <main>
        <div class="column run-column">
          <RunPanel />
          <ChangesPanel />
        </div>
        <div class="column state-column">
          <StatePanel />
          <SourcePanel />
        </div>
        <div class="column next-column">
          <NextPanel />
          <PropertiesPanel />
        </div>
      </main>
      <PhoneBar />
      <Dialogs />
      <p class="unseen" role="status" aria-live="polite">{page.store.said}</p>
    </PageContext.Provider>
  );
}

/** What is wrong, and the way back. */
function ProblemBanner() {
  const { store, visits, setup } = usePage();
  const problem = store.problem.value;
  if (problem === null) return null;
  const isOpen = store.session.value !== null;
  return (
    <section class="problem-banner" role="alert">
      <div>
        <h2>{problem.title}</h2>
        <p>{problem.message}</p>
      </div>
      <p class="buttons">
        {problem.playable !== null && (
          <button
            type="button"
            class="main"
            onClick={() => void visits.visit(problem.playable!, { asFarAsPossible: true })}
          >
            Show it as far as it goes
          </button>
        )}
        {isOpen && <button type="button" onClick={() => visits.stay()}>Back to what is shown</button>}
        <button
          type="button"
          class={isOpen || problem.playable !== null ? "" : "main"}
          onClick={() => void visits.visit(homeOf(setup.first))}
        >
          Begin anew
        </button>
      </p>
    </section>
  );
}

/** On a phone: through the run, and from one part to the next. */
function PhoneBar() {
  const { store, visits } = usePage();
  const session = store.session.value;
  if (session === null) return null;
  const { position, path } = session;
  const go = (id: string) => () => document.getElementById(id)?.scrollIntoView({ block: "start" });
  return (
    <nav class="phone-bar" aria-label="Parts">
      <button
        type="button"
        aria-label="Previous step"
        disabled={position === 0}
        onClick={() => visits.goTo(position - 1)}
      >
        <Sign name="previous" />
      </button>
      <button type="button" onClick={go("state")}>State</button>
      <button type="button" onClick={go("next")}>Next</button>
      <button type="button" onClick={go("run")}>Run</button>
      <button type="button" onClick={go("properties")}>Claims</button>
      <button
        type="button"
        aria-label="Next step"
        disabled={position === path.length - 1}
        onClick={() => visits.goTo(position + 1)}
      >
        <Sign name="next" />
      </button>
    </nav>
  );
}

/** Keys, wherever the focus is; but for a dialog, which has keys of its own. */
function useKeys(page: Page): void {
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.defaultPrevented || page.store.dialog.value !== null) return;
      const target = event.target instanceof HTMLElement || event.target instanceof SVGElement
        ? event.target
        : null;
      const command = commandOf({
        key: event.key,
        isModified: event.ctrlKey || event.altKey || event.metaKey,
        isWriting: isWritten(target),
        hasArrows: target?.closest(".log, pre, .wide") != null,
      });
      if (command === null) return;
      if (obey(page, command)) event.preventDefault();
    }
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [page]);
}

/** What nobody has caught, such as a mistake in a spec, is told, too. */
function useProblems({ store }: Page): void {
  function tell(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    store.problem.value = { title: "Something went wrong", message, playable: null };
  }
  useErrorBoundary(tell);
  useEffect(() => {
    const onError = ({ error, message }: ErrorEvent) => tell(error ?? message);
    const onRejection = ({ reason }: PromiseRejectionEvent) => tell(reason);
    addEventListener("error", onError);
    addEventListener("unhandledrejection", onRejection);
    return () => {
      removeEventListener("error", onError);
      removeEventListener("unhandledrejection", onRejection);
    };
  }, [store]);
}

/** Where nothing else is selected, copying takes the trace, and pasting shows one. */
function useClipboard({ store, visits }: Page): void {
  useEffect(() => {
    const isElsewhere = () => store.dialog.value !== null || isWritten(document.activeElement);
    function onCopy(event: ClipboardEvent): void {
      const { value } = store.session;
      if (value === null || isElsewhere() || getSelection()?.isCollapsed === false) return;
      event.clipboardData?.setData("text/plain", shownTrace(value));
      event.preventDefault();
      store.said.value = "the trace is copied";
    }
    function onPaste(event: ClipboardEvent): void {
      if (isElsewhere()) return;
      const wrong = visits.show(traceIn(event.clipboardData?.getData("text/plain") ?? ""));
      if (wrong !== null) {
        store.problem.value = { title: "This can't be pasted", message: wrong, playable: null };
      }
    }
    document.addEventListener("copy", onCopy);
    document.addEventListener("paste", onPaste);
    return () => {
      document.removeEventListener("copy", onCopy);
      document.removeEventListener("paste", onPaste);
    };
  }, [store, visits]);
}

/** Whether text is written there. */
function isWritten(target: Element | null): boolean {
  return target?.closest("input, textarea, select") != null;
}

/** Does what a key asks for. False: that can't be done here. */
function obey({ store, visits }: Page, command: Command): boolean {
  const session = store.session.value;
  switch (command.type) {
    case "dialog":
      store.dialog.value = command.name;
      return true;
    case "theme":
      store.switchTheme();
      return true;
    case "undo":
      if (visits.canUndo()) visits.undo();
      return true;
    case "redo":
      if (visits.canRedo()) visits.redo();
      return true;
    case "move":
      if (session !== null) visits.goTo(session.position + command.by);
      return true;
    case "first":
      visits.goTo(0);
      return true;
    case "last":
      if (session !== null) visits.goTo(session.path.length - 1);
      return true;
    case "fork":
      visits.forkHere();
      return true;
    case "play":
      play({ store, visits });
      return true;
    case "choose": {
      const choice = choiceOfKey(store.choices.value, command.key);
      if (choice === null) return false;
      visits.take(choice.enabled.step.label);
      return true;
    }
  }
}
