/** Where on the path that is shown a property is violated. */
import { isJudgedByRun } from "../../trace/replay.ts";
import { go, type Session } from "../session.ts";
import { snapshot } from "../snapshot.ts";

/** A property that a path violates. */
export interface PathViolation {
  /** The property. */
  readonly name: string;
  /** After how many steps. */
  readonly step: number;
  /** Who is at fault. */
  readonly witness: string;
}

/** What the path that is shown violates, also after the selected moment; each property once. */
export function violationsOn(session: Session): readonly PathViolation[] {
  const { truths } = snapshot(go(session, session.path.length - 1));
  return truths.flatMap(({ property, first }): readonly PathViolation[] => {
    if (first === null) return [];
    if (property.kind !== "deadlock" && !isJudgedByRun(property)) return [];
    return [{ name: property.name, step: first.position, witness: first.witness ?? "" }];
  });
}
