/**
 * What it means to detect that all have finished, before anybody says how it is done.
 *
 * Nodes are active or passive. An active node may become passive, and may make any node active; a passive one does
 * nothing until it is woken. So when all are passive, all are so for good, and some day that must be known. This spec
 * looks at all nodes at once to know it; `ewd840` is a way to do it by a token that goes from node to node.
 *
 *     deno task check termination_detection --set nodes=4
 */
import { always, each, leadsTo, spec, type Specification, steps, weak } from "../mod.ts";

/** The nodes, and whether it is known that they are all passive. */
export interface Detection {
  /** Which nodes are active. */
  readonly active: readonly boolean[];
  /** Whether it is known that none is. */
  readonly detected: boolean;
}

function isTerminated({ active }: Pick<Detection, "active">): boolean {
  return !active.includes(true);
}

/** The spec. When the last node becomes passive, that may be known at once. */
export const terminationDetection: Specification = spec<Detection, { nodes: number }>(
  "termination_detection",
  { nodes: 3 },
  ({ nodes }) => {
    const all = Array.from({ length: nodes }, (_, node) => node);
    return {
      init: activities(nodes).flatMap((active) =>
        isTerminated({ active })
          ? [{ active, detected: false }, { active, detected: true }]
          : [{ active, detected: false }]
      ),
      actions: {
        Terminate: each(all, ["unseen", "seen"], (s, node, how) => {
          if (!s.active[node]) return false;
          s.active[node] = false;
          if (how === "seen") s.detected = !s.active.includes(true);
          return true;
        }),
        Wake: each(all, all, (s, from, to) => {
          if (!s.active[from]) return false;
          s.active[to] = true;
          return true;
        }),
        Detect: (s) => {
          if (s.active.includes(true)) return false;
          s.detected = true;
          return true;
        },
      },
      fairness: [weak("Detect")],
      properties: [
        always("Detection Is Right", "what is known is so", {
          when: ({ detected }) => detected,
          holds: ({ active }) => isTerminated({ active }) || `node ${active.indexOf(true)} is active`,
        }),
        steps(
          "For Good",
          "when all are passive nobody wakes any more",
          (before, after) => !isTerminated(before) || isTerminated(after) || "somebody wakes",
        ),
        leadsTo<Detection>("Termination Is Detected", "when all are passive, that is known some day", {
          when: isTerminated,
          then: ({ detected }) => detected,
        }),
      ],
    };
  },
);

function activities(nodes: number): readonly (readonly boolean[])[] {
  if (nodes === 0) return [[]];
  return activities(nodes - 1).flatMap((active) => [[...active, false], [...active, true]]);
}

export default terminationDetection;
