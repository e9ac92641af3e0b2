/** The terminal's commands for what the page shows. */
import { selected, type Session, shownTrace } from "../session.ts";

/** The command that replays the run that is shown: with the budgets that it takes, where a search allows less. */
export function replayCommand(session: Session): string {
  const { subject, mutant } = session.opened;
  const { spec, bounds, parameters } = subject;
  return [
    `deno task replay '${shownTrace(session).replaceAll("'", `'\\''`)}'`,
    ...(spec === "raft" ? [] : [spec]),
    ...(mutant === null ? [] : [`--mutant ${mutant.name}`]),
    ...(bounds === null ? [] : [`--bounds ${bounds}`]),
    ...Object.entries({ ...parameters, ...overrun(session) }).map(([name, value]) =>
      `--set ${name}=${value}`
    ),
    ...(session.loop === null ? [] : [`--loop ${session.loop}`]),
  ].join(" ");
}

/** The budgets of which the run takes more than the bounds allow, and how much. */
function overrun(session: Session): Readonly<Record<string, number>> {
  const { model, values } = session.opened;
  const end = selected({ ...session, position: session.path.length - 1 });
  const before = model.spent?.(session.start.state) ?? {};
  const after = Object.entries(model.spent?.(end.state) ?? {});
  const taken = after.map(([budget, count]) => [budget, count - (before[budget] ?? 0)] as const);
  return Object.fromEntries(taken.filter(([budget, count]) => count > Number(values[budget] ?? 0)));
}

/** The trace in a text that somebody pastes: it may be the whole line of a terminal. */
export function traceIn(text: string): string {
  return (/replay '([^']*)'/.exec(text)?.[1] ?? text).trim();
}
