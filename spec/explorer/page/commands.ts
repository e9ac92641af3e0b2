/** The terminal's commands for what the page shows. */
import { type Session, shownTrace } from "../session.ts";

/** The command that replays the run that is shown. */
export function replayCommand(session: Session): string {
  const { spec, bounds, parameters, mutant } = session.opened.subject;
  return [
    `deno task replay '${shownTrace(session)}'`,
    ...(spec === "raft" ? [] : [spec]),
    ...(mutant === null ? [] : [`--mutant ${mutant}`]),
    ...(bounds === null ? [] : [`--bounds ${bounds}`]),
    ...Object.entries(parameters).map(([name, value]) => `--set ${name}=${value}`),
  ].join(" ");
}
