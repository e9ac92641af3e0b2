/// <reference lib="dom" />
/** What the page knows, as signals: whoever shows a part of it is drawn anew when that part changes. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Address } from "../hash.ts";
import { type Session, shownRun } from "../session.ts";
import { type Snapshot, snapshot } from "../snapshot.ts";
import type { Tour } from "../tours/mod.ts";
import { type ChoiceGroup, choicesOf } from "./choices.ts";
import { type Diagram, diagramOf, type Telling } from "./diagram.ts";
import { type ClusterPicture, clusterPicture, raftDiskOf } from "./raft_cluster.ts";
import { type PathViolation, violationsOn } from "./violations.ts";

/** A dialog that may be open. */
export type DialogName = "help" | "specs" | "mutants" | "tours" | "find" | "share" | "branches";

/** How the page looks; `system` follows the system. */
type Theme = "system" | "light" | "dark";

/** Something that went wrong. */
export interface Problem {
  /** What went wrong, in a few words. */
  readonly title: string;
  /** Where, and what to do. */
  readonly message: string;
  /** The same run as far as it can be played; null if nothing of it can. */
  readonly playable: Address | null;
}

/** What the page knows of a visit, and how it is shown. */
export interface Store {
  /** The visit; null as long as nothing is open. */
  readonly session: Signal<Session | null>;
  /** The selected moment. */
  readonly here: ReadonlySignal<Snapshot | null>;
  /** The run that is shown, row by row. */
  readonly diagram: ReadonlySignal<Diagram | null>;
  /** What the run that is shown violates, each property once. */
  readonly violations: ReadonlySignal<readonly PathViolation[]>;
  /** The step with which the path that is shown goes on, in the notation; null at its end. */
  readonly next: ReadonlySignal<string | null>;
  /** What can happen next. */
  readonly choices: ReadonlySignal<readonly ChoiceGroup[]>;
  /** The servers and messages here, in a Raft cluster; null in any other spec. */
  readonly cluster: ReadonlySignal<ClusterPicture | null>;
  /** The same before the step that led here. */
  readonly clusterBefore: ReadonlySignal<ClusterPicture | null>;
  /** The tour that is under way; null if none is. */
  readonly tour: Signal<Tour | null>;
  /** Whether the page goes through the run by itself. */
  readonly isPlaying: Signal<boolean>;
  /** What went wrong, until the way back is taken; null while all is well. */
  readonly problem: Signal<Problem | null>;
  /** The dialog that is open; null if none is. */
  readonly dialog: Signal<DialogName | null>;
  /** Whether the page is as narrow as on a phone. */
  readonly isNarrow: ReadonlySignal<boolean>;
  /** Whether the page is dark. */
  readonly isDark: ReadonlySignal<boolean>;
  /** From dark to light, or back. */
  switchTheme(): void;
  /** What a screen reader is to say. */
  readonly said: Signal<string>;
}

/** A page on which nothing is open. */
export function createStore(): Store {
  const session = signal<Session | null>(null);
  const here = computed(() => session.value === null ? null : snapshot(session.value));
  let earlier: Diagram | null = null;
  let of: Session["opened"] | null = null;
  const diagram = computed(() => {
    if (session.value === null) return null;
    const { opened } = session.value;
    if (opened !== of) earlier = null;
    of = opened;
    earlier = diagramOf(opened.model, shownRun(session.value), tellingOf(session.value), earlier);
    return earlier;
  });
  let judged: { readonly path: Session["path"]; readonly violations: readonly PathViolation[] } | null = null;
  const clusterOf = (moment: "state" | "before") =>
    computed(() => {
      const state = here.value?.[moment] ?? null;
      const opened = session.value?.opened;
      return state === null || opened?.spec.name !== "raft" ? null : clusterPicture(opened.model, state);
    });
  return {
    session,
    here,
    diagram,
    violations: computed(() => {
      const { value } = session;
      if (value === null) return [];
      // To select another moment changes nothing here.
      if (judged?.path !== value.path) judged = { path: value.path, violations: violationsOn(value) };
      return judged.violations;
    }),
    next: computed(() => {
      if (session.value === null) return null;
      const { moments, path, position } = session.value;
      const moment = path[position + 1];
      return moment === undefined ? null : moments[moment]!.step!.label;
    }),
    choices: computed(() => {
      const traffic = diagram.value?.traffic[here.value?.position ?? 0];
      if (session.value === null || here.value === null || traffic === undefined) return [];
      return choicesOf(session.value.opened.model, here.value, traffic);
    }),
    cluster: clusterOf("state"),
    clusterBefore: clusterOf("before"),
    tour: signal(null),
    isPlaying: signal(false),
    problem: signal(null),
    dialog: signal(null),
    isNarrow: asked("(max-width: 760px)"),
    ...themes(),
    said: signal(""),
  };
}

function tellingOf({ opened: { spec, model } }: Session): Telling {
  return spec.name === "raft" ? { diskOf: raftDiskOf(model) } : {};
}

/** What the browser answers to a media query. */
function asked(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  list.addEventListener("change", (event) => matches.value = event.matches);
  return matches;
}

/** Dark or light: as the system has it, until somebody chooses. */
function themes(): Pick<Store, "isDark" | "switchTheme"> {
  const system = asked("(prefers-color-scheme: dark)");
  const chosen = signal<Theme>(keptTheme());
  const isDark = computed(() => chosen.value === "system" ? system.value : chosen.value === "dark");
  effect(() => {
    document.documentElement.dataset.theme = isDark.value ? "dark" : "light";
  });
  return {
    isDark,
    switchTheme() {
      const next = isDark.value ? "light" : "dark";
      chosen.value = system.value === (next === "dark") ? "system" : next;
      keepTheme(chosen.value);
    },
  };
}

const themeKey = "quorate-theme";

/** What was chosen in an earlier visit. */
function keptTheme(): Theme {
  try {
    const text = localStorage.getItem(themeKey);
    return text === "dark" || text === "light" ? text : "system";
  } catch {
    // The browser keeps nothing for pages.
    return "system";
  }
}

function keepTheme(theme: Theme): void {
  try {
    localStorage.setItem(themeKey, theme);
  } catch {
    // Then it is for this visit only.
  }
}
