/** Where on a tour a visit is: whoever plays something else has left it, and can come back. */
import { splitTrace } from "../../trace/run.ts";
import type { Session } from "../session.ts";
import { stopAt, type Tour, traceOf } from "../tours/mod.ts";

/** The stop of a tour, from 0, at which a visit is; null: it has left the tour. */
export function stopOf(tour: Tour, { moments, path, position, opened: { subject } }: Session): number | null {
  if (subject.spec !== tour.spec || subject.mutant !== tour.mutant) return null;
  const words = splitTrace(traceOf(tour));
  const isOnIt = path.slice(1, position + 1).every((moment, i) => {
    const { label, aliases } = moments[moment]!.step!;
    const word = words[i];
    return word !== undefined && (label === word || aliases.includes(word));
  });
  return isOnIt ? stopAt(tour, position) : null;
}
