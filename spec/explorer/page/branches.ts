/** The branches of a visit: its ends, and where each leaves the run that is shown. */
import type { Session } from "../session.ts";

/** The end of a branch. */
export interface Leaf {
  /** The last moment of the branch, by its place in the tree. */
  readonly moment: number;
  /** After how many steps it leaves the run that is shown; its own length if that passes through its end. */
  readonly forkedAt: number;
  /** How many steps it has. */
  readonly length: number;
  /** The steps after it left, in the notation. */
  readonly labels: string;
}

/** The ends of all branches, the oldest first. */
export function leavesOf({ moments, path }: Session): readonly Leaf[] {
  const parents = new Set(moments.map(({ parent }) => parent));
  const shown = new Set(path);
  return moments.flatMap((_, moment): readonly Leaf[] => {
    if (parents.has(moment)) return [];
    const labels: string[] = [];
    let at = moment;
    while (!shown.has(at)) {
      const { step, parent } = moments[at]!;
      labels.unshift(step!.label);
      at = parent!;
    }
    return [{
      moment,
      forkedAt: moments[at]!.number,
      length: moments[moment]!.number,
      labels: labels.join(" "),
    }];
  });
}

/** How many branches begin at each moment. */
export function branchCounts(moments: Session["moments"]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { parent } of moments) if (parent !== null) counts.set(parent, (counts.get(parent) ?? 0) + 1);
  return counts;
}
