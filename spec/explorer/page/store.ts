/** What the page knows, as signals: whoever shows a part of it is drawn anew when that part changes. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Session, shownRun } from "../session.ts";
import { type Snapshot, snapshot } from "../snapshot.ts";
import { type ChoiceGroup, choicesOf } from "./choices.ts";
import { type Diagram, diagramOf, type Telling } from "./diagram.ts";
import { type ClusterPicture, clusterPicture, raftDiskOf } from "./raft_cluster.ts";
import { type PathViolation, violationsOn } from "./violations.ts";

/** A dialog that may be open. */
export type DialogName = "help" | "specs" | "mutants" | "tours" | "find" | "share" | "branches";

/** How the page looks; `system` follows the system. */
export type Theme = "system" | "light" | "dark";

/** Something that went wrong. */
export interface Problem {
  /** What went wrong, in a few words. */
  readonly title: string;
  /** Where, and what to do. */
  readonly message: string;
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
  /** What can happen next. */
  readonly choices: ReadonlySignal<readonly ChoiceGroup[]>;
  /** The servers and messages here, in a Raft cluster; null in any other spec. */
  readonly cluster: ReadonlySignal<ClusterPicture | null>;
  /** The same before the step that led here. */
  readonly clusterBefore: ReadonlySignal<ClusterPicture | null>;
  /** What went wrong, until the way back is taken; null while all is well. */
  readonly problem: Signal<Problem | null>;
  /** The dialog that is open; null if none is. */
  readonly dialog: Signal<DialogName | null>;
  /** How the page looks. */
  readonly theme: Signal<Theme>;
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
    violations: computed(() => session.value === null ? [] : violationsOn(session.value)),
    choices: computed(() =>
      session.value === null || here.value === null ? [] : choicesOf(session.value.opened.model, here.value)
    ),
    cluster: clusterOf("state"),
    clusterBefore: clusterOf("before"),
    problem: signal(null),
    dialog: signal(null),
    theme: signal("system"),
    said: signal(""),
  };
}

function tellingOf({ opened: { spec, model } }: Session): Telling {
  return spec.name === "raft" ? { diskOf: raftDiskOf(model) } : {};
}
