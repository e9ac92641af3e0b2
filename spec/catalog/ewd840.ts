/**
 * How a ring of nodes finds out that all of them have finished (Dijkstra, EWD 840).
 *
 * An active node may make any other node active by a message, and may become passive at any time; a passive node
 * does nothing until it is woken. Node 0 wants to know when all are passive for good. It sends a white token around
 * the ring, downwards. A passive node passes it on; but a node that has woken one above itself, where the token has
 * already been, is black, and a token that passes a black node is black from then on. When a white token comes back
 * to a white, passive node 0, all are passive. Otherwise it tries again.
 *
 *     deno task check ewd840 --set nodes=4
 */
import {
  always,
  ceases,
  each,
  eventually,
  infinitelyOften,
  leadsTo,
  type Property,
  recurs,
  refines,
  sometimes,
  spec,
  SpecError,
  type Specification,
  steps,
  weak,
} from "../mod.ts";
import { terminationDetection } from "./termination_detection.ts";

/** White: nothing suspicious was seen. */
export type Color = "white" | "black";

/** The ring. */
export interface Ring {
  /** Which nodes are active. */
  readonly active: readonly boolean[];
  /** The color of each node. */
  readonly color: readonly Color[];
  /** Which node has the token. */
  readonly tokenAt: number;
  /** The color of the token. */
  readonly tokenColor: Color;
}

/** Whether all nodes are passive: then they are so for good. */
export function isTerminated({ active }: Ring): boolean {
  return !active.includes(true);
}

/** Whether node 0 knows it. */
export function isDetected({ active, color, tokenAt, tokenColor }: Ring): boolean {
  return tokenAt === 0 && tokenColor === "white" && color[0] === "white" && !active[0];
}

/** Claims on demand, most of them wrong, so that one can see them refuted: `--set claim=token_always_black`. */
const claims: Readonly<Record<string, (ring: readonly number[]) => readonly Property<Ring>[]>> = {
  right: () => [],
  token_always_black: () => [
    always(
      "Token Always Black",
      "the token is never white (wrong on purpose)",
      ({ tokenColor }) => tokenColor === "black" || "the token is white",
    ),
  ],
  never_change_color: () => [
    steps("Never Change Color", "no node ever changes its color (wrong on purpose)", (before, after) => {
      const node = before.color.findIndex((color, index) => color !== after.color[index]);
      return node < 0 || `node ${node} turns ${after.color[node]}`;
    }),
  ],
  false_liveness: (ring) => [
    infinitelyOften(
      "False Liveness",
      "if every node is passive again and again it is detected (wrong on purpose: never all at once)",
      {
        holds: isDetected,
        assuming: ring.map((node) => recurs<Ring>(({ active }) => !active[node])),
      },
    ),
  ],
  silence: () => [
    eventually(
      "All Terminate In Silence",
      "if no more messages are sent, some day all are passive (wrong on purpose: a node may stay active)",
      { holds: isTerminated, assuming: [ceases("SendMessage")] },
    ),
  ],
  fair_silence: () => [
    eventually(
      "All Terminate In Fair Silence",
      "if no more messages are sent, and something happens as long as something can, some day all are passive",
      { holds: isTerminated, assuming: [ceases("SendMessage")], fair: [weak("Next")] },
    ),
  ],
};

/** The spec. Initially the token is black, and all else may be anything. */
export const ewd840: Specification = spec<Ring, { nodes: number; claim: string }>(
  "ewd840",
  { nodes: 3, claim: "right" },
  ({ nodes, claim }) => {
    if (nodes === 0) throw new SpecError("nodes of ewd840 is 0, expected at least 1");
    const claimed = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    if (claimed === undefined) {
      const names = Object.keys(claims).join(", ");
      throw new SpecError(`claim of ewd840 is ${claim}, expected one of ${names}`);
    }
    const ring = Array.from({ length: nodes }, (_, node) => node);
    return {
      init: initialRings(ring),
      actions: {
        // The algorithm. Where several reasons allow a step, each of them counts as a way to take it.
        InitiateProbe: each(["black token", "black node"], (s, reason) => {
          const isBlack = (reason === "black token" ? s.tokenColor : s.color[0]) === "black";
          if (s.tokenAt !== 0 || !isBlack) return false;
          s.tokenAt = nodes - 1;
          s.tokenColor = "white";
          s.color[0] = "white";
          return true;
        }),
        PassToken: each(ring.slice(1), ["passive", "black node", "black token"], (s, self, reason) => {
          const isRight = reason === "passive"
            ? !s.active[self]
            : (reason === "black token" ? s.tokenColor : s.color[self]) === "black";
          if (s.tokenAt !== self || !isRight) return false;
          s.tokenAt = self - 1;
          if (s.color[self] === "black") s.tokenColor = "black";
          s.color[self] = "white";
          return true;
        }),
        // What the nodes do otherwise.
        SendMessage: each(ring, ring, (s, from, to) => {
          if (from === to || !s.active[from]) return false;
          s.active[to] = true;
          if (to > from) s.color[from] = "black";
          return true;
        }),
        Deactivate: each(ring, (s, self) => {
          if (!s.active[self]) return false;
          s.active[self] = false;
          return true;
        }),
      },
      ends: isDetected,
      fairness: [weak("InitiateProbe", "PassToken")],
      properties: [
        always(
          "Detection Is Right",
          "when node 0 concludes that all have finished, all have",
          (state) =>
            !isDetected(state) || isTerminated(state) || `node ${state.active.indexOf(true)} is active`,
        ),
        always(
          "Dijkstra's Invariant",
          "all nodes above the token are passive, or a node from 0 to the token is black, or the token is",
          ({ active, color, tokenAt, tokenColor }) => {
            const awake = ring.find((node) => node > tokenAt && active[node]);
            const isBlack = tokenColor === "black" || color.slice(0, tokenAt + 1).includes("black");
            return awake === undefined || isBlack || `node ${awake} is active, and nobody will know`;
          },
        ),
        sometimes("it is detected", "node 0 can find out", isDetected),
        leadsTo("Termination Is Detected", "when all have finished, node 0 finds out some day", {
          when: isTerminated,
          then: isDetected,
        }),
        refines<Ring>(
          "It Is Termination Detection",
          "to who looks at the nodes alone, and at what node 0 knows",
          terminationDetection,
          (state) => ({ active: state.active, detected: isDetected(state) }),
          { nodes },
        ),
        ...claimed(ring),
      ],
    };
  },
);

function initialRings(ring: readonly number[]): readonly Ring[] {
  return combinations([false, true], ring.length).flatMap((active) =>
    combinations<Color>(["white", "black"], ring.length).flatMap((color) =>
      ring.map((tokenAt): Ring => ({ active, color, tokenAt, tokenColor: "black" }))
    )
  );
}

/** All lists of so many of the values. */
function combinations<T>(values: readonly T[], length: number): readonly (readonly T[])[] {
  if (length === 0) return [[]];
  return combinations(values, length - 1).flatMap((list) => values.map((value) => [...list, value]));
}

export default ewd840;
