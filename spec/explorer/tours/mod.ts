/** The tours, in the order in which they are best taken. */
import { election } from "./election.ts";
import { figure8 } from "./figure_8.ts";
import { forgottenVote } from "./forgotten_vote.ts";
import { members } from "./members.ts";
import { partition } from "./partition.ts";
import { preVote } from "./pre_vote.ts";
import { repair } from "./repair.ts";
import { snapshot } from "./snapshot.ts";
import { splitVote } from "./split_vote.ts";
import { splitTrace } from "../../trace/run.ts";
import type { Tour } from "./tour.ts";

export type { Stop, Tour } from "./tour.ts";

/** The tours. */
export const tours: readonly Tour[] = [
  election,
  splitVote,
  repair,
  partition,
  figure8,
  forgottenVote,
  members,
  preVote,
  snapshot,
];

/** The whole run of a tour, in the notation. */
export function traceOf({ stops }: Tour): string {
  return stops.map(({ steps }) => steps).filter((steps) => steps !== "").join(" ");
}

/** After how many steps each stop of a tour is. */
export function positionsOf({ stops }: Tour): readonly number[] {
  let position = 0;
  return stops.map(({ steps }) => position += splitTrace(steps).length);
}

/** The latest stop, counted from 0, that is not after so many steps. */
export function stopAt(tour: Tour, position: number): number {
  return positionsOf(tour).findLastIndex((reached) => reached <= position);
}
