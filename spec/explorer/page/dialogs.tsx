/** What opens over the page: help, specs, mutants, tours, finding, sharing, branches. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { unreachable } from "../../../src/core/mod.ts";
import { BranchesDialog } from "./branches_dialog.tsx";
import { usePage } from "./context.ts";
import { FindDialog } from "./find_dialog.tsx";
import { HelpDialog } from "./help_dialog.tsx";
import { MutantsDialog } from "./mutants_dialog.tsx";
import { ShareDialog } from "./share_dialog.tsx";
import { Sign } from "./signs.tsx";
import { SpecsDialog } from "./specs_dialog.tsx";
import type { DialogName } from "./store.ts";
import { ToursDialog } from "./tours_dialog.tsx";

const titles: Readonly<Record<DialogName, string>> = {
  help: "Keys and help",
  specs: "Choose a spec",
  mutants: "Break one line of the core",
  tours: "Tours",
  find: "Find",
  share: "Copy, paste and save",
  branches: "Branches",
};

/** The dialog that is open, if one is. */
export function Dialogs() {
  const { store } = usePage();
  const name = store.dialog.value;
  if (name === null) return null;
  return (
    <Dialog
      key={name}
      title={titles[name]}
      onClose={() => store.dialog.value === name && (store.dialog.value = null)}
    >
      {contentOf(name)}
    </Dialog>
  );
}

function contentOf(name: DialogName): ComponentChildren {
  switch (name) {
    case "help":
      return <HelpDialog />;
    case "specs":
      return <SpecsDialog />;
    case "mutants":
      return <MutantsDialog />;
    case "find":
      return <FindDialog />;
    case "share":
      return <ShareDialog />;
    case "branches":
      return <BranchesDialog />;
    case "tours":
      return <ToursDialog />;
    default:
      return unreachable(name);
  }
}

/** A dialog of the browser's own: it keeps the focus inside, and Escape closes it. */
function Dialog({ title, onClose, children }: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opened = dialog.current;
    opened?.showModal();
    // So that the focus goes back to where it was.
    return () => opened?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="dialog-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="dialog">
        <header>
          <h2 id="dialog-title">{title}</h2>
          <button type="button" class="tool" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Sign name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
