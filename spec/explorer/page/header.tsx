/** The top of the page: what is looked at, and what can be done with it. */
import { usePage } from "./context.ts";
import { Sign, type SignName } from "./signs.tsx";

/** The top of the page. */
export function Header() {
  const { store, visits } = usePage();
  const session = store.session.value;
  const dialog = store.dialog;
  return (
    <header class="bar">
      <div class="brand">
        <Logo />
        <h1>Quorate</h1>
      </div>
      <button
        type="button"
        class="subject"
        onClick={() => dialog.value = "specs"}
        title="Choose a spec and its bounds (o)"
      >
        <b>{session?.opened.spec.name ?? "no spec"}</b>
        <span>
          {session === null ? "" : session.opened.spec.summary(session.opened.values).replaceAll("<=", "≤")}
        </span>
      </button>
      <nav aria-label="Tools">
        <BarButton title="Undo (u)" sign="undo" isOff={!visits.canUndo()} act={visits.undo} />
        <BarButton title="Redo (r)" sign="redo" isOff={!visits.canRedo()} act={visits.redo} />
        <button type="button" onClick={() => dialog.value = "tours"} title="Tours (t)">Tours</button>
        <button
          type="button"
          class={session?.opened.mutant ? "on" : ""}
          onClick={() => dialog.value = "mutants"}
          title="Break one line of the core (m)"
        >
          Mutants
        </button>
        <BarButton title="Find (/)" sign="find" act={() => dialog.value = "find"} />
        <BarButton title="Copy, paste and save (s)" sign="share" act={() => dialog.value = "share"} />
        <ThemeButton />
        <button
          type="button"
          onClick={() => dialog.value = "help"}
          title="Keys and help (?)"
          aria-label="Keys and help"
        >
          ?
        </button>
      </nav>
    </header>
  );
}

function BarButton({ title, sign, isOff = false, act }: {
  readonly title: string;
  readonly sign: SignName;
  readonly isOff?: boolean;
  readonly act: () => void;
}) {
  return (
    <button type="button" title={title} aria-label={title} disabled={isOff} onClick={act}>
      <Sign name={sign} />
    </button>
  );
}

function ThemeButton() {
  const { store } = usePage();
  const isDark = store.isDark.value;
  return (
    <BarButton
      title={isDark ? "Light (d)" : "Dark (d)"}
      sign={isDark ? "sun" : "moon"}
      act={store.switchTheme}
    />
  );
}

/** Three servers, two of which agree. */
function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" class="logo">
      <path class="link" d="M16 7L7 24" />
      <path class="link faint" d="M16 7l9 17M7 24h18" />
      <path class="node on" d="M16 1.5l4.8 2.75v5.5L16 12.5l-4.8-2.75v-5.5Z" />
      <circle class="node on" cx="7" cy="24" r="5" />
      <circle class="node" cx="25" cy="24" r="5" />
    </svg>
  );
}
